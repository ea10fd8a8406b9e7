"""What is kept and told of emergency access: one line of history per step, and the events that others act on."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from kontor.identity.v1.emergency_pb2 import EmergencyActor as Actor
from kontor.identity.v1.emergency_pb2 import EmergencyStep as Step
from kontor.identity.v1.emergency_pb2 import TrustedPersonState
from kontor.identity.v1.events_pb2 import EmergencyRequestChanged, TrustedPersonChanged
from kontor_chassis.database import Transaction
from kontor_chassis.ids import new_id
from sqlalchemy import select

from kontor_identity.emergency.tables import EmergencyEntry, EmergencyRequest, TrustedPerson


def note(
    tx: Transaction,
    tenant_id: UUID,
    customer_id: UUID,
    step: Step.ValueType,
    actor: Actor.ValueType,
    *,
    at: datetime | None = None,
    request_id: UUID | None = None,
    person_id: UUID | None = None,
) -> None:
    """Add a line to the customer's history; `at` is when the step took effect, now unless given."""
    tx.session.add(
        EmergencyEntry(
            entry_id=new_id(),
            tenant_id=tenant_id,
            customer_id=customer_id,
            time=at or tx.now,
            step=step,
            actor=actor,
            emergency_request_id=request_id,
            trusted_person_id=person_id,
        )
    )


def note_person(tx: Transaction, person: TrustedPerson, step: Step.ValueType, actor: Actor.ValueType) -> None:
    """Keep and tell what happened to a trusted person."""
    note(tx, person.tenant_id, person.customer_id, step, actor, person_id=person.trusted_person_id)
    event = TrustedPersonChanged(
        tenant_id=str(person.tenant_id),
        customer_id=str(person.customer_id),
        trusted_person_id=str(person.trusted_person_id),
        step=step,
    )
    tx.publish(event, aggregate=person.customer_id, tenant_id=person.tenant_id)


async def tell(tx: Transaction, request: EmergencyRequest, step: Step.ValueType) -> None:
    """Tell all involved of a request's step."""
    accounts = [person.account_id for person in await accepted_persons(tx, request.customer_id)]
    event = EmergencyRequestChanged(
        tenant_id=str(request.tenant_id),
        customer_id=str(request.customer_id),
        emergency_request_id=str(request.emergency_request_id),
        step=step,
        trusted_account_ids=[str(account_id) for account_id in accounts],
    )
    tx.publish(event, aggregate=request.customer_id, tenant_id=request.tenant_id)


async def accepted_persons(tx: Transaction, customer_id: UUID) -> Sequence[TrustedPerson]:
    """Return the customer's trusted persons who accepted, in his order."""
    statement = (
        select(TrustedPerson)
        .where(
            TrustedPerson.customer_id == customer_id,
            TrustedPerson.state == TrustedPersonState.TRUSTED_PERSON_STATE_ACCEPTED,
        )
        .order_by(TrustedPerson.position)
    )
    return (await tx.session.scalars(statement)).all()
