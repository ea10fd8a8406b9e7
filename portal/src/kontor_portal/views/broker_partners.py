"""The firm's partner systems: let in, shown their secret once, given a new one, shut out (F95)."""

from __future__ import annotations

import grpc
from flask import Blueprint, flash, redirect, render_template, request
from flask.typing import ResponseReturnValue
from kontor.common.v1.access_pb2 import Scope
from kontor.identity.v1 import account_security_pb2
from kontor.identity.v1 import partner_clients_pb2 as pb

from kontor_portal import gateway
from kontor_portal.choices import Choice
from kontor_portal.extension import portal
from kontor_portal.forms import Form, missing, refused, sent
from kontor_portal.gateway import new_request_id
from kontor_portal.i18n import t
from kontor_portal.reading import next_page, page_token
from kontor_portal.requests import signed_in
from kontor_portal.step_up import before_a_change

broker_partners = Blueprint("broker_partners", __name__, url_prefix="/makler/schnittstellen")

_HOME = "/makler/schnittstellen"
_RATES = (pb.PARTNER_RATE_SMALL, pb.PARTNER_RATE_MEDIUM, pb.PARTNER_RATE_LARGE)


@broker_partners.get("")
def partners() -> ResponseReturnValue:
    """List the partner systems."""
    answer = gateway.partner_clients().ListPartnerClients(
        pb.ListPartnerClientsRequest(page_size=30, page_token=page_token())
    )
    return render_template(
        "broker/partners.html",
        clients=tuple(answer.clients),
        scopes={choice.value: choice.label for choice in _scopes()},
        rates={choice.value: choice.label for choice in _rates()},
        next_url=next_page(answer.next_page_token),
        token_url=f"{portal().settings.public_url}/oauth/token",
    )


@broker_partners.get("/neu")
def new_partner() -> ResponseReturnValue:
    """Ask what a new partner system may do, after a fresh login."""
    security = gateway.account_security().GetAccountSecurity(account_security_pb2.GetAccountSecurityRequest())
    return before_a_change(signed_in(), security) or _form(Form())


@broker_partners.post("/neu")
def create_partner() -> ResponseReturnValue:
    """Let a partner system in and show its secret, this once."""
    values = sent()
    scopes = [int(number) for number in request.form.getlist("scopes") if number.isdecimal()]
    if not scopes:
        return _form(Form(values, {"scopes": missing()}))
    wanted = pb.CreatePartnerClientRequest(
        name=values.get("name", ""),
        scopes=[Scope.ValueType(number) for number in scopes],
        rate=next((rate for rate in _RATES if str(rate) == values.get("rate")), pb.PARTNER_RATE_SMALL),
    )
    try:
        made = gateway.partner_clients().CreatePartnerClient(wanted)
    except grpc.RpcError as error:
        return _form(refused(error))
    return _shown(made, is_new=True)


@broker_partners.post("/<id:client_id>/geheimnis")
def rotate(client_id: str) -> ResponseReturnValue:
    """Make a new secret and show it, this once."""
    try:
        made = gateway.partner_clients().RotatePartnerSecret(pb.RotatePartnerSecretRequest(client_id=client_id))
    except grpc.RpcError as error:
        flash(refused(error).problem_text, "bad")
        return redirect(_HOME, 303)
    return _shown(made, is_new=False)


@broker_partners.post("/<id:client_id>/beenden")
def revoke(client_id: str) -> ResponseReturnValue:
    """Shut a partner system out."""
    wanted = pb.RevokePartnerClientRequest(client_id=client_id, request_id=new_request_id())
    try:
        gateway.partner_clients().RevokePartnerClient(wanted)
    except grpc.RpcError as error:
        flash(refused(error).problem_text, "bad")
    else:
        flash(t("Der Zugang ist beendet."), "ok")
    return redirect(_HOME, 303)


def _form(form: Form) -> ResponseReturnValue:
    chosen = set(request.form.getlist("scopes"))
    page = render_template("broker/partner_new.html", form=form, scopes=_scopes(), rates=_rates(), chosen=chosen)
    return page, form.status


def _shown(made: pb.PartnerClientSecret, *, is_new: bool) -> ResponseReturnValue:
    return render_template(
        "broker/partner_secret.html", made=made, is_new=is_new, token_url=f"{portal().settings.public_url}/oauth/token"
    )


def _scopes() -> tuple[Choice, ...]:
    return (
        Choice(str(Scope.SCOPE_CUSTOMERS_READ), t("Kunden lesen")),
        Choice(str(Scope.SCOPE_CUSTOMERS_WRITE), t("Kunden anlegen und ändern")),
        Choice(str(Scope.SCOPE_CONTRACTS_READ), t("Verträge lesen")),
        Choice(str(Scope.SCOPE_PORTFOLIO_IMPORT), t("Bestände einlesen")),
    )


def _rates() -> tuple[Choice, ...]:
    return (
        Choice(str(pb.PARTNER_RATE_SMALL), t("Klein: 2 Anfragen je Sekunde")),
        Choice(str(pb.PARTNER_RATE_MEDIUM), t("Mittel: 10 Anfragen je Sekunde")),
        Choice(str(pb.PARTNER_RATE_LARGE), t("Groß: 50 Anfragen je Sekunde")),
    )
