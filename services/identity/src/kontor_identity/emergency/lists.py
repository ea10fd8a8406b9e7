"""What the pages of emergency access list: requests and history, newest first, each for whom it concerns."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from kontor_chassis.database import Transaction
from kontor_chassis.errors import not_found
from sqlalchemy import select

from kontor_identity.emergency.history import accepted_persons
from kontor_identity.emergency.plans import require_holder
from kontor_identity.emergency.tables import EmergencyEntry, EmergencyGrant, EmergencyRequest


@dataclass(frozen=True)
class Reader:
    """Who reads: the customer himself, or one of his trusted persons."""

    person_id: UUID | None = None


async def reader_of(tx: Transaction, customer_id: UUID) -> Reader:
    """Return who reads the customer's requests; raises NOT_FOUND for anybody whom they do not concern."""
    if tx.principal.customer_id != customer_id:
        raise not_found("Dieser Kunde")
    if tx.principal.is_customer:
        await require_holder(tx, customer_id)
        return Reader()
    account_id = tx.principal.required_account()
    own = [one for one in await accepted_persons(tx, customer_id) if one.account_id == account_id]
    if not own:
        raise not_found("Dieser Kunde")
    return Reader(own[0].trusted_person_id)


async def list_requests(tx: Transaction, customer_id: UUID, before: UUID, limit: int) -> Sequence[EmergencyRequest]:
    """Return a customer's requests, newest first."""
    statement = (
        select(EmergencyRequest)
        .where(EmergencyRequest.customer_id == customer_id, EmergencyRequest.emergency_request_id < before)
        .order_by(EmergencyRequest.emergency_request_id.desc())
        .limit(limit)
    )
    return (await tx.session.scalars(statement)).all()


async def list_entries(tx: Transaction, customer_id: UUID, before: UUID, limit: int) -> Sequence[EmergencyEntry]:
    """Return a customer's history, newest first."""
    statement = (
        select(EmergencyEntry)
        .where(EmergencyEntry.customer_id == customer_id, EmergencyEntry.entry_id < before)
        .order_by(EmergencyEntry.entry_id.desc())
        .limit(limit)
    )
    return (await tx.session.scalars(statement)).all()


async def open_folders(tx: Transaction, customer_id: UUID, person_id: UUID) -> dict[UUID, list[UUID]]:
    """Return the folders that are open to a trusted person, by release."""
    statement = select(EmergencyGrant).where(
        EmergencyGrant.customer_id == customer_id,
        EmergencyGrant.trusted_person_id == person_id,
        EmergencyGrant.revoked_at.is_(None),
    )
    return {grant.emergency_request_id: grant.folder_ids for grant in await tx.session.scalars(statement)}
