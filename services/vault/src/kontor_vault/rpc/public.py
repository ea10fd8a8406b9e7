"""VaultService: what customers and staff may ask."""

from __future__ import annotations

from typing import Protocol
from uuid import UUID

from google.protobuf.empty_pb2 import Empty
from kontor.vault.v1 import vault_pb2 as pb
from kontor_chassis.database import RowReader, UnitOfWork
from kontor_chassis.errors import DomainError, not_found
from kontor_chassis.ids import parse_id
from kontor_chassis.paging import page_size
from kontor_chassis.principal import current_principal
from kontor_chassis.service import Context

from kontor_vault import (
    documents,
    folders,
    grants,
    ledger_queries,
    papers,
    queries,
    quotas,
    trash,
    uploads,
    versions,
)
from kontor_vault.firm_storage import Plans
from kontor_vault.folders import UNCHANGED
from kontor_vault.grantees import Grantees
from kontor_vault.objects import Objects
from kontor_vault.people import People
from kontor_vault.rpc import convert
from kontor_vault.rpc.green_eye import GreenEye
from kontor_vault.rpc.masks import changed_fields
from kontor_vault.rpc.releases import Releases
from kontor_vault.sealing import Sealing
from kontor_vault.visibility import require_customer_scope


class _OfCustomer(Protocol):
    customer_id: str


class _OfDocument(_OfCustomer, Protocol):
    document_id: str


_CHANGEABLE = (
    "title",
    "kind",
    "folder_id",
    "contract_id",
    "tags",
    "note",
    "concerned_person",
    "dated_on",
    "due_on",
    "remind_days",
)


class VaultRpc(GreenEye):
    """Serves the public calls."""

    def __init__(
        self,
        work: UnitOfWork,
        rows: RowReader,
        objects: Objects,
        people: People,
        grantees: Grantees,
        sealing: Sealing,
        default_quota_bytes: int,
        plans: Plans,
    ) -> None:
        self._work = work
        self._objects = objects
        self._rows = rows
        self._people = people
        self._grantees = grantees
        self._sealing = sealing
        self._releases = Releases(people)
        self._default_quota = default_quota_bytes
        self._plans = plans

    async def ListFolders(self, request: pb.ListFoldersRequest, context: Context) -> pb.ListFoldersResponse:
        found, token = await queries.list_folders(
            self._rows,
            current_principal(),
            customer_id=_customer_in_scope(request),
            size=page_size(request.page_size),
            page_token=request.page_token,
            release_id=await self._releases.of_caller(),
        )
        return pb.ListFoldersResponse(folders=map(convert.folder_row, found), next_page_token=token)

    async def GetFolder(self, request: pb.GetFolderRequest, context: Context) -> pb.Folder:
        found = await queries.find_folder(
            self._rows,
            current_principal(),
            customer_id=_customer_in_scope(request),
            folder_id=parse_id(request.folder_id, "folder_id"),
            release_id=await self._releases.of_caller(),
        )
        if found is None:
            raise not_found("Der Ordner")
        return convert.folder_row(found)

    async def CreateFolder(self, request: pb.CreateFolderRequest, context: Context) -> pb.Folder:
        async with self._work.command(request) as tx:
            folder = await folders.create_folder(
                tx,
                customer_id=_customer(request),
                parent_id=convert.optional_id(request.folder.parent_id, "folder.parent_id"),
                name=request.folder.name,
            )
            return await tx.commit(convert.folder(folder))

    async def UpdateFolder(self, request: pb.UpdateFolderRequest, context: Context) -> pb.Folder:
        given = request.folder
        fields = changed_fields(request.update_mask, given, ("name", "parent_id"))
        async with self._work.command(request) as tx:
            folder = await folders.update_folder(
                tx,
                customer_id=parse_id(given.customer_id, "folder.customer_id"),
                folder_id=parse_id(given.folder_id, "folder.folder_id"),
                etag=given.etag,
                name=given.name if "name" in fields else UNCHANGED,
                parent_id=convert.optional_id(given.parent_id, "folder.parent_id")
                if "parent_id" in fields
                else UNCHANGED,
            )
            granted = await grants.is_folder_granted(tx, folder.folder_id)
            return await tx.commit(convert.folder(folder, granted=granted))

    async def DeleteFolder(self, request: pb.DeleteFolderRequest, context: Context) -> Empty:
        async with self._work.command(request) as tx:
            await folders.delete_folder(
                tx,
                customer_id=_customer(request),
                folder_id=parse_id(request.folder_id, "folder_id"),
                etag=request.etag,
            )
            return await tx.commit(Empty())

    async def ListDocuments(self, request: pb.ListDocumentsRequest, context: Context) -> pb.ListDocumentsResponse:
        found, token = await queries.list_documents(
            self._rows,
            current_principal(),
            customer_id=_customer_in_scope(request),
            folder_id=convert.optional_id(request.folder_id, "folder_id"),
            trashed=request.trashed,
            tag=request.tag,
            concerned_person=request.concerned_person,
            kind=request.kind,
            contract_id=convert.optional_id(request.contract_id, "contract_id"),
            size=page_size(request.page_size),
            page_token=request.page_token,
            release_id=await self._releases.of_caller(),
        )
        return pb.ListDocumentsResponse(documents=map(convert.document_row, found), next_page_token=token)

    async def GetDocument(self, request: pb.GetDocumentRequest, context: Context) -> pb.Document:
        return convert.document_row(await self._document_row(request))

    async def UpdateDocument(self, request: pb.UpdateDocumentRequest, context: Context) -> pb.Document:
        given = request.document
        fields = changed_fields(request.update_mask, given, _CHANGEABLE)
        folder_id = convert.optional_id(given.folder_id, "document.folder_id")
        contract_id = convert.optional_id(given.contract_id, "document.contract_id")
        change = documents.DocumentChange(
            title=given.title if "title" in fields else UNCHANGED,
            kind=convert.kind(given.kind) if "kind" in fields else UNCHANGED,
            folder_id=folder_id if "folder_id" in fields else UNCHANGED,
            contract_id=contract_id if "contract_id" in fields else UNCHANGED,
            said=papers.Said(
                tags=list(given.tags) if "tags" in fields else UNCHANGED,
                note=given.note if "note" in fields else UNCHANGED,
                concerned_person=given.concerned_person if "concerned_person" in fields else UNCHANGED,
                dated_on=papers.day_of(given.dated_on, "document.dated_on") if "dated_on" in fields else UNCHANGED,
                due_on=papers.day_of(given.due_on, "document.due_on") if "due_on" in fields else UNCHANGED,
                remind_days=given.remind_days if "remind_days" in fields else UNCHANGED,
            ),
        )
        async with self._work.command(request) as tx:
            document = await documents.update_document(
                tx,
                customer_id=parse_id(given.customer_id, "document.customer_id"),
                document_id=parse_id(given.document_id, "document.document_id"),
                etag=given.etag,
                change=change,
            )
            granted = await grants.is_document_granted(tx, document.document_id)
            return await tx.commit(convert.document(document, granted=granted))

    async def TrashDocument(self, request: pb.TrashDocumentRequest, context: Context) -> pb.Document:
        async with self._work.command(request) as tx:
            document = await trash.trash_document(
                tx, customer_id=_customer(request), document_id=_document(request.document_id), etag=request.etag
            )
            return await tx.commit(convert.document(document))

    async def RestoreDocument(self, request: pb.RestoreDocumentRequest, context: Context) -> pb.Document:
        async with self._work.command(request) as tx:
            document = await trash.restore_document(
                tx, customer_id=_customer(request), document_id=_document(request.document_id)
            )
            granted = await grants.is_document_granted(tx, document.document_id)
            return await tx.commit(convert.document(document, granted=granted))

    async def DeleteDocument(self, request: pb.DeleteDocumentRequest, context: Context) -> Empty:
        async with self._work.command(request) as tx:
            await trash.delete_document(
                tx, self._objects, customer_id=_customer(request), document_id=_document(request.document_id)
            )
            return await tx.commit(Empty())

    async def ListDocumentVersions(
        self, request: pb.ListDocumentVersionsRequest, context: Context
    ) -> pb.ListDocumentVersionsResponse:
        document = await self._document_row(request)
        found, token = await queries.list_versions(
            self._rows,
            current_principal(),
            document_id=document["document_id"],
            size=page_size(request.page_size),
            page_token=request.page_token,
        )
        return pb.ListDocumentVersionsResponse(versions=map(convert.version_row, found), next_page_token=token)

    async def RestoreDocumentVersion(self, request: pb.RestoreDocumentVersionRequest, context: Context) -> pb.Document:
        async with self._work.command(request) as tx:
            document = await versions.restore_version(
                tx,
                customer_id=_customer(request),
                document_id=_document(request.document_id),
                number=request.version,
                reason=request.reason,
                etag=request.etag,
            )
            granted = await grants.is_document_granted(tx, document.document_id)
            return await tx.commit(convert.document(document, granted=granted))

    async def ListDuplicates(self, request: pb.ListDuplicatesRequest, context: Context) -> pb.ListDuplicatesResponse:
        found, token = await queries.list_duplicates(
            self._rows,
            current_principal(),
            document=await self._document_row(request),
            size=page_size(request.page_size),
            page_token=request.page_token,
        )
        return pb.ListDuplicatesResponse(documents=map(convert.document_row, found), next_page_token=token)

    async def GetDocumentLabels(self, request: pb.GetDocumentLabelsRequest, context: Context) -> pb.DocumentLabels:
        customer_id = _customer_in_scope(request)
        caller = current_principal()
        counted = await papers.count_labels(self._rows, caller, customer_id)
        return convert.labels(counted, await papers.count_kinds(self._rows, caller, customer_id))

    async def CreateUpload(self, request: pb.CreateUploadRequest, context: Context) -> pb.Upload:
        caller, customer_id = current_principal(), _customer(request)
        if caller.is_staff:
            await self._people.require_customer(caller.required_tenant(), customer_id)
        intent = uploads.Intent(
            file_name=request.file_name,
            size_bytes=request.size_bytes,
            title=request.title,
            kind=convert.kind(request.kind),
            folder_id=convert.optional_id(request.folder_id, "folder_id"),
            contract_id=convert.optional_id(request.contract_id, "contract_id"),
            document_id=convert.optional_id(request.document_id, "document_id"),
            reason=request.reason,
        )
        plan = await self._plans.storage(caller.required_tenant())
        async with self._work.command(request) as tx:
            upload = await uploads.create_upload(
                tx, customer_id=customer_id, intent=intent, default_limit=self._default_quota, plan=plan
            )
            return await tx.commit(convert.upload(upload))

    async def CancelUpload(self, request: pb.CancelUploadRequest, context: Context) -> Empty:
        async with self._work.command(request) as tx:
            await uploads.abandon_upload(
                tx, upload_id=parse_id(request.upload_id, "upload_id"), customer_id=_customer(request)
            )
            return await tx.commit(Empty())

    async def GetQuota(self, request: pb.GetQuotaRequest, context: Context) -> pb.Quota:
        async with self._work.query() as tx:
            return convert.quota(await quotas.quota_of(tx, _customer_in_scope(request), self._default_quota))

    async def ListGrants(self, request: pb.ListGrantsRequest, context: Context) -> pb.ListGrantsResponse:
        found, token = await queries.list_grants(
            self._rows,
            current_principal(),
            customer_id=_customer_in_scope(request),
            include_revoked=request.include_revoked,
            size=page_size(request.page_size),
            page_token=request.page_token,
        )
        return pb.ListGrantsResponse(grants=map(convert.grant_row, found), next_page_token=token)

    async def CreateGrant(self, request: pb.CreateGrantRequest, context: Context) -> pb.Grant:
        caller, customer_id = current_principal(), _customer_in_scope(request)
        named = convert.named(request.grant)
        permission = grants.Permission(
            grantee=await self._grantees.named(caller.required_tenant(), customer_id, named),
            may_contribute=request.grant.may_contribute,
            expire_time=convert.optional_time(request.grant, "expire_time"),
        )
        async with self._work.command(request) as tx:
            grant = await grants.give_grant(
                tx,
                customer_id=customer_id,
                document_id=convert.optional_id(request.grant.document_id, "grant.document_id"),
                folder_id=convert.optional_id(request.grant.folder_id, "grant.folder_id"),
                permission=permission,
            )
            given = await tx.commit(convert.grant(grant))
        try:
            if permission.grantee.through_id is not None:
                await self._grantees.named(caller.required_tenant(), customer_id, named)
        except DomainError:
            async with self._work.work(caller) as tx:
                await grants.revoke_grant(tx, customer_id=customer_id, grant_id=parse_id(given.grant_id, "grant_id"))
                await tx.commit()
            raise
        return given

    async def RevokeGrant(self, request: pb.RevokeGrantRequest, context: Context) -> pb.Grant:
        async with self._work.command(request) as tx:
            grant = await grants.revoke_grant(
                tx, customer_id=_customer(request), grant_id=parse_id(request.grant_id, "grant_id")
            )
            return await tx.commit(convert.grant(grant))

    async def ListSightings(self, request: pb.ListSightingsRequest, context: Context) -> pb.ListSightingsResponse:
        wanted = ledger_queries.Filter(
            document_id=convert.optional_id(request.document_id, "document_id"),
            actions=tuple(request.actions),
            by_others=request.by_others,
            from_time=convert.optional_time(request, "from_time"),
            before_time=convert.optional_time(request, "before_time"),
        )
        found, token = await ledger_queries.list_sightings(
            self._rows,
            current_principal(),
            customer_id=_customer_in_scope(request),
            wanted=wanted,
            size=page_size(request.page_size),
            page_token=request.page_token,
        )
        return pb.ListSightingsResponse(sightings=map(convert.sighting_row, found), next_page_token=token)

    async def VerifySightings(self, request: pb.VerifySightingsRequest, context: Context) -> pb.VerifySightingsResponse:
        tenant_id = current_principal().required_tenant()
        async with self._work.query() as tx:
            return convert.verdict(
                await self._sealing.verify(tx, tenant_id=tenant_id, customer_id=_customer_in_scope(request))
            )

    async def _document_row(self, request: _OfDocument) -> queries.Row:
        found = await queries.find_document(
            self._rows,
            current_principal(),
            customer_id=_customer_in_scope(request),
            document_id=_document(request.document_id),
            release_id=await self._releases.of_caller(),
        )
        if found is None:
            raise not_found("Das Dokument")
        return found


def _customer(request: _OfCustomer) -> UUID:
    return parse_id(request.customer_id, "customer_id")


def _customer_in_scope(request: _OfCustomer) -> UUID:
    customer_id = _customer(request)
    require_customer_scope(current_principal(), customer_id)
    return customer_id


def _document(text: str) -> UUID:
    return parse_id(text, "document_id")
