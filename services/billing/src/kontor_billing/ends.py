"""Ends of agreements as others hear of them: once, when the last day has passed by the installation's clock.

That an agreement has ended the clock alone decides (`agreements.state_on`); here it is only told. Whoever signs a new
one tells the end of the old one first, so that `ServiceAgreementEnded` never comes after the next
`ServiceAgreementSigned` of a customer.
"""

from __future__ import annotations

from uuid import UUID

from kontor.billing.v1.events_pb2 import ServiceAgreementEnded
from kontor.billing.v1.prices_pb2 import Tier
from kontor_chassis.database import Transaction
from kontor_chassis.jobs import JobContext
from sqlalchemy import ColumnElement, select, update

from kontor_billing.periods import german_day
from kontor_billing.portions import SERVICE, in_portions
from kontor_billing.tables import Agreement

PORTION = 200
CANCELLED = "CANCELLED"


async def tell_due_ends(context: JobContext) -> None:
    """Tell every end that nobody was told of yet, firm by firm, one portion per transaction."""
    async with context.work.work(SERVICE) as tx:
        tenants = (await tx.session.scalars(select(Agreement.tenant_id).where(*_untold(tx)).distinct())).all()
    await in_portions(context.work, tenants, tell_ends, PORTION)


async def tell_ends(tx: Transaction, customer_id: UUID | None = None) -> int:
    """Publish at most a portion of the ends of the firm, or of one customer; return how many."""
    untold = select(Agreement).where(*_untold(tx))
    if customer_id is not None:
        untold = untold.where(Agreement.customer_id == customer_id)
    locked = untold.order_by(Agreement.agreement_id).limit(PORTION).with_for_update()
    ended = (await tx.session.scalars(locked)).all()
    for row in ended:
        event = ServiceAgreementEnded(
            tenant_id=str(row.tenant_id),
            agreement_id=str(row.agreement_id),
            customer_id=str(row.customer_id),
            tier=Tier.ValueType(row.tier),
            ends_on=str(row.ends_on),
        )
        tx.publish(event, aggregate=row.customer_id)
    told = update(Agreement).where(Agreement.agreement_id.in_([row.agreement_id for row in ended]))
    await tx.session.execute(told.values(end_told_at=tx.now).execution_options(synchronize_session=False))
    return len(ended)


def _untold(tx: Transaction) -> tuple[ColumnElement[bool], ...]:
    return (
        Agreement.state == CANCELLED,
        Agreement.ends_on < german_day(tx.now),
        Agreement.end_told_at.is_(None),
    )
