"""The platform's operator: waiting list, firms, billing runs (F34, F45)."""

from __future__ import annotations

import re
from datetime import date, timedelta
from typing import Final

import grpc
from flask import Blueprint, flash, redirect, render_template, request
from flask.typing import ResponseReturnValue
from kontor.billing.v1 import billing_pb2
from kontor.identity.v1 import tenants_pb2
from kontor_chassis.clock import billing_day

from kontor_portal import gateway
from kontor_portal.extension import portal
from kontor_portal.forms import Form, refused, sent
from kontor_portal.gateway import new_request_id
from kontor_portal.i18n import t
from kontor_portal.reading import next_page, page_token

operator_pages = Blueprint("operator_pages", __name__)

_RUN_SECONDS: Final = 50


@operator_pages.get("/betrieb")
def waiting_list() -> ResponseReturnValue:
    """List the firms that wait, the longest waiting first."""
    return _tenants(tenants_pb2.TENANT_STATE_WAITING, "operator/waiting.html")


@operator_pages.get("/betrieb/betriebe")
def firms() -> ResponseReturnValue:
    """List all firms."""
    return _tenants(tenants_pb2.TENANT_STATE_UNSPECIFIED, "operator/firms.html")


@operator_pages.get("/betrieb/betriebe/<id:tenant_id>")
def firm(tenant_id: str) -> ResponseReturnValue:
    """Show one firm."""
    found = gateway.identity().GetTenant(tenants_pb2.GetTenantRequest(tenant_id=tenant_id))
    return render_template("operator/firm.html", tenant=found)


@operator_pages.post("/betrieb/betriebe/<id:tenant_id>/aktivieren")
def activate(tenant_id: str) -> ResponseReturnValue:
    """Activate a firm; its administrator is invited."""
    wanted = tenants_pb2.ActivateTenantRequest(tenant_id=tenant_id, request_id=new_request_id())
    try:
        activated = gateway.identity().ActivateTenant(wanted)
    except grpc.RpcError as error:
        flash(refused(error).problem_text, "bad")
        return redirect("/betrieb", 303)
    flash(t("%(name)s ist freigeschaltet. Die Einladung ist unterwegs.", name=activated.name), "ok")
    return redirect("/betrieb", 303)


@operator_pages.get("/betrieb/abrechnung")
def billing() -> ResponseReturnValue:
    """Show the form of a billing run."""
    return render_template("operator/billing.html", period=_last_month(), run=None, form=Form())


@operator_pages.post("/betrieb/abrechnung")
def run_billing() -> ResponseReturnValue:
    """Bill a month; a repeated run changes nothing."""
    values = sent()
    period = values.get("period", "")
    if not re.fullmatch(r"[0-9]{4}-(0[1-9]|1[0-2])", period):
        form = Form(values, {"period": t("Bitte wählen Sie einen Monat, zum Beispiel 2026-07.")})
        return render_template("operator/billing.html", period=period, run=None, form=form), form.status
    wanted = billing_pb2.RunBillingRequest(period=period, request_id=new_request_id())
    try:
        run = gateway.billing().RunBilling(wanted, timeout=_RUN_SECONDS)
    except grpc.RpcError as error:
        form = refused(error)
        return render_template("operator/billing.html", period=period, run=None, form=form), form.status
    return render_template("operator/billing.html", period=period, run=run, form=Form())


def _tenants(state: tenants_pb2.TenantState.ValueType, template: str) -> ResponseReturnValue:
    answer = gateway.identity().ListTenants(
        tenants_pb2.ListTenantsRequest(state=state, page_size=50, page_token=page_token())
    )
    return render_template(
        template,
        tenants=tuple(answer.tenants),
        path=request.path,
        next_url=next_page(answer.next_page_token),
    )


def _last_month() -> str:
    today = date.fromisoformat(billing_day(portal().clock.now()))
    return (today.replace(day=1) - timedelta(days=1)).strftime("%Y-%m")
