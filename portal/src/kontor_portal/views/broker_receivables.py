"""What customers owe: open items, an invoice with its payments and postings, pause and end of a dunning (F34, F160)."""

from __future__ import annotations

import grpc
from flask import Blueprint, flash, redirect, render_template, request
from flask.typing import ResponseReturnValue
from kontor.billing.v1 import billing_pb2, receivables_pb2
from kontor_chassis.clock import billing_day

from kontor_portal import gateway
from kontor_portal.customers import names_of
from kontor_portal.extension import portal
from kontor_portal.formatting import day_text
from kontor_portal.forms import Form, euros, refused, sent
from kontor_portal.gateway import new_request_id
from kontor_portal.i18n import t
from kontor_portal.reading import next_page, optional, page_token

broker_receivables = Blueprint("broker_receivables", __name__)


@broker_receivables.get("/makler/rechnungen/offen")
def open_items() -> ResponseReturnValue:
    """List what is not paid yet, the longest due first."""
    overdue_only = request.args.get("nur") == "faellig"
    answer = gateway.receivables().ListOpenItems(
        receivables_pb2.ListOpenItemsRequest(overdue_only=overdue_only, page_size=50, page_token=page_token())
    )
    return render_template(
        "broker/open_items.html",
        answer=answer,
        names=names_of(item.customer_id for item in answer.open_items),
        overdue_only=overdue_only,
        next_url=next_page(answer.next_page_token),
    )


@broker_receivables.get("/makler/rechnungen/<id:customer_id>/<id:invoice_id>")
def invoice(customer_id: str, invoice_id: str) -> ResponseReturnValue:
    """Show one invoice with what was paid on it and its postings."""
    return _show(customer_id, invoice_id, Form())


@broker_receivables.post("/makler/rechnungen/<id:customer_id>/<id:invoice_id>/zahlung")
def record_payment(customer_id: str, invoice_id: str) -> ResponseReturnValue:
    """Record a payment that arrived."""
    values = sent()
    amount = euros(values.get("amount", ""))
    if amount is None:
        fault = {"amount": t("Bitte geben Sie einen Betrag ein, zum Beispiel 5,00.")}
        return _show(customer_id, invoice_id, Form(values, fault))
    wanted = receivables_pb2.RecordPaymentRequest(
        customer_id=customer_id,
        invoice_id=invoice_id,
        amount=amount,
        paid_on=values.get("paid_on", ""),
        request_id=values.get("request_id", ""),
    )
    try:
        item = gateway.receivables().RecordPayment(wanted)
    except grpc.RpcError as error:
        return _show(customer_id, invoice_id, refused(error))
    paid = item.state == receivables_pb2.RECEIVABLE_STATE_PAID
    flash(t("Die Rechnung ist bezahlt.") if paid else t("Die Zahlung ist gebucht."), "ok")
    return redirect(_page(customer_id, invoice_id), 303)


@broker_receivables.post("/makler/rechnungen/<id:customer_id>/<id:invoice_id>/mahnung")
def end_dunning(customer_id: str, invoice_id: str) -> ResponseReturnValue:
    """End a dunning although the invoice is not paid."""
    values = sent()
    wanted = receivables_pb2.EndDunningRequest(
        customer_id=customer_id,
        invoice_id=invoice_id,
        note=values.get("note", ""),
        waive_fee=values.get("waive_fee") == "1",
        request_id=new_request_id(),
    )
    try:
        gateway.receivables().EndDunning(wanted)
    except grpc.RpcError as error:
        return _show(customer_id, invoice_id, refused(error))
    flash(t("Das Mahnverfahren ist beendet; die Rechnung bleibt offen."), "ok")
    return redirect(_page(customer_id, invoice_id), 303)


@broker_receivables.post("/makler/rechnungen/<id:customer_id>/<id:invoice_id>/pause")
def pause_dunning(customer_id: str, invoice_id: str) -> ResponseReturnValue:
    """Let the dunning rest until a day, or go on."""
    values = sent()
    wanted = receivables_pb2.PauseDunningRequest(
        customer_id=customer_id,
        invoice_id=invoice_id,
        until_on=values.get("until_on", ""),
        note=values.get("pause_note", ""),
        request_id=new_request_id(),
    )
    try:
        item = gateway.receivables().PauseDunning(wanted)
    except grpc.RpcError as error:
        return _show(customer_id, invoice_id, refused(error))
    rests = t("Bis zum %(day)s wird nicht gemahnt.", day=day_text(item.paused_until))
    flash(rests if item.paused_until else t("Die Pause ist beendet."), "ok")
    return redirect(_page(customer_id, invoice_id), 303)


@broker_receivables.post("/makler/rechnungen/<id:customer_id>/<id:invoice_id>/zahlung/<id:payment_id>/zurueck")
def reverse_payment(customer_id: str, invoice_id: str, payment_id: str) -> ResponseReturnValue:
    """Take back a payment that was booked wrongly."""
    wanted = receivables_pb2.ReversePaymentRequest(
        customer_id=customer_id,
        invoice_id=invoice_id,
        payment_id=payment_id,
        note=sent().get("reverse_note", ""),
        request_id=new_request_id(),
    )
    try:
        gateway.receivables().ReversePayment(wanted)
    except grpc.RpcError as error:
        return _show(customer_id, invoice_id, refused(error))
    flash(t("Die Zahlung ist zurückgenommen; die Rechnung ist wieder offen."), "ok")
    return redirect(_page(customer_id, invoice_id), 303)


def _show(customer_id: str, invoice_id: str, form: Form) -> ResponseReturnValue:
    billing, receivables = gateway.billing(), gateway.receivables()
    found = billing.GetInvoice(billing_pb2.GetInvoiceRequest(customer_id=customer_id, invoice_id=invoice_id))
    ledger = optional(
        lambda: billing.ListLedgerEntries(billing_pb2.ListLedgerEntriesRequest(invoice_id=invoice_id)),
        billing_pb2.ListLedgerEntriesResponse(),
    )
    whose = {"customer_id": customer_id, "invoice_id": invoice_id}
    payments = optional(
        lambda: receivables.ListPayments(receivables_pb2.ListPaymentsRequest(**whose, page_size=100)),
        receivables_pb2.ListPaymentsResponse(),
    )
    return render_template(
        "broker/invoice.html",
        invoice=found,
        item=optional(lambda: receivables.GetOpenItem(receivables_pb2.GetOpenItemRequest(**whose)), None),
        payments=tuple(payments.payments),
        entries=tuple(ledger.entries),
        today=billing_day(portal().clock.now()),
        request_id=new_request_id(),
        form=form,
    ), form.status


def _page(customer_id: str, invoice_id: str) -> str:
    return f"/makler/rechnungen/{customer_id}/{invoice_id}"
