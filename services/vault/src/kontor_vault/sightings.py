"""The sight ledger: who opened, shared, withdrew or released what and when, one chain per customer (F2).

Entries are appended in the transaction of what they tell of. The application can append and read, never change;
triggers keep even the owner of the tables from it by mistake, and seals (`sealing.py`) show when he did it on purpose.

What the firm filed and has not released yet is the firm's own affair (F176): looks at it are no entries.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from kontor.common.v1.access_pb2 import Role
from kontor_chassis.database import Transaction
from kontor_chassis.principal import Principal
from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert

from kontor_vault.ledger import GENESIS, NEWEST_FORM, chained_hash
from kontor_vault.tables import Document, SightHead, Sighting

SAME_LOOK = timedelta(minutes=5)
"""Opening the same version again within this time is the same look; a viewer fetches a file in many pieces."""
_SHOWN_AS = (
    Role.ROLE_CUSTOMER,
    Role.ROLE_INSURED_PERSON,
    Role.ROLE_ADMINISTRATOR,
    Role.ROLE_STAFF,
    Role.ROLE_TRUSTED_PERSON,
    Role.ROLE_EXPERT,
)


@dataclass(frozen=True)
class Happening:
    """What an entry tells beside who did it and when."""

    action: int
    document_id: UUID | None = None
    folder_id: UUID | None = None
    grant_id: UUID | None = None
    item_id: UUID | None = None
    number: int = 0
    party_account_id: UUID | None = None
    party_name: str = ""
    until_time: datetime | None = None


async def record_sighting(tx: Transaction, document: Document, number: int, action: int) -> None:
    """Append that the caller opened a version, unless it is the same look, or of a draft of the firm's."""
    if document.release_time is None:
        return
    account_id = tx.principal.required_account()
    if await _seen_lately(tx, document.document_id, number, action, account_id):
        return
    head = await _locked_head(tx, document.tenant_id, document.customer_id)
    if await _seen_lately(tx, document.document_id, number, action, account_id):  # by a request beside this one
        return
    await _append(tx, head, Happening(action, document_id=document.document_id, number=number))


async def record(tx: Transaction, tenant_id: UUID, customer_id: UUID, happening: Happening) -> Sighting:
    """Append what the caller did; a service stands for the platform, which acts by a rule or the clock."""
    return await _append(tx, await _locked_head(tx, tenant_id, customer_id), happening)


async def hold_ledger(tx: Transaction, tenant_id: UUID, customer_id: UUID) -> None:
    """Keep everybody else from appending until the transaction ends; for what must be written once."""
    await _locked_head(tx, tenant_id, customer_id)


async def _append(tx: Transaction, head: SightHead, happening: Happening) -> Sighting:
    entry = Sighting(
        tenant_id=head.tenant_id,
        customer_id=head.customer_id,
        sequence=head.sequence + 1,
        form=NEWEST_FORM,
        document_id=happening.document_id,
        folder_id=happening.folder_id,
        grant_id=happening.grant_id,
        item_id=happening.item_id,
        number=happening.number,
        account_id=tx.principal.account_id,
        account_name=tx.principal.display_name,
        role=_role_of(tx.principal),
        action=happening.action,
        party_account_id=happening.party_account_id,
        party_name=happening.party_name,
        until_time=happening.until_time,
        time=tx.now,
    )
    entry.hash = chained_hash(entry, head.hash)
    head.sequence, head.hash = entry.sequence, entry.hash
    tx.session.add(entry)
    await tx.session.flush()
    return entry


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
    row = {"tenant_id": tenant_id, "customer_id": customer_id, "sequence": 0, "hash": GENESIS, "sealed_sequence": 0}
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
