"""The platform's operator: billing runs (F34). Firms are in `operator_firms`."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Final

import grpc
from flask import Blueprint, render_template
from flask.typing import ResponseReturnValue
from kontor.billing.v1 import billing_pb2
from kontor.identity.v1 import firms_pb2
from kontor_chassis.clock import billing_day
from kontor_chassis.edge import problem_of

from kontor_portal import gateway
from kontor_portal.extension import portal
from kontor_portal.forms import Form, refused, sent
from kontor_portal.gateway import new_request_id
from kontor_portal.i18n import t

operator_pages = Blueprint("operator_pages", __name__)

_RUN_SECONDS: Final = 50


@dataclass(frozen=True)
class UnbilledFirm:
    """A firm with agreements whose customers are gone."""

    tenant_id: str
    name: str
    agreements: int


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
    unbilled = _by_firm(run.unbilled_agreements)
    return render_template("operator/billing.html", period=period, run=run, unbilled=unbilled, form=Form())


def _by_firm(agreements: Iterable[billing_pb2.UnbilledAgreement]) -> tuple[UnbilledFirm, ...]:
    """Return how many agreements of each firm have no customer any more, by the firms' names."""
    counted = Counter(one.tenant_id for one in agreements)
    return tuple(sorted((UnbilledFirm(firm, _name_of(firm), count) for firm, count in counted.items()), key=_by_name))


def _by_name(firm: UnbilledFirm) -> str:
    return firm.name.casefold()


def _name_of(tenant_id: str) -> str:
    """Return a firm's name; a deleted firm has none any more."""
    try:
        return gateway.firms().GetFirm(firms_pb2.GetFirmRequest(tenant_id=tenant_id)).tenant.name
    except grpc.RpcError as error:
        if problem_of(error).status != 404:
            raise
        return t("Gelöschter Betrieb")


def _last_month() -> str:
    today = date.fromisoformat(billing_day(portal().clock.now()))
    return (today.replace(day=1) - timedelta(days=1)).strftime("%Y-%m")
