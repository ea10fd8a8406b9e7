"""ScanCentreService and the edge's calls for a batch's pages: proto → use case → proto."""

from __future__ import annotations

from uuid import UUID

from google.protobuf.empty_pb2 import Empty
from kontor.vault.v1 import internal_pb2, scan_centre_pb2, scan_intake_internal_pb2
from kontor.vault.v1.scan_centre_pb2_grpc import ScanCentreServiceServicer
from kontor.vault.v1.scan_intake_internal_pb2_grpc import ScanIntakeInternalServiceServicer
from kontor_chassis.database import UnitOfWork
from kontor_chassis.errors import invalid
from kontor_chassis.ids import parse_id
from kontor_chassis.paging import cursor_int, decode_cursor, encode_cursor, page_size
from kontor_chassis.service import Context

from kontor_vault import scan_batches
from kontor_vault.content import associated_data, object_path
from kontor_vault.keys import CustomerKeys
from kontor_vault.rendering.process import LARGEST_BYTES
from kontor_vault.rpc import convert
from kontor_vault.scan_batches import Counted
from kontor_vault.scan_tables import BatchState, ScanPiece
from kontor_vault.scan_work import SERVICE


class ScanCentreRpc(ScanCentreServiceServicer):
    """Serves the calls."""

    def __init__(self, work: UnitOfWork) -> None:
        self._work = work

    async def CreateScanBatch(
        self, request: scan_centre_pb2.CreateScanBatchRequest, context: Context
    ) -> scan_centre_pb2.ScanBatch:
        async with self._work.command(request) as tx:
            return await tx.commit(
                scan_batch(await scan_batches.create_batch(tx, box=request.box, duplex=request.duplex))
            )

    async def ListScanBatches(
        self, request: scan_centre_pb2.ListScanBatchesRequest, context: Context
    ) -> scan_centre_pb2.ListScanBatchesResponse:
        size, cursor = page_size(request.page_size), decode_cursor(request.page_token, UUID)
        async with self._work.query() as tx:
            found = await scan_batches.list_batches(tx, before=cursor[0] if cursor else None, size=size + 1)
        token = encode_cursor(found[size - 1].batch.batch_id) if len(found) > size else ""
        return scan_centre_pb2.ListScanBatchesResponse(
            batches=[scan_batch(each) for each in found[:size]], next_page_token=token
        )

    async def GetScanBatch(
        self, request: scan_centre_pb2.GetScanBatchRequest, context: Context
    ) -> scan_centre_pb2.ScanBatch:
        async with self._work.query() as tx:
            return scan_batch(await scan_batches.get_batch(tx, parse_id(request.batch_id, "batch_id")))

    async def ListScanPieces(
        self, request: scan_centre_pb2.ListScanPiecesRequest, context: Context
    ) -> scan_centre_pb2.ListScanPiecesResponse:
        size, batch_id = page_size(request.page_size), convert.optional_id(request.batch_id, "batch_id")
        after: int | UUID
        if batch_id is None:
            by_id = decode_cursor(request.page_token, UUID)
            after = by_id[0] if by_id else UUID(int=0)
        else:
            by_position = decode_cursor(request.page_token, cursor_int)
            after = by_position[0] if by_position else 0
        async with self._work.query() as tx:
            found = await scan_batches.list_pieces(tx, batch_id=batch_id, after=after, size=size + 1)
        token = ""
        if len(found) > size:
            last = found[size - 1]
            token = encode_cursor(str(last.piece_id if batch_id is None else last.position))
        return scan_centre_pb2.ListScanPiecesResponse(
            pieces=[_piece(each) for each in found[:size]], next_page_token=token
        )

    async def AssignScanPiece(
        self, request: scan_centre_pb2.AssignScanPieceRequest, context: Context
    ) -> scan_centre_pb2.ScanPiece:
        async with self._work.command(request) as tx:
            piece_id = parse_id(request.piece_id, "piece_id")
            piece = await scan_batches.assign_piece(tx, piece_id=piece_id, sheet_number=request.sheet_number)
            return await tx.commit(_piece(piece))

    async def DiscardScanPiece(
        self, request: scan_centre_pb2.DiscardScanPieceRequest, context: Context
    ) -> scan_centre_pb2.ScanPiece:
        async with self._work.command(request) as tx:
            piece_id = parse_id(request.piece_id, "piece_id")
            piece = await scan_batches.discard_piece(tx, piece_id=piece_id, reason=request.reason)
            return await tx.commit(_piece(piece))


class ScanIntakeRpc(ScanIntakeInternalServiceServicer):
    """Serves the file edge's calls."""

    def __init__(self, work: UnitOfWork, keys: CustomerKeys) -> None:
        self._work = work
        self._keys = keys

    async def BeginScanBatch(
        self, request: scan_intake_internal_pb2.BeginScanBatchRequest, context: Context
    ) -> internal_pb2.UploadPermit:
        async with self._work.command(request) as tx:
            batch = await scan_batches.begin_receiving(tx, parse_id(request.batch_id, "batch_id"))
            place = (batch.tenant_id, batch.batch_id, batch.object_id or batch.batch_id)
            await tx.commit()
        async with self._work.work(SERVICE) as tx:  # the scan centre itself reaches no key
            key = await self._keys.content_key(tx, *place)
            await tx.commit()
        return internal_pb2.UploadPermit(
            object_path=object_path(*place),
            content_key=key,
            associated_data=associated_data(*place),
            size_bytes=LARGEST_BYTES,
        )

    async def FinishScanBatch(
        self, request: scan_intake_internal_pb2.FinishScanBatchRequest, context: Context
    ) -> Empty:
        if request.media_type != "application/pdf":
            raise invalid("media_type", "Ein Stapel ist eine PDF-Datei.", reason="BATCH_NOT_PDF")
        async with self._work.command(request) as tx:
            await scan_batches.finish_receiving(
                tx,
                parse_id(request.batch_id, "batch_id"),
                object_id=parse_id(request.object_id, "object_id"),
                size_bytes=request.size_bytes,
            )
            return await tx.commit(Empty())


def scan_batch(counted: Counted) -> scan_centre_pb2.ScanBatch:
    """Return a batch as a message."""
    batch = counted.batch
    receiving = batch.state == BatchState.RECEIVING
    return scan_centre_pb2.ScanBatch(
        batch_id=str(batch.batch_id),
        box=batch.box,
        duplex=batch.duplex,
        state=scan_centre_pb2.ScanBatchState.Value(f"SCAN_BATCH_STATE_{batch.state}"),
        pages=batch.pages,
        blank_pages=batch.blank_pages,
        separators=batch.separators,
        pieces=counted.pieces,
        unassigned=counted.unassigned,
        creator_name=batch.creator_name,
        create_time=convert.timestamp(batch.create_time),
        upload_path=f"/files/scan-batches/{batch.batch_id}" if receiving else "",
    )


def _piece(piece: ScanPiece) -> scan_centre_pb2.ScanPiece:
    return scan_centre_pb2.ScanPiece(
        piece_id=str(piece.piece_id),
        batch_id=str(piece.batch_id),
        box=piece.box,
        position=piece.position,
        first_page=piece.first_page,
        last_page=piece.last_page,
        pages=piece.pages,
        sheets=piece.sheets,
        state=scan_centre_pb2.ScanPieceState.Value(f"SCAN_PIECE_STATE_{piece.state}"),
        problem=scan_centre_pb2.ScanPieceProblem.ValueType(piece.problem),
        sheet_number=piece.sheet_number,
        reason=piece.reason,
        create_time=convert.timestamp(piece.create_time),
    )
