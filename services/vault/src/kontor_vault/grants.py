"""Grants (F2, F3): the customer lets somebody see a document or a folder; and ends it at once. To whom: `grantees`."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from kontor.vault.v1 import events_pb2
from kontor.vault.v1.vault_pb2 import SightingAction
from kontor_chassis.database import Transaction
from kontor_chassis.errors import DomainError, ErrorKind, invalid, not_found
from kontor_chassis.ids import new_id
from sqlalchemy import ColumnElement, and_, exists, false, or_, select

from kontor_vault.sightings import Happening, record
from kontor_vault.tables import Document, Folder, Grant, GranteeKind
from kontor_vault.visibility import (
    capacity_of,
    document_visible_to,
    folder_visible_to,
    in_force,
    in_force_for,
    is_owner,
    require_customer_scope,
)


@dataclass(frozen=True)
class Grantee:
    """To whom something is granted, and in which capacity he sees it; nothing said: everybody in the firm."""

    kind: GranteeKind = GranteeKind.FIRM
    account_id: UUID | None = None
    through_id: UUID | None = None
    """The household person, trusted person or order through which he is one."""
    name: str = ""


_WHOLE_FIRM = Grantee()


@dataclass(frozen=True)
class Permission:
    """What a grant says: to whom, how much, until when."""

    grantee: Grantee = _WHOLE_FIRM
    may_contribute: bool = False
    expire_time: datetime | None = None


async def give_grant(
    tx: Transaction, *, customer_id: UUID, document_id: UUID | None, folder_id: UUID | None, permission: Permission
) -> Grant:
    """Give a grant, or return the one that says the same; one to the same person that says something else ends.

    Who the grantee is the caller has found out (`grantees`). Raises NOT_FOUND for a target that is not the customer's,
    INVALID for an end that is over and for an expert who shall add something.
    """
    require_customer_scope(tx.principal, customer_id)
    grantee = permission.grantee
    if grantee.kind is GranteeKind.EXPERT and permission.may_contribute:
        raise invalid("grant.may_contribute", "Ein Experte kann Unterlagen nur ansehen.")
    if permission.expire_time is not None and permission.expire_time <= tx.now:
        raise invalid("grant.expire_time", "Bitte wählen Sie ein Ende, das in der Zukunft liegt.")
    await _lock_target(tx, customer_id, document_id, folder_id)
    given = await tx.session.scalars(
        select(Grant).where(
            Grant.customer_id == customer_id,
            Grant.document_id.is_not_distinct_from(document_id),
            Grant.folder_id.is_not_distinct_from(folder_id),
            Grant.grantee_kind == grantee.kind,
            Grant.through_id.is_not_distinct_from(grantee.through_id),
            Grant.grantee_account_id.is_not_distinct_from(grantee.account_id),
            Grant.revoke_time.is_(None),
        )
    )
    known = given.one_or_none()
    if known is not None:
        if _says(known, permission, tx.now):
            return known
        await _end(tx, [known])
    grant = Grant(
        grant_id=new_id(),
        tenant_id=tx.principal.required_tenant(),
        customer_id=customer_id,
        document_id=document_id,
        folder_id=folder_id,
        grantee_kind=grantee.kind,
        grantee_account_id=grantee.account_id,
        through_id=grantee.through_id,
        grantee_name=grantee.name,
        may_contribute=permission.may_contribute,
        expire_time=permission.expire_time,
        create_time=tx.now,
        revoke_time=None,
    )
    tx.session.add(grant)
    await tx.session.flush()
    shared = _happening(grant, SightingAction.SIGHTING_ACTION_SHARE)
    await record(tx, grant.tenant_id, customer_id, shared)
    tx.publish(events_pb2.GrantGiven(**_event_fields(grant)), aggregate=grant.grant_id, tenant_id=grant.tenant_id)
    return grant


def _says(grant: Grant, permission: Permission, now: datetime) -> bool:
    """Whether a grant that was not revoked is still in force and says just that."""
    said = (grant.may_contribute, grant.expire_time)
    is_over = grant.expire_time is not None and grant.expire_time <= now
    return not is_over and said == (permission.may_contribute, permission.expire_time)


async def end_expired_grants(tx: Transaction, most: int) -> int:
    """Write down that grants are over whose end has come, which nobody sees anything through any more."""
    over = await tx.session.scalars(
        select(Grant)
        .where(Grant.revoke_time.is_(None), Grant.expire_time <= tx.now)
        .order_by(Grant.customer_id, Grant.grant_id)
        .limit(most)
        .with_for_update(skip_locked=True)
    )
    grants = over.all()
    await _end(tx, grants)
    return len(grants)


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


async def end_grants_through(tx: Transaction, kind: GranteeKind, through_id: UUID) -> None:
    """End what was granted to somebody who is not any more what he was granted it as."""
    await _end_where(tx, and_(Grant.grantee_kind == kind, Grant.through_id == through_id))


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
    """Whether the customer who asks has a grant on the very document in force; others are not told."""
    condition = granted_document() if is_owner(tx.principal) else false()
    return bool(await tx.session.scalar(select(condition).where(Document.document_id == document_id)))


async def is_folder_granted(tx: Transaction, folder_id: UUID) -> bool:
    """Whether a grant on the very folder is in force."""
    return bool(await tx.session.scalar(select(granted_folder()).where(Folder.folder_id == folder_id)))


async def require_contribution(tx: Transaction, *, folder_id: UUID | None, document_id: UUID | None) -> None:
    """Raise FORBIDDEN unless a grant lets the caller add something to a folder, or a version to a document.

    A grant on a folder above, or on the folder that a document lies in, counts as well.
    """
    by_target = Grant.document_id == document_id if document_id is not None else false()
    place = select(Document.folder_id).where(Document.document_id == document_id).scalar_subquery()
    above = exists().where(
        Folder.folder_id == (folder_id if folder_id is not None else place), Grant.folder_id == Folder.path.any_()
    )
    kind = capacity_of(tx.principal)
    reached = false() if kind is None else in_force_for(tx.principal.account_id, kind)
    granted = exists().where(or_(by_target, above), Grant.may_contribute, reached)
    if not await tx.session.scalar(select(granted)):
        raise DomainError(
            ErrorKind.FORBIDDEN,
            "VIEW_ONLY",
            "Der Kunde hat Ihnen das nur zum Ansehen freigegeben.",
        )


def granted_document() -> ColumnElement[bool]:
    """Return whether a grant on the very document is in force."""
    return exists().where(Grant.document_id == Document.document_id, in_force())


def granted_folder() -> ColumnElement[bool]:
    """Return whether a grant on the very folder is in force."""
    return exists().where(Grant.folder_id == Folder.folder_id, in_force())


def _happening(grant: Grant, action: int) -> Happening:
    return Happening(
        action,
        document_id=grant.document_id,
        folder_id=grant.folder_id,
        grant_id=grant.grant_id,
        party_account_id=grant.grantee_account_id,
        party_name=grant.grantee_name,
        until_time=grant.expire_time if action == SightingAction.SIGHTING_ACTION_SHARE else None,
    )


def _event_fields(grant: Grant) -> dict[str, Any]:
    target = ("document_id", grant.document_id) if grant.document_id else ("folder_id", grant.folder_id)
    return {
        "tenant_id": str(grant.tenant_id),
        "customer_id": str(grant.customer_id),
        "grant_id": str(grant.grant_id),
        target[0]: str(target[1]),
        "grantee_account_id": str(grant.grantee_account_id or ""),
        "grantee_kind": events_pb2.GranteeKind.Value(f"GRANTEE_KIND_{grant.grantee_kind}"),
    }
