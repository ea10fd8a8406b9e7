"""People beside a customer to whom he may let others show something: who of them has which account (F3)."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from kontor.identity.v1.emergency_pb2 import TrustedPersonState
from kontor_chassis.database import Transaction
from kontor_chassis.errors import not_found
from sqlalchemy import select

from kontor_identity.emergency.tables import TrustedPerson
from kontor_identity.households import household_membership


@dataclass(frozen=True)
class Grantee:
    """An account, the person's name, and what he is in the household; 0 for a trusted person."""

    account_id: UUID
    name: str
    standing: int


async def household_person(tx: Transaction, customer_id: UUID, person_id: UUID) -> Grantee:
    """Return somebody with access to the customer's office; raises NOT_FOUND."""
    member = await household_membership(tx, customer_id, person_id)
    if member is None:
        raise not_found("Diese Person")
    return Grantee(member.account_id, member.display_name, member.standing)


async def trusted_person(tx: Transaction, customer_id: UUID, person_id: UUID) -> Grantee:
    """Return a trusted person who accepted; raises NOT_FOUND."""
    statement = select(TrustedPerson).where(
        TrustedPerson.trusted_person_id == person_id,
        TrustedPerson.customer_id == customer_id,
        TrustedPerson.state == TrustedPersonState.TRUSTED_PERSON_STATE_ACCEPTED,
    )
    person = await tx.session.scalar(statement)
    if person is None or person.account_id is None:
        raise not_found("Diese Person")
    return Grantee(person.account_id, person.name, 0)
