"""Anmeldung & Sicherheit: how one's own account is protected, where it is signed in, what happened to it."""

from __future__ import annotations

import grpc
from flask import Blueprint, flash, g, redirect, render_template
from flask.typing import ResponseReturnValue
from kontor.identity.v1 import account_security_pb2 as pb
from kontor.identity.v1 import accounts_pb2

from kontor_portal import gateway
from kontor_portal.forms import refused, sent
from kontor_portal.gateway import new_request_id
from kontor_portal.i18n import t, tn
from kontor_portal.reading import next_page, page_token

account_security = Blueprint("account_security", __name__)

HOME = "/konto/sicherheit"
_DEVICES = f"{HOME}/geraete"


@account_security.get(HOME)
def overview() -> ResponseReturnValue:
    """Show how the account is protected."""
    service = gateway.account_security()
    security = service.GetAccountSecurity(pb.GetAccountSecurityRequest())
    passkeys = service.ListPasskeys(pb.ListPasskeysRequest(page_size=50)).passkeys
    under_firm_host = bool(g.get("host_slug"))
    elsewhere = {one.passkey_id for one in passkeys if bool(one.host) != under_firm_host}
    return render_template("account/security.html", security=security, passkeys=tuple(passkeys), elsewhere=elsewhere)


@account_security.get(_DEVICES)
def devices() -> ResponseReturnValue:
    """List where the account is signed in."""
    wanted = accounts_pb2.ListSessionsRequest(page_size=20, page_token=page_token())
    answer = gateway.identity().ListSessions(wanted)
    return render_template(
        "account/devices.html", sessions=tuple(answer.sessions), next_url=next_page(answer.next_page_token)
    )


@account_security.post(f"{_DEVICES}/<id:session_id>/abmelden")
def end_session(session_id: str) -> ResponseReturnValue:
    """Sign one device out."""
    wanted = accounts_pb2.RevokeSessionRequest(session_id=session_id, request_id=new_request_id())
    try:
        gateway.identity().RevokeSession(wanted)
    except grpc.RpcError as error:
        flash(refused(error).problem_text, "bad")
    else:
        flash(t("Das Gerät ist abgemeldet."), "ok")
    return redirect(_DEVICES, 303)


@account_security.post(f"{_DEVICES}/abmelden")
def end_other_sessions() -> ResponseReturnValue:
    """Sign all other devices out."""
    answer = gateway.account_security().RevokeOtherSessions(pb.RevokeOtherSessionsRequest(request_id=new_request_id()))
    if answer.ended_count:
        count = answer.ended_count
        flash(tn("%(count)s anderes Gerät ist abgemeldet.", "%(count)s andere Geräte sind abgemeldet.", count), "ok")
    else:
        flash(t("Es war kein anderes Gerät angemeldet."), "ok")
    return redirect(_DEVICES, 303)


@account_security.get(f"{HOME}/verlauf")
def history() -> ResponseReturnValue:
    """List what happened to the account's security."""
    wanted = pb.ListAccountEventsRequest(page_size=30, page_token=page_token())
    answer = gateway.account_security().ListAccountEvents(wanted)
    return render_template(
        "account/history.html", events=tuple(answer.events), next_url=next_page(answer.next_page_token)
    )


@account_security.post(f"{HOME}/email/zuruecknehmen")
def cancel_email_change() -> ResponseReturnValue:
    """Withdraw a change of the e-mail address that is not confirmed."""
    gateway.account_security().CancelEmailChange(pb.CancelEmailChangeRequest(request_id=new_request_id()))
    flash(t("Die Änderung ist zurückgenommen."), "ok")
    return redirect(HOME, 303)


@account_security.post(f"{HOME}/passkeys/<id:passkey_id>/name")
def rename_passkey(passkey_id: str) -> ResponseReturnValue:
    """Give a passkey another name."""
    wanted = pb.RenamePasskeyRequest(
        passkey_id=passkey_id, name=sent().get("name", "")[:60], request_id=new_request_id()
    )
    try:
        gateway.account_security().RenamePasskey(wanted)
    except grpc.RpcError as error:
        flash(refused(error).problem_text, "bad")
    else:
        flash(t("Der Name ist gespeichert."), "ok")
    return redirect(HOME, 303)
