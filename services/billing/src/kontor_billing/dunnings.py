"""Dunning: who is reminded of an overdue invoice, and when that ends (F160).

Driven by the clock in a job, never by somebody who looks. At most one dunning of an invoice runs: it begins when the
last day to pay and three further days for the bank have passed, and ends when the invoice is paid or cancelled, or by a
clerk, after whom there is no other. While it rests (`Receivable.paused_until`) nothing happens. The reminder is the
mail that notifications writes on `DunningStarted`; the second notice is in `dunning_levels`.
"""

from __future__ import annotations

from datetime import timedelta
from enum import StrEnum
from typing import Final
from uuid import UUID

from kontor.billing.v1.events_pb2 import DunningEnded, DunningStarted
from kontor.common.v1.money_pb2 import Money
from kontor_chassis.database import Transaction
from kontor_chassis.ids import new_id
from kontor_chassis.jobs import JobContext
from sqlalchemy import ColumnElement, exists, or_, select

from kontor_billing.periods import german_day
from kontor_billing.portions import SERVICE, in_portions
from kontor_billing.prices import CURRENCY
from kontor_billing.receivable_tables import Dunning, Receivable
from kontor_billing.tables import DeletedFirm, Invoice

BANK_DAYS: Final = 3
"""Days after the last day to pay that a transfer may take before its sender is reminded."""
PORTION: Final = 100
OPEN: Final = "OPEN"


class DunningEndReason(StrEnum):
    """Why a dunning ended."""

    PAID = "PAID"
    CANCELLED = "CANCELLED"
    BY_CLERK = "BY_CLERK"


async def start_due_dunnings(context: JobContext) -> None:
    """Begin every dunning that is due, firm by firm, one portion per transaction."""
    async with context.work.work(SERVICE) as tx:
        deleted = select(DeletedFirm.tenant_id)
        late = select(Receivable.tenant_id).where(*_late(tx), Receivable.tenant_id.not_in(deleted)).distinct()
        tenants = (await tx.session.scalars(late)).all()
    await in_portions(context.work, tenants, start_dunnings, PORTION)


async def start_dunnings(tx: Transaction) -> int:
    """Begin at most a portion of the firm's dunnings that are due; return how many."""
    given_up = or_(Dunning.ended_at.is_(None), Dunning.end_reason == DunningEndReason.BY_CLERK)
    undunned = ~exists().where(Dunning.invoice_id == Receivable.invoice_id, given_up)
    due = (
        select(Receivable, Invoice.number)
        .join(Invoice, Invoice.invoice_id == Receivable.invoice_id)
        .where(*_late(tx), undunned)
        .order_by(Receivable.invoice_id)
        .limit(PORTION)
        .with_for_update(of=Receivable)
    )
    found = (await tx.session.execute(due)).all()
    for receivable, number in found:
        dunning = Dunning(
            dunning_id=new_id(),
            tenant_id=receivable.tenant_id,
            customer_id=receivable.customer_id,
            invoice_id=receivable.invoice_id,
            started_at=tx.now,
            note="",
        )
        tx.session.add(dunning)
        started = DunningStarted(
            tenant_id=str(dunning.tenant_id),
            dunning_id=str(dunning.dunning_id),
            customer_id=str(dunning.customer_id),
            invoice_id=str(dunning.invoice_id),
            number=number,
            open=Money(minor_units=left_of(receivable), currency=CURRENCY),
            due_on=receivable.due_on.isoformat(),
        )
        tx.publish(started, aggregate=dunning.dunning_id)
    await tx.session.flush()
    return len(found)


async def end_dunning_of(tx: Transaction, invoice_id: UUID, reason: DunningEndReason, note: str = "") -> bool:
    """End the dunning of an invoice whose demand is locked; return whether one was running."""
    running = select(Dunning).where(Dunning.invoice_id == invoice_id, Dunning.ended_at.is_(None)).with_for_update()
    dunning = await tx.session.scalar(running)
    if dunning is None:
        return False
    dunning.ended_at, dunning.end_reason, dunning.note = tx.now, reason, note
    await tx.session.flush()
    ended = DunningEnded(
        tenant_id=str(dunning.tenant_id), dunning_id=str(dunning.dunning_id), customer_id=str(dunning.customer_id)
    )
    tx.publish(ended, aggregate=dunning.dunning_id)
    return True


def left_of(receivable: Receivable) -> int:
    """Return what is still to be paid on an open demand, its fee included."""
    return receivable.gross_minor + receivable.fee_minor - receivable.paid_minor


def not_resting(tx: Transaction) -> ColumnElement[bool]:
    """Whether the dunning of a demand does not rest today."""
    return or_(Receivable.paused_until.is_(None), Receivable.paused_until < german_day(tx.now))


def _late(tx: Transaction) -> tuple[ColumnElement[bool], ...]:
    day = german_day(tx.now) - timedelta(days=BANK_DAYS)
    return Receivable.state == OPEN, Receivable.due_on < day, not_resting(tx)
