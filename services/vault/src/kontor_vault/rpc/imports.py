"""ImportService and what the file edge asks beside it: proto → use case → proto."""

from __future__ import annotations

from uuid import UUID

from google.protobuf.empty_pb2 import Empty
from kontor.vault.v1 import imports_internal_pb2, internal_pb2, originals_pb2
from kontor.vault.v1 import imports_pb2 as pb
from kontor.vault.v1.imports_internal_pb2_grpc import ImportInternalServiceServicer
from kontor.vault.v1.imports_pb2_grpc import ImportServiceServicer
from kontor_chassis.database import UnitOfWork
from kontor_chassis.ids import parse_id
from kontor_chassis.paging import decode_cursor, encode_cursor, page_size
from kontor_chassis.service import Context

from kontor_vault import imports
from kontor_vault.archive_format import ArchivedDelivery, ArchivedOriginal
from kontor_vault.content import associated_data, object_path
from kontor_vault.former import Former, FormerInstallations, place_of
from kontor_vault.keeping_tables import Import
from kontor_vault.keys import CustomerKeys
from kontor_vault.rpc import convert

_STATES = dict(originals_pb2.OriginalState.items())


class ImportRpc(ImportServiceServicer):
    """Serves the calls."""

    def __init__(self, work: UnitOfWork, former: FormerInstallations) -> None:
        self._work = work
        self._former = former

    async def CreateImport(self, request: pb.CreateImportRequest, context: Context) -> pb.Import:
        async with self._work.command(request) as tx:
            made = await imports.create_import(
                tx,
                customer_id=parse_id(request.customer_id, "customer_id"),
                document_id=parse_id(request.document_id, "document_id"),
            )
            return await tx.commit(_message(made))

    async def GetImport(self, request: pb.GetImportRequest, context: Context) -> pb.Import:
        async with self._work.query() as tx:
            found = await imports.get_import(
                tx,
                customer_id=parse_id(request.customer_id, "customer_id"),
                import_id=parse_id(request.import_id, "import_id"),
            )
            return _message(found)

    async def ListImports(self, request: pb.ListImportsRequest, context: Context) -> pb.ListImportsResponse:
        customer_id, size = parse_id(request.customer_id, "customer_id"), page_size(request.page_size)
        cursor = decode_cursor(request.page_token, UUID)
        async with self._work.query() as tx:
            before = cursor[0] if cursor else None
            found = await imports.list_imports(tx, customer_id=customer_id, before=before, size=size + 1)
            token = encode_cursor(found[size - 1].import_id) if len(found) > size else ""
            return pb.ListImportsResponse(imports=map(_message, found[:size]), next_page_token=token)

    async def DeleteImport(self, request: pb.DeleteImportRequest, context: Context) -> Empty:
        async with self._work.command(request) as tx:
            await imports.delete_import(
                tx,
                customer_id=parse_id(request.customer_id, "customer_id"),
                import_id=parse_id(request.import_id, "import_id"),
            )
            return await tx.commit(Empty())

    async def GetFormerInstallation(
        self, request: pb.GetFormerInstallationRequest, context: Context
    ) -> pb.FormerInstallation:
        former = await self._former.of_import(
            customer_id=parse_id(request.customer_id, "customer_id"),
            import_id=parse_id(request.import_id, "import_id"),
        )
        return _former(former)


class ImportInternalRpc(ImportInternalServiceServicer):
    """Serves the file edge."""

    def __init__(self, work: UnitOfWork, keys: CustomerKeys) -> None:
        self._work = work
        self._keys = keys

    async def OpenFormerFile(
        self, request: imports_internal_pb2.OpenFormerFileRequest, context: Context
    ) -> internal_pb2.DownloadPermit:
        async with self._work.query() as tx:
            file = await imports.open_former_file(tx, file_id=parse_id(request.file_id, "file_id"))
            place = place_of(file)
            return internal_pb2.DownloadPermit(
                object_path=object_path(*place),
                content_key=await self._keys.content_key(tx, *place),
                associated_data=associated_data(*place),
                size_bytes=file.size_bytes,
                sha256=file.sha256.hex(),
                media_type="application/octet-stream",
                file_name=file.name.rpartition("/")[2],
                create_time=convert.timestamp(file.import_time),
            )


def _message(row: Import) -> pb.Import:
    return pb.Import(
        import_id=str(row.import_id),
        customer_id=str(row.customer_id),
        document_id=str(row.document_id),
        title=row.title,
        state=pb.ImportState.Value(f"IMPORT_STATE_{row.state}"),
        total_bytes=row.total_bytes,
        done_bytes=row.done_bytes,
        refusal=pb.ImportRefusal.Value(f"IMPORT_REFUSAL_{row.refusal or 'UNSPECIFIED'}"),
        refused_path=row.refused_path,
        documents=row.documents,
        versions=row.versions,
        folders=row.folders,
        emergency_items=row.items,
        unreadable_versions=row.unreadable,
        create_time=convert.timestamp(row.create_time),
        end_time=None if row.end_time is None else convert.timestamp(row.end_time),
    )


def _former(former: Former) -> pb.FormerInstallation:
    archive, titles = former.archive, former.titles()
    return pb.FormerInstallation(
        make_time=convert.timestamp(archive.make_time),
        grants=[
            pb.FormerGrant(
                title=_title(titles, grant.document_id or grant.folder_id),
                grantee_name=grant.grantee_name,
                may_contribute=grant.may_contribute,
                expire_time=None if grant.expire_time is None else convert.timestamp(grant.expire_time),
            )
            for grant in archive.grants
        ],
        deliveries=[_delivery(former, each) for each in archive.deliveries],
        originals=[_original(titles, each) for each in archive.originals],
        secrets_to_renew=[item.title for item in archive.emergency_items if item.had_secret],
    )


def _delivery(former: Former, delivery: ArchivedDelivery) -> pb.FormerDelivery:
    file = former.files.get(delivery.proof_path)
    return pb.FormerDelivery(
        title=delivery.title,
        provide_time=convert.timestamp(delivery.steps[0].time) if delivery.steps else None,
        proof_path=f"/files/former/{file.file_id}" if file else "",
    )


def _original(titles: dict[UUID, str], original: ArchivedOriginal) -> pb.FormerOriginal:
    return pb.FormerOriginal(
        title=_title(titles, original.document_id),
        place=f"{original.box} / {original.position}",
        state=_STATES.get(f"ORIGINAL_STATE_{original.state}", originals_pb2.ORIGINAL_STATE_UNSPECIFIED),
        keep_until=str(original.keep_until),
    )


def _title(titles: dict[UUID, str], named: UUID | None) -> str:
    return titles.get(named, "") if named else ""
