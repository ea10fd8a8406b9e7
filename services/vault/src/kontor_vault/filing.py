"""Documents that nobody uploads: services file them in the firm's name, the scan centre as the customer's own."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from uuid import UUID, uuid5

from kontor_chassis.clock import billing_day
from kontor_chassis.database import Transaction
from kontor_chassis.ids import new_id
from sqlalchemy import select

from kontor_vault.content import SealedContent
from kontor_vault.documents import get_document
from kontor_vault.file_names import clean_file_name
from kontor_vault.firm_storage import let_overhang
from kontor_vault.recognising.plain_names import named_by_machine
from kontor_vault.tables import Document, Origin, Version
from kontor_vault.uploads import version_of
from kontor_vault.versions import append_version


@dataclass(frozen=True)
class Filing:
    """What is said about a document."""

    tenant_id: UUID
    customer_id: UUID
    title: str
    file_name: str
    kind: int
    contract_id: UUID | None
    released: bool
    origin: Origin = Origin.FIRM
    folder_id: UUID | None = None


def content_id_of(customer_id: UUID, request_id: UUID) -> UUID:
    """Return the content id of a filing; the same request writes the same object, so repeating it leaves no litter."""
    return uuid5(customer_id, str(request_id))


async def filed_before(tx: Transaction, content_id: UUID) -> Document | None:
    """Return the document that this request has filed already, if it has."""
    found = await tx.session.scalar(select(Version.document_id).where(Version.content_id == content_id))
    return None if found is None else await get_document(tx, document_id=found)


async def file_document(tx: Transaction, filing: Filing, content_id: UUID, sealed: SealedContent) -> Document:
    """Make stored content a document in the customer's folder; of the firm's it takes no storage of his."""
    file_name = clean_file_name(filing.file_name)
    document = Document(
        document_id=new_id(),
        tenant_id=filing.tenant_id,
        customer_id=filing.customer_id,
        folder_id=filing.folder_id,
        title=_plain_title(filing.title, tx),
        kind=filing.kind,
        origin=filing.origin,
        contract_id=filing.contract_id,
        file_name=file_name,
        media_type=sealed.media_type,
        size_bytes=sealed.size_bytes,
        sha256=sealed.sha256,
        content_version=1,
        release_time=tx.now if filing.released else None,
        trash_time=None,
        creator_account_id=None,
        create_time=tx.now,
        update_time=tx.now,
    )
    tx.session.add(document)
    await tx.session.flush()
    await let_overhang(tx, filing.tenant_id, sealed.size_bytes)
    await append_version(tx, document, version_of(content_id, file_name, sealed, filing.origin))
    return document


def _plain_title(title: str, tx: Transaction) -> str:
    """Return a service's title; one that is the name of a file becomes a plain one (F146)."""
    named = named_by_machine(title)
    return named.title(date.fromisoformat(billing_day(tx.now))) if named else " ".join(title.split())
