"""The work on batches: separate what waits, verify sheets, keep pieces, and destroy what is settled (F15).

A batch's pages and pieces lie under a data key of the batch's own, which ends when the last piece is settled. A claim
is a time in the row, as with reading texts; ids of pieces follow from the batch, so that doing it again after a
crash writes the same objects. Boundary: which page belongs to which piece is `separating`'s affair, filing is
`scan_filing`'s.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID, uuid5

import structlog
from kontor.vault.v1.scan_centre_pb2 import ScanPieceProblem as Problem
from kontor_chassis.database import Transaction, UnitOfWork
from kontor_chassis.errors import DomainError
from kontor_chassis.principal import Principal
from sqlalchemy import delete, exists, func, or_, select

from kontor_vault.content import CorruptContentError, SealedReader, SealedWriter, associated_data, object_path
from kontor_vault.keys import CustomerKeys
from kontor_vault.objects import Objects
from kontor_vault.rendering.process import render
from kontor_vault.rendering.results import State
from kontor_vault.scan_codes import PURPOSE, SheetCode, is_genuine
from kontor_vault.scan_tables import BatchState, PieceState, ScanBatch, ScanPiece, ScanSheet
from kontor_vault.separating import Page, Piece, Separated, numbers_of, separate, sheets_of, with_sheet
from kontor_vault.tables import CustomerKey

log = structlog.get_logger(__name__)

SERVICE = Principal.of_service("vault")
_PAGES_AT_ONCE = 10
_HAD_FOR = timedelta(minutes=5)
_MOST_ATTEMPTS = 3
_RECEIVED_WITHIN = timedelta(days=1)
_BATCH = 50


@dataclass(frozen=True)
class _Claim:
    batch: ScanBatch
    key: bytes


@dataclass(frozen=True)
class _Judged:
    """A piece with the sheet that leads it, or what is wrong with it."""

    pages: list[int]
    sheet: ScanSheet | None
    problem: Problem.ValueType
    of_binder: bool = False
    """Whether no sheet leads it because it goes where the rest of its binder goes."""
    page_sheets: list[int] | None = None


class UnreadableBatchError(Exception):
    """The pages of a batch cannot be read, and will not be next time."""


class ScanWork:
    """Separates batches."""

    def __init__(self, work: UnitOfWork, objects: Objects, keys: CustomerKeys) -> None:
        self._work = work
        self._objects = objects
        self._keys = keys

    async def separate_next(self) -> bool:
        """Separate one batch that waits; return whether there was one."""
        claim = await self._claim()
        if claim is None:
            return False
        batch = claim.batch
        try:
            if batch.attempts > _MOST_ATTEMPTS:
                raise UnreadableBatchError("too many attempts")
            content = await asyncio.to_thread(self._content, claim)
            pile = await asyncio.to_thread(_surveyed, content)
            separated = separate(pile)
            judged = await self._judged(batch, separated)
            sizes = await self._keep_pieces(batch, content, judged)
        except (UnreadableBatchError, CorruptContentError, FileNotFoundError) as error:
            log.warning("batch_unreadable", batch_id=str(batch.batch_id), why=type(error).__name__)
            await self._settle(batch, BatchState.UNREADABLE)
            return True
        await self._settle(batch, BatchState.SEPARATED, len(pile), separated, judged, sizes)
        return True

    async def forget_next(self) -> bool:
        """Destroy the key and the objects of one batch of which nothing is left to do; return whether there was one."""
        async with self._work.work(SERVICE) as tx:
            await _abandon(tx)
            unsettled = exists().where(
                ScanPiece.batch_id == ScanBatch.batch_id,
                ScanPiece.state.in_([PieceState.ASSIGNED, PieceState.UNASSIGNED]),
            )
            over = (BatchState.SEPARATED, BatchState.UNREADABLE, BatchState.ABANDONED)
            batch = await tx.session.scalar(
                select(ScanBatch)
                .where(ScanBatch.state.in_(over), ScanBatch.erase_time.is_(None), ~unsettled)
                .limit(1)
                .with_for_update(skip_locked=True)
            )
            if batch is None:
                await tx.commit()
                return False
            pieces = await tx.session.scalars(select(ScanPiece.piece_id).where(ScanPiece.batch_id == batch.batch_id))
            await self._delete(batch, [*pieces, *([batch.object_id] if batch.object_id else [])])
            batch.erase_time = tx.now
            whose = (CustomerKey.tenant_id == batch.tenant_id, CustomerKey.customer_id == batch.batch_id)
            await tx.session.execute(delete(CustomerKey).where(*whose))
            await tx.commit()
        return True

    async def _claim(self) -> _Claim | None:
        async with self._work.work(SERVICE) as tx:
            batch = await tx.session.scalar(
                select(ScanBatch)
                .where(
                    ScanBatch.state == BatchState.WAITING,
                    or_(ScanBatch.next_time.is_(None), ScanBatch.next_time <= func.clock_timestamp()),
                )
                .order_by(ScanBatch.batch_id)
                .limit(1)
                .with_for_update(skip_locked=True)
            )
            if batch is None or batch.object_id is None:
                return None
            batch.attempts += 1
            batch.next_time = func.clock_timestamp() + _HAD_FOR * batch.attempts
            await tx.session.flush()
            await tx.session.refresh(batch)
            key = await self._keys.content_key(tx, batch.tenant_id, batch.batch_id, batch.object_id)
            tx.session.expunge(batch)
            await tx.commit()
        return _Claim(batch, key)

    def _content(self, claim: _Claim) -> bytes:
        batch = claim.batch
        place = (batch.tenant_id, batch.batch_id, batch.object_id or batch.batch_id)
        bound = associated_data(*place)
        with SealedReader(self._objects, object_path(*place), claim.key, bound, batch.size_bytes) as reader:
            return b"".join(reader.read(0, batch.size_bytes))

    async def _judged(self, batch: ScanBatch, separated: Separated) -> list[_Judged]:
        """Return the pieces that have pages, each with the sheet it follows if that can be believed."""
        judged = []
        async with self._work.work(SERVICE) as tx:
            for piece in separated.pieces:
                if batch.binder_order_id is not None and piece.lead is None and not piece.unclear:
                    sheet, problem, of_binder = None, Problem.SCAN_PIECE_PROBLEM_UNSPECIFIED, True
                else:
                    (sheet, problem), of_binder = await self._sheet_of(tx, piece), False
                believed = of_binder or (sheet is not None and not problem)
                pages = piece.pages if believed else with_sheet(piece)
                if pages:
                    numbers = _numbers(batch, separated, pages)
                    judged.append(_Judged(pages, sheet, problem, of_binder, numbers))
            tx.session.expunge_all()
        return judged

    async def _sheet_of(self, tx: Transaction, piece: Piece) -> tuple[ScanSheet | None, Problem.ValueType]:
        if piece.lead is None:
            unclear = piece.unclear or piece.divided
            return None, Problem.SCAN_PIECE_PROBLEM_UNCLEAR if unclear else Problem.SCAN_PIECE_PROBLEM_NO_SHEET
        sheet = await tx.session.get(ScanSheet, piece.lead.sheet_id)
        if sheet is None:
            return None, Problem.SCAN_PIECE_PROBLEM_UNKNOWN
        return await self._believed(tx, piece.lead, sheet)

    async def _believed(
        self, tx: Transaction, code: SheetCode, sheet: ScanSheet
    ) -> tuple[ScanSheet | None, Problem.ValueType]:
        try:
            key = await self._keys.purpose_key(tx, sheet.tenant_id, sheet.customer_id, PURPOSE)
        except DomainError:  # an erased customer has no key any more
            return None, Problem.SCAN_PIECE_PROBLEM_UNKNOWN
        if not is_genuine(code, sheet.expire_time, key):
            return None, Problem.SCAN_PIECE_PROBLEM_FORGED
        if not sheet.is_valid(tx.now):
            return sheet, Problem.SCAN_PIECE_PROBLEM_EXPIRED
        return sheet, Problem.SCAN_PIECE_PROBLEM_UNSPECIFIED

    async def _keep_pieces(self, batch: ScanBatch, content: bytes, judged: Sequence[_Judged]) -> list[int]:
        """Write each piece as an object of its own under the batch's key; return their sizes."""
        sizes = []
        for position, piece in enumerate(judged, 1):
            place = (batch.tenant_id, batch.batch_id, piece_id_of(batch.batch_id, position))
            async with self._work.work(SERVICE) as tx:
                key = await self._keys.content_key(tx, *place)
            pdf = await asyncio.to_thread(_taken, content, piece.pages)
            await asyncio.to_thread(store_object, self._objects, place, key, pdf)
            sizes.append(len(pdf))
        return sizes

    async def _settle(
        self,
        batch: ScanBatch,
        state: BatchState,
        pages: int = 0,
        separated: Separated | None = None,
        judged: Sequence[_Judged] = (),
        sizes: Sequence[int] = (),
    ) -> None:
        async with self._work.work(SERVICE) as tx:
            row = await tx.session.get_one(ScanBatch, batch.batch_id, with_for_update=True)
            if row.state != BatchState.WAITING:  # another had it, when this one took too long
                return
            row.state, row.next_time, row.pages = state, None, pages
            if separated is not None:
                row.blank_pages, row.separators = separated.blank_pages, separated.separators
            for position, (piece, size) in enumerate(zip(judged, sizes, strict=True), 1):
                tx.session.add(_row_of(row, position, piece, size))
            await tx.commit()
        if batch.object_id is not None:
            await self._delete(batch, [batch.object_id])

    async def _delete(self, batch: ScanBatch, object_ids: Sequence[UUID]) -> None:
        for object_id in object_ids:
            path = object_path(batch.tenant_id, batch.batch_id, object_id)
            await asyncio.to_thread(self._objects.delete, path)


def piece_id_of(batch_id: UUID, position: int) -> UUID:
    """Return the id of a piece; separating a batch again gives the same."""
    return uuid5(batch_id, f"piece {position}")


def store_object(objects: Objects, place: tuple[UUID, UUID, UUID], key: bytes, content: bytes) -> None:
    """Write a whole object under its key."""
    with SealedWriter(objects, object_path(*place), key, associated_data(*place), len(content)) as writer:
        writer.write(content)
        writer.seal()


async def _abandon(tx: Transaction) -> None:
    late = await tx.session.scalars(
        select(ScanBatch)
        .where(ScanBatch.state == BatchState.RECEIVING, ScanBatch.create_time <= tx.now - _RECEIVED_WITHIN)
        .limit(_BATCH)
        .with_for_update(skip_locked=True)
    )
    for batch in late:
        batch.state = BatchState.ABANDONED
    await tx.session.flush()


def _surveyed(content: bytes) -> list[Page]:
    """Return what is on each page, a few pages in each process; raises UnreadableBatchError."""
    pile: list[Page] = []
    total = 1
    while len(pile) < total:
        job = {"what": "survey", "first": len(pile), "count": _PAGES_AT_ONCE}
        result = render(job, (len(content), [content]))
        if result.state is not State.READY:
            raise UnreadableBatchError(result.state)
        said = json.loads(result.content)
        total = int(said["total"])
        pile += [Page(tuple(page["codes"]), page["damaged"], page["blank"]) for page in said["pages"]]
    return pile


def _taken(content: bytes, pages: Sequence[int]) -> bytes:
    result = render({"what": "take", "pages": list(pages)}, (len(content), [content]))
    if result.state is not State.READY:
        raise UnreadableBatchError(result.state)
    return result.content


def _numbers(batch: ScanBatch, separated: Separated, pages: Sequence[int]) -> list[int] | None:
    if batch.binder_order_id is None:
        return None
    return numbers_of(pages, separated, duplex=batch.duplex, first=batch.first_sheet)


def _row_of(batch: ScanBatch, position: int, piece: _Judged, size: int) -> ScanPiece:
    assigned = piece.of_binder or (piece.sheet is not None and not piece.problem)
    return ScanPiece(
        piece_id=piece_id_of(batch.batch_id, position),
        tenant_id=batch.tenant_id,
        batch_id=batch.batch_id,
        box=batch.box,
        position=position,
        first_page=piece.pages[0] + 1,
        last_page=piece.pages[-1] + 1,
        pages=len(piece.pages),
        sheets=sheets_of(piece.pages, duplex=batch.duplex),
        state=PieceState.ASSIGNED if assigned else PieceState.UNASSIGNED,
        problem=piece.problem,
        sheet_id=None if piece.sheet is None else piece.sheet.sheet_id,
        sheet_number="" if piece.sheet is None else piece.sheet.number,
        size_bytes=size,
        create_time=batch.create_time,
        binder_order_id=batch.binder_order_id if piece.of_binder else None,
        page_sheets=piece.page_sheets,
    )
