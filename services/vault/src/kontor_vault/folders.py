"""The customer's own folder tree (F4): create, rename, move, delete. Only the customer shapes it."""

from __future__ import annotations

from typing import Final
from uuid import UUID

from kontor_chassis.database import Transaction
from kontor_chassis.database_errors import UniqueError
from kontor_chassis.errors import DomainError, ErrorKind, invalid, not_found
from kontor_chassis.etags import check_etag
from kontor_chassis.ids import new_id
from kontor_chassis.sentences import said
from sqlalchemy import exists, func, select, text

from kontor_vault.grants import revoke_grants_on_folder
from kontor_vault.tables import Document, EmergencyItem, Folder
from kontor_vault.visibility import folder_visible_to, require_customer_scope

DEEPEST = 12
"""Levels of a tree; more than any household needs, few enough for a breadcrumb."""


class Unchanged:
    """Stands for a field that an update leaves alone."""


UNCHANGED: Final = Unchanged()


async def get_folder(tx: Transaction, *, customer_id: UUID, folder_id: UUID) -> Folder:
    """Return a folder the caller may see; raises NOT_FOUND."""
    require_customer_scope(tx.principal, customer_id)
    found = await tx.session.scalar(
        select(Folder).where(
            Folder.folder_id == folder_id, Folder.customer_id == customer_id, folder_visible_to(tx.principal)
        )
    )
    if found is None:
        raise not_found("Der Ordner")
    return found


async def create_folder(tx: Transaction, *, customer_id: UUID, parent_id: UUID | None, name: str) -> Folder:
    """Create a folder under `parent_id`, or at the root; raises ALREADY_EXISTS for a name that a sibling has."""
    require_customer_scope(tx.principal, customer_id)
    await _lock_tree(tx, customer_id)
    folder_id = new_id()
    folder = Folder(
        folder_id=folder_id,
        tenant_id=tx.principal.required_tenant(),
        customer_id=customer_id,
        parent_id=parent_id,
        path=[*await _path_of(tx, customer_id, parent_id), folder_id],
        name=_clean(name),
        create_time=tx.now,
        update_time=tx.now,
    )
    _check_depth(len(folder.path))
    tx.session.add(folder)
    await _flush(tx)
    return folder


async def update_folder(
    tx: Transaction,
    *,
    customer_id: UUID,
    folder_id: UUID,
    etag: str,
    name: str | Unchanged = UNCHANGED,
    parent_id: UUID | Unchanged | None = UNCHANGED,
) -> Folder:
    """Rename or move a folder with everything below it.

    Raises NOT_FOUND, CONFLICT (etag), ALREADY_EXISTS (name), INVALID (moved into itself or too deep).
    """
    await _lock_tree(tx, customer_id)
    folder = await get_folder(tx, customer_id=customer_id, folder_id=folder_id)
    check_etag(etag, folder.version)
    if not isinstance(name, Unchanged):
        folder.name = _clean(name)
    if not isinstance(parent_id, Unchanged) and parent_id != folder.parent_id:
        await _move(tx, folder, parent_id)
    folder.update_time = tx.now
    await _flush(tx)
    return folder


async def delete_folder(tx: Transaction, *, customer_id: UUID, folder_id: UUID, etag: str) -> None:
    """Delete an empty folder and end its grants; raises PRECONDITION "FOLDER_NOT_EMPTY".

    Documents in the trash do not keep it, nor do drafts of the firm, which the customer cannot see: the foreign key
    puts them at the root.
    """
    await _lock_tree(tx, customer_id)
    folder = await get_folder(tx, customer_id=customer_id, folder_id=folder_id)
    check_etag(etag, folder.version)
    has_folders = exists().where(Folder.parent_id == folder_id)
    in_emergency = exists().where(EmergencyItem.folder_id == folder_id)
    if await tx.session.scalar(select(in_emergency)):
        raise DomainError(
            ErrorKind.PRECONDITION,
            "FOLDER_IN_EMERGENCY",
            "Einträge Ihres Notfallordners richten sich nach diesem Ordner. Bitte ordnen Sie sie zuerst neu zu.",
        )
    has_documents = exists().where(Document.folder_id == folder_id, Document.trash_time.is_(None))
    if await tx.session.scalar(select(has_folders | has_documents)):
        raise DomainError(
            ErrorKind.PRECONDITION,
            "FOLDER_NOT_EMPTY",
            "Der Ordner ist nicht leer. Bitte verschieben oder löschen Sie zuerst seinen Inhalt.",
        )
    await revoke_grants_on_folder(tx, folder_id)
    await tx.session.delete(folder)
    await tx.session.flush()


async def _move(tx: Transaction, folder: Folder, parent_id: UUID | None) -> None:
    above = await _path_of(tx, folder.customer_id, parent_id)
    if folder.folder_id in above:
        raise invalid("folder.parent_id", "Ein Ordner kann nicht in sich selbst verschoben werden.")
    old = len(folder.path)
    below = func.array_length(Folder.path, 1)
    deepest = await tx.session.scalar(select(func.max(below)).where(Folder.path.contains([folder.folder_id])))
    _check_depth((deepest or old) - old + len(above) + 1)
    await tx.session.execute(
        text(
            "UPDATE folders SET path = CAST(:above AS uuid[]) || path[CAST(:old AS integer) :]"
            " WHERE path @> ARRAY[CAST(:folder AS uuid)] AND customer_id = :customer"
        ),
        {"above": above, "old": old, "folder": folder.folder_id, "customer": folder.customer_id},
    )
    folder.parent_id = parent_id
    folder.path = [*above, folder.folder_id]


async def _path_of(tx: Transaction, customer_id: UUID, folder_id: UUID | None) -> list[UUID]:
    if folder_id is None:
        return []
    return list((await get_folder(tx, customer_id=customer_id, folder_id=folder_id)).path)


async def _lock_tree(tx: Transaction, customer_id: UUID) -> None:
    """Let one change of a customer's tree wait for the other, so that two moves cannot make a circle."""
    key = int.from_bytes(customer_id.bytes[-8:], "big", signed=True)
    await tx.session.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": key})


async def _flush(tx: Transaction) -> None:
    try:
        await tx.session.flush()
    except UniqueError as taken:
        raise DomainError(
            ErrorKind.ALREADY_EXISTS, "FOLDER_EXISTS", "An dieser Stelle gibt es schon einen Ordner mit diesem Namen."
        ) from taken


def _clean(name: str) -> str:
    cleaned = " ".join(name.split())
    if not cleaned:
        raise invalid("folder.name", "Bitte geben Sie dem Ordner einen Namen.")
    return cleaned


def _check_depth(levels: int) -> None:
    if levels > DEEPEST:
        raise invalid("folder.parent_id", said("Ordner können höchstens %(most)s Ebenen tief liegen.", most=DEEPEST))
