"""Versions of a document's content (F99): the newest counts, and an older one can become the newest again."""

from __future__ import annotations

from uuid import UUID

from kontor.vault.v1 import events_pb2
from kontor_chassis.database import Transaction
from kontor_chassis.errors import not_found
from kontor_chassis.ids import new_id
from sqlalchemy import select

from kontor_vault.documents import changeable_document, publish_released, require_in_use
from kontor_vault.releases import record_release
from kontor_vault.tables import Document, Origin, Version
from kontor_vault.visibility import is_further_grantee


async def append_version(tx: Transaction, document: Document, version: Version) -> None:
    """Make a version the newest of a document that is new or locked, and publish DocumentStored.

    `version` brings its content and why it came; whose it is, its number, and who did it when are filled in here.
    """
    version.document_id, version.number = document.document_id, document.content_version
    version.tenant_id, version.customer_id = document.tenant_id, document.customer_id
    version.creator_account_id, version.creator_name = tx.principal.account_id, tx.principal.display_name
    version.create_time = tx.now
    tx.session.add(version)
    await tx.session.flush()
    stored = events_pb2.DocumentStored(
        tenant_id=str(document.tenant_id),
        customer_id=str(document.customer_id),
        document_id=str(document.document_id),
        version=version.number,
        by_customer=version.origin == Origin.CUSTOMER and not is_further_grantee(tx.principal),
        account_id=str(tx.principal.account_id or ""),
    )
    tx.publish(stored, aggregate=document.document_id, tenant_id=document.tenant_id)
    if version.number == 1 and version.origin == Origin.FIRM and document.release_time is not None:
        await record_release(tx, document)
        publish_released(tx, document)


async def restore_version(
    tx: Transaction, *, customer_id: UUID, document_id: UUID, number: int, reason: str, etag: str
) -> Document:
    """Make the content of an older version the newest one; it shares the object and takes no storage.

    Restoring the newest changes nothing. Raises NOT_FOUND, CONFLICT (etag), PRECONDITION "DOCUMENT_IN_TRASH".
    """
    document = await changeable_document(tx, customer_id, document_id, etag)
    require_in_use(document)
    older = await tx.session.scalar(select(Version).where(Version.document_id == document_id, Version.number == number))
    if older is None:
        raise not_found("Diese Fassung des Dokuments")
    if number == document.content_version:
        return document
    document.content_version += 1
    document.update_time = tx.now
    document.file_name, document.media_type = older.file_name, older.media_type
    document.size_bytes, document.sha256 = older.size_bytes, older.sha256
    await tx.session.flush()
    again = Version(
        content_id=new_id(),
        object_id=older.stored_as,
        origin=older.origin,
        file_name=older.file_name,
        media_type=older.media_type,
        size_bytes=older.size_bytes,
        sha256=older.sha256,
        reason=" ".join(reason.split()),
        restored_from=older.restored_from or number,
    )
    await append_version(tx, document, again)
    return document
