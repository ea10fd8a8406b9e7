"""Uploads that come in parts, one after the other, perhaps over days and through cuts (tus 1.0).

A part is an object of its own, encrypted like any content, and counts from when it is closed. Two connections may send
the same stretch, when the client gave up one that the edge still waits for: whoever closes first wins.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID

from kontor_chassis.database import Transaction
from kontor_chassis.errors import DomainError, ErrorKind
from kontor_chassis.ids import new_id
from sqlalchemy import func, select

from kontor_vault.tables import Upload, UploadPart, UploadState
from kontor_vault.uploads import own_upload, upload_ended

PAUSED_FOR = timedelta(hours=24)
"""How long an upload in parts waits for the next one."""
MOST_PARTS = 10_000


@dataclass(frozen=True)
class Progress:
    """An upload and how much of it is stored."""

    upload: Upload
    offset_bytes: int

    @property
    def is_complete(self) -> bool:
        """Whether all bytes are there."""
        return self.offset_bytes == self.upload.size_bytes


async def progress_of(tx: Transaction, *, upload_id: UUID) -> Progress:
    """Return how far an upload has come; raises PRECONDITION "UPLOAD_ENDED" for one that was given up or ran out."""
    upload = await own_upload(tx, upload_id)
    if upload.state == UploadState.STORED:
        return Progress(upload, upload.size_bytes)
    if upload.state == UploadState.ABANDONED or upload.expire_time <= tx.now:
        raise upload_ended()
    return Progress(upload, await _stored(tx, upload_id))


async def open_part(tx: Transaction, *, upload_id: UUID, offset_bytes: int) -> tuple[UploadPart, int]:
    """Begin a part; return it and how many bytes are still missing.

    Raises CONFLICT "UPLOAD_OFFSET" unless the parts before end there, PRECONDITION "UPLOAD_ENDED" or "TOO_MANY_PARTS".
    """
    progress = await progress_of(tx, upload_id=upload_id)
    upload = progress.upload
    if upload.state == UploadState.STORED:
        raise upload_ended()
    _require_offset(progress, offset_bytes)
    begun = await tx.session.scalar(select(func.count()).where(UploadPart.upload_id == upload_id)) or 0
    if begun >= MOST_PARTS:
        raise DomainError(
            ErrorKind.PRECONDITION, "TOO_MANY_PARTS", "Dieser Upload besteht aus zu vielen Teilen; bitte neu beginnen."
        )
    upload.state = UploadState.RECEIVING
    upload.expire_time = tx.now + PAUSED_FOR
    return await _begun(tx, upload, offset_bytes), upload.size_bytes - offset_bytes


async def close_part(tx: Transaction, *, upload_id: UUID, part_id: UUID, size_bytes: int) -> Progress:
    """Count a part that is stored; raises CONFLICT "UPLOAD_OFFSET" when another connection stored that stretch."""
    progress = await progress_of(tx, upload_id=upload_id)
    part = await tx.session.get(UploadPart, part_id)
    if part is None or part.upload_id != upload_id:
        raise upload_ended()
    if part.size_bytes is not None:  # reported twice
        return progress
    _require_offset(progress, part.start_bytes)
    if part.start_bytes + size_bytes > progress.upload.size_bytes:
        raise DomainError(ErrorKind.INVALID, "UPLOAD_TOO_LARGE", "Die Datei ist größer als angekündigt.")
    part.size_bytes = size_bytes
    progress.upload.expire_time = tx.now + PAUSED_FOR
    await tx.session.flush()
    return Progress(progress.upload, part.start_bytes + size_bytes)


async def begin_join(tx: Transaction, *, upload_id: UUID) -> tuple[Sequence[UploadPart], UploadPart, Upload]:
    """Return the parts of a complete upload in order, and one that takes them all; else raises PRECONDITION."""
    progress = await progress_of(tx, upload_id=upload_id)
    if not progress.is_complete or progress.upload.state == UploadState.STORED:
        raise upload_ended()
    found = await tx.session.scalars(
        select(UploadPart)
        .where(UploadPart.upload_id == upload_id, UploadPart.size_bytes.is_not(None))
        .order_by(UploadPart.start_bytes)
    )
    return found.all(), await _begun(tx, progress.upload, 0), progress.upload


async def _begun(tx: Transaction, upload: Upload, start_bytes: int) -> UploadPart:
    part = UploadPart(
        part_id=new_id(),
        upload_id=upload.upload_id,
        tenant_id=upload.tenant_id,
        customer_id=upload.customer_id,
        start_bytes=start_bytes,
        size_bytes=None,
        create_time=tx.now,
    )
    tx.session.add(part)
    await tx.session.flush()
    return part


async def _stored(tx: Transaction, upload_id: UUID) -> int:
    closed = UploadPart.upload_id == upload_id, UploadPart.size_bytes.is_not(None)
    return int(await tx.session.scalar(select(func.coalesce(func.sum(UploadPart.size_bytes), 0)).where(*closed)) or 0)


def _require_offset(progress: Progress, offset_bytes: int) -> None:
    if offset_bytes != progress.offset_bytes:
        raise DomainError(
            ErrorKind.CONFLICT,
            "UPLOAD_OFFSET",
            "Der Upload geht an einer anderen Stelle weiter.",
            metadata={"offset_bytes": str(progress.offset_bytes)},
        )
