"""Where the firm is found: its address here, its own domain (F79), the link on its homepage (F80), its card (F127)."""

from __future__ import annotations

import grpc
from flask import Blueprint, abort, flash, redirect, render_template
from flask.typing import ResponseReturnValue
from kontor.identity.v1 import brand_pb2

from kontor_portal import firms, gateway
from kontor_portal.forms import Form, refused, sent
from kontor_portal.gateway import new_request_id
from kontor_portal.i18n import t
from kontor_portal.requests import current_firm, signed_in
from kontor_portal.views.broker_brand import editor
from kontor_portal.views.firm_pages import page_url

broker_address = Blueprint("broker_address", __name__)

_HERE = "/makler/marke/adresse"


@broker_address.before_request
def only_administrators() -> None:
    """Refuse everybody else; the platform would refuse them, too."""
    if not signed_in().is_administrator:
        abort(403)


@broker_address.get(_HERE)
def address() -> ResponseReturnValue:
    """Show address, domains, link and card."""
    return _show(Form())


@broker_address.post(_HERE)
def add_domain() -> ResponseReturnValue:
    """Name a domain of the firm's own."""
    host = sent().get("host", "").lower().removeprefix("https://").strip("/")
    try:
        gateway.brands().CreateDomain(brand_pb2.CreateDomainRequest(host=host, request_id=new_request_id()))
    except grpc.RpcError as error:
        return _show(refused(error))
    flash(t("Die Domain ist vorgemerkt. Bitte setzen Sie jetzt den Eintrag und prüfen Sie ihn dann."), "ok")
    return redirect(_HERE, 303)


@broker_address.post(f"{_HERE}/<id:domain_id>")
def change_domain(domain_id: str) -> ResponseReturnValue:
    """Look the record up, or give the domain up."""
    wants_removal = sent().get("remove") == "1"
    try:
        if wants_removal:
            removal = brand_pb2.DeleteDomainRequest(domain_id=domain_id, request_id=new_request_id())
            gateway.brands().DeleteDomain(removal)
        else:
            check = brand_pb2.CheckDomainRequest(domain_id=domain_id, request_id=new_request_id())
            gateway.brands().CheckDomain(check, timeout=15)
    except grpc.RpcError as error:
        flash(refused(error).problem_text, "bad")
    else:
        firms.forget(current_firm().slug)
        flash(t("Die Domain ist entfernt.") if wants_removal else t("Die Domain ist geprüft."), "ok")
    return redirect(_HERE, 303)


def _show(form: Form) -> ResponseReturnValue:
    firm = current_firm()
    answer = gateway.brands().ListDomains(brand_pb2.ListDomainsRequest(page_size=20))
    return render_template(
        "broker/brand/address.html",
        editor=editor(),
        form=form,
        domains=tuple(answer.domains),
        white_label=answer.white_label,
        states=brand_pb2.DomainState,
        page_url=page_url(firm),
        origin=page_url(firm).removesuffix(f"/f/{firm.slug}"),
    ), form.status
