"""White label and domains of a firm, at the operator's desk (F78, F79)."""

from __future__ import annotations

import grpc
from flask import Blueprint, flash, redirect, render_template
from flask.typing import ResponseReturnValue
from kontor.identity.v1 import brand_pb2, tenants_pb2

from kontor_portal import firms, gateway
from kontor_portal.forms import refused, sent
from kontor_portal.gateway import new_request_id
from kontor_portal.i18n import t

operator_face = Blueprint("operator_face", __name__)


@operator_face.get("/betrieb/betriebe/<id:tenant_id>/auftritt")
def face(tenant_id: str) -> ResponseReturnValue:
    """Show white label and domains."""
    listed = gateway.brands().ListDomains(brand_pb2.ListDomainsRequest(tenant_id=tenant_id))
    return render_template(
        "operator/face.html",
        tenant=gateway.identity().GetTenant(tenants_pb2.GetTenantRequest(tenant_id=tenant_id)),
        domains=tuple(listed.domains),
        white_label=listed.white_label,
        states=brand_pb2.DomainState,
    )


@operator_face.post("/betrieb/betriebe/<id:tenant_id>/auftritt")
def set_white_label(tenant_id: str) -> ResponseReturnValue:
    """Book white label, or end it."""
    wanted = sent().get("white_label") == "1"
    asked = brand_pb2.SetWhiteLabelRequest(tenant_id=tenant_id, white_label=wanted, request_id=new_request_id())
    gateway.brands().SetWhiteLabel(asked)
    tenant = gateway.identity().GetTenant(tenants_pb2.GetTenantRequest(tenant_id=tenant_id))
    firms.forget(tenant.slug)
    flash(t("White Label ist gebucht.") if wanted else t("White Label ist beendet."), "ok")
    return redirect(f"/betrieb/betriebe/{tenant_id}/auftritt", 303)


@operator_face.post("/betrieb/betriebe/<id:tenant_id>/auftritt/<id:domain_id>")
def confirm_domain(tenant_id: str, domain_id: str) -> ResponseReturnValue:
    """Confirm a domain whose owner was verified by hand."""
    asked = brand_pb2.ConfirmDomainRequest(domain_id=domain_id, request_id=new_request_id())
    try:
        gateway.brands().ConfirmDomain(asked)
    except grpc.RpcError as error:
        flash(refused(error).problem_text, "bad")
    else:
        flash(t("Die Domain ist bestätigt."), "ok")
    return redirect(f"/betrieb/betriebe/{tenant_id}/auftritt", 303)
