"""One message, one fate: a mail is planned once, and then sent, given up or cancelled (states in the README)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from kontor_chassis.database import Transaction
from kontor_chassis.events import EventMeta
from kontor_chassis.ids import new_id
from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert

from kontor_notifications.tables import Delivery, DeliveryState

FIRST_PAUSE = timedelta(seconds=30)
LONGEST_PAUSE = timedelta(hours=4)
MOST_ATTEMPTS = 14
"""With doubling pauses: about two days of trying."""


@dataclass(frozen=True)
class Planned:
    """A mail to be sent: to an account, or to a customer (who may have none), or to whom its link is made for."""

    tenant_id: UUID
    """The firm in whose name it goes out."""
    template: str
    dedup_key: str
    """Event and recipient; a second mail with the same key is never planned."""
    parameters: Mapping[str, str]
    account_id: UUID | None = None
    customer_id: UUID | None = None


async def plan_mail(tx: Transaction, planned: Planned) -> None:
    """Plan a mail, unless it was planned before."""
    row = {
        "delivery_id": new_id(),
        "tenant_id": planned.tenant_id,
        "dedup_key": planned.dedup_key,
        "template": planned.template,
        "account_id": planned.account_id,
        "customer_id": planned.customer_id,
        "parameters": dict(planned.parameters),
        "state": DeliveryState.PENDING,
        "attempts": 0,
        "due_time": tx.now,
        "create_time": tx.now,
        "last_problem": "",
    }
    await tx.session.execute(insert(Delivery).values(**row).on_conflict_do_nothing(index_elements=["dedup_key"]))


async def plan_for(
    tx: Transaction,
    meta: EventMeta,
    tenant_id: str,
    template: str,
    parameters: Mapping[str, str],
    *,
    account_id: UUID | None = None,
    customer_id: UUID | None = None,
) -> None:
    """Plan the mail that an event brings to one recipient; without one it goes to whom its parameters name."""
    planned = Planned(
        tenant_id=UUID(tenant_id),
        template=template,
        dedup_key=f"{meta.event_id}:{account_id or customer_id or template}",
        parameters=parameters,
        account_id=account_id,
        customer_id=customer_id,
    )
    await plan_mail(tx, planned)


async def take_due(tx: Transaction) -> Delivery | None:
    """Return a mail that is due, locked for this transaction; None when there is none that nobody else has."""
    return await tx.session.scalar(
        select(Delivery)
        .where(Delivery.state == DeliveryState.PENDING, Delivery.due_time <= tx.now)
        .order_by(Delivery.due_time)
        .limit(1)
        .with_for_update(skip_locked=True)
    )


def mark_sent(delivery: Delivery, now: datetime) -> None:
    """Note that the mail server took it."""
    delivery.attempts += 1
    delivery.state, delivery.end_time, delivery.last_problem = DeliveryState.SENT, now, ""


def mark_cancelled(delivery: Delivery, now: datetime, reason: str) -> None:
    """Note that nobody wants it any more."""
    delivery.state, delivery.end_time, delivery.last_problem = DeliveryState.CANCELLED, now, reason


def mark_failed(delivery: Delivery, now: datetime, problem: str, *, permanent: bool = False) -> None:
    """Note a failed attempt: try again after a doubling pause, or give up."""
    delivery.attempts += 1
    delivery.last_problem = problem[:200]
    if permanent or delivery.attempts >= MOST_ATTEMPTS:
        delivery.state, delivery.end_time = DeliveryState.FAILED, now
        return
    delivery.due_time = now + pause_after(delivery.attempts)


def pause_after(attempts: int) -> timedelta:
    """Return how long to wait after so many failed attempts (at least one)."""
    doublings = min(attempts - 1, 20)
    return min(FIRST_PAUSE * (1 << doublings), LONGEST_PAUSE)
