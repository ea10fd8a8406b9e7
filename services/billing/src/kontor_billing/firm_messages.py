"""The platform's invoices to firms as messages on the wire."""

from __future__ import annotations

from kontor.billing.v1 import firm_invoices_pb2 as pb
from kontor.billing.v1 import firm_payments_pb2
from kontor.billing.v1.receivables_pb2 import RECEIVABLE_STATE_OPEN, RECEIVABLE_STATE_PAID
from kontor.common.v1.money_pb2 import Money

from kontor_billing.firm_charges import AgreedPrices
from kontor_billing.firm_payments import FirmItem
from kontor_billing.firm_runs import FirmRunResult
from kontor_billing.firm_tables import FirmInvoice, IssuerRow
from kontor_billing.invoices import totals_on
from kontor_billing.messages import instant, money, totals

LISTED_POSTPONED = 100
"""Postponed firms that the answer of a run lists."""


def firm_invoice(row: FirmInvoice) -> pb.FirmInvoice:
    """Return an invoice."""
    return pb.FirmInvoice(
        firm_invoice_id=str(row.firm_invoice_id),
        tenant_id=str(row.tenant_id),
        number=row.number,
        period=row.period,
        issue_date=row.issue_date.isoformat(),
        due_on=row.due_on.isoformat(),
        lines=[
            pb.FirmInvoiceLine(title=line["title"], detail=line["detail"], net=money(line["net"])) for line in row.lines
        ],
        totals=totals(totals_on(row)),
        buyer_name=row.buyer["name"],
        issue_time=instant(row.issued_at),
    )


def open_item(item: FirmItem, *, for_operator: bool) -> firm_payments_pb2.FirmOpenItem:
    """Return what a firm owes on an invoice; why a payment was taken back only the operator reads."""
    row, invoice = item.receivable, item.invoice
    return firm_payments_pb2.FirmOpenItem(
        firm_invoice_id=str(row.firm_invoice_id),
        tenant_id=str(row.tenant_id),
        number=invoice.number,
        buyer_name=invoice.buyer["name"],
        period=invoice.period,
        due_on=row.due_on.isoformat(),
        gross=money(row.gross_minor),
        paid=money(row.paid_minor),
        open=money(item.open_minor),
        state=RECEIVABLE_STATE_OPEN if item.open_minor else RECEIVABLE_STATE_PAID,
        overdue=item.overdue,
        payments=[
            firm_payments_pb2.FirmPayment(
                firm_payment_id=str(payment.firm_payment_id),
                amount=money(payment.amount_minor),
                paid_on=payment.paid_on.isoformat(),
                record_time=instant(payment.recorded_at),
                reverse_time=instant(reversal.reversed_at) if reversal else None,
                reverse_note=reversal.note if reversal and for_operator else "",
            )
            for payment, reversal in item.payments
        ],
    )


def run_result(period: str, result: FirmRunResult) -> pb.RunFirmBillingResponse:
    """Return what a run did."""
    return pb.RunFirmBillingResponse(
        period=period,
        invoices_issued=result.issued,
        already_invoiced=result.existing,
        nothing_due=result.nothing_due,
        postponed=[
            pb.PostponedFirm(
                tenant_id=str(one.tenant_id),
                reason=pb.PostponeReason.Value(f"POSTPONE_REASON_{one.reason}"),
                detail=one.detail,
            )
            for one in result.postponed[:LISTED_POSTPONED]
        ],
        gross=money(result.gross_minor),
    )


def agreed_prices(prices: AgreedPrices) -> pb.AgreedPrices:
    """Return the prices agreed with a firm."""
    return pb.AgreedPrices(
        base=_optional(prices.base_minor),
        setup=_optional(prices.setup_minor),
        white_label=_optional(prices.white_label_minor),
        white_label_setup=_optional(prices.white_label_setup_minor),
    )


def issuer(row: IssuerRow | None) -> pb.Issuer:
    """Return who issues the invoices; empty before anybody entered it."""
    if row is None:
        return pb.Issuer()
    return pb.Issuer(
        name=row.name,
        street=row.street,
        postal_code=row.postal_code,
        city=row.city,
        tax_number=row.tax_number,
        iban=row.iban,
        email=row.email,
    )


def _optional(minor_units: int | None) -> Money | None:
    return None if minor_units is None else money(minor_units)
