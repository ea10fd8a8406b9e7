"""One message, one fate: a mail is planned once, and then sent, given up or cancelled (states in the README)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import Enum, auto
from uuid import UUID

import structlog
from kontor_chassis.database import Transaction
from kontor_chassis.events import EventMeta
from kontor_chassis.ids import new_id
from sqlalchemy import func, or_, select
from sqlalchemy.dialects.postgresql import insert

from kontor_notifications.priorities import priority_of
from kontor_notifications.tables import Delivery, DeliveryState

log = structlog.get_logger(__name__)

FIRST_PAUSE = timedelta(seconds=30)
LONGEST_PAUSE = timedelta(hours=4)
MOST_ATTEMPTS = 14
"""With doubling pauses: about two days of trying."""
LEASE = timedelta(minutes=3)
"""How long a mail is its sender's, by the database's clock; well above what an attempt may take (`sending`)."""


class Result(Enum):
    """What an attempt came to."""

    SENT = auto()
    NOT_WANTED = auto()
    LATER = auto()
    NEVER = auto()


@dataclass(frozen=True)
class Outcome:
    """What an attempt came to, and why; `problem` never names an address."""

    result: Result
    problem: str = ""


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
        "priority": priority_of(planned.template),
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
    """Lease the mail that is due and goes first to the caller; None when there is none that nobody else has.

    A lease that ran out means that its sender died, perhaps after the mail server's yes: that attempt counts, and the
    repetition, under the same Message-ID, is logged.
    """
    now_there = func.clock_timestamp()
    free = or_(Delivery.leased_until.is_(None), Delivery.leased_until <= now_there)
    delivery = await tx.session.scalar(
        select(Delivery)
        .where(Delivery.state == DeliveryState.PENDING, Delivery.due_time <= tx.now, free)
        .order_by(Delivery.priority, Delivery.due_time)
        .limit(1)
        .with_for_update(skip_locked=True)
    )
    if delivery is None:
        return None
    if delivery.lease_id is not None:
        delivery.attempts += 1
        log.warning("mail_sender_lost", delivery_id=str(delivery.delivery_id), attempts=delivery.attempts)
    until = await tx.session.scalar(select(now_there + LEASE))
    delivery.lease_id, delivery.leased_until = new_id(), until
    await tx.session.flush()
    return delivery


async def still_leased(tx: Transaction, taken: Delivery) -> Delivery | None:
    """Return a leased mail, locked, to note its fate; None when the lease ran out and somebody else took it."""
    return await tx.session.scalar(
        select(Delivery)
        .where(Delivery.delivery_id == taken.delivery_id, Delivery.lease_id == taken.lease_id)
        .with_for_update()
    )


def settle(delivery: Delivery, outcome: Outcome, now: datetime) -> None:
    """Note what became of an attempt; ends its lease."""
    delivery.lease_id = delivery.leased_until = None
    match outcome.result:
        case Result.SENT:
            delivery.attempts += 1
            delivery.state, delivery.end_time, delivery.last_problem = DeliveryState.SENT, now, ""
        case Result.NOT_WANTED:
            delivery.state, delivery.end_time, delivery.last_problem = DeliveryState.CANCELLED, now, outcome.problem
        case Result.LATER | Result.NEVER:
            _note_failure(delivery, outcome, now)


def _note_failure(delivery: Delivery, outcome: Outcome, now: datetime) -> None:
    """Try again after a doubling pause, or give up."""
    delivery.attempts += 1
    delivery.last_problem = outcome.problem[:200]
    if outcome.result is Result.NEVER or delivery.attempts >= MOST_ATTEMPTS:
        delivery.state, delivery.end_time = DeliveryState.FAILED, now
        return
    delivery.due_time = now + pause_after(delivery.attempts)


def pause_after(attempts: int) -> timedelta:
    """Return how long to wait after so many failed attempts (at least one)."""
    doublings = min(attempts - 1, 20)
    return min(FIRST_PAUSE * (1 << doublings), LONGEST_PAUSE)
