"""Invoices: one per agreement and month, numbered without gaps, never changed; and their cancellations.

Owns numbering and what an invoice contains. The whole document is stored when it is issued, so that it reads the same
for ever (retention 8 years). An invoice is undone only by a cancellation with a number of its own.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import date
from enum import StrEnum
from uuid import UUID

from kontor.billing.v1.events_pb2 import InvoiceIssued
from kontor_chassis.database import Transaction
from kontor_chassis.errors import not_found
from kontor_chassis.ids import new_id
from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert

from kontor_billing import ledger, receivables, tables
from kontor_billing.firm_tables import FirmInvoice
from kontor_billing.parties import Party, Seller
from kontor_billing.periods import Period, german_day
from kontor_billing.prices import CURRENCY, PriceComponent, TaxAmount, TaxRates, Totals, totals_of
from kontor_billing.usage import note_billed
from kontor_billing.usage_rules import Position, Use, position_of


class Kind(StrEnum):
    """Kind of document."""

    INVOICE = "INVOICE"
    CANCELLATION = "CANCELLATION"


@dataclass(frozen=True)
class IssuedInvoice:
    """A stored document and, of a cancelled invoice, the document that cancels it."""

    row: tables.Invoice
    cancelled_by: UUID | None = None

    @property
    def totals(self) -> Totals:
        """Net, tax per kind, gross as printed."""
        return totals_on(self.row)


def totals_on(row: tables.Invoice | FirmInvoice) -> Totals:
    """Return the totals printed on a document."""
    return Totals(row.net_minor, tuple(TaxAmount.from_json(tax) for tax in row.taxes))


async def issue_invoice(
    tx: Transaction,
    agreement: tables.Agreement,
    period: Period,
    *,
    components: Sequence[PriceComponent],
    uses: Sequence[Use] = (),
    rates: TaxRates,
    seller: Seller,
    buyer: Party,
) -> tables.Invoice:
    """Issue the invoice of an agreement for a month, with its ledger postings, and publish the fact.

    `components` are those of the tier, `uses` what comes on top; `rates` are those of the month's last day: the day on
    which the month's service is rendered decides.
    """
    all_components = [*components, *(part for use in uses for part in use.price.components(use.item, use.units))]
    totals = totals_of(all_components, rates)
    today = german_day(tx.now)
    row = tables.Invoice(
        invoice_id=new_id(),
        tenant_id=agreement.tenant_id,
        customer_id=agreement.customer_id,
        agreement_id=agreement.agreement_id,
        kind=Kind.INVOICE,
        number=await _next_number(tx, agreement.tenant_id, seller.slug, today),
        period=str(period),
        issue_date=today,
        service_from=max(period.first_day, agreement.signed_on),
        service_to=period.last_day,
        tier=agreement.tier,
        net_minor=totals.net_minor,
        gross_minor=totals.gross_minor,
        taxes=[tax.to_json() for tax in totals.taxes],
        lines=[asdict(line) for line in (_of_tier(agreement, period, components), *map(position_of, uses))],
        seller={**asdict(seller.party), "slug": seller.slug, "color": seller.color},
        buyer=asdict(buyer),
        cancels_invoice_id=None,
        due_on=receivables.due_day(today),
        issued_at=tx.now,
    )
    await _record(tx, row, ledger.postings_for(all_components, totals))
    await note_billed(tx, agreement, row.invoice_id, uses)
    await receivables.demand(tx, row)
    return row


async def cancel_invoices(tx: Transaction, agreement_id: UUID) -> list[tables.Invoice]:
    """Cancel every invoice of an agreement that is not cancelled yet, each by a document of its own."""
    cancelled = select(tables.Invoice.cancels_invoice_id).where(tables.Invoice.cancels_invoice_id.is_not(None))
    standing = await tx.session.scalars(
        select(tables.Invoice)
        .where(tables.Invoice.agreement_id == agreement_id)
        .where(tables.Invoice.kind == Kind.INVOICE)
        .where(tables.Invoice.invoice_id.not_in(cancelled))
        .order_by(tables.Invoice.period)
    )
    return [await _cancel(tx, invoice) for invoice in standing.all()]


async def get_invoice(tx: Transaction, customer_id: UUID, invoice_id: UUID) -> IssuedInvoice:
    """Return one document; raises NOT_FOUND when it does not exist or may not be seen."""
    row = await tx.session.get(tables.Invoice, invoice_id)
    if row is None or row.customer_id != customer_id:
        raise not_found("Diese Rechnung")
    return (await with_cancellations(tx, [row]))[0]


async def with_cancellations(tx: Transaction, rows: Sequence[tables.Invoice]) -> list[IssuedInvoice]:
    """Return documents with what cancels them, in the order given."""
    found = await tx.session.execute(
        select(tables.Invoice.cancels_invoice_id, tables.Invoice.invoice_id).where(
            tables.Invoice.cancels_invoice_id.in_([row.invoice_id for row in rows])
        )
    )
    cancelled_by = {cancelled: document for cancelled, document in found if cancelled is not None}
    return [IssuedInvoice(row, cancelled_by.get(row.invoice_id)) for row in rows]


def lines_on(row: tables.Invoice) -> list[Position]:
    """Return the positions printed on a document; one from before there were any has its tier alone."""
    if row.lines:
        return [Position(**line) for line in row.lines]
    return [_tier_position(row.tier, row.service_from, row.service_to, row.net_minor)]


def _of_tier(agreement: tables.Agreement, period: Period, components: Sequence[PriceComponent]) -> Position:
    net = sum(component.net_minor for component in components)
    return _tier_position(agreement.tier, max(period.first_day, agreement.signed_on), period.last_day, net)


def _tier_position(tier: int, first: date, last: date, net_minor: int) -> Position:
    title = f"Servicebeitrag Stufe {tier}, {Period.of(last).title}"
    return Position(title, f"Leistungszeitraum {first:%d.%m.%Y} bis {last:%d.%m.%Y}", net_minor)


async def _cancel(tx: Transaction, invoice: tables.Invoice) -> tables.Invoice:
    totals = totals_on(invoice).negated()
    row = tables.Invoice(
        invoice_id=new_id(),
        tenant_id=invoice.tenant_id,
        customer_id=invoice.customer_id,
        agreement_id=invoice.agreement_id,
        kind=Kind.CANCELLATION,
        number=await _next_number(tx, invoice.tenant_id, invoice.seller["slug"], german_day(tx.now)),
        period=invoice.period,
        issue_date=german_day(tx.now),
        service_from=invoice.service_from,
        service_to=invoice.service_to,
        tier=invoice.tier,
        net_minor=totals.net_minor,
        gross_minor=totals.gross_minor,
        taxes=[tax.to_json() for tax in totals.taxes],
        lines=[{**line, "net": -line["net"]} for line in invoice.lines],
        seller=invoice.seller,
        buyer=invoice.buyer,
        cancels_invoice_id=invoice.invoice_id,
        cancels_number=invoice.number,
        issued_at=tx.now,
    )
    await _record(tx, row, ledger.reversal_of(await ledger.postings_of(tx, invoice.invoice_id)))
    await receivables.cancel_demand(tx, invoice.invoice_id)
    return row


async def _record(tx: Transaction, row: tables.Invoice, postings: Sequence[ledger.Posting]) -> None:
    tx.session.add(row)
    await tx.session.flush()
    await ledger.post(tx, postings, tenant_id=row.tenant_id, customer_id=row.customer_id, invoice_id=row.invoice_id)
    issued = InvoiceIssued(
        tenant_id=str(row.tenant_id),
        invoice_id=str(row.invoice_id),
        customer_id=str(row.customer_id),
        number=row.number,
        period=row.period,
        is_cancellation=row.kind == Kind.CANCELLATION,
    )
    issued.gross.minor_units = row.gross_minor
    issued.gross.currency = CURRENCY
    tx.publish(issued, aggregate=row.invoice_id)


async def _next_number(tx: Transaction, tenant_id: UUID, slug: str, day: date) -> str:
    """Return the next number of the firm's series of the year, for example "HANSEN-2026-000017".

    The counter's row stays locked until the transaction ends: whoever rolls back gives his number back, so there are
    no gaps (STANDARDS §3), and issuing is serial within one firm.
    """
    series = str(day.year)
    counter = insert(tables.NumberSeries).values(tenant_id=tenant_id, series=series, last_number=1)
    number = await tx.session.scalar(
        counter.on_conflict_do_update(
            index_elements=["tenant_id", "series"],
            set_={"last_number": tables.NumberSeries.last_number + 1},
        ).returning(tables.NumberSeries.last_number)
    )
    return f"{slug.upper()}-{series}-{number:06d}"
