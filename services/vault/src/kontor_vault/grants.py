"""Grants (F2, F3): the customer lets the firm, or one employee, see a document or a folder; and ends it at once."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from kontor.vault.v1 import events_pb2
from kontor.vault.v1.vault_pb2 import SightingAction
from kontor_chassis.database import Transaction
from kontor_chassis.errors import not_found
from kontor_chassis.ids import new_id
from sqlalchemy import ColumnElement, exists, false, select

from kontor_vault.sightings import Happening, record
from kontor_vault.tables import Document, Folder, Grant
from kontor_vault.visibility import document_visible_to, folder_visible_to, require_customer_scope


async def give_grant(
    tx: Transaction,
    *,
    customer_id: UUID,
    document_id: UUID | None,
    folder_id: UUID | None,
    grantee_account_id: UUID | None,
    grantee_name: str = "",
) -> Grant:
    """Give a grant, or return the one that says the same; raises NOT_FOUND for a target that is not the customer's.

    That the account belongs to the firm is the caller's to check; another firm's would be kept out by its tenant.
    """
    require_customer_scope(tx.principal, customer_id)
    await _lock_target(tx, customer_id, document_id, folder_id)
    in_force = await tx.session.scalar(
        select(Grant).where(
            Grant.customer_id == customer_id,
            Grant.document_id.is_not_distinct_from(document_id),
            Grant.folder_id.is_not_distinct_from(folder_id),
            Grant.grantee_account_id.is_not_distinct_from(grantee_account_id),
            Grant.revoke_time.is_(None),
        )
    )
    if in_force is not None:
        return in_force
    grant = Grant(
        grant_id=new_id(),
        tenant_id=tx.principal.required_tenant(),
        customer_id=customer_id,
        document_id=document_id,
        folder_id=folder_id,
        grantee_account_id=grantee_account_id,
        create_time=tx.now,
        revoke_time=None,
    )
    tx.session.add(grant)
    await tx.session.flush()
    await record(
        tx, grant.tenant_id, customer_id, _happening(grant, SightingAction.SIGHTING_ACTION_SHARE, grantee_name)
    )
    given = events_pb2.GrantGiven(**_event_fields(grant))
    tx.publish(given, aggregate=grant.grant_id, tenant_id=grant.tenant_id)
    return grant


async def revoke_grant(tx: Transaction, *, customer_id: UUID, grant_id: UUID) -> Grant:
    """End a grant; ending it twice changes nothing. Raises NOT_FOUND."""
    require_customer_scope(tx.principal, customer_id)
    grant = await tx.session.scalar(
        select(Grant).where(Grant.grant_id == grant_id, Grant.customer_id == customer_id).with_for_update()
    )
    if grant is None:
        raise not_found("Die Freigabe")
    await _end(tx, [grant] if grant.revoke_time is None else [])
    return grant


async def revoke_grants_on_folder(tx: Transaction, folder_id: UUID) -> None:
    """End all grants on a folder that is being deleted."""
    await _end_where(tx, Grant.folder_id == folder_id)


async def revoke_grants_on_document(tx: Transaction, document_id: UUID) -> None:
    """End all grants on a document that is being destroyed."""
    await _end_where(tx, Grant.document_id == document_id)


async def _end_where(tx: Transaction, condition: ColumnElement[bool]) -> None:
    in_force = await tx.session.scalars(select(Grant).where(condition, Grant.revoke_time.is_(None)).with_for_update())
    await _end(tx, in_force.all())


async def _end(tx: Transaction, grants: Sequence[Grant]) -> None:
    for grant in grants:
        grant.revoke_time = tx.now
        happening = _happening(grant, SightingAction.SIGHTING_ACTION_REVOKE)
        await record(tx, grant.tenant_id, grant.customer_id, happening)
        revoked = events_pb2.GrantRevoked(**_event_fields(grant))
        tx.publish(revoked, aggregate=grant.grant_id, tenant_id=grant.tenant_id)
    await tx.session.flush()


async def _lock_target(tx: Transaction, customer_id: UUID, document_id: UUID | None, folder_id: UUID | None) -> None:
    """Hold the granted thing in place, so that two equal grants, or a grant and a deletion, cannot cross."""
    if document_id is not None:
        held = await tx.session.scalar(
            select(Document.document_id)
            .where(
                Document.document_id == document_id,
                Document.customer_id == customer_id,
                Document.trash_time.is_(None),
                document_visible_to(tx.principal),
            )
            .with_for_update()
        )
        if held is None:
            raise not_found("Das Dokument")
        return
    held = await tx.session.scalar(
        select(Folder.folder_id)
        .where(Folder.folder_id == folder_id, Folder.customer_id == customer_id, folder_visible_to(tx.principal))
        .with_for_update()
    )
    if held is None:
        raise not_found("Der Ordner")


async def is_document_granted(tx: Transaction, document_id: UUID) -> bool:
    """Whether the customer who asks has a grant on the very document in force; staff are not told."""
    condition = granted_document() if tx.principal.is_customer else false()
    return bool(await tx.session.scalar(select(condition).where(Document.document_id == document_id)))


async def is_folder_granted(tx: Transaction, folder_id: UUID) -> bool:
    """Whether a grant on the very folder is in force."""
    return bool(await tx.session.scalar(select(granted_folder()).where(Folder.folder_id == folder_id)))


def granted_document() -> ColumnElement[bool]:
    """Return whether a grant on the very document is in force."""
    return exists().where(Grant.document_id == Document.document_id, Grant.revoke_time.is_(None))


def granted_folder() -> ColumnElement[bool]:
    """Return whether a grant on the very folder is in force."""
    return exists().where(Grant.folder_id == Folder.folder_id, Grant.revoke_time.is_(None))


def _happening(grant: Grant, action: int, grantee_name: str = "") -> Happening:
    return Happening(
        action,
        document_id=grant.document_id,
        folder_id=grant.folder_id,
        grant_id=grant.grant_id,
        party_account_id=grant.grantee_account_id,
        party_name=grantee_name,
    )


def _event_fields(grant: Grant) -> dict[str, str]:
    target = ("document_id", grant.document_id) if grant.document_id else ("folder_id", grant.folder_id)
    return {
        "tenant_id": str(grant.tenant_id),
        "customer_id": str(grant.customer_id),
        "grant_id": str(grant.grant_id),
        target[0]: str(target[1]),
        "grantee_account_id": str(grant.grantee_account_id or ""),
    }
