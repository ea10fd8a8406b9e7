"""Documents: change, open. What they hold is `content`'s affair, how it arrives is `uploads`'."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from kontor.vault.v1 import events_pb2
from kontor.vault.v1.vault_pb2 import SightingAction
from kontor_chassis.database import Transaction
from kontor_chassis.errors import DomainError, ErrorKind, invalid, not_found
from kontor_chassis.etags import check_etag
from sqlalchemy import select

from kontor_vault.folders import UNCHANGED, Unchanged, get_folder
from kontor_vault.media_types import SHOWN_INLINE
from kontor_vault.papers import NOTHING_SAID, Said, say
from kontor_vault.retention import require_kind_keeps
from kontor_vault.sightings import record_sighting
from kontor_vault.tables import Document, Origin, Version
from kontor_vault.visibility import document_visible_to, require_customer_scope


@dataclass(frozen=True)
class DocumentChange:
    """New values of a document; UNCHANGED leaves a field alone."""

    title: str | Unchanged = UNCHANGED
    kind: int | Unchanged = UNCHANGED
    folder_id: UUID | Unchanged | None = UNCHANGED
    contract_id: UUID | Unchanged | None = UNCHANGED
    said: Said = NOTHING_SAID


async def get_document(
    tx: Transaction,
    *,
    document_id: UUID,
    customer_id: UUID | None = None,
    for_update: bool = False,
    release_id: UUID | None = None,
) -> Document:
    """Return a document that the caller may see; raises NOT_FOUND. Without `customer_id`, of whichever customer."""
    if customer_id is not None:
        require_customer_scope(tx.principal, customer_id)
    statement = select(Document).where(
        Document.document_id == document_id, document_visible_to(tx.principal, release_id)
    )
    if customer_id is not None:
        statement = statement.where(Document.customer_id == customer_id)
    found = await tx.session.scalar(statement.with_for_update() if for_update else statement)
    if found is None:
        raise not_found("Das Dokument")
    return found


async def is_visible(tx: Transaction, document_id: UUID) -> bool:
    """Whether the caller may see a document."""
    seen = select(Document.document_id).where(Document.document_id == document_id, document_visible_to(tx.principal))
    return await tx.session.scalar(seen) is not None


async def update_document(
    tx: Transaction, *, customer_id: UUID, document_id: UUID, etag: str, change: DocumentChange
) -> Document:
    """Change a document's title, kind, folder or contract, and what is said about it.

    Raises NOT_FOUND, CONFLICT (etag), FORBIDDEN "RELEASED_TO_CUSTOMER", PRECONDITION "DOCUMENT_IN_TRASH".
    """
    document = await changeable_document(tx, customer_id, document_id, etag)
    require_in_use(document)
    if not isinstance(change.title, Unchanged):
        document.title = _clean_title(change.title)
    if not isinstance(change.kind, Unchanged):
        await require_kind_keeps(tx, document, change.kind)
        document.kind = change.kind
    if not isinstance(change.contract_id, Unchanged):
        document.contract_id = change.contract_id
    if not isinstance(change.folder_id, Unchanged):
        if change.folder_id is not None:
            await get_folder(tx, customer_id=customer_id, folder_id=change.folder_id)
        document.folder_id = change.folder_id
    say(document, change.said, tx.now)
    document.update_time = tx.now
    await tx.session.flush()
    return document


async def open_document(
    tx: Transaction, *, document_id: UUID, number: int, action: int, release_id: UUID | None = None
) -> Version:
    """Return the version to be shown (0: the newest), having recorded the sighting.

    What no browser may show in place is a download, whatever was asked for. `release_id` is the emergency release that
    identity affirmed for a trusted person.
    """
    document = await get_document(tx, document_id=document_id, release_id=release_id)
    version = await tx.session.scalar(
        select(Version).where(
            Version.document_id == document_id, Version.number == (number or document.content_version)
        )
    )
    if version is None:
        raise not_found("Diese Fassung des Dokuments")
    shown_as = action if version.media_type in SHOWN_INLINE else SightingAction.SIGHTING_ACTION_DOWNLOAD
    await record_sighting(tx, document, version.number, shown_as)
    return version


def publish_released(tx: Transaction, document: Document) -> None:
    """Tell that the customer sees the document from now on."""
    event = events_pb2.DocumentReleased(
        tenant_id=str(document.tenant_id),
        customer_id=str(document.customer_id),
        document_id=str(document.document_id),
    )
    tx.publish(event, aggregate=document.document_id, tenant_id=document.tenant_id)


async def changeable_document(tx: Transaction, customer_id: UUID, document_id: UUID, etag: str) -> Document:
    """Return a document locked for a change that the caller may make; raises NOT_FOUND, FORBIDDEN, CONFLICT."""
    document = await get_document(tx, document_id=document_id, customer_id=customer_id, for_update=True)
    if tx.principal.is_staff and (document.origin != Origin.FIRM or document.release_time is not None):
        raise DomainError(
            ErrorKind.FORBIDDEN,
            "RELEASED_TO_CUSTOMER",
            "Dieses Dokument gehört dem Kunden; nur er kann es ändern oder löschen.",
        )
    check_etag(etag, document.version)
    return document


def require_in_use(document: Document) -> None:
    """Raise PRECONDITION "DOCUMENT_IN_TRASH" for one that was thrown away."""
    if document.trash_time is not None:
        raise DomainError(
            ErrorKind.PRECONDITION,
            "DOCUMENT_IN_TRASH",
            "Das Dokument liegt im Papierkorb. Bitte stellen Sie es zuerst wieder her.",
        )


def _clean_title(title: str) -> str:
    cleaned = " ".join(title.split())
    if not cleaned:
        raise invalid("document.title", "Bitte geben Sie dem Dokument einen Titel.")
    return cleaned
