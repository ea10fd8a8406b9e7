"""The second notice of a dunning and its fee, waivers, and pauses (F34).

Rules: the first reminder puts the customer into default and is free; only the second notice may cost something, as much
as the platform's terms say (`dunning_terms`, at most 2.50 €), without value added tax because it is damages. A fee is
part of what is open and of the ledger; it goes when the invoice is cancelled or a clerk waives it.
"""

from __future__ import annotations

from datetime import date, timedelta
from typing import Final
from uuid import UUID

from kontor.billing.v1.events_pb2 import DunningEscalated
from kontor.common.v1.money_pb2 import Money
from kontor_chassis.database import Transaction
from kontor_chassis.errors import invalid
from kontor_chassis.ids import new_id
from kontor_chassis.jobs import JobContext
from sqlalchemy import select

from kontor_billing import ledger
from kontor_billing.dunnings import OPEN, PORTION, left_of, not_resting
from kontor_billing.periods import german_day
from kontor_billing.portions import SERVICE, in_portions
from kontor_billing.prices import CURRENCY
from kontor_billing.receivable_tables import Dunning, DunningFee, DunningPause, DunningTerm, Receivable, ReceivableState
from kontor_billing.tables import DeletedFirm, Invoice

SECOND: Final = 2
LONGEST_PAUSE: Final = timedelta(days=366)


async def escalate_due_dunnings(context: JobContext) -> None:
    """Bring every dunning to its second level that is due, firm by firm, one portion per transaction."""
    async with context.work.work(SERVICE) as tx:
        term = await _term(tx)
        if term is None:
            return
        deleted = select(DeletedFirm.tenant_id)
        late = Dunning.started_at <= tx.now - timedelta(days=term.days - 1)  # a day early: German days decide below
        running = (Dunning.ended_at.is_(None), Dunning.level < SECOND, late)
        found = select(Dunning.tenant_id).where(*running, Dunning.tenant_id.not_in(deleted)).distinct()
        tenants = (await tx.session.scalars(found)).all()
    await in_portions(context.work, tenants, escalate_dunnings, PORTION)


async def escalate_dunnings(tx: Transaction) -> int:
    """Bring at most a portion of the firm's dunnings to the second level; return how many were looked at and due."""
    term = await _term(tx)
    if term is None:
        return 0
    started_before = tx.now - timedelta(days=term.days - 1)
    due = (
        select(Receivable, Dunning, Invoice.number)
        .join(Dunning, Dunning.invoice_id == Receivable.invoice_id)
        .join(Invoice, Invoice.invoice_id == Receivable.invoice_id)
        .where(Receivable.state == OPEN, not_resting(tx))
        .where(Dunning.ended_at.is_(None), Dunning.level < SECOND, Dunning.started_at <= started_before)
        .order_by(Dunning.started_at, Receivable.invoice_id)
        .limit(PORTION)
        .with_for_update(of=Receivable)
    )
    last_start = german_day(tx.now) - timedelta(days=term.days)
    found = [row for row in (await tx.session.execute(due)).all() if german_day(row[1].started_at) <= last_start]
    for receivable, dunning, number in found:
        dunning.level, dunning.level_at = SECOND, tx.now
        await _charge(tx, receivable, dunning.dunning_id, term.fee_minor)
        escalated = DunningEscalated(
            tenant_id=str(dunning.tenant_id),
            dunning_id=str(dunning.dunning_id),
            customer_id=str(dunning.customer_id),
            invoice_id=str(dunning.invoice_id),
            number=number,
            open=Money(minor_units=left_of(receivable), currency=CURRENCY),
            fee=Money(minor_units=term.fee_minor, currency=CURRENCY),
            due_on=receivable.due_on.isoformat(),
        )
        tx.publish(escalated, aggregate=dunning.dunning_id)
    await tx.session.flush()
    return len(found)


async def waive_fee(tx: Transaction, receivable: Receivable) -> None:
    """Take back what of the fee is not paid; a demand of which only that was open is paid then. The caller locks it."""
    left = left_of(receivable)
    unpaid = min(receivable.fee_minor, left)
    dunnings = select(Dunning.dunning_id).where(Dunning.invoice_id == receivable.invoice_id)
    dunning_id = await tx.session.scalar(dunnings.order_by(Dunning.dunning_id.desc()).limit(1))
    if unpaid > 0 and dunning_id is not None:
        if unpaid == left:
            receivable.state = ReceivableState.PAID
        await _charge(tx, receivable, dunning_id, -unpaid)


async def pause(tx: Transaction, receivable: Receivable, until_on: date | None, note: str) -> None:
    """Let the dunning of a locked demand rest until a day, or end the pause.

    Raises INVALID for a day that has passed or lies more than a year ahead.
    """
    today = german_day(tx.now)
    if until_on is not None and not today <= until_on <= today + LONGEST_PAUSE:
        raise invalid("until_on", "Die Pause endet heute oder später, höchstens in einem Jahr.")
    receivable.paused_until = until_on
    tx.session.add(
        DunningPause(
            pause_id=new_id(),
            tenant_id=receivable.tenant_id,
            customer_id=receivable.customer_id,
            invoice_id=receivable.invoice_id,
            until_on=until_on,
            note=note.strip(),
            set_at=tx.now,
            set_by_account_id=tx.principal.required_account(),
        )
    )
    await tx.session.flush()


async def _charge(tx: Transaction, receivable: Receivable, dunning_id: UUID, amount_minor: int) -> None:
    if not amount_minor:
        return
    fee = DunningFee(
        fee_id=new_id(),
        tenant_id=receivable.tenant_id,
        customer_id=receivable.customer_id,
        invoice_id=receivable.invoice_id,
        dunning_id=dunning_id,
        amount_minor=amount_minor,
        noted_at=tx.now,
    )
    receivable.fee_minor += amount_minor
    tx.session.add(fee)
    await tx.session.flush()
    await ledger.post(
        tx,
        ledger.fee_postings(amount_minor),
        tenant_id=fee.tenant_id,
        customer_id=fee.customer_id,
        invoice_id=fee.invoice_id,
        event_id=fee.fee_id,
    )


async def _term(tx: Transaction) -> DunningTerm | None:
    wanted = select(DunningTerm).where(DunningTerm.level == SECOND, DunningTerm.valid_from <= german_day(tx.now))
    found: DunningTerm | None = await tx.session.scalar(wanted.order_by(DunningTerm.valid_from.desc()).limit(1))
    return found
