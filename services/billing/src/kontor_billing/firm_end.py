"""What billing does when a firm is deleted: its agreements end on that day, and the run looks at it no more.

Nothing is deleted: agreements, prices, invoices and ledger are what was billed and why, and the law wants them kept as
they are (README).
"""

from __future__ import annotations

from uuid import UUID

from kontor_chassis.database import Transaction
from kontor_chassis.firm_end import FirmEnd
from sqlalchemy import ColumnElement, and_, or_, select, update

from kontor_billing.agreements import State
from kontor_billing.periods import german_day
from kontor_billing.tables import Agreement


async def end_agreements(tx: Transaction, tenant_id: UUID, portion: int) -> int:
    """End what runs, or would run on for the rest of its month."""
    return await end_running(tx, portion, Agreement.tenant_id == tenant_id)


async def end_running(tx: Transaction, portion: int, whose: ColumnElement[bool]) -> int:
    """End today, untold, what of somebody's agreements runs or would run on; return how many."""
    today = german_day(tx.now)
    ending_later = and_(Agreement.state == State.CANCELLED, Agreement.ends_on > today)
    running = (
        select(Agreement.agreement_id)
        .where(whose, or_(Agreement.state == State.ACTIVE, ending_later))
        .order_by(Agreement.agreement_id)
        .limit(portion)
        .with_for_update()
    )
    found = (await tx.session.scalars(running)).all()
    ended = update(Agreement).where(Agreement.agreement_id.in_(found))
    values = {"state": State.CANCELLED, "ends_on": today, "end_told_at": tx.now, "version": Agreement.version + 1}
    await tx.session.execute(ended.values(values).execution_options(synchronize_session=False))
    return len(found)


FIRM_END = FirmEnd("billing", [end_agreements])
