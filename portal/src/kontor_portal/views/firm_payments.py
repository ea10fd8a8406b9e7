"""What firms owe the platform: open items, an invoice with its payments, recording and taking back (F82–F89)."""

from __future__ import annotations

import grpc
from flask import Blueprint, flash, redirect, render_template, request
from flask.typing import ResponseReturnValue
from kontor.billing.v1 import firm_invoices_pb2, receivables_pb2
from kontor.billing.v1 import firm_payments_pb2 as pb
from kontor_chassis.clock import billing_day

from kontor_portal import gateway
from kontor_portal.extension import portal
from kontor_portal.forms import Form, euros, refused, sent
from kontor_portal.gateway import new_request_id
from kontor_portal.i18n import t
from kontor_portal.reading import next_page, page_token

firm_payments = Blueprint("firm_payments", __name__)

_LIST = "/betrieb/abrechnung/offen"


@firm_payments.get(_LIST)
def open_items() -> ResponseReturnValue:
    """List what firms have not paid yet, or everything."""
    everything = request.args.get("nur") == "alle"
    answer = gateway.firm_payments().ListFirmOpenItems(
        pb.ListFirmOpenItemsRequest(open_only=not everything, page_size=50, page_token=page_token())
    )
    return render_template(
        "operator/firm_open_items.html",
        answer=answer,
        everything=everything,
        next_url=next_page(answer.next_page_token),
    )


@firm_payments.get("/betrieb/abrechnung/rechnungen/<id:firm_invoice_id>")
def invoice(firm_invoice_id: str) -> ResponseReturnValue:
    """Show one invoice with what was paid on it."""
    return _show(firm_invoice_id, Form())


@firm_payments.post("/betrieb/abrechnung/rechnungen/<id:firm_invoice_id>/zahlung")
def record_payment(firm_invoice_id: str) -> ResponseReturnValue:
    """Record a payment that arrived."""
    values = sent()
    amount = euros(values.get("amount", ""))
    if amount is None:
        fault = {"amount": t("Bitte geben Sie einen Betrag ein, zum Beispiel 5,00.")}
        return _show(firm_invoice_id, Form(values, fault))
    wanted = pb.RecordFirmPaymentRequest(
        firm_invoice_id=firm_invoice_id,
        amount=amount,
        paid_on=values.get("paid_on", ""),
        request_id=values.get("request_id", ""),
    )
    try:
        item = gateway.firm_payments().RecordFirmPayment(wanted)
    except grpc.RpcError as error:
        return _show(firm_invoice_id, refused(error))
    paid = item.state == receivables_pb2.RECEIVABLE_STATE_PAID
    flash(t("Die Rechnung ist bezahlt.") if paid else t("Die Zahlung ist gebucht."), "ok")
    return redirect(_page(firm_invoice_id), 303)


@firm_payments.post("/betrieb/abrechnung/rechnungen/<id:firm_invoice_id>/zahlung/<id:firm_payment_id>/zurueck")
def reverse_payment(firm_invoice_id: str, firm_payment_id: str) -> ResponseReturnValue:
    """Take back a payment that was booked wrongly."""
    wanted = pb.ReverseFirmPaymentRequest(
        firm_invoice_id=firm_invoice_id,
        firm_payment_id=firm_payment_id,
        note=sent().get("reverse_note", ""),
        request_id=new_request_id(),
    )
    try:
        gateway.firm_payments().ReverseFirmPayment(wanted)
    except grpc.RpcError as error:
        return _show(firm_invoice_id, refused(error))
    flash(t("Die Zahlung ist zurückgenommen; die Rechnung ist wieder offen."), "ok")
    return redirect(_page(firm_invoice_id), 303)


def _show(firm_invoice_id: str, form: Form) -> ResponseReturnValue:
    wanted = firm_invoices_pb2.GetFirmInvoiceRequest(firm_invoice_id=firm_invoice_id)
    return render_template(
        "operator/firm_invoice.html",
        invoice=gateway.firm_invoices().GetFirmInvoice(wanted),
        item=gateway.firm_payments().GetFirmOpenItem(pb.GetFirmOpenItemRequest(firm_invoice_id=firm_invoice_id)),
        today=billing_day(portal().clock.now()),
        request_id=new_request_id(),
        form=form,
    ), form.status


def _page(firm_invoice_id: str) -> str:
    return f"/betrieb/abrechnung/rechnungen/{firm_invoice_id}"
