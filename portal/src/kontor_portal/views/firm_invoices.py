"""The platform's invoices to firms: a firm's own, and all of them with prices and issuer for the operator (F79–F89)."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Final

import grpc
from flask import Blueprint, flash, redirect, render_template, request
from flask.typing import ResponseReturnValue
from kontor.billing.v1 import firm_invoices_pb2 as pb
from kontor.billing.v1 import firm_payments_pb2
from kontor.common.v1.money_pb2 import Money
from kontor.identity.v1 import firms_pb2

from kontor_portal import gateway
from kontor_portal.forms import Form, euros, refused, sent
from kontor_portal.gateway import new_request_id
from kontor_portal.i18n import t
from kontor_portal.reading import next_page, optional, page_token

firm_invoices = Blueprint("firm_invoices", __name__)

_RUN_SECONDS: Final = 50
_PRICES: Final = ("base", "setup", "white_label", "white_label_setup")
_ISSUER: Final = ("name", "street", "postal_code", "city", "tax_number", "iban", "email")


@firm_invoices.get("/makler/betrieb/rechnungen")
def own() -> ResponseReturnValue:
    """List what the platform has charged the firm."""
    answer = gateway.firm_invoices().ListFirmInvoices(pb.ListFirmInvoicesRequest(page_size=24, page_token=page_token()))
    return render_template(
        "broker/firm_invoices.html",
        invoices=tuple(answer.firm_invoices),
        unpaid=_unpaid(""),
        next_url=next_page(answer.next_page_token),
    )


@firm_invoices.get("/betrieb/abrechnung/rechnungen")
def all_firms() -> ResponseReturnValue:
    """List the invoices to all firms, or to one."""
    tenant_id = request.args.get("betrieb", "")
    answer = gateway.firm_invoices().ListFirmInvoices(
        pb.ListFirmInvoicesRequest(tenant_id=tenant_id, page_size=50, page_token=page_token())
    )
    return render_template(
        "operator/firm_invoices.html",
        invoices=tuple(answer.firm_invoices),
        unpaid=_unpaid(tenant_id),
        tenant_id=tenant_id,
        next_url=next_page(answer.next_page_token),
    )


@firm_invoices.post("/betrieb/abrechnung/rechnungen/lauf")
def run() -> ResponseReturnValue:
    """Bill a month to the firms; a repeated run changes nothing."""
    values = sent()
    period = values.get("period", "")
    if not re.fullmatch(r"[0-9]{4}-(0[1-9]|1[0-2])", period):
        flash(t("Bitte wählen Sie einen Monat, zum Beispiel 2026-07."), "bad")
        return redirect("/betrieb/abrechnung", 303)
    wanted = pb.RunFirmBillingRequest(period=period, request_id=new_request_id())
    try:
        done = gateway.firm_invoices().RunFirmBilling(wanted, timeout=_RUN_SECONDS)
    except grpc.RpcError as error:
        flash(refused(error).problem_text, "bad")
        return redirect("/betrieb/abrechnung", 303)
    return render_template("operator/firm_billing_run.html", run=done, names=_names(done.postponed))


@firm_invoices.get("/betrieb/betriebe/<id:tenant_id>/preise")
def prices(tenant_id: str) -> ResponseReturnValue:
    """Show the prices agreed with a firm."""
    return _prices(tenant_id, Form())


@firm_invoices.post("/betrieb/betriebe/<id:tenant_id>/preise")
def agree(tenant_id: str) -> ResponseReturnValue:
    """Set the prices agreed with a firm; an empty field follows the plan."""
    values = sent()
    amounts = {field: euros(values[field]) for field in _PRICES if values.get(field)}
    faults = {field: t("Bitte geben Sie einen Betrag ein, zum Beispiel 5,00.") for field, v in amounts.items() if not v}
    if faults:
        return _prices(tenant_id, Form(values, faults))
    wanted = pb.SetAgreedPricesRequest(
        tenant_id=tenant_id, prices=pb.AgreedPrices(**amounts), request_id=new_request_id()
    )
    try:
        gateway.firm_invoices().SetAgreedPrices(wanted)
    except grpc.RpcError as error:
        return _prices(tenant_id, refused(error))
    flash(t("Die Preise sind vereinbart."), "ok")
    return redirect(f"/betrieb/betriebe/{tenant_id}", 303)


@firm_invoices.get("/betrieb/abrechnung/absender")
def issuer() -> ResponseReturnValue:
    """Show who issues the invoices to firms."""
    return _issuer(Form())


@firm_invoices.post("/betrieb/abrechnung/absender")
def set_issuer() -> ResponseReturnValue:
    """Set who issues the invoices to firms."""
    values = sent()
    given = pb.Issuer(**{field: values.get(field, "") for field in _ISSUER})
    try:
        gateway.firm_invoices().SetIssuer(pb.SetIssuerRequest(issuer=given, request_id=new_request_id()))
    except grpc.RpcError as error:
        return _issuer(refused(error))
    flash(t("Der Rechnungssteller ist gespeichert."), "ok")
    return redirect("/betrieb/abrechnung", 303)


def _prices(tenant_id: str, form: Form) -> ResponseReturnValue:
    agreed = gateway.firm_invoices().GetAgreedPrices(pb.GetAgreedPricesRequest(tenant_id=tenant_id))
    found = gateway.firms().GetFirm(firms_pb2.GetFirmRequest(tenant_id=tenant_id))
    known: dict[str, Money | None] = {
        "base": agreed.base if agreed.HasField("base") else None,
        "setup": agreed.setup if agreed.HasField("setup") else None,
        "white_label": agreed.white_label if agreed.HasField("white_label") else None,
        "white_label_setup": agreed.white_label_setup if agreed.HasField("white_label_setup") else None,
    }
    return render_template("operator/agreed_prices.html", firm_record=found, known=known, form=form), form.status


def _issuer(form: Form) -> ResponseReturnValue:
    known = gateway.firm_invoices().GetIssuer(pb.GetIssuerRequest())
    return render_template("operator/issuer.html", known=known, form=form), form.status


def _unpaid(tenant_id: str) -> dict[str, firm_payments_pb2.FirmOpenItem]:
    """Return what is still owed by invoice, the longest due hundred."""
    ask = firm_payments_pb2.ListFirmOpenItemsRequest(tenant_id=tenant_id, open_only=True, page_size=100)
    nothing = firm_payments_pb2.ListFirmOpenItemsResponse()
    found = optional(lambda: gateway.firm_payments().ListFirmOpenItems(ask), nothing)
    return {item.firm_invoice_id: item for item in found.open_items}


def _names(postponed: Iterable[pb.PostponedFirm]) -> dict[str, str]:
    ask = gateway.firms().GetFirm
    return {one.tenant_id: ask(firms_pb2.GetFirmRequest(tenant_id=one.tenant_id)).tenant.name for one in postponed}
