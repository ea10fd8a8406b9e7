"""What is left of a firm in the vault when it is deleted."""

from __future__ import annotations

from datetime import timedelta
from uuid import UUID

import pytest
from grpc import StatusCode
from kontor.identity.v1.events_pb2 import TenantDeleted
from kontor.vault.v1 import vault_pb2 as pb
from kontor_vault.adapters.objects import open_object_store
from kontor_vault.consumers import consumers
from kontor_vault.jobs import forget_ended_uploads

from services.vault.tests.vault_office import Edge, Office, Person, refused, upload
from tests.firm_end import delete_firm, rows_of

pytestmark = pytest.mark.integration


async def _filled(office: Office, edge: Edge, tenant: UUID) -> tuple[Person, pb.Document]:
    customer, employee = await office.customer(tenant), await office.employee(tenant)
    above = await _folder(customer, "Privat")
    below = await _folder(customer, "Gesundheit", above.folder_id)
    document = await upload(edge, customer, b"Befund", folder_id=below.folder_id)
    grant = pb.Grant(document_id=document.document_id)
    await customer.vault.CreateGrant(pb.CreateGrantRequest(customer_id=customer.cid, grant=grant))
    await upload(edge, employee, b"Police", customer.cid)
    await edge.client.get(f"/files/documents/{document.document_id}", headers=employee.headers)
    unfinished = pb.CreateUploadRequest(customer_id=customer.cid, file_name="Testament.pdf", size_bytes=9)
    await customer.vault.CreateUpload(unfinished)
    return customer, document


async def _folder(customer: Person, name: str, parent_id: str = "") -> pb.Folder:
    folder = pb.Folder(name=name, parent_id=parent_id)
    return await customer.vault.CreateFolder(pb.CreateFolderRequest(customer_id=customer.cid, folder=folder))


async def test_a_deleted_firm_leaves_no_key_and_no_trace(office: Office, edge: Edge, tenant: UUID) -> None:
    """Decision 10: keys, documents, folders, grants and the sight ledger at once, the objects by the next sweeps."""
    customer, document = await _filled(office, edge, tenant)
    other_tenant = await office.firm()
    await _filled(office, edge, other_tenant)
    before, objects = await rows_of(office.database.owner_url, other_tenant), len(office.stored_files())
    assert {"customer_keys", "documents", "versions", "folders", "grants", "sightings", "quotas"} < set(before)
    await delete_firm(office.running, "vault", consumers(0)[TenantDeleted], tenant)
    assert set(await rows_of(office.database.owner_url, tenant)) == {"uploads"}
    wanted = pb.GetDocumentRequest(customer_id=customer.cid, document_id=document.document_id)
    assert await refused(customer.vault.GetDocument(wanted)) is StatusCode.NOT_FOUND
    store = open_object_store(office.objects.as_uri())
    await forget_ended_uploads(office.jobs, store)
    assert len(office.stored_files()) == objects // 2
    office.clock.advance(timedelta(days=1, minutes=1))
    await forget_ended_uploads(office.jobs, store)
    assert await rows_of(office.database.owner_url, tenant) == {}
    kept = await rows_of(office.database.owner_url, other_tenant)
    assert {**kept, "uploads": 0} == {**before, "uploads": 0}
