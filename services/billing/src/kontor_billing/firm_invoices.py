"""The platform's invoices to firms: one per firm and month, numbered without gaps, never changed (F79, F82–F89).

Owns numbering, who issues them, the prices agreed with a firm, and what identity told of plans, trials and white label.
What a month costs is in `firm_charges`.
"""

from __future__ import annotations

from dataclasses import asdict
from datetime import datetime
from uuid import UUID

from kontor.billing.v1.events_pb2 import FirmInvoiceIssued
from kontor.common.v1.money_pb2 import Money
from kontor_chassis.database import Transaction
from kontor_chassis.errors import invalid, not_found
from kontor_chassis.ids import new_id
from kontor_chassis.paging import decode_cursor, encode_cursor, page_size
from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert

from kontor_billing import firm_payments, ledger
from kontor_billing.firm_charges import AgreedPrices, FirmFacts, Line
from kontor_billing.firm_tables import (
    AgreedPricesRow,
    FirmInvoice,
    IssuerRow,
    PlanChoice,
    PlatformSeries,
    TrialOrder,
    WhiteLabelRow,
)
from kontor_billing.parties import Party
from kontor_billing.periods import Period, german_day
from kontor_billing.prices import CURRENCY, Payee, PriceComponent, TaxKind, TaxRates, totals_of
from kontor_billing.receivables import due_day

_ISSUER_FIELDS = ("name", "street", "postal_code", "city", "tax_number", "iban", "email")
_NEEDED = {
    "name": "Bitte geben Sie den Namen an.",
    "street": "Bitte geben Sie die Straße an.",
    "postal_code": "Bitte geben Sie die Postleitzahl an.",
    "city": "Bitte geben Sie den Ort an.",
    "tax_number": "Bitte geben Sie die Steuernummer an.",
    "iban": "Bitte geben Sie die IBAN an.",
}


async def note_plan(tx: Transaction, tenant_id: UUID, plan: int, chosen_at: datetime) -> None:
    """Remember that a firm has a plan from an instant on."""
    row = insert(PlanChoice).values(tenant_id=tenant_id, plan=plan, chosen_at=chosen_at)
    await tx.session.execute(row.on_conflict_do_nothing())


async def note_white_label(tx: Transaction, tenant_id: UUID, white_label: bool, changed_at: datetime) -> None:
    """Remember that a firm booked white label, or ended it."""
    row = insert(WhiteLabelRow).values(tenant_id=tenant_id, white_label=white_label, changed_at=changed_at)
    await tx.session.execute(row.on_conflict_do_nothing())


async def note_trial(tx: Transaction, tenant_id: UUID, extension_id: UUID, net_minor: int, at: datetime) -> None:
    """Remember that a firm ordered a further trial."""
    row = insert(TrialOrder).values(
        tenant_id=tenant_id, extension_id=extension_id, net_minor=net_minor, ordered_on=german_day(at)
    )
    await tx.session.execute(row.on_conflict_do_nothing())


async def facts_of(tx: Transaction, tenant_id: UUID, period: Period) -> FirmFacts:
    """Return what is known here of a firm for a month; prices and contacts are identity's."""
    plans = await tx.session.scalars(
        select(PlanChoice).where(PlanChoice.tenant_id == tenant_id).order_by(PlanChoice.chosen_at)
    )
    labels = await tx.session.scalars(
        select(WhiteLabelRow).where(WhiteLabelRow.tenant_id == tenant_id).order_by(WhiteLabelRow.changed_at)
    )
    trials = await tx.session.scalars(
        select(TrialOrder.net_minor)
        .where(TrialOrder.tenant_id == tenant_id)
        .where(TrialOrder.ordered_on.between(period.first_day, period.last_day))
        .order_by(TrialOrder.extension_id)
    )
    return FirmFacts(
        plans=tuple((german_day(row.chosen_at), row.plan) for row in plans),
        white_label=tuple((german_day(row.changed_at), row.white_label) for row in labels),
        trials=tuple(trials),
        agreed=await agreed_prices(tx, tenant_id),
    )


async def issue(
    tx: Transaction,
    tenant_id: UUID,
    period: Period,
    *,
    lines: tuple[Line, ...],
    rates: TaxRates,
    seller: IssuerRow,
    buyer: Party,
) -> FirmInvoice:
    """Issue the invoice of a firm for a month with its ledger postings, and publish the fact."""
    parts = [
        PriceComponent(str(i), line.title, Payee.POOL, line.net_minor, TaxKind.VAT) for i, line in enumerate(lines)
    ]
    totals = totals_of(parts, rates)
    today = german_day(tx.now)
    row = FirmInvoice(
        firm_invoice_id=new_id(),
        tenant_id=tenant_id,
        number=await _next_number(tx, str(today.year)),
        period=str(period),
        issue_date=today,
        due_on=due_day(today),
        lines=[{"title": line.title, "detail": line.detail, "net": line.net_minor} for line in lines],
        net_minor=totals.net_minor,
        gross_minor=totals.gross_minor,
        taxes=[tax.to_json() for tax in totals.taxes],
        seller={field: getattr(seller, field) for field in _ISSUER_FIELDS},
        buyer=asdict(buyer),
        issued_at=tx.now,
    )
    tx.session.add(row)
    await tx.session.flush()
    postings = ledger.firm_postings([line.net_minor for line in lines], totals)
    await ledger.post(tx, postings, tenant_id=tenant_id, firm_invoice_id=row.firm_invoice_id)
    await firm_payments.demand(tx, row)
    issued = FirmInvoiceIssued(
        tenant_id=str(tenant_id),
        firm_invoice_id=str(row.firm_invoice_id),
        number=row.number,
        gross=Money(minor_units=row.gross_minor, currency=CURRENCY),
        period=row.period,
    )
    tx.publish(issued, aggregate=row.firm_invoice_id)
    return row


async def get_firm_invoice(tx: Transaction, firm_invoice_id: UUID) -> FirmInvoice:
    """Return an invoice that the caller may see; raises NOT_FOUND for any other."""
    row = await tx.session.get(FirmInvoice, firm_invoice_id)
    if row is None:
        raise not_found("Diese Rechnung")
    return row


async def list_firm_invoices(
    tx: Transaction, *, tenant_id: UUID | None, size: int, token: str
) -> tuple[list[FirmInvoice], str]:
    """Return a page of the invoices that the caller may see, newest first, and the next page's token."""
    limit = page_size(size)
    statement = select(FirmInvoice).order_by(FirmInvoice.firm_invoice_id.desc()).limit(limit + 1)
    if tenant_id is not None:
        statement = statement.where(FirmInvoice.tenant_id == tenant_id)
    if cursor := decode_cursor(token, UUID):
        statement = statement.where(FirmInvoice.firm_invoice_id < cursor[0])
    rows = list(await tx.session.scalars(statement))
    return rows[:limit], encode_cursor(rows[limit - 1].firm_invoice_id) if len(rows) > limit else ""


async def agreed_prices(tx: Transaction, tenant_id: UUID) -> AgreedPrices:
    """Return the prices agreed with a firm."""
    row = await tx.session.get(AgreedPricesRow, tenant_id)
    if row is None:
        return AgreedPrices()
    return AgreedPrices(row.base_minor, row.setup_minor, row.white_label_minor, row.white_label_setup_minor)


async def agree_prices(tx: Transaction, tenant_id: UUID, prices: AgreedPrices) -> AgreedPrices:
    """Replace the prices agreed with a firm; raises INVALID for negative ones."""
    for field, amount in asdict(prices).items():
        if amount is not None and amount < 0:
            raise invalid(f"prices.{field.removesuffix('_minor')}", "Ein Preis kann nicht negativ sein.")
    values = {**asdict(prices), "set_at": tx.now, "set_by_account_id": tx.principal.required_account()}
    row = insert(AgreedPricesRow).values(tenant_id=tenant_id, **values)
    await tx.session.execute(row.on_conflict_do_update(index_elements=["tenant_id"], set_=values))
    return prices


async def issuer(tx: Transaction) -> IssuerRow | None:
    """Return who issues the invoices to firms; None before anybody entered it."""
    return await tx.session.get(IssuerRow, True)


async def set_issuer(tx: Transaction, **given: str) -> IssuerRow:
    """Replace the issuer; raises INVALID at the first field that is empty and may not be."""
    values = {field: given[field].strip() for field in _ISSUER_FIELDS}
    for field, sentence in _NEEDED.items():
        if not values[field]:
            raise invalid(f"issuer.{field}", sentence)
    row = insert(IssuerRow).values(single=True, set_at=tx.now, **values)
    await tx.session.execute(row.on_conflict_do_update(index_elements=["single"], set_={**values, "set_at": tx.now}))
    return await tx.session.get_one(IssuerRow, True, populate_existing=True)


async def _next_number(tx: Transaction, series: str) -> str:
    """Return the next number of the platform's series, for example "P-2026-000017"; its row is locked until the end."""
    counter = insert(PlatformSeries).values(series=series, last_number=1)
    number = await tx.session.scalar(
        counter.on_conflict_do_update(
            index_elements=["series"], set_={"last_number": PlatformSeries.last_number + 1}
        ).returning(PlatformSeries.last_number)
    )
    return f"P-{series}-{number:06d}"
