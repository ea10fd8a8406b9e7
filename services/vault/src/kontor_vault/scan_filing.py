"""How an assigned piece of scanned paper becomes a document of its customer (F15, F16).

The piece is the customer's own paper: it counts against his storage, he sees it at once, and his firm sees it only if
he lets it. Post has an original beside it, what came from a binder a place in it. Boundary: `scan_work` made the piece;
what becomes of the paper is the affair of `originals` and `binders`.
"""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import date, timedelta
from uuid import UUID

import structlog
from kontor.vault.v1 import events_pb2
from kontor.vault.v1.scan_centre_pb2 import ScanPieceProblem as Problem
from kontor.vault.v1.vault_pb2 import DocumentKind
from kontor_chassis.clock import billing_day
from kontor_chassis.database import Transaction, UnitOfWork
from kontor_chassis.errors import DomainError, ErrorKind
from sqlalchemy import select

from kontor_vault.binder_filing import binder_filing, keep_place
from kontor_vault.binder_tables import BinderOrder
from kontor_vault.content import (
    CorruptContentError,
    SealedContent,
    SealedReader,
    SealedWriter,
    associated_data,
    object_path,
)
from kontor_vault.filing import Filing, file_document, filed_before
from kontor_vault.keys import CustomerKeys
from kontor_vault.objects import Objects
from kontor_vault.originals import record_step
from kontor_vault.quotas import require_room
from kontor_vault.scan_tables import Original, OriginalState, PieceState, ScanPiece, ScanSheet
from kontor_vault.scan_work import SERVICE
from kontor_vault.tables import Document, Origin

log = structlog.get_logger(__name__)

KEPT_FOR = timedelta(days=365)
"""How long the scan centre keeps an original whose owner says nothing; nothing is destroyed without his consent."""
CENTRE = "Scan-Zentrum"
_Owner = ScanSheet | BinderOrder
"""What says whose a piece is."""


class ScanFiling:
    """Files assigned pieces."""

    def __init__(self, work: UnitOfWork, objects: Objects, keys: CustomerKeys, default_quota_bytes: int) -> None:
        self._work = work
        self._objects = objects
        self._keys = keys
        self._default_quota_bytes = default_quota_bytes

    async def file_next(self) -> bool:
        """File one piece, or say why it cannot be; return whether there was one."""
        async with self._work.work(SERVICE) as tx:
            found = (
                await tx.session.execute(
                    select(ScanPiece, ScanSheet)
                    .outerjoin(ScanSheet, ScanSheet.sheet_id == ScanPiece.sheet_id)
                    .where(ScanPiece.state == PieceState.ASSIGNED)
                    .order_by(ScanPiece.piece_id)
                    .limit(1)
                )
            ).one_or_none()
            if found is None:
                return False
            piece, sheet = found
            owner: _Owner | None = sheet
            if piece.binder_order_id is not None:
                owner = await tx.session.get(BinderOrder, piece.binder_order_id)
            tx.session.expunge_all()
            key = await self._keys.content_key(tx, piece.tenant_id, piece.batch_id, piece.piece_id)
        if owner is None:  # its customer was erased meanwhile
            await self._give_back(piece, Problem.SCAN_PIECE_PROBLEM_UNKNOWN)
            return True
        try:
            await self._file(piece.piece_id, owner, key)
        except (CorruptContentError, FileNotFoundError):  # others behind it must not wait for ever
            log.error("piece_content_missing", piece_id=str(piece.piece_id))
            await self._give_back(piece, Problem.SCAN_PIECE_PROBLEM_UNCLEAR)
        except DomainError as refused:
            gone = refused.kind is ErrorKind.NOT_FOUND
            await self._give_back(piece, Problem.SCAN_PIECE_PROBLEM_UNKNOWN if gone else _no_room(refused))
        return True

    async def _file(self, piece_id: UUID, owner: _Owner, key: bytes) -> None:
        principal = replace(SERVICE.within(owner.tenant_id), display_name=CENTRE)
        async with self._work.work(principal) as tx:
            piece = await tx.session.get_one(ScanPiece, piece_id, with_for_update=True)
            if piece.state != PieceState.ASSIGNED:
                return
            document = await filed_before(tx, piece_id)
            if document is None:
                await require_room(tx, owner.customer_id, piece.size_bytes, self._default_quota_bytes)
                sealed = await self._moved(tx, piece, owner, key)
                document = await file_document(tx, await _filing(tx, piece, owner), piece_id, sealed)
            piece.state = PieceState.FILED
            if piece.binder_order_id is not None:
                await keep_place(tx, piece, document)
            else:
                await _keep_original(tx, piece, document)
                await _tell_when_all_is_filed(tx, piece, document)
            await tx.session.flush()
            await tx.commit()
            old = object_path(piece.tenant_id, piece.batch_id, piece.piece_id)
        await asyncio.to_thread(self._objects.delete, old)

    async def _moved(self, tx: Transaction, piece: ScanPiece, owner: _Owner, key: bytes) -> SealedContent:
        """Write the pages of a piece again, under its customer's key."""
        here = (piece.tenant_id, piece.batch_id, piece.piece_id)
        there = (owner.tenant_id, owner.customer_id, piece.piece_id)
        keys = key, await self._keys.content_key(tx, *there)
        return await asyncio.to_thread(self._copy, here, there, keys, piece.size_bytes)

    def _copy(
        self, here: tuple[UUID, UUID, UUID], there: tuple[UUID, UUID, UUID], keys: tuple[bytes, bytes], size: int
    ) -> SealedContent:
        with (
            SealedReader(self._objects, object_path(*here), keys[0], associated_data(*here), size) as reader,
            SealedWriter(self._objects, object_path(*there), keys[1], associated_data(*there), size) as writer,
        ):
            for part in reader.read(0, size):
                writer.write(part)
            return writer.seal()

    async def _give_back(self, piece: ScanPiece, problem: Problem.ValueType) -> None:
        async with self._work.work(SERVICE) as tx:
            row = await tx.session.get_one(ScanPiece, piece.piece_id, with_for_update=True)
            if row.state == PieceState.ASSIGNED:
                row.state, row.problem = PieceState.UNASSIGNED, problem
            await tx.commit()


def _no_room(refused: DomainError) -> Problem.ValueType:
    """Return that there is no room; whatever else was refused is a fault of ours and raised again."""
    if refused.kind is not ErrorKind.EXHAUSTED:
        raise refused
    return Problem.SCAN_PIECE_PROBLEM_NO_ROOM


async def _filing(tx: Transaction, piece: ScanPiece, owner: _Owner) -> Filing:
    if piece.binder_order_id is not None:
        return await binder_filing(tx, piece)
    day = date.fromisoformat(billing_day(piece.create_time))
    return Filing(
        tenant_id=owner.tenant_id,
        customer_id=owner.customer_id,
        title=f"Post vom {day:%d.%m.%Y} ({piece.box}/{piece.position})",
        file_name=f"Post {day} {piece.box}-{piece.position}.pdf",
        kind=DocumentKind.DOCUMENT_KIND_OTHER,
        contract_id=None,
        released=True,
        origin=Origin.CUSTOMER,
    )


async def _keep_original(tx: Transaction, piece: ScanPiece, document: Document) -> None:
    """Write down where the paper lies, and that there is a piece to be billed."""
    day = date.fromisoformat(billing_day(tx.now))
    original = Original(
        original_id=piece.piece_id,
        tenant_id=document.tenant_id,
        customer_id=document.customer_id,
        document_id=document.document_id,
        box=piece.box,
        position=piece.position,
        pages=piece.pages,
        sheets=piece.sheets,
        period=f"{day:%Y-%m}",
        scan_time=piece.create_time,
        keep_until=day + KEPT_FOR,
        state=OriginalState.STORED,
        return_address="",
    )
    tx.session.add(original)
    await tx.session.flush()
    await record_step(tx, original)
    counted = events_pb2.PieceScanned(
        tenant_id=str(original.tenant_id),
        customer_id=str(original.customer_id),
        original_id=str(original.original_id),
        document_id=str(original.document_id),
        sheets=original.sheets,
        period=original.period,
    )
    tx.publish(counted, aggregate=original.document_id, tenant_id=original.tenant_id)


async def _tell_when_all_is_filed(tx: Transaction, piece: ScanPiece, document: Document) -> None:
    """Tell of a customer's post once a batch: with the last of his pieces in it."""
    others = (
        select(ScanPiece.piece_id)
        .join(ScanSheet, ScanSheet.sheet_id == ScanPiece.sheet_id)
        .where(
            ScanPiece.batch_id == piece.batch_id,
            ScanPiece.piece_id != piece.piece_id,
            ScanPiece.state == PieceState.ASSIGNED,
            ScanSheet.customer_id == document.customer_id,
        )
    )
    if await tx.session.scalar(others.limit(1)) is None:
        filed = events_pb2.ScannedPostFiled(
            tenant_id=str(document.tenant_id), customer_id=str(document.customer_id), batch_id=str(piece.batch_id)
        )
        tx.publish(filed, aggregate=document.customer_id, tenant_id=document.tenant_id)
