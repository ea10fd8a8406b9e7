"""The customer's invoices: net, tax by kind, gross, PDF."""

from __future__ import annotations

from flask import Blueprint, render_template
from flask.typing import ResponseReturnValue
from kontor.billing.v1 import billing_pb2, receivables_pb2

from kontor_portal import gateway
from kontor_portal.reading import next_page, optional, page_token
from kontor_portal.requests import signed_in

customer_invoices = Blueprint("customer_invoices", __name__)


@customer_invoices.get("/kunde/rechnungen")
def invoices() -> ResponseReturnValue:
    """List the invoices, newest first."""
    answer = gateway.billing().ListInvoices(
        billing_pb2.ListInvoicesRequest(customer_id=signed_in().customer_id, page_size=24, page_token=page_token())
    )
    return render_template(
        "customer/invoices.html", invoices=tuple(answer.invoices), next_url=next_page(answer.next_page_token)
    )


@customer_invoices.get("/kunde/rechnungen/<id:invoice_id>")
def invoice(invoice_id: str) -> ResponseReturnValue:
    """Show one invoice."""
    found = gateway.billing().GetInvoice(
        billing_pb2.GetInvoiceRequest(customer_id=signed_in().customer_id, invoice_id=invoice_id)
    )
    wanted = receivables_pb2.GetOpenItemRequest(customer_id=found.customer_id, invoice_id=invoice_id)
    item = optional(lambda: gateway.receivables().GetOpenItem(wanted), None)
    return render_template("customer/invoice.html", invoice=found, item=item)
