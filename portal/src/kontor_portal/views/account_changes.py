"""Changes of how one signs in. Every page here is shown only after a fresh login, strongly where the account can."""

from __future__ import annotations

import json

import grpc
import segno
from flask import Blueprint, flash, redirect, render_template, request
from flask.typing import ResponseReturnValue
from kontor.identity.v1 import account_security_pb2 as pb
from markupsafe import Markup

from kontor_portal import gateway
from kontor_portal.forms import Form, missing, refused, sent
from kontor_portal.gateway import new_request_id
from kontor_portal.i18n import t
from kontor_portal.requests import signed_in
from kontor_portal.step_up import before_a_change
from kontor_portal.views.account_security import HOME

account_changes = Blueprint("account_changes", __name__, url_prefix=HOME)

_OTPAUTH = "otpauth://totp/"


@account_changes.before_request
def ask_for_proof() -> ResponseReturnValue | None:
    """Have the person sign in again before he sees a form; what he sends is checked by the platform itself."""
    if request.method != "GET":
        return None
    security = gateway.account_security().GetAccountSecurity(pb.GetAccountSecurityRequest())
    return before_a_change(signed_in(), security)


@account_changes.get("/passwort")
def password_page() -> ResponseReturnValue:
    """Ask for another password."""
    return render_template("account/password.html", form=Form())


@account_changes.post("/passwort")
def change_password() -> ResponseReturnValue:
    """Set another password."""
    password, repeated = request.form.get("password", ""), request.form.get("repeated", "")
    if not password or password != repeated:
        problem = t("Die beiden Passwörter stimmen nicht überein.") if password else missing()
        form = Form({}, {"repeated" if password else "password": problem})
        return render_template("account/password.html", form=form), form.status
    try:
        gateway.account_security().ChangePassword(pb.ChangePasswordRequest(password=password[:256]))
    except grpc.RpcError as error:
        form = refused(error, {})
        return render_template("account/password.html", form=form), form.status
    flash(t("Ihr Passwort ist geändert.", du="Dein Passwort ist geändert."), "ok")
    return redirect(HOME, 303)


@account_changes.get("/email")
def email_page() -> ResponseReturnValue:
    """Ask for another e-mail address."""
    return render_template("account/email.html", form=Form())


@account_changes.post("/email")
def request_email_change() -> ResponseReturnValue:
    """Have the new address confirmed by a link."""
    email = sent().get("email", "")
    try:
        gateway.account_security().RequestEmailChange(
            pb.RequestEmailChangeRequest(email=email, request_id=new_request_id())
        )
    except grpc.RpcError as error:
        form = refused(error)
        return render_template("account/email.html", form=form), form.status
    flash(t("Wir haben einen Link an %(email)s gesandt.", email=email), "ok")
    return redirect(HOME, 303)


@account_changes.get("/zweiter-faktor")
def factor_page() -> ResponseReturnValue:
    """Show a new secret for an authenticator app."""
    try:
        begun = gateway.account_security().BeginTotp(pb.BeginTotpRequest())
    except grpc.RpcError as error:
        flash(refused(error).problem_text, "bad")
        return redirect(HOME, 303)
    return _factor_form(begun.secret, begun.uri, Form())


@account_changes.post("/zweiter-faktor")
def confirm_factor() -> ResponseReturnValue:
    """Switch the second factor on and show the recovery codes, this once."""
    values = sent()
    try:
        codes = gateway.account_security().ConfirmTotp(pb.ConfirmTotpRequest(code=values.get("code", "")[:12]))
    except grpc.RpcError as error:
        return _factor_form(values.get("secret", ""), values.get("uri", ""), refused(error, {}))
    return render_template("account/recovery_codes.html", codes=tuple(codes.codes), is_new=True)


@account_changes.get("/zweiter-faktor/ausschalten")
def disable_factor_page() -> ResponseReturnValue:
    """Ask whether the second factor is really to go."""
    return render_template("account/factor_off.html")


@account_changes.post("/zweiter-faktor/ausschalten")
def disable_factor() -> ResponseReturnValue:
    """Switch the second factor off."""
    gateway.account_security().DisableTotp(pb.DisableTotpRequest(request_id=new_request_id()))
    flash(t("Der zweite Faktor ist ausgeschaltet."), "ok")
    return redirect(HOME, 303)


@account_changes.get("/wiederherstellungscodes")
def recovery_codes_page() -> ResponseReturnValue:
    """Ask whether the recovery codes are to be replaced."""
    return render_template("account/recovery_renew.html")


@account_changes.post("/wiederherstellungscodes")
def renew_recovery_codes() -> ResponseReturnValue:
    """Replace the recovery codes and show the new ones, this once."""
    codes = gateway.account_security().RenewRecoveryCodes(pb.RenewRecoveryCodesRequest())
    return render_template("account/recovery_codes.html", codes=tuple(codes.codes), is_new=False)


@account_changes.get("/passkeys/neu")
def passkey_page() -> ResponseReturnValue:
    """Let the browser make a passkey."""
    try:
        begun = gateway.account_security().BeginPasskey(pb.BeginPasskeyRequest(host=request.host.partition(":")[0]))
    except grpc.RpcError as error:
        flash(refused(error).problem_text, "bad")
        return redirect(HOME, 303)
    return render_template("account/passkey.html", ceremony=begun, host=json.loads(begun.options_json)["rp"]["id"])


@account_changes.post("/passkeys/neu")
def create_passkey() -> ResponseReturnValue:
    """Keep the passkey that the browser made."""
    values = sent()
    wanted = pb.CreatePasskeyRequest(
        ceremony_id=values.get("ceremony", ""),
        credential_json=values.get("credential", ""),
        name=values.get("name", "")[:60],
        request_id=new_request_id(),
    )
    try:
        made = gateway.account_security().CreatePasskey(wanted)
    except grpc.RpcError as error:
        flash(refused(error).problem_text, "bad")
        return redirect(f"{HOME}/passkeys/neu", 303)
    flash(t("Der Passkey „%(name)s“ ist eingerichtet.", name=made.name), "ok")
    return redirect(HOME, 303)


@account_changes.get("/passkeys/<id:passkey_id>/entfernen")
def remove_passkey_page(passkey_id: str) -> ResponseReturnValue:
    """Ask whether a passkey is really to go."""
    listed = gateway.account_security().ListPasskeys(pb.ListPasskeysRequest(page_size=50)).passkeys
    found = next((one for one in listed if one.passkey_id == passkey_id), None)
    return render_template("account/passkey_off.html", passkey=found) if found else redirect(HOME, 303)


@account_changes.post("/passkeys/<id:passkey_id>/entfernen")
def remove_passkey(passkey_id: str) -> ResponseReturnValue:
    """Remove a passkey."""
    wanted = pb.DeletePasskeyRequest(passkey_id=passkey_id, request_id=new_request_id())
    try:
        gateway.account_security().DeletePasskey(wanted)
    except grpc.RpcError as error:
        flash(refused(error).problem_text, "bad")
    else:
        flash(t("Der Passkey ist entfernt."), "ok")
    return redirect(HOME, 303)


def _factor_form(secret: str, uri: str, form: Form) -> ResponseReturnValue:
    if not uri.startswith(_OTPAUTH):
        return redirect(f"{HOME}/zweiter-faktor", 303)
    drawn = segno.make(uri, error="m").svg_inline(border=2, dark="#000", light="#fff", omitsize=True)
    typed = " ".join(secret[start : start + 4] for start in range(0, len(secret), 4))
    shown = {"qr": Markup(drawn), "secret": secret, "typed": typed, "uri": uri}  # noqa: S704  # drawn from squares
    return render_template("account/factor.html", form=form, **shown), form.status
