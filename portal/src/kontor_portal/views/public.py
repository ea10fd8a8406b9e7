"""What everybody may see: the platform's and the firms' entrance, and the registration of a firm (F45, F48)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

import grpc
from flask import Blueprint, redirect, render_template, request
from flask.typing import ResponseReturnValue
from kontor.identity.v1 import tenants_pb2

from kontor_portal import firms, gateway
from kontor_portal.forms import Form, address_in, refused, sent
from kontor_portal.gateway import new_request_id
from kontor_portal.requests import current_firm, current_session, home_of
from kontor_portal.schema_forms import name_for
from kontor_portal.views.firm_pages import entrance_of

public = Blueprint("public", __name__)

_KINDS: Final[Mapping[str, tenants_pb2.TenantKind.ValueType]] = {
    "makler": tenants_pb2.TENANT_KIND_BROKER,
    "experte": tenants_pb2.TENANT_KIND_EXPERT,
    "berater": tenants_pb2.TENANT_KIND_ADVISER,
}


@public.get("/")
def entrance() -> ResponseReturnValue:
    """Lead whoever is signed in to his pages, and others to the entrance of the firm that they came by (F47)."""
    session = current_session()
    if session is not None and session.personas:
        return redirect(home_of(session), 302)
    firm = current_firm()
    if not firm.is_platform:
        return entrance_of(firm)
    return render_template("public/entrance.html", firm=firms.PLATFORM)


@public.get("/registrieren")
def registration() -> ResponseReturnValue:
    """Show the form by which a firm joins the waiting list."""
    chosen = request.args.get("als", "makler")
    return _form(Form({"kind": chosen} if chosen in _KINDS else {}))


@public.post("/registrieren")
def register() -> ResponseReturnValue:
    """Put a firm on the waiting list."""
    values = sent()
    wanted = tenants_pb2.RegisterTenantRequest(
        tenant=tenant_of(values), request_id=values.get("request_id") or new_request_id()
    )
    try:
        gateway.identity("").RegisterTenant(wanted)
    except grpc.RpcError as error:
        return _form(refused(error))
    return redirect("/registrieren/danke", 303)


@public.get("/registrieren/danke")
def registered() -> ResponseReturnValue:
    """Say what happens next."""
    return render_template("public/registered.html", firm=firms.PLATFORM)


def tenant_of(values: Mapping[str, str]) -> tenants_pb2.NewTenant:
    """Return the firm that a registration's fields describe; without a short name one is made from the name."""
    return tenants_pb2.NewTenant(
        name=values.get("name", ""),
        slug=values.get("slug") or _slug_for(values.get("name", "")),
        kind=_KINDS.get(values.get("kind", ""), tenants_pb2.TENANT_KIND_BROKER),
        contact_name=values.get("contact_name", ""),
        contact_email=values.get("contact_email", ""),
        phone=values.get("phone", ""),
        ihk_number=values.get("ihk_number", ""),
        address=address_in(values),
    )


def _slug_for(name: str) -> str:
    """Return a short name in addresses that fits a firm's name."""
    slug = name_for(name, ()).replace("_", "-").strip("-")[:40]
    return slug if slug[:1].isalpha() else f"firma-{slug}"


def _form(form: Form) -> ResponseReturnValue:
    return render_template(
        "public/register.html", firm=firms.PLATFORM, form=form, request_id=new_request_id()
    ), form.status
