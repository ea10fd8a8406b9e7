"""What firms owe the platform on its invoices, and the payments that the operator records (F82–F89).

Every invoice has one demand, locked by whoever records a payment or takes one back. Both are transactions of the ledger
(`BANK` against `FIRM_RECEIVABLE`); neither is ever changed.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from uuid import UUID

from kontor.common.v1.access_pb2 import Role
from kontor_chassis.database import Transaction
from kontor_chassis.errors import not_found
from kontor_chassis.ids import new_id
from kontor_chassis.paging import decode_cursor, encode_cursor, page_size
from sqlalchemy import Select, func, select, tuple_

from kontor_billing import ledger
from kontor_billing.firm_tables import FirmInvoice, FirmPayment, FirmPaymentReversal, FirmReceivable
from kontor_billing.periods import german_day
from kontor_billing.receivables import Owed
from kontor_billing.received import already_reversed, received_on, require_not_above


@dataclass(frozen=True)
class FirmItem:
    """The demand of an invoice to a firm; of a single one also its payments, newest first."""

    receivable: FirmReceivable
    invoice: FirmInvoice
    today: date
    payments: tuple[tuple[FirmPayment, FirmPaymentReversal | None], ...] = ()

    @property
    def open_minor(self) -> int:
        """What is still to be paid."""
        return self.receivable.gross_minor - self.receivable.paid_minor

    @property
    def overdue(self) -> bool:
        """Whether the last day to pay has passed."""
        return self.open_minor > 0 and self.receivable.due_on < self.today


async def demand(tx: Transaction, invoice: FirmInvoice) -> None:
    """Begin the demand of an invoice that has just been issued."""
    tx.session.add(
        FirmReceivable(
            firm_invoice_id=invoice.firm_invoice_id,
            tenant_id=invoice.tenant_id,
            due_on=invoice.due_on,
            gross_minor=invoice.gross_minor,
            paid_minor=0,
        )
    )
    await tx.session.flush()


async def list_items(
    tx: Transaction, *, tenant_id: UUID | None, open_only: bool, size: int, token: str
) -> tuple[list[FirmItem], str]:
    """Return a page of demands, the longest due first, and the next page's token."""
    limit, today = page_size(size), german_day(tx.now)
    statement = _items(tenant_id).order_by(FirmReceivable.due_on, FirmReceivable.firm_invoice_id)
    if open_only:
        statement = statement.where(FirmReceivable.paid_minor < FirmReceivable.gross_minor)
    if cursor := decode_cursor(token, date.fromisoformat, UUID):
        statement = statement.where(tuple_(FirmReceivable.due_on, FirmReceivable.firm_invoice_id) > cursor)
    rows = (await tx.session.execute(statement.limit(limit + 1))).all()
    items = [FirmItem(*row, today=today) for row in rows[:limit]]
    last = items[-1].receivable if len(rows) > limit else None
    return items, encode_cursor(last.due_on.isoformat(), last.firm_invoice_id) if last else ""


async def owed(tx: Transaction, tenant_id: UUID | None) -> Owed:
    """Return what is open and overdue of one firm, or of all."""
    due = func.sum(FirmReceivable.gross_minor - FirmReceivable.paid_minor)
    late = due.filter(FirmReceivable.due_on < german_day(tx.now))
    sums = select(func.coalesce(due, 0), func.coalesce(late, 0))
    if tenant_id is not None:
        sums = sums.where(FirmReceivable.tenant_id == tenant_id)
    row = (await tx.session.execute(sums)).one()
    return Owed(int(row[0]), int(row[1]))


async def get_item(tx: Transaction, firm_invoice_id: UUID) -> FirmItem:
    """Return the demand of an invoice with its payments; raises NOT_FOUND for what the caller may not see."""
    tenant_id = None if tx.principal.has(Role.ROLE_OPERATOR) else tx.principal.required_tenant()
    found = (
        await tx.session.execute(_items(tenant_id).where(FirmReceivable.firm_invoice_id == firm_invoice_id))
    ).one_or_none()
    if found is None:
        raise not_found("Diese Rechnung")
    payments = await tx.session.execute(
        select(FirmPayment, FirmPaymentReversal)
        .outerjoin(FirmPaymentReversal, FirmPaymentReversal.firm_payment_id == FirmPayment.firm_payment_id)
        .where(FirmPayment.firm_invoice_id == firm_invoice_id)
        .order_by(FirmPayment.firm_payment_id.desc())
    )
    taken = tuple((row[0], row[1]) for row in payments)
    return FirmItem(*found, today=german_day(tx.now), payments=taken)


async def record_payment(
    tx: Transaction, *, firm_invoice_id: UUID, amount_minor: int, paid_on: date | None
) -> FirmItem:
    """Record what arrived on an invoice.

    Raises INVALID for a day ahead or an amount that is none, and PRECONDITION "PAYMENT_TOO_HIGH" beyond what is open.
    """
    day = received_on(tx, paid_on, amount_minor)
    receivable = await _locked(tx, firm_invoice_id)
    require_not_above(receivable.gross_minor - receivable.paid_minor, amount_minor)
    payment = FirmPayment(
        firm_payment_id=new_id(),
        tenant_id=receivable.tenant_id,
        firm_invoice_id=firm_invoice_id,
        amount_minor=amount_minor,
        paid_on=day,
        recorded_at=tx.now,
        recorder_account_id=tx.principal.required_account(),
    )
    receivable.paid_minor += amount_minor
    tx.session.add(payment)
    await tx.session.flush()
    await ledger.post(
        tx,
        ledger.firm_payment_postings(amount_minor),
        tenant_id=receivable.tenant_id,
        firm_invoice_id=firm_invoice_id,
        event_id=payment.firm_payment_id,
    )
    return await get_item(tx, firm_invoice_id)


async def reverse_payment(tx: Transaction, *, firm_invoice_id: UUID, firm_payment_id: UUID, note: str) -> FirmItem:
    """Take back a payment that was booked wrongly; raises NOT_FOUND, PRECONDITION "PAYMENT_REVERSED"."""
    receivable = await _locked(tx, firm_invoice_id)
    payment = await tx.session.get(FirmPayment, firm_payment_id)
    if payment is None or payment.firm_invoice_id != firm_invoice_id:
        raise not_found("Diese Zahlung")
    taken_back = select(FirmPaymentReversal).where(FirmPaymentReversal.firm_payment_id == firm_payment_id)
    if await tx.session.scalar(taken_back) is not None:
        raise already_reversed()
    reversal = FirmPaymentReversal(
        reversal_id=new_id(),
        firm_payment_id=firm_payment_id,
        tenant_id=receivable.tenant_id,
        firm_invoice_id=firm_invoice_id,
        note=note.strip(),
        reversed_at=tx.now,
        reverser_account_id=tx.principal.required_account(),
    )
    tx.session.add(reversal)
    receivable.paid_minor -= payment.amount_minor
    await tx.session.flush()
    await ledger.post(
        tx,
        ledger.reversal_of(ledger.firm_payment_postings(payment.amount_minor)),
        tenant_id=receivable.tenant_id,
        firm_invoice_id=firm_invoice_id,
        event_id=reversal.reversal_id,
    )
    return await get_item(tx, firm_invoice_id)


def _items(tenant_id: UUID | None) -> Select[FirmReceivable, FirmInvoice]:
    items = select(FirmReceivable, FirmInvoice).join(
        FirmInvoice, FirmInvoice.firm_invoice_id == FirmReceivable.firm_invoice_id
    )
    return items if tenant_id is None else items.where(FirmReceivable.tenant_id == tenant_id)


async def _locked(tx: Transaction, firm_invoice_id: UUID) -> FirmReceivable:
    wanted = select(FirmReceivable).where(FirmReceivable.firm_invoice_id == firm_invoice_id).with_for_update()
    found: FirmReceivable | None = await tx.session.scalar(wanted.execution_options(populate_existing=True))
    if found is None:
        raise not_found("Diese Rechnung")
    return found
