"""The sight ledger: who opened which document when, chained by hashes so that a change shows.

Each entry's hash covers the entry and the hash before it; the head is kept apart, so that cutting off the end shows as
well. The application can append and read, never change or delete (see the migration's grants).
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from datetime import UTC, timedelta
from uuid import UUID

from kontor.common.v1.access_pb2 import Role
from kontor_chassis.database import Transaction
from kontor_chassis.principal import Principal
from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert

from kontor_vault.tables import Document, SightHead, Sighting
from kontor_vault.visibility import require_customer_scope

SAME_LOOK = timedelta(minutes=5)
"""Opening the same version again within this time is the same look; a viewer fetches a file in many pieces."""
_GENESIS = bytes(32)
_BATCH = 1000
_SHOWN_AS = (Role.ROLE_CUSTOMER, Role.ROLE_ADMINISTRATOR, Role.ROLE_STAFF, Role.ROLE_TRUSTED_PERSON)


@dataclass(frozen=True)
class Verdict:
    """What a check of the ledger found; `first_broken` is 0 when it is intact."""

    checked: int
    first_broken: int


async def record_sighting(tx: Transaction, document: Document, number: int, action: int) -> None:
    """Append an entry for the caller, unless it is the same look."""
    account_id = tx.principal.required_account()
    if await _seen_lately(tx, document.document_id, number, action, account_id):
        return
    head = await _locked_head(tx, document.tenant_id, document.customer_id)
    if await _seen_lately(tx, document.document_id, number, action, account_id):  # by a request beside this one
        return
    entry = Sighting(
        tenant_id=document.tenant_id,
        customer_id=document.customer_id,
        sequence=head.sequence + 1,
        document_id=document.document_id,
        number=number,
        account_id=account_id,
        account_name=tx.principal.display_name,
        role=_role_of(tx.principal),
        action=action,
        time=tx.now,
    )
    entry.hash = chained_hash(entry, head.hash)
    head.sequence, head.hash = entry.sequence, entry.hash
    tx.session.add(entry)
    await tx.session.flush()


async def verify_sightings(tx: Transaction, *, customer_id: UUID) -> Verdict:
    """Recompute the whole chain of a customer."""
    require_customer_scope(tx.principal, customer_id)
    head = await tx.session.get(SightHead, (tx.principal.required_tenant(), customer_id))
    previous, checked, end = _GENESIS, 0, head.sequence if head else 0
    while checked < end:
        entries = await tx.session.scalars(
            select(Sighting)
            .where(Sighting.customer_id == customer_id, Sighting.sequence > checked, Sighting.sequence <= end)
            .order_by(Sighting.sequence)
            .limit(_BATCH)
        )
        batch = entries.all()
        for entry in batch:
            if entry.sequence != checked + 1 or entry.hash != chained_hash(entry, previous):
                return Verdict(checked, checked + 1)
            previous, checked = entry.hash, entry.sequence
        if not batch:
            return Verdict(checked, checked + 1)
        for entry in batch:
            tx.session.expunge(entry)
    return Verdict(checked, 0 if head is None or head.hash == previous else checked)


def chained_hash(entry: Sighting, previous: bytes) -> bytes:
    """Return SHA-256 over the previous hash and the entry's fields as canonical JSON."""
    fields = [
        str(entry.tenant_id),
        str(entry.customer_id),
        entry.sequence,
        str(entry.document_id),
        entry.number,
        str(entry.account_id),
        entry.account_name,
        entry.role,
        entry.action,
        entry.time.astimezone(UTC).isoformat(timespec="microseconds"),
    ]
    return hashlib.sha256(previous + json.dumps(fields, separators=(",", ":")).encode()).digest()


async def _seen_lately(tx: Transaction, document_id: UUID, number: int, action: int, account_id: UUID) -> bool:
    latest = await tx.session.scalar(
        select(Sighting.time)
        .where(
            Sighting.document_id == document_id,
            Sighting.account_id == account_id,
            Sighting.number == number,
            Sighting.action == action,
        )
        .order_by(Sighting.sequence.desc())
        .limit(1)
    )
    return latest is not None and tx.now - latest < SAME_LOOK


async def _locked_head(tx: Transaction, tenant_id: UUID, customer_id: UUID) -> SightHead:
    row = {"tenant_id": tenant_id, "customer_id": customer_id, "sequence": 0, "hash": _GENESIS}
    await tx.session.execute(insert(SightHead).values(**row).on_conflict_do_nothing())
    return (
        await tx.session.scalars(
            select(SightHead)
            .where(SightHead.tenant_id == tenant_id, SightHead.customer_id == customer_id)
            .with_for_update()
            .execution_options(populate_existing=True)
        )
    ).one()


def _role_of(principal: Principal) -> int:
    return next((role for role in _SHOWN_AS if role in principal.roles), Role.ROLE_UNSPECIFIED)
