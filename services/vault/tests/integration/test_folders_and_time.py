"""The customer's tree, the trash, and what the vault does by the clock."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from google.protobuf.field_mask_pb2 import FieldMask
from google.protobuf.message import Message
from grpc import StatusCode
from grpc.aio import AioRpcError
from kontor.billing.v1 import events_pb2 as billing
from kontor.billing.v1.prices_pb2 import Tier
from kontor.common.v1.access_pb2 import Role
from kontor.vault.v1 import internal_pb2
from kontor.vault.v1 import vault_pb2 as pb
from kontor_chassis.events import EventMeta
from kontor_chassis.ids import new_id
from kontor_chassis.principal import Principal
from kontor_chassis.testing.refusals import refusal
from kontor_vault import jobs
from kontor_vault.adapters.objects import open_object_store
from kontor_vault.consumers import consumers

from services.vault.tests.vault_office import Edge, Office, Person, refused, upload

pytestmark = pytest.mark.integration


async def make(person: Person, name: str, parent_id: str = "", **more: str) -> pb.Folder:
    """Create a folder."""
    return await person.vault.CreateFolder(
        pb.CreateFolderRequest(customer_id=person.cid, folder=pb.Folder(name=name, parent_id=parent_id), **more)
    )


async def move(person: Person, folder: pb.Folder, parent_id: str, etag: str = "") -> pb.Folder:
    """Move a folder."""
    wanted = pb.Folder(customer_id=person.cid, folder_id=folder.folder_id, parent_id=parent_id, etag=etag)
    return await person.vault.UpdateFolder(
        pb.UpdateFolderRequest(folder=wanted, update_mask=FieldMask(paths=["parent_id"]))
    )


async def test_own_tree(office: Office, edge: Edge, tenant: UUID) -> None:
    """F4: the customer makes, renames, moves and deletes folders; names are unique beside siblings."""
    customer = await office.customer(tenant)
    a = await make(customer, "A")
    b = await make(customer, "B", a.folder_id)
    assert await refused(make(customer, "b ", a.folder_id)) is StatusCode.ALREADY_EXISTS
    assert await refused(make(customer, "a")) is StatusCode.ALREADY_EXISTS
    assert await refused(make(customer, "C", str(new_id()))) is StatusCode.NOT_FOUND
    assert await refused(move(customer, a, b.folder_id)) is StatusCode.INVALID_ARGUMENT
    assert await refused(move(customer, a, a.folder_id)) is StatusCode.INVALID_ARGUMENT
    moved = await move(customer, b, "", etag=b.etag)
    assert (moved.parent_id, moved.etag != b.etag) == ("", True)
    assert await refused(move(customer, b, a.folder_id, etag=b.etag)) is StatusCode.ABORTED
    document = await upload(edge, customer, b"1", file_name="x.txt", folder_id=b.folder_id)
    delete = pb.DeleteFolderRequest(customer_id=customer.cid, folder_id=b.folder_id)
    assert await refused(customer.vault.DeleteFolder(delete)) is StatusCode.FAILED_PRECONDITION
    ids = {"customer_id": customer.cid, "document_id": document.document_id}
    await customer.vault.TrashDocument(pb.TrashDocumentRequest(**ids))
    await customer.vault.DeleteFolder(delete)
    restored = await customer.vault.RestoreDocument(pb.RestoreDocumentRequest(**ids))
    assert restored.folder_id == ""


async def test_folder_with_a_draft_of_the_firm(office: Office, edge: Edge, tenant: UUID) -> None:
    """F4, F176: what the firm filed in it and has not released does not show, so it does not keep the folder either."""
    customer, petra = await office.customer(tenant), office.person(tenant, Role.ROLE_STAFF)
    folder = await make(customer, "Offen")
    open_to_firm = pb.Grant(folder_id=folder.folder_id, may_contribute=True)
    await customer.vault.CreateGrant(pb.CreateGrantRequest(customer_id=customer.cid, grant=open_to_firm))
    draft = await upload(edge, petra, b"%PDF-", customer.cid, folder_id=folder.folder_id)
    await customer.vault.DeleteFolder(pb.DeleteFolderRequest(customer_id=customer.cid, folder_id=folder.folder_id))
    ids = {"customer_id": customer.cid, "document_id": draft.document_id}
    assert (await petra.vault.GetDocument(pb.GetDocumentRequest(**ids))).folder_id == ""
    released = await petra.vault.ReleaseDocument(pb.ReleaseDocumentRequest(**ids))
    assert released.released
    assert (await customer.vault.GetDocument(pb.GetDocumentRequest(**ids))).folder_id == ""


async def test_concurrent_moves_make_no_circle(office: Office, tenant: UUID) -> None:
    """F4: two moves at once cannot hang two folders into each other."""
    customer = await office.customer(tenant)
    a, b = await make(customer, "A"), await make(customer, "B")
    moves = (move(customer, a, b.folder_id), move(customer, b, a.folder_id))
    outcomes = await asyncio.gather(*moves, return_exceptions=True)
    assert sum(isinstance(outcome, pb.Folder) for outcome in outcomes) == 1


async def test_same_request_id_same_answer(office: Office, tenant: UUID) -> None:
    """F4: a repeated command answers the same and does nothing twice."""
    customer, request_id = await office.customer(tenant), str(new_id())
    first = await make(customer, "Einmal", request_id=request_id)
    assert await make(customer, "Einmal", request_id=request_id) == first
    listed = await customer.vault.ListFolders(pb.ListFoldersRequest(customer_id=customer.cid))
    assert len(listed.folders) == 1


async def test_lists_go_on_where_they_stopped(office: Office, edge: Edge, tenant: UUID) -> None:
    """F1: pages are complete and in order, newest first, even when times are equal."""
    customer = await office.customer(tenant)
    for number in range(7):
        await upload(edge, customer, b"x", file_name=f"{number}.txt")
    found: list[str] = []
    token = ""
    while True:
        page = await customer.vault.ListDocuments(
            pb.ListDocumentsRequest(customer_id=customer.cid, page_size=3, page_token=token)
        )
        found += [document.title for document in page.documents]
        token = page.next_page_token
        if not token:
            break
    assert found == [str(number) for number in reversed(range(7))]


async def test_update_document(office: Office, edge: Edge, tenant: UUID) -> None:
    """F146, F147: title, kind and folder change under the field mask; an old etag is refused."""
    customer = await office.customer(tenant)
    document = await upload(edge, customer, b"1", file_name="Police_Kfz.txt")
    assert document.title == "Police Kfz"
    named = pb.Document(
        customer_id=customer.cid,
        document_id=document.document_id,
        title="Kfz-Police 2026",
        kind=pb.DOCUMENT_KIND_POLICY,
        etag=document.etag,
    )
    changed = await customer.vault.UpdateDocument(pb.UpdateDocumentRequest(document=named))
    assert (changed.title, changed.kind) == ("Kfz-Police 2026", pb.DOCUMENT_KIND_POLICY)
    stale = pb.UpdateDocumentRequest(document=named)
    assert await refused(customer.vault.UpdateDocument(stale)) is StatusCode.ABORTED
    forbidden = pb.UpdateDocumentRequest(document=named, update_mask=FieldMask(paths=["sha256"]))
    assert await refused(customer.vault.UpdateDocument(forbidden)) is StatusCode.INVALID_ARGUMENT


async def test_forgotten_uploads_are_swept(office: Office, edge: Edge, tenant: UUID) -> None:
    """F14: a reservation that nobody uses, or an edge that died while receiving, gives its room back in time."""
    customer = await office.customer(tenant)
    store = open_object_store(office.objects.as_uri())
    reserve = pb.CreateUploadRequest(customer_id=customer.cid, file_name="a", size_bytes=1000)
    idle, dying = await customer.vault.CreateUpload(reserve), await customer.vault.CreateUpload(reserve)
    permit = await customer.internal.BeginUpload(internal_pb2.BeginUploadRequest(upload_id=dying.upload_id))
    (office.objects / permit.object_path).parent.mkdir(parents=True)
    (office.objects / permit.object_path).write_bytes(b"half a file")

    async def reserved() -> int:
        return (await customer.vault.GetQuota(pb.GetQuotaRequest(customer_id=customer.cid))).reserved_bytes

    office.clock.advance(timedelta(minutes=59))
    assert await jobs.end_expired_uploads(office.jobs, store) == 0
    office.clock.advance(timedelta(minutes=1))
    assert await jobs.end_expired_uploads(office.jobs, store) == 1
    assert await reserved() == 1000
    office.clock.advance(timedelta(hours=11))
    assert await jobs.end_expired_uploads(office.jobs, store) == 1
    assert (await reserved(), office.stored_files()) == (0, [])
    answer = await edge.client.put(idle.upload_path, content=b"x" * 1000, headers=customer.headers)
    assert answer.json()["reason"] == "UPLOAD_ENDED"
    finish = internal_pb2.FinishUploadRequest(
        upload_id=dying.upload_id, sha256=bytes(32), size_bytes=5, media_type="text/plain"
    )
    assert await refused(customer.internal.FinishUpload(finish)) is StatusCode.FAILED_PRECONDITION
    office.clock.advance(timedelta(days=2))
    assert await jobs.forget_ended_uploads(office.jobs, store) == 2


async def test_trash_is_emptied_after_thirty_days(office: Office, edge: Edge, tenant: UUID) -> None:
    """F14: trashed documents keep counting and stay restorable for 30 days, then content and rows are gone."""
    customer = await office.customer(tenant)
    store = open_object_store(office.objects.as_uri())
    document = await upload(edge, customer, b"1" * 500, file_name="a.txt")
    await upload(edge, customer, b"2" * 300, file_name="a.txt", document_id=document.document_id)
    given = pb.CreateGrantRequest(customer_id=customer.cid, grant=pb.Grant(document_id=document.document_id))
    await customer.vault.CreateGrant(given)
    ids = {"customer_id": customer.cid, "document_id": document.document_id}
    await customer.vault.TrashDocument(pb.TrashDocumentRequest(**ids))
    same_again = await upload(edge, customer, b"1" * 500, file_name="a.txt")
    assert same_again.document_id != document.document_id, "the trash blocks no new upload of the same file"

    async def used() -> int:
        return (await customer.vault.GetQuota(pb.GetQuotaRequest(customer_id=customer.cid))).used_bytes

    office.clock.advance(timedelta(days=29, hours=23))
    assert await jobs.purge_trash(office.jobs, store) == 0
    assert await used() == 1300
    office.clock.advance(timedelta(hours=1))
    assert await jobs.purge_trash(office.jobs, store) == 1
    assert (await used(), len(office.stored_files())) == (500, 1)
    assert await refused(customer.vault.GetDocument(pb.GetDocumentRequest(**ids))) is StatusCode.NOT_FOUND
    left = await customer.vault.ListGrants(pb.ListGrantsRequest(customer_id=customer.cid))
    assert not left.grants


async def test_the_tier_decides_the_storage(office: Office, edge: Edge, tenant: UUID) -> None:
    """F14: tier 2 has 5 GB, tier 3 has 10 GB, more where booked; a withdrawal takes it back, but nothing stored."""
    customer = await office.customer(tenant)
    handlers = consumers(default_quota_bytes=0)

    async def happens(event: Message) -> pb.Quota:
        async with office.running.platform.work.work(Principal.of_service("vault", tenant)) as tx:
            await handlers[type(event)](tx, event, meta)
            await tx.commit()
        return await customer.vault.GetQuota(pb.GetQuotaRequest(customer_id=customer.cid))

    about: dict[str, Any] = {"tenant_id": str(tenant), "customer_id": customer.cid}
    meta = EventMeta(new_id(), "", "billing", "", tenant, office.clock.now(), 1)
    assert (await happens(billing.ServiceAgreementSigned(**about, tier=Tier.TIER_2))).limit_bytes == 5 << 30
    assert (await happens(billing.ServiceAgreementSigned(**about, tier=Tier.TIER_3))).limit_bytes == 10 << 30
    further = billing.StorageChanged(**about, tier=Tier.TIER_3, further_bytes=20 << 30)
    assert (await happens(further)).limit_bytes == 30 << 30
    further.further_bytes = 0
    assert (await happens(further)).limit_bytes == 10 << 30
    await upload(edge, customer, b"1" * 100, file_name="a.txt")
    quota = await happens(billing.ServiceAgreementWithdrawn(**about, tier=Tier.TIER_3))
    assert (quota.limit_bytes, quota.used_bytes) == (0, 100)
    more = pb.CreateUploadRequest(customer_id=customer.cid, file_name="b", size_bytes=1)
    assert await refused(customer.vault.CreateUpload(more)) is StatusCode.RESOURCE_EXHAUSTED


async def test_the_end_of_an_agreement_takes_its_storage(office: Office, edge: Edge, tenant: UUID) -> None:
    """F14: when the agreement has ended the default holds again; documents stay readable, uploads are refused."""
    customer = await office.customer(tenant)
    handlers = consumers(default_quota_bytes=50)
    about: dict[str, Any] = {"tenant_id": str(tenant), "customer_id": customer.cid, "tier": Tier.TIER_3}
    meta = EventMeta(new_id(), "", "billing", "", tenant, office.clock.now(), 1)

    async def happens(event: Message) -> None:
        async with office.running.platform.work.work(Principal.of_service("vault", tenant)) as tx:
            await handlers[type(event)](tx, event, meta)
            await tx.commit()

    await happens(billing.ServiceAgreementSigned(**about))
    document = await upload(edge, customer, b"1" * 100, file_name="a.txt")
    await happens(billing.ServiceAgreementEnded(**about, ends_on="2026-07-31"))
    quota = await customer.vault.GetQuota(pb.GetQuotaRequest(customer_id=customer.cid))
    assert (quota.limit_bytes, quota.used_bytes) == (50, 100)
    content = await edge.client.get(f"/files/documents/{document.document_id}", headers=customer.headers)
    assert (content.status_code, len(content.content)) == (200, 100)
    with pytest.raises(AioRpcError) as full:
        await customer.vault.CreateUpload(pb.CreateUploadRequest(customer_id=customer.cid, file_name="b", size_bytes=1))
    assert (refusal(full.value).reason, full.value.code()) == ("QUOTA_EXCEEDED", StatusCode.RESOURCE_EXHAUSTED)
