"""VaultInternalService: permits for the file edge, and filing by other services."""

from __future__ import annotations

import asyncio
from uuid import UUID

from google.protobuf.empty_pb2 import Empty
from kontor.common.v1.access_pb2 import Role
from kontor.vault.v1 import internal_pb2 as pb
from kontor.vault.v1 import vault_pb2
from kontor.vault.v1.internal_pb2_grpc import VaultInternalServiceServicer
from kontor_chassis.database import Transaction, UnitOfWork
from kontor_chassis.errors import DomainError, ErrorKind
from kontor_chassis.ids import parse_id
from kontor_chassis.principal import current_principal, set_current_principal
from kontor_chassis.service import Context

from kontor_vault import deliveries, documents, erasure, exports, filing, parts, quotas, uploads
from kontor_vault.content import SealedContent, SealedWriter, associated_data, object_path
from kontor_vault.keys import CustomerKeys
from kontor_vault.objects import Objects
from kontor_vault.rpc import convert
from kontor_vault.rpc.releases import Releases
from kontor_vault.sharing import Sharing
from kontor_vault.tables import UploadPart


class VaultInternalRpc(VaultInternalServiceServicer):
    """Serves the internal calls."""

    def __init__(
        self, work: UnitOfWork, keys: CustomerKeys, objects: Objects, releases: Releases, sharing: Sharing
    ) -> None:
        self._work = work
        self._sharing = sharing
        self._releases = releases
        self._keys = keys
        self._objects = objects

    async def BeginUpload(self, request: pb.BeginUploadRequest, context: Context) -> pb.UploadPermit:
        async with self._work.command(request) as tx:
            upload = await uploads.begin_upload(tx, upload_id=_upload(request.upload_id))
            place = (upload.tenant_id, upload.customer_id, upload.upload_id)
            permit = pb.UploadPermit(
                object_path=object_path(*place),
                content_key=await self._keys.content_key(tx, *place),
                associated_data=associated_data(*place),
                size_bytes=upload.size_bytes,
            )
            return await tx.commit(permit)

    async def FinishUpload(self, request: pb.FinishUploadRequest, context: Context) -> vault_pb2.Document:
        sealed = SealedContent(request.size_bytes, request.sha256, request.media_type)
        async with self._work.command(request) as tx:
            document = await uploads.finish_upload(
                tx,
                upload_id=_upload(request.upload_id),
                sealed=sealed,
                part_id=convert.optional_id(request.part_id, "part_id"),
            )
            return await tx.commit(convert.document(document))

    async def AbandonUpload(self, request: pb.AbandonUploadRequest, context: Context) -> Empty:
        async with self._work.command(request) as tx:
            await uploads.abandon_upload(tx, upload_id=_upload(request.upload_id))
            return await tx.commit(Empty())

    async def GetUploadProgress(self, request: pb.GetUploadProgressRequest, context: Context) -> pb.UploadProgress:
        async with self._work.command(request) as tx:
            progress = await parts.progress_of(tx, upload_id=_upload(request.upload_id))
            return await tx.commit(convert.progress(progress))

    async def OpenUploadPart(self, request: pb.OpenUploadPartRequest, context: Context) -> pb.UploadPart:
        async with self._work.command(request) as tx:
            part, missing = await parts.open_part(
                tx, upload_id=_upload(request.upload_id), offset_bytes=request.offset_bytes
            )
            return await tx.commit(await self._part_permit(tx, part, missing))

    async def CloseUploadPart(self, request: pb.CloseUploadPartRequest, context: Context) -> pb.UploadProgress:
        async with self._work.command(request) as tx:
            progress = await parts.close_part(
                tx,
                upload_id=_upload(request.upload_id),
                part_id=parse_id(request.part_id, "part_id"),
                size_bytes=request.size_bytes,
            )
            return await tx.commit(convert.progress(progress))

    async def JoinUpload(self, request: pb.JoinUploadRequest, context: Context) -> pb.JoinPermit:
        async with self._work.command(request) as tx:
            arrived, joint, upload = await parts.begin_join(tx, upload_id=_upload(request.upload_id))
            permit = pb.JoinPermit(joint=await self._part_permit(tx, joint, upload.size_bytes))
            for part in arrived:
                place = (part.tenant_id, part.customer_id, part.part_id)
                permit.parts.add(
                    object_path=object_path(*place),
                    content_key=await self._keys.content_key(tx, *place),
                    associated_data=associated_data(*place),
                    size_bytes=part.size_bytes or 0,
                )
            return await tx.commit(permit)

    async def _part_permit(self, tx: Transaction, part: UploadPart, size_bytes: int) -> pb.UploadPart:
        place = (part.tenant_id, part.customer_id, part.part_id)
        permit = pb.UploadPermit(
            object_path=object_path(*place),
            content_key=await self._keys.content_key(tx, *place),
            associated_data=associated_data(*place),
            size_bytes=size_bytes,
        )
        return pb.UploadPart(part_id=str(part.part_id), permit=permit)

    async def OpenDocument(self, request: pb.OpenDocumentRequest, context: Context) -> pb.DownloadPermit:
        document_id = parse_id(request.document_id, "document_id")
        release_id = await self._releases.of_caller()
        await self._let_expert_in(document_id)
        async with self._work.command(request) as tx:
            version = await documents.open_document(
                tx,
                document_id=document_id,
                number=request.version,
                action=request.action,
                release_id=release_id,
            )
            await deliveries.note_opening(tx, version)
            place = (version.tenant_id, version.customer_id, version.stored_as)
            permit = pb.DownloadPermit(
                object_path=object_path(*place),
                content_key=await self._keys.content_key(tx, *place),
                associated_data=associated_data(*place),
                size_bytes=version.size_bytes,
                sha256=version.sha256.hex(),
                media_type=version.media_type,
                file_name=version.file_name,
                create_time=convert.timestamp(version.create_time),
            )
            return await tx.commit(permit)

    async def _let_expert_in(self, document_id: UUID) -> None:
        """Let an expert go on as one who looks at the customer's; an employee sees what he sees as an employee."""
        caller = current_principal()
        if not caller.has(Role.ROLE_EXPERT):
            return
        if caller.is_staff:
            async with self._work.query() as tx:
                if await documents.is_visible(tx, document_id):
                    return
        set_current_principal((await self._sharing.with_document(caller, document_id)).viewer)

    async def OpenExport(self, request: pb.OpenExportRequest, context: Context) -> pb.DownloadPermit:
        async with self._work.command(request) as tx:
            export = await exports.open_export(tx, export_id=parse_id(request.export_id, "export_id"))
            place = (export.tenant_id, export.customer_id, export.export_id)
            permit = pb.DownloadPermit(
                object_path=object_path(*place),
                content_key=await self._keys.content_key(tx, *place),
                associated_data=associated_data(*place),
                size_bytes=export.size_bytes,
                sha256=(export.sha256 or b"").hex(),
                media_type="application/zip",
                file_name=f"Kontor {export.create_time:%Y-%m-%d}.zip",
                create_time=convert.timestamp(export.ready_time or export.create_time),
            )
            return await tx.commit(permit)

    async def StoreDocument(self, request: pb.StoreDocumentRequest, context: Context) -> vault_pb2.Document:
        customer_id = parse_id(request.customer_id, "customer_id")
        content_id = filing.content_id_of(customer_id, parse_id(request.request_id, "request_id"))
        what = filing.Filing(
            tenant_id=parse_id(request.tenant_id, "tenant_id"),
            customer_id=customer_id,
            title=request.title,
            file_name=request.file_name,
            kind=convert.kind(request.kind),
            contract_id=convert.optional_id(request.contract_id, "contract_id"),
            released=request.released,
        )
        async with self._work.command(request) as tx:
            _require_own_tenant(tx, what.tenant_id)
            place = (what.tenant_id, what.customer_id, content_id)
            document = await filing.filed_before(tx, content_id)
            if document is None:
                key = await self._keys.content_key(tx, *place)
                sealed = await asyncio.to_thread(self._seal, key, place, request.content)
                document = await filing.file_document(tx, what, content_id, sealed)
            return await tx.commit(convert.document(document))

    async def SetQuota(self, request: pb.SetQuotaRequest, context: Context) -> vault_pb2.Quota:
        tenant_id = parse_id(request.tenant_id, "tenant_id")
        async with self._work.command(request) as tx:
            _require_own_tenant(tx, tenant_id)
            quota = await quotas.set_limit(
                tx,
                tenant_id=tenant_id,
                customer_id=parse_id(request.customer_id, "customer_id"),
                limit_bytes=request.limit_bytes,
            )
            return await tx.commit(convert.quota(quota))

    async def EraseCustomer(self, request: pb.EraseCustomerRequest, context: Context) -> pb.ErasureCertificate:
        tenant_id = parse_id(request.tenant_id, "tenant_id")
        async with self._work.command(request) as tx:
            _require_own_tenant(tx, tenant_id)
            erased = await erasure.erase_customer(
                tx, tenant_id=tenant_id, customer_id=parse_id(request.customer_id, "customer_id")
            )
            return await tx.commit(convert.certificate(erased))

    def _seal(self, key: bytes, place: tuple[UUID, UUID, UUID], content: bytes) -> SealedContent:
        with SealedWriter(self._objects, object_path(*place), key, associated_data(*place)) as writer:
            writer.write(content)
            return writer.seal()


def _upload(text: str) -> UUID:
    return parse_id(text, "upload_id")


def _require_own_tenant(tx: Transaction, tenant_id: UUID) -> None:
    """Raise FORBIDDEN when a service's token was made for another firm than its request names."""
    if tx.principal.tenant_id != tenant_id:
        raise DomainError(ErrorKind.FORBIDDEN, "WRONG_TENANT", "Die Anfrage gehört zu einer anderen Firma.")
