"""How content arrives: reserve, receive, store; or give up (states in the README).

Nothing is visible before `finish_upload`, and a reservation ends with the upload however it ends, so that storage can
neither be overdrawn nor lost by uploads that break off.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from uuid import UUID

from kontor.vault.v1.vault_pb2 import DocumentKind
from kontor_chassis.clock import billing_day
from kontor_chassis.database import Transaction
from kontor_chassis.errors import DomainError, ErrorKind, invalid, not_found
from kontor_chassis.ids import new_id
from sqlalchemy import select

from kontor_vault.content import SealedContent
from kontor_vault.documents import get_document
from kontor_vault.file_names import clean_file_name
from kontor_vault.firm_storage import PlanStorage, require_firm_room
from kontor_vault.folders import get_folder
from kontor_vault.grants import require_contribution
from kontor_vault.quotas import require_room, warn_of_filling
from kontor_vault.recognising.plain_names import kind_for, title_for
from kontor_vault.releases import is_released_by_rule
from kontor_vault.tables import Document, Folder, Origin, Upload, UploadPart, UploadState, Version
from kontor_vault.versions import append_version
from kontor_vault.visibility import is_further_grantee, is_owner, require_customer_scope

RESERVED_FOR = timedelta(hours=1)
"""How long a reservation waits for the first byte."""
RECEIVING_FOR = timedelta(hours=12)
"""How long the bytes may take: 10 GB over a slow line."""


@dataclass(frozen=True)
class Intent:
    """What the uploader says about a file before he sends it."""

    file_name: str
    size_bytes: int
    title: str
    kind: int
    folder_id: UUID | None
    contract_id: UUID | None
    document_id: UUID | None
    """An existing document that gets a new version."""
    reason: str = ""
    """Why it gets one."""


async def create_upload(
    tx: Transaction, *, customer_id: UUID, intent: Intent, default_limit: int, plan: PlanStorage | None
) -> Upload:
    """Reserve a place for a file.

    Raises EXHAUSTED "QUOTA_EXCEEDED" and "PLAN_LIMIT_STORAGE", NOT_FOUND (folder, document), PRECONDITION
    "NOT_YOUR_DOCUMENT".
    """
    require_customer_scope(tx.principal, customer_id)
    origin = Origin.FIRM if tx.principal.is_staff else Origin.CUSTOMER
    if intent.document_id is not None:
        await _require_own(tx, customer_id, intent.document_id, origin)
    elif intent.folder_id is not None:
        await get_folder(tx, customer_id=customer_id, folder_id=intent.folder_id)
        if not is_owner(tx.principal):
            await require_contribution(tx, folder_id=intent.folder_id, document_id=None)
    elif is_further_grantee(tx.principal):
        raise invalid("folder_id", "Bitte wählen Sie einen Ordner, in dem Sie etwas ablegen dürfen.")
    if origin == Origin.CUSTOMER:
        await require_room(tx, customer_id, intent.size_bytes, default_limit)
    await require_firm_room(tx, intent.size_bytes, plan)
    file_name = clean_file_name(intent.file_name)
    upload = Upload(
        upload_id=new_id(),
        tenant_id=tx.principal.required_tenant(),
        customer_id=customer_id,
        document_id=intent.document_id or new_id(),
        is_new_document=intent.document_id is None,
        origin=origin,
        state=UploadState.RESERVED,
        size_bytes=intent.size_bytes,
        file_name=file_name,
        title=" ".join(intent.title.split()) or title_for(file_name, date.fromisoformat(billing_day(tx.now))),
        kind=_kind_of(intent, origin),
        folder_id=intent.folder_id,
        contract_id=intent.contract_id,
        reason=" ".join(intent.reason.split()),
        creator_account_id=tx.principal.required_account(),
        create_time=tx.now,
        expire_time=tx.now + RESERVED_FOR,
    )
    tx.session.add(upload)
    await tx.session.flush()
    return upload


def _kind_of(intent: Intent, origin: Origin) -> int:
    """Return the kind of a file; what a customer does not say, its name may (F146), but of his own files only."""
    said = intent.kind != DocumentKind.DOCUMENT_KIND_OTHER or origin != Origin.CUSTOMER
    return intent.kind if said else kind_for(intent.file_name)


async def begin_upload(tx: Transaction, *, upload_id: UUID) -> Upload:
    """Take the one chance to send the bytes; raises PRECONDITION "UPLOAD_ENDED" when it was taken or ran out."""
    upload = await own_upload(tx, upload_id)
    if upload.state != UploadState.RESERVED or upload.expire_time <= tx.now:
        raise upload_ended()
    upload.state = UploadState.RECEIVING
    upload.expire_time = tx.now + RECEIVING_FOR
    await tx.session.flush()
    return upload


async def finish_upload(
    tx: Transaction, *, upload_id: UUID, sealed: SealedContent, part_id: UUID | None = None
) -> Document:
    """Make the stored content a document, or a document's newest version. Finishing twice gives the same document.

    `part_id` is the part that holds all of it, where it came in parts.
    """
    upload = await own_upload(tx, upload_id)
    if upload.state == UploadState.STORED:
        return await get_document(tx, document_id=upload.document_id)
    if upload.state != UploadState.RECEIVING:
        raise upload_ended()
    if sealed.size_bytes > upload.size_bytes:
        raise invalid("size_bytes", "Die Datei ist größer als angekündigt.", reason="UPLOAD_TOO_LARGE")
    if part_id is not None:
        await _require_whole(tx, upload, part_id, sealed)
    upload.state = UploadState.STORED  # before the version, so that the room is never counted twice
    await tx.session.flush()
    document = await _document_for(tx, upload, sealed)
    version = version_of(upload.upload_id, upload.file_name, sealed, upload.origin, upload.reason)
    version.object_id = part_id
    await append_version(tx, document, version)
    if upload.origin == Origin.CUSTOMER:
        await warn_of_filling(tx, upload.customer_id, sealed.size_bytes)
    return document


async def abandon_upload(tx: Transaction, *, upload_id: UUID, customer_id: UUID | None = None) -> Upload:
    """Give an upload up; its room is free again. Giving up twice changes nothing; a finished one is refused."""
    upload = await own_upload(tx, upload_id)
    if customer_id is not None and upload.customer_id != customer_id:
        raise not_found("Der Upload")
    if upload.state == UploadState.STORED:
        raise upload_ended()
    upload.state = UploadState.ABANDONED
    await tx.session.flush()
    return upload


def version_of(content_id: UUID, file_name: str, sealed: SealedContent, origin: str, reason: str = "") -> Version:
    """Return stored content as a version that `append_version` takes."""
    return Version(
        content_id=content_id,
        origin=origin,
        file_name=file_name,
        media_type=sealed.media_type,
        size_bytes=sealed.size_bytes,
        sha256=sealed.sha256,
        reason=reason,
    )


async def _document_for(tx: Transaction, upload: Upload, sealed: SealedContent) -> Document:
    if is_further_grantee(tx.principal):  # what he was allowed when he began may have been taken back
        target = (upload.folder_id, None) if upload.is_new_document else (None, upload.document_id)
        await require_contribution(tx, folder_id=target[0], document_id=target[1])
    if not upload.is_new_document:
        document = await get_document(tx, document_id=upload.document_id, for_update=True)
        document.content_version += 1
        document.update_time = tx.now
    else:
        document = Document(
            document_id=upload.document_id,
            tenant_id=upload.tenant_id,
            customer_id=upload.customer_id,
            folder_id=await _surviving_folder(tx, upload.folder_id),
            title=upload.title,
            kind=upload.kind,
            origin=upload.origin,
            contract_id=upload.contract_id,
            content_version=1,
            release_time=tx.now if await _is_visible_at_once(tx, upload) else None,
            trash_time=None,
            creator_account_id=upload.creator_account_id,
            create_time=tx.now,
            update_time=tx.now,
        )
        tx.session.add(document)
    document.file_name = upload.file_name
    document.media_type = sealed.media_type
    document.size_bytes = sealed.size_bytes
    document.sha256 = sealed.sha256
    await tx.session.flush()
    return document


async def _is_visible_at_once(tx: Transaction, upload: Upload) -> bool:
    return upload.origin == Origin.CUSTOMER or await is_released_by_rule(tx, upload.kind)


async def _surviving_folder(tx: Transaction, folder_id: UUID | None) -> UUID | None:
    """Return the folder, or the root if it was deleted while the file was on its way."""
    if folder_id is None:
        return None
    return await tx.session.scalar(
        select(Folder.folder_id).where(Folder.folder_id == folder_id).with_for_update(read=True, key_share=True)
    )


async def _require_whole(tx: Transaction, upload: Upload, part_id: UUID, sealed: SealedContent) -> None:
    part = await tx.session.get(UploadPart, part_id)
    if part is None or part.upload_id != upload.upload_id or sealed.size_bytes != upload.size_bytes:
        raise upload_ended()


async def own_upload(tx: Transaction, upload_id: UUID) -> Upload:
    """Return an upload of the caller, locked; raises NOT_FOUND."""
    upload = await tx.session.scalar(
        select(Upload)
        .where(Upload.upload_id == upload_id, Upload.creator_account_id == tx.principal.required_account())
        .with_for_update()
    )
    if upload is None:
        raise not_found("Der Upload")
    require_customer_scope(tx.principal, upload.customer_id)
    return upload


async def _require_own(tx: Transaction, customer_id: UUID, document_id: UUID, origin: Origin) -> None:
    document = await get_document(tx, document_id=document_id, customer_id=customer_id)
    if document.origin == Origin.CUSTOMER and not is_owner(tx.principal) and document.trash_time is None:
        await require_contribution(tx, folder_id=None, document_id=document_id)
        return
    if document.origin != origin or document.trash_time is not None:
        raise DomainError(
            ErrorKind.PRECONDITION,
            "NOT_YOUR_DOCUMENT",
            "Eine neue Fassung kann nur hinterlegen, wer das Dokument abgelegt hat, und nicht im Papierkorb.",
        )


def upload_ended() -> DomainError:
    """Return the refusal of an upload that is over."""
    return DomainError(
        ErrorKind.PRECONDITION,
        "UPLOAD_ENDED",
        "Dieser Upload ist schon beendet. Bitte beginnen Sie ihn von vorn.",
    )
