"""ExportService: proto → use case → proto."""

from __future__ import annotations

from uuid import UUID

from google.protobuf.empty_pb2 import Empty
from kontor.vault.v1 import exports_pb2 as pb
from kontor.vault.v1.exports_pb2_grpc import ExportServiceServicer
from kontor_chassis.database import UnitOfWork
from kontor_chassis.ids import parse_id
from kontor_chassis.paging import decode_cursor, encode_cursor, page_size
from kontor_chassis.service import Context

from kontor_vault import exports
from kontor_vault.keeping_tables import Export, ExportState
from kontor_vault.objects import Objects
from kontor_vault.rpc import convert


class ExportRpc(ExportServiceServicer):
    """Serves the calls."""

    def __init__(self, work: UnitOfWork, objects: Objects) -> None:
        self._work = work
        self._objects = objects

    async def CreateExport(self, request: pb.CreateExportRequest, context: Context) -> pb.Export:
        async with self._work.command(request) as tx:
            customer_id = parse_id(request.customer_id, "customer_id")
            return await tx.commit(_message(await exports.create_export(tx, self._objects, customer_id=customer_id)))

    async def GetExport(self, request: pb.GetExportRequest, context: Context) -> pb.Export:
        async with self._work.query() as tx:
            found = await exports.get_export(
                tx,
                export_id=parse_id(request.export_id, "export_id"),
                customer_id=parse_id(request.customer_id, "customer_id"),
            )
            return _message(found)

    async def ListExports(self, request: pb.ListExportsRequest, context: Context) -> pb.ListExportsResponse:
        customer_id, size = parse_id(request.customer_id, "customer_id"), page_size(request.page_size)
        cursor = decode_cursor(request.page_token, UUID)
        async with self._work.query() as tx:
            before = cursor[0] if cursor else None
            found = await exports.list_exports(tx, customer_id=customer_id, before=before, size=size + 1)
            token = encode_cursor(found[size - 1].export_id) if len(found) > size else ""
            return pb.ListExportsResponse(exports=map(_message, found[:size]), next_page_token=token)

    async def DeleteExport(self, request: pb.DeleteExportRequest, context: Context) -> Empty:
        async with self._work.command(request) as tx:
            await exports.delete_export(
                tx,
                self._objects,
                customer_id=parse_id(request.customer_id, "customer_id"),
                export_id=parse_id(request.export_id, "export_id"),
            )
            return await tx.commit(Empty())


def _message(export: Export) -> pb.Export:
    return pb.Export(
        export_id=str(export.export_id),
        customer_id=str(export.customer_id),
        state=pb.ExportState.Value(f"EXPORT_STATE_{export.state}"),
        total_bytes=export.total_bytes,
        done_bytes=export.done_bytes,
        size_bytes=export.size_bytes,
        sha256=(export.sha256 or b"").hex(),
        documents=export.documents,
        damaged_files=export.damaged_files,
        create_time=convert.timestamp(export.create_time),
        ready_time=None if export.ready_time is None else convert.timestamp(export.ready_time),
        expire_time=None if export.expire_time is None else convert.timestamp(export.expire_time),
        download_path=f"/files/exports/{export.export_id}" if export.state == ExportState.READY else "",
    )
