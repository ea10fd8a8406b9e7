"""What the scan centre does: begin batches, look how they fell into pieces, settle what nobody could be assigned to.

It never reads: no function here returns content, and a piece says neither what it is nor whose (F15).
"""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from kontor.vault.v1.scan_centre_pb2 import ScanPieceProblem
from kontor_chassis.database import Transaction
from kontor_chassis.errors import DomainError, ErrorKind, invalid, not_found
from kontor_chassis.ids import new_id
from sqlalchemy import func, select

from kontor_vault.binder_tables import BinderOrder
from kontor_vault.scan_codes import clean_number
from kontor_vault.scan_sheets import sheet_invalid
from kontor_vault.scan_tables import BatchState, PieceState, ScanBatch, ScanPiece, ScanSheet


@dataclass(frozen=True)
class Counted:
    """A batch with the number of its pieces, and of those that nobody could be assigned to."""

    batch: ScanBatch
    pieces: int
    unassigned: int


async def create_batch(tx: Transaction, *, box: str, duplex: bool) -> Counted:
    """Begin a batch whose paper goes into `box`."""
    cleaned = " ".join(box.split())
    if not cleaned:
        raise invalid("box", "Bitte nennen Sie den Karton oder Ordner, in den der Stapel kommt.")
    batch = ScanBatch(
        batch_id=new_id(),
        tenant_id=tx.principal.required_tenant(),
        box=cleaned,
        duplex=duplex,
        state=BatchState.RECEIVING,
        size_bytes=0,
        pages=0,
        blank_pages=0,
        separators=0,
        attempts=0,
        creator_account_id=tx.principal.required_account(),
        creator_name=tx.principal.display_name,
        create_time=tx.now,
        first_sheet=1,
    )
    tx.session.add(batch)
    await tx.session.flush()
    return Counted(batch, 0, 0)


async def list_batches(tx: Transaction, *, before: UUID | None, size: int) -> list[Counted]:
    """Return batches, the newest first, from below `before` on."""
    mine = select(ScanBatch).where(ScanBatch.tenant_id == tx.principal.required_tenant())
    if before is not None:
        mine = mine.where(ScanBatch.batch_id < before)
    return await _counted(tx, list(await tx.session.scalars(mine.order_by(ScanBatch.batch_id.desc()).limit(size))))


async def get_batch(tx: Transaction, batch_id: UUID) -> Counted:
    """Return a batch; raises NOT_FOUND."""
    return (await _counted(tx, [await _own_batch(tx, batch_id)]))[0]


async def begin_receiving(tx: Transaction, batch_id: UUID) -> ScanBatch:
    """Give the pages of a batch a place; whatever was sent before counts no more.

    Raises NOT_FOUND, PRECONDITION "BATCH_COMPLETE".
    """
    batch = await _receiving(tx, batch_id)
    batch.object_id = new_id()
    await tx.session.flush()
    return batch


async def finish_receiving(tx: Transaction, batch_id: UUID, *, object_id: UUID, size_bytes: int) -> None:
    """Let a batch wait to be separated; raises PRECONDITION "BATCH_COMPLETE" when its pages came some other way."""
    batch = await _receiving(tx, batch_id)
    if batch.object_id != object_id:
        raise _complete()
    batch.size_bytes, batch.state = size_bytes, BatchState.WAITING
    await tx.session.flush()


async def list_pieces(tx: Transaction, *, batch_id: UUID | None, after: int | UUID, size: int) -> list[ScanPiece]:
    """Return pieces of a batch from behind a position on, or unassigned ones of all batches from behind an id on."""
    mine = select(ScanPiece).where(ScanPiece.tenant_id == tx.principal.required_tenant())
    if batch_id is not None:
        mine = mine.where(ScanPiece.batch_id == batch_id, ScanPiece.position > after).order_by(ScanPiece.position)
    else:
        unassigned = ScanPiece.state == PieceState.UNASSIGNED
        mine = mine.where(unassigned, ScanPiece.piece_id > after).order_by(ScanPiece.piece_id)
    return list(await tx.session.scalars(mine.limit(size)))


async def assign_piece(tx: Transaction, *, piece_id: UUID, sheet_number: str) -> ScanPiece:
    """Let a sheet lead an unassigned piece, or, by the binder's number, the binder from which it was scanned.

    Raises PRECONDITION "PIECE_SETTLED" and "SHEET_INVALID", NOT_FOUND.
    """
    piece = await _unassigned(tx, piece_id)
    if await _goes_into_binder(tx, piece, clean_number(sheet_number)):
        return piece
    sheet = await tx.session.scalar(select(ScanSheet).where(ScanSheet.number == clean_number(sheet_number)))
    if sheet is None:
        raise not_found("Das Trennblatt")
    if not sheet.is_valid(tx.now):
        raise sheet_invalid()
    piece.sheet_id, piece.sheet_number = sheet.sheet_id, sheet.number
    piece.state, piece.problem = PieceState.ASSIGNED, ScanPieceProblem.SCAN_PIECE_PROBLEM_UNSPECIFIED
    await tx.session.flush()
    return piece


async def discard_piece(tx: Transaction, *, piece_id: UUID, reason: str) -> ScanPiece:
    """Give an unassigned piece up; its pages go with its batch's key. Raises PRECONDITION "PIECE_SETTLED"."""
    piece = await _unassigned(tx, piece_id)
    piece.reason = " ".join(reason.split())
    if not piece.reason:
        raise invalid("reason", "Bitte nennen Sie den Grund.")
    piece.state = PieceState.DISCARDED
    await tx.session.flush()
    return piece


async def _goes_into_binder(tx: Transaction, piece: ScanPiece, number: str) -> bool:
    """Let a piece go where the rest of its binder goes, if the number is that binder's."""
    order_id = await tx.session.scalar(
        select(BinderOrder.binder_order_id)
        .join(ScanBatch, ScanBatch.binder_order_id == BinderOrder.binder_order_id)
        .where(ScanBatch.batch_id == piece.batch_id, BinderOrder.number == number)
    )
    if order_id is None:
        return False
    piece.binder_order_id, piece.sheet_id = order_id, None
    piece.state, piece.problem = PieceState.ASSIGNED, ScanPieceProblem.SCAN_PIECE_PROBLEM_UNSPECIFIED
    await tx.session.flush()
    return True


async def _unassigned(tx: Transaction, piece_id: UUID) -> ScanPiece:
    mine = (ScanPiece.piece_id == piece_id, ScanPiece.tenant_id == tx.principal.required_tenant())
    piece = await tx.session.scalar(select(ScanPiece).where(*mine).with_for_update())
    if piece is None:
        raise not_found("Das Poststück")
    if piece.state != PieceState.UNASSIGNED:
        raise DomainError(ErrorKind.PRECONDITION, "PIECE_SETTLED", "Dieses Poststück ist schon erledigt.")
    return piece


async def _receiving(tx: Transaction, batch_id: UUID) -> ScanBatch:
    batch = await _own_batch(tx, batch_id, for_update=True)
    if batch.state != BatchState.RECEIVING:
        raise _complete()
    return batch


async def _own_batch(tx: Transaction, batch_id: UUID, *, for_update: bool = False) -> ScanBatch:
    wanted = select(ScanBatch).where(
        ScanBatch.batch_id == batch_id, ScanBatch.tenant_id == tx.principal.required_tenant()
    )
    found = await tx.session.scalar(wanted.with_for_update() if for_update else wanted)
    if found is None:
        raise not_found("Der Stapel")
    return found


async def _counted(tx: Transaction, batches: list[ScanBatch]) -> list[Counted]:
    unassigned = func.count().filter(ScanPiece.state == PieceState.UNASSIGNED)
    found = await tx.session.execute(
        select(ScanPiece.batch_id, func.count(), unassigned)
        .where(ScanPiece.batch_id.in_([batch.batch_id for batch in batches]))
        .group_by(ScanPiece.batch_id)
    )
    counts = {batch_id: (pieces, open_ones) for batch_id, pieces, open_ones in found}
    return [Counted(batch, *counts.get(batch.batch_id, (0, 0))) for batch in batches]


def _complete() -> DomainError:
    return DomainError(ErrorKind.PRECONDITION, "BATCH_COMPLETE", "Die Seiten dieses Stapels sind schon angekommen.")
