"""Who sees what: grants, release, other firms, and row-level security behind it all."""

from __future__ import annotations

from typing import Any
from uuid import UUID

import asyncpg
import pytest
from google.protobuf.field_mask_pb2 import FieldMask
from grpc import StatusCode
from kontor.common.v1.access_pb2 import Role
from kontor.vault.v1 import internal_pb2
from kontor.vault.v1 import vault_pb2 as pb
from kontor_chassis.ids import new_id

from services.vault.tests.vault_office import Edge, Office, Person, refused, upload

pytestmark = pytest.mark.integration


async def titles(person: Person, customer: Person, **more: Any) -> list[str]:
    """Return the titles a person sees in a customer's list."""
    answer = await person.vault.ListDocuments(pb.ListDocumentsRequest(customer_id=customer.cid, **more))
    return [document.title for document in answer.documents]


async def status(edge: Edge, person: Person, document_id: str) -> int:
    """Return what a download answers."""
    return (await edge.client.get(f"/files/documents/{document_id}", headers=person.headers)).status_code


async def grant(customer: Person, **target: Any) -> pb.Grant:
    """Give a grant."""
    return await customer.vault.CreateGrant(pb.CreateGrantRequest(customer_id=customer.cid, grant=pb.Grant(**target)))


async def revoke(customer: Person, given: pb.Grant) -> None:
    """Revoke a grant."""
    await customer.vault.RevokeGrant(pb.RevokeGrantRequest(customer_id=customer.cid, grant_id=given.grant_id))


async def folder(customer: Person, name: str, parent_id: str = "") -> str:
    """Create a folder and return its id."""
    made = await customer.vault.CreateFolder(
        pb.CreateFolderRequest(customer_id=customer.cid, folder=pb.Folder(name=name, parent_id=parent_id))
    )
    return made.folder_id


async def test_nobody_sees_a_document_that_was_not_granted(office: Office, edge: Edge, tenant: UUID) -> None:
    """F2: not the broker, not another customer, not another firm, not the operator; existence included."""
    customer = await office.customer(tenant)
    document = await upload(edge, customer, b"privat", file_name="Brief.txt")
    get = pb.GetDocumentRequest(customer_id=customer.cid, document_id=document.document_id)
    others = {
        "employee": office.person(tenant, Role.ROLE_STAFF),
        "other customer": office.person(tenant, Role.ROLE_CUSTOMER, customer_id=new_id()),
        "other firm": office.person(new_id(), Role.ROLE_STAFF),
        "same customer id, other firm": office.person(new_id(), Role.ROLE_CUSTOMER, customer_id=customer.customer_id),
    }
    for who, person in others.items():
        assert await refused(person.vault.GetDocument(get)) is StatusCode.NOT_FOUND, who
        assert await status(edge, person, document.document_id) == 404, who
        trash = pb.TrashDocumentRequest(customer_id=customer.cid, document_id=document.document_id)
        assert await refused(person.vault.TrashDocument(trash)) is StatusCode.NOT_FOUND, who
        release = pb.ReleaseDocumentRequest(customer_id=customer.cid, document_id=document.document_id)
        if Role.ROLE_STAFF and "customer" not in who:
            assert await refused(person.vault.ReleaseDocument(release)) is StatusCode.NOT_FOUND, who
    assert await titles(others["employee"], customer) == []
    assert await titles(others["other firm"], customer) == []
    operator = office.person(tenant, Role.ROLE_OPERATOR)
    assert await refused(operator.vault.GetDocument(get)) is StatusCode.PERMISSION_DENIED
    assert await status(edge, operator, document.document_id) == 403


async def test_grants_open_and_close_at_once(office: Office, edge: Edge, tenant: UUID) -> None:
    """F3: a document or a folder with everything below it, for the firm or one person, until revoked."""
    customer = await office.customer(tenant)
    jonas, petra = await office.employee(tenant), await office.employee(tenant)
    stranger = office.person(new_id(), Role.ROLE_STAFF)
    outer = await folder(customer, "Versicherungen")
    inner = await folder(customer, "Kfz", outer)
    loose = await upload(edge, customer, b"1", file_name="Lose.txt")
    deep = await upload(edge, customer, b"2", file_name="Tief.txt", folder_id=inner)

    one = await grant(customer, document_id=loose.document_id, grantee_account_id=str(jonas.account_id))
    assert (await titles(jonas, customer), await titles(petra, customer)) == (["Lose"], [])
    assert (await status(edge, jonas, loose.document_id), await status(edge, petra, loose.document_id)) == (200, 404)
    all_of_it = await grant(customer, folder_id=outer)
    again = await grant(customer, folder_id=outer)
    assert again.grant_id == all_of_it.grant_id
    assert await titles(petra, customer) == ["Tief"]
    later = await upload(edge, customer, b"3", file_name="Später.txt", folder_id=inner)
    assert await titles(petra, customer) == ["Später", "Tief"]
    seen = await petra.vault.ListFolders(pb.ListFoldersRequest(customer_id=customer.cid))
    assert [(f.name, f.parent_id) for f in seen.folders] == [("Kfz", outer), ("Versicherungen", "")]
    assert await titles(stranger, customer) == []
    assert await status(edge, stranger, deep.document_id) == 404
    held = await petra.vault.ListGrants(pb.ListGrantsRequest(customer_id=customer.cid))
    assert [g.grant_id for g in held.grants] == [all_of_it.grant_id]
    change = pb.Document(customer_id=customer.cid, document_id=deep.document_id, title="Meins")
    update = pb.UpdateDocumentRequest(document=change, update_mask=FieldMask(paths=["title"]))
    assert await refused(petra.vault.UpdateDocument(update)) is StatusCode.PERMISSION_DENIED

    await revoke(customer, all_of_it)
    assert await titles(petra, customer) == []
    assert await status(edge, petra, later.document_id) == 404
    assert not (await petra.vault.ListFolders(pb.ListFoldersRequest(customer_id=customer.cid))).folders
    await revoke(customer, one)
    assert (await titles(jonas, customer), await status(edge, jonas, loose.document_id)) == ([], 404)
    history = await customer.vault.ListGrants(pb.ListGrantsRequest(customer_id=customer.cid, include_revoked=True))
    assert [bool(g.revoke_time.seconds) for g in history.grants] == [True, True]
    nobody = pb.Grant(document_id=loose.document_id, grantee_account_id=str(stranger.account_id))
    to_stranger = pb.CreateGrantRequest(customer_id=customer.cid, grant=nobody)
    assert await refused(customer.vault.CreateGrant(to_stranger)) is StatusCode.INVALID_ARGUMENT


async def test_moving_and_trashing_follow_the_grant(office: Office, edge: Edge, tenant: UUID) -> None:
    """F3: what is moved out of a granted folder, or into the trash, is seen no longer."""
    customer, petra = await office.customer(tenant), office.person(tenant, Role.ROLE_STAFF)
    granted, private = await folder(customer, "Offen"), await folder(customer, "Privat")
    await grant(customer, folder_id=granted)
    document = await upload(edge, customer, b"1", file_name="A.txt", folder_id=granted)
    sub = await folder(customer, "Unter", granted)
    below = await upload(edge, customer, b"2", file_name="B.txt", folder_id=sub)
    assert await titles(petra, customer) == ["B", "A"]
    moved = pb.Folder(customer_id=customer.cid, folder_id=sub, parent_id=private)
    await customer.vault.UpdateFolder(pb.UpdateFolderRequest(folder=moved, update_mask=FieldMask(paths=["parent_id"])))
    assert await titles(petra, customer) == ["A"]
    assert await status(edge, petra, below.document_id) == 404
    ids = {"customer_id": customer.cid, "document_id": document.document_id}
    await customer.vault.TrashDocument(pb.TrashDocumentRequest(**ids))
    assert await titles(petra, customer) == []
    assert await titles(customer, customer, trashed=True) == ["A"]
    await customer.vault.RestoreDocument(pb.RestoreDocumentRequest(**ids))
    assert await titles(petra, customer) == ["A"]


async def test_green_eye(office: Office, edge: Edge, tenant: UUID) -> None:
    """F176: what the firm files reaches the customer only once released; then it is his."""
    customer, petra = await office.customer(tenant), office.person(tenant, Role.ROLE_STAFF)
    policy = await upload(edge, petra, b"%PDF-", customer.cid, file_name="Police.pdf", kind=pb.DOCUMENT_KIND_POLICY)
    assert (policy.released, policy.origin) == (False, pb.DOCUMENT_ORIGIN_FIRM)
    assert await titles(customer, customer) == []
    assert await status(edge, customer, policy.document_id) == 404
    ids = {"customer_id": customer.cid, "document_id": policy.document_id}
    assert await refused(customer.vault.GetDocument(pb.GetDocumentRequest(**ids))) is StatusCode.NOT_FOUND
    released = await petra.vault.ReleaseDocument(pb.ReleaseDocumentRequest(**ids))
    assert released.released
    assert await titles(customer, customer) == ["Police"]
    assert await status(edge, customer, policy.document_id) == 200
    assert await refused(petra.vault.TrashDocument(pb.TrashDocumentRequest(**ids))) is StatusCode.PERMISSION_DENIED
    quota = await customer.vault.GetQuota(pb.GetQuotaRequest(customer_id=customer.cid))
    assert quota.used_bytes == 0, "what the firm files takes no storage of the customer's"
    unknown = pb.CreateUploadRequest(customer_id=str(new_id()), file_name="a", size_bytes=1)
    assert await refused(petra.vault.CreateUpload(unknown)) is StatusCode.NOT_FOUND


async def test_services_file_documents_once(office: Office, edge: Edge, tenant: UUID) -> None:
    """F33: an invoice made by billing is filed once per request, released, encrypted like everything else."""
    customer = await office.customer(tenant)
    request = internal_pb2.StoreDocumentRequest(
        tenant_id=str(tenant),
        customer_id=customer.cid,
        title="Rechnung 2026-07",
        file_name="Rechnung.pdf",
        kind=pb.DOCUMENT_KIND_INVOICE,
        content=b"%PDF-1.7 Rechnungsbetrag",
        released=True,
        request_id=str(new_id()),
    )
    first = await office.service("billing", tenant).StoreDocument(request)
    second = await office.service("billing", tenant).StoreDocument(request)
    assert first.document_id == second.document_id
    assert await titles(customer, customer) == ["Rechnung 2026-07"]
    answer = await edge.client.get(f"/files/documents/{first.document_id}", headers=customer.headers)
    assert answer.content == b"%PDF-1.7 Rechnungsbetrag"
    assert b"Rechnungsbetrag" not in office.stored_files()[0].read_bytes()
    elsewhere = office.service("billing", new_id()).StoreDocument(request)
    assert await refused(elsewhere) is StatusCode.PERMISSION_DENIED
    assert await refused(customer.internal.StoreDocument(request)) is StatusCode.PERMISSION_DENIED


async def test_row_security_without_any_filter(office: Office, edge: Edge, tenant: UUID) -> None:
    """F2: as the application role, a query that forgets every filter shows each role only what is its own."""
    customer, other = await office.customer(tenant), await office.customer(tenant)
    mine = await upload(edge, customer, b"1", file_name="Mein.txt")
    await upload(edge, other, b"2", file_name="Fremd.txt")
    filed = await upload(edge, office.person(tenant, Role.ROLE_STAFF), b"3", customer.cid, file_name="Police.txt")

    async def seen(role: str, tenant_id: UUID | str, customer_id: UUID | str = "", account_id: UUID | str = "") -> Any:
        connection = await asyncpg.connect(office.database.url)
        try:
            async with connection.transaction():
                for name, value in (
                    ("tenant_id", tenant_id),
                    ("customer_id", customer_id),
                    ("account_id", account_id),
                    ("role", role),
                ):
                    await connection.execute("SELECT set_config($1, $2, true)", f"kontor.{name}", str(value))
                documents = {str(row[0]) for row in await connection.fetch("SELECT document_id FROM documents")}
                versions = {str(row[0]) for row in await connection.fetch("SELECT document_id FROM versions")}
                assert documents == versions
                return documents
        finally:
            await connection.close()

    staff = new_id()
    assert await seen("customer", tenant, customer.cid) == {mine.document_id}
    assert await seen("staff", tenant, "", staff) == {filed.document_id}
    await grant(customer, document_id=mine.document_id)
    assert await seen("staff", tenant, "", staff) == {filed.document_id, mine.document_id}
    for role in ("operator", "network", "expert", "trusted", "anonymous", ""):
        assert await seen(role, tenant) == set(), role
    for role in ("customer", "staff", "service"):
        assert await seen(role, new_id(), customer.cid) == set(), role
        assert await seen(role, "") == set() or role == "service"
