"""What customers owe on issued invoices, and the payments that clerks record.

Every invoice has one demand, locked by whoever pays, cancels or duns. A payment is also a transaction of the ledger, so
that what the demands say is open is the balance of CUSTOMER_RECEIVABLE as long as nothing is to be given back. What was
booked wrongly `payment_reversals` takes back.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from typing import Final
from uuid import UUID

from kontor_chassis.database import Transaction
from kontor_chassis.errors import DomainError, ErrorKind, not_found
from kontor_chassis.ids import new_id
from kontor_chassis.paging import decode_cursor, encode_cursor, page_size
from sqlalchemy import Select, func, select, tuple_

from kontor_billing import ledger
from kontor_billing.dunning_levels import pause, waive_fee
from kontor_billing.dunnings import DunningEndReason, end_dunning_of, left_of
from kontor_billing.periods import german_day
from kontor_billing.receivable_tables import Dunning, Payment, Receivable
from kontor_billing.receivable_tables import ReceivableState as State
from kontor_billing.received import received_on, require_not_above
from kontor_billing.tables import Invoice

PAYMENT_DAYS: Final = 14
"""Days from the day of issue to the last day to pay, as printed on the invoice."""
WHAT = "Diese Rechnung"


@dataclass(frozen=True)
class OpenItem:
    """A demand with the invoice that it is for, and its dunning."""

    receivable: Receivable
    invoice: Invoice
    dunning: Dunning | None
    today: date

    @property
    def open_minor(self) -> int:
        """What is still to be paid."""
        return left_of(self.receivable) if self.receivable.state == State.OPEN else 0

    @property
    def overdue(self) -> bool:
        """Whether the last day to pay has passed."""
        return self.receivable.state == State.OPEN and self.receivable.due_on < self.today


@dataclass(frozen=True)
class Owed:
    """Sums over open items."""

    open_minor: int
    overdue_minor: int


def due_day(issued_on: date) -> date:
    """Return the last day to pay an invoice of this day."""
    return issued_on + timedelta(days=PAYMENT_DAYS)


async def demand(tx: Transaction, invoice: Invoice) -> None:
    """Begin the demand of an invoice that has just been issued."""
    receivable = Receivable(
        invoice_id=invoice.invoice_id,
        tenant_id=invoice.tenant_id,
        customer_id=invoice.customer_id,
        due_on=invoice.due_on,
        gross_minor=invoice.gross_minor,
        paid_minor=0,
        fee_minor=0,
        state=State.OPEN if invoice.gross_minor else State.PAID,
    )
    tx.session.add(receivable)
    await tx.session.flush()


async def cancel_demand(tx: Transaction, invoice_id: UUID) -> None:
    """End the demand of an invoice that is cancelled, and its dunning."""
    receivable = await locked_demand(tx, invoice_id)
    if receivable.state == State.OPEN:
        await waive_fee(tx, receivable)
    receivable.state = State.CANCELLED
    await end_dunning_of(tx, invoice_id, DunningEndReason.CANCELLED)
    await tx.session.flush()


async def record_payment(
    tx: Transaction, *, customer_id: UUID, invoice_id: UUID, amount_minor: int, paid_on: date | None
) -> OpenItem:
    """Record what arrived on an invoice; the last cent ends its dunning.

    Raises INVALID for a day ahead or an amount that is none, PRECONDITION "NOTHING_OPEN" and "PAYMENT_TOO_HIGH".
    """
    day = received_on(tx, paid_on, amount_minor)
    receivable = await locked_demand(tx, invoice_id, customer_id)
    if receivable.state != State.OPEN:
        raise _nothing_open()
    left = left_of(receivable) - amount_minor
    require_not_above(left_of(receivable), amount_minor)
    payment = Payment(
        payment_id=new_id(),
        tenant_id=receivable.tenant_id,
        customer_id=customer_id,
        invoice_id=invoice_id,
        amount_minor=amount_minor,
        paid_on=day,
        recorded_at=tx.now,
        recorder_account_id=tx.principal.required_account(),
    )
    receivable.paid_minor += amount_minor
    if not left:
        receivable.state = State.PAID
    tx.session.add(payment)
    await tx.session.flush()
    await ledger.post(
        tx,
        ledger.payment_postings(amount_minor),
        tenant_id=payment.tenant_id,
        customer_id=customer_id,
        invoice_id=invoice_id,
        payment_id=payment.payment_id,
    )
    if not left:
        await end_dunning_of(tx, invoice_id, DunningEndReason.PAID)
    return await get_item(tx, customer_id, invoice_id)


async def pause_dunning(
    tx: Transaction, *, customer_id: UUID, invoice_id: UUID, until_on: date | None, note: str
) -> OpenItem:
    """Let the dunning of an open invoice rest, or go on; raises PRECONDITION "NOTHING_OPEN" for any other."""
    receivable = await locked_demand(tx, invoice_id, customer_id)
    if receivable.state != State.OPEN:
        raise _nothing_open()
    await pause(tx, receivable, until_on, note)
    return await get_item(tx, customer_id, invoice_id)


async def end_dunning(
    tx: Transaction, *, customer_id: UUID, invoice_id: UUID, note: str, without_fee: bool
) -> OpenItem:
    """End the dunning of an invoice that stays open; raises PRECONDITION "NOT_DUNNED" where none runs.

    `without_fee` waives what of the fee is not paid; an invoice of which only that was open is paid then.
    """
    receivable = await locked_demand(tx, invoice_id, customer_id)
    if not await end_dunning_of(tx, invoice_id, DunningEndReason.BY_CLERK, note.strip()):
        raise DomainError(ErrorKind.PRECONDITION, "NOT_DUNNED", "Für diese Rechnung läuft kein Mahnverfahren.")
    if without_fee:
        await waive_fee(tx, receivable)
    return await get_item(tx, customer_id, invoice_id)


async def get_item(tx: Transaction, customer_id: UUID, invoice_id: UUID) -> OpenItem:
    """Return the demand of an invoice; raises NOT_FOUND when it does not exist or may not be seen."""
    wanted = _items().where(Receivable.invoice_id == invoice_id, Receivable.customer_id == customer_id)
    row = (await tx.session.execute(wanted)).one_or_none()
    if row is None:
        raise not_found(WHAT)
    return OpenItem(*row, today=german_day(tx.now))


async def list_open(
    tx: Transaction, *, customer_id: UUID | None, overdue_only: bool, size: int, token: str
) -> tuple[list[OpenItem], str]:
    """Return a page of open items, the longest due first, and the next page's token."""
    limit, today = page_size(size), german_day(tx.now)
    statement = _items().where(Receivable.state == State.OPEN).order_by(Receivable.due_on, Receivable.invoice_id)
    if customer_id is not None:
        statement = statement.where(Receivable.customer_id == customer_id)
    if overdue_only:
        statement = statement.where(Receivable.due_on < today)
    if cursor := decode_cursor(token, date.fromisoformat, UUID):
        statement = statement.where(tuple_(Receivable.due_on, Receivable.invoice_id) > cursor)
    rows = (await tx.session.execute(statement.limit(limit + 1))).all()
    items = [OpenItem(*row, today=today) for row in rows[:limit]]
    last = items[-1].receivable if len(rows) > limit else None
    return items, encode_cursor(last.due_on.isoformat(), last.invoice_id) if last else ""


async def owed(tx: Transaction, customer_id: UUID | None) -> Owed:
    """Return what is open and overdue in the firm, or of one customer."""
    due = func.sum(Receivable.gross_minor + Receivable.fee_minor - Receivable.paid_minor)
    late = due.filter(Receivable.due_on < german_day(tx.now))
    sums = select(func.coalesce(due, 0), func.coalesce(late, 0)).where(Receivable.state == State.OPEN)
    if customer_id is not None:
        sums = sums.where(Receivable.customer_id == customer_id)
    row = (await tx.session.execute(sums)).one()
    return Owed(int(row[0]), int(row[1]))


async def list_payments(
    tx: Transaction, *, customer_id: UUID, invoice_id: UUID, size: int, token: str
) -> tuple[list[Payment], str]:
    """Return a page of the payments on an invoice, newest first, and the next page's token."""
    limit = page_size(size)
    statement = select(Payment).where(Payment.invoice_id == invoice_id, Payment.customer_id == customer_id)
    if cursor := decode_cursor(token, UUID):
        statement = statement.where(Payment.payment_id < cursor[0])
    rows = list(await tx.session.scalars(statement.order_by(Payment.payment_id.desc()).limit(limit + 1)))
    return rows[:limit], encode_cursor(rows[limit - 1].payment_id) if len(rows) > limit else ""


def _items() -> Select[Receivable, Invoice, Dunning]:
    """Return the query for demands with their invoices and the latest dunning of each."""
    latest = (
        select(Dunning.dunning_id)
        .where(Dunning.invoice_id == Receivable.invoice_id)
        .order_by(Dunning.dunning_id.desc())
        .limit(1)
        .correlate(Receivable)
        .scalar_subquery()
    )
    return (
        select(Receivable, Invoice, Dunning)
        .join(Invoice, Invoice.invoice_id == Receivable.invoice_id)
        .outerjoin(Dunning, Dunning.dunning_id == latest)
    )


def _nothing_open() -> DomainError:
    return DomainError(ErrorKind.PRECONDITION, "NOTHING_OPEN", "Auf diese Rechnung ist nichts mehr offen.")


async def locked_demand(tx: Transaction, invoice_id: UUID, customer_id: UUID | None = None) -> Receivable:
    """Return the demand of an invoice, locked until the transaction ends; raises NOT_FOUND."""
    wanted = select(Receivable).where(Receivable.invoice_id == invoice_id).with_for_update()
    found = await tx.session.scalar(wanted.execution_options(populate_existing=True))
    if found is None or (customer_id is not None and found.customer_id != customer_id):
        raise not_found(WHAT)
    return found
