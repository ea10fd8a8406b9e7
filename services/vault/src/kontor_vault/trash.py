"""The trash: documents stay restorable for 30 days, keep counting against the storage, and then are destroyed."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from uuid import UUID

from kontor_chassis.database import Transaction
from kontor_chassis.errors import DomainError, ErrorKind
from sqlalchemy import delete, select

from kontor_vault.content import object_path
from kontor_vault.documents import changeable_document
from kontor_vault.grants import revoke_grants_on_document
from kontor_vault.kept_previews import delete_content
from kontor_vault.objects import Objects
from kontor_vault.retention import require_unprotected
from kontor_vault.tables import Document, Version

KEPT_IN_TRASH = timedelta(days=30)
"""How long a document stays restorable."""


async def trash_document(tx: Transaction, *, customer_id: UUID, document_id: UUID, etag: str = "") -> Document:
    """Put a document into the trash; grants on it rest while it is there. Raises PRECONDITION "RETENTION"."""
    document = await changeable_document(tx, customer_id, document_id, etag)
    await require_unprotected(tx, document)
    if document.trash_time is None:
        document.trash_time = tx.now
        document.update_time = tx.now
        await tx.session.flush()
    return document


async def restore_document(tx: Transaction, *, customer_id: UUID, document_id: UUID) -> Document:
    """Take a document out of the trash."""
    document = await changeable_document(tx, customer_id, document_id, "")
    if document.trash_time is not None:
        document.trash_time = None
        document.update_time = tx.now
        await tx.session.flush()
    return document


async def delete_document(tx: Transaction, objects: Objects, *, customer_id: UUID, document_id: UUID) -> None:
    """Destroy a document in the trash before its time; raises PRECONDITION "DOCUMENT_IN_USE" for any other."""
    document = await changeable_document(tx, customer_id, document_id, "")
    if document.trash_time is None:
        raise DomainError(
            ErrorKind.PRECONDITION,
            "DOCUMENT_IN_USE",
            "Nur was im Papierkorb liegt, kann endgültig gelöscht werden.",
        )
    await require_unprotected(tx, document)
    await destroy_document(tx, objects, document)


async def destroy_document(tx: Transaction, objects: Objects, document: Document) -> None:
    """Destroy a locked document: content first, then every trace.

    Objects are deleted inside the transaction: if it fails the document is still in the trash.
    """
    versions = await tx.session.scalars(select(Version).where(Version.document_id == document.document_id))
    stored = {(version.tenant_id, version.customer_id, version.stored_as) for version in versions}
    for place in sorted(stored):
        await asyncio.to_thread(delete_content, objects, object_path(*place))
    await revoke_grants_on_document(tx, document.document_id)
    await tx.session.execute(delete(Version).where(Version.document_id == document.document_id))
    await tx.session.delete(document)
    await tx.session.flush()
