"""What a household does with its papers: labels, notes, due days, versions, the trash, twins."""

from __future__ import annotations

from datetime import date, timedelta
from uuid import UUID

import pytest
from google.protobuf.field_mask_pb2 import FieldMask
from grpc import StatusCode
from grpc.aio import AioRpcError
from kontor.common.v1.access_pb2 import Role
from kontor.vault.v1 import events_pb2
from kontor.vault.v1 import vault_pb2 as pb
from kontor.vault.v1.internal_pb2 import SetQuotaRequest
from kontor_chassis.ids import new_id
from kontor_chassis.testing.refusals import refusal
from kontor_vault import jobs
from sqlalchemy import text

from services.vault.tests.vault_office import Edge, Office, Person, refused, upload

pytestmark = pytest.mark.integration


async def say(person: Person, document: pb.Document, *fields: str, **values: object) -> pb.Document:
    """Change what is said about a document; `fields` are emptied."""
    changed = pb.Document(customer_id=document.customer_id, document_id=document.document_id, **values)  # type: ignore[arg-type]  # the fields differ in type
    mask = FieldMask(paths=[*fields, *values])
    return await person.vault.UpdateDocument(pb.UpdateDocumentRequest(document=changed, update_mask=mask))


async def test_tags_people_and_notes(office: Office, edge: Edge, tenant: UUID) -> None:
    """F1: papers are found again by tags and by whom they concern; double tags fall together; a note is kept."""
    customer = await office.customer(tenant)
    bill = await upload(edge, customer, b"1", file_name="Rechnung.txt")
    letter = await upload(edge, customer, b"2", file_name="Brief.txt")
    said = await say(
        customer, bill, tags=["Steuer 2026", " steuer  2026", "Auto"], concerned_person=" Emil ", note="Belege dazu"
    )
    assert (list(said.tags), said.concerned_person, said.note) == (["Steuer 2026", "Auto"], "Emil", "Belege dazu")
    await say(customer, letter, tags=["Auto"])
    labels = await customer.vault.GetDocumentLabels(pb.GetDocumentLabelsRequest(customer_id=customer.cid))
    assert [(each.name, each.documents) for each in labels.tags] == [("Auto", 2), ("Steuer 2026", 1)]
    assert [(each.name, each.documents) for each in labels.concerned_persons] == [("Emil", 1)]

    async def found(tag: str = "", concerned_person: str = "") -> set[str]:
        answer = await customer.vault.ListDocuments(
            pb.ListDocumentsRequest(customer_id=customer.cid, tag=tag, concerned_person=concerned_person)
        )
        return {each.title for each in answer.documents}

    assert await found(tag="Auto") == {"Rechnung", "Brief"}
    assert await found(tag="Auto", concerned_person="Emil") == {"Rechnung"}
    assert await found(tag="Haus") == set()
    cleared = await say(customer, said, "tags", "note")
    assert (list(cleared.tags), cleared.note, cleared.concerned_person) == ([], "", "Emil")
    assert await refused(say(customer, bill, tags=["  "])) is StatusCode.INVALID_ARGUMENT


async def test_note_of_a_granted_paper_is_the_customers_alone(office: Office, edge: Edge, tenant: UUID) -> None:
    """F2: whoever may see the document does not read the customer's note; the firm reads that of its own draft."""
    customer, petra = await office.customer(tenant), office.person(tenant, Role.ROLE_STAFF)
    paper = await upload(edge, customer, b"1", file_name="a.txt")
    await say(customer, paper, note="nur für mich")
    grant = pb.Grant(document_id=paper.document_id)
    await customer.vault.CreateGrant(pb.CreateGrantRequest(customer_id=customer.cid, grant=grant))
    ids = {"customer_id": customer.cid, "document_id": paper.document_id}
    assert (await petra.vault.GetDocument(pb.GetDocumentRequest(**ids))).note == ""
    assert (await customer.vault.GetDocument(pb.GetDocumentRequest(**ids))).note == "nur für mich"
    draft = await upload(edge, petra, b"2", customer.cid, file_name="Entwurf.txt")
    assert (await say(petra, draft, note="noch prüfen")).note == "noch prüfen"
    ids = {"customer_id": customer.cid, "document_id": draft.document_id}
    released = await petra.vault.ReleaseDocument(pb.ReleaseDocumentRequest(**ids))
    assert released.note == "", "from now on the note is the customer's"


async def test_due_day_reminds_once(office: Office, edge: Edge, tenant: UUID) -> None:
    """F99: a due day reminds so many days before, once; another day reminds anew, and in the trash nothing does."""
    customer = await office.customer(tenant)
    paper = await upload(edge, customer, b"1", file_name="Kfz-Gutachten.txt")
    due = office.clock.now().date() + timedelta(days=30)
    said = await say(customer, paper, due_on=str(due), remind_days=14)
    assert (said.due_on, said.remind_days) == (str(due), 14)
    office.clock.advance(timedelta(days=15))
    assert await jobs.remind_owners(office.jobs) == 0
    office.clock.advance(timedelta(days=1))
    assert await jobs.remind_owners(office.jobs) == 1
    assert await jobs.remind_owners(office.jobs) == 0
    assert await _reminded(office) == [(paper.document_id, due)]
    await say(customer, paper, due_on=str(due + timedelta(days=1)))
    ids = {"customer_id": customer.cid, "document_id": paper.document_id}
    await customer.vault.TrashDocument(pb.TrashDocumentRequest(**ids))
    office.clock.advance(timedelta(days=2))
    assert await jobs.remind_owners(office.jobs) == 0
    await customer.vault.RestoreDocument(pb.RestoreDocumentRequest(**ids))
    assert await jobs.remind_owners(office.jobs) == 1
    assert await refused(say(customer, paper, due_on="2026-02-30")) is StatusCode.INVALID_ARGUMENT
    assert (await say(customer, paper, "due_on")).due_on == ""


async def _reminded(office: Office) -> list[tuple[str, date]]:
    async with office.running.platform.work.work(jobs.SERVICE) as tx:
        rows = await tx.session.execute(text("SELECT payload FROM outbox WHERE type LIKE '%DocumentDueReached'"))
        found = rows.all()
    events = [events_pb2.DocumentDueReached.FromString(row.payload) for row in found]
    return [(event.document_id, date.fromisoformat(event.due_on)) for event in events]


async def test_older_version_comes_back(office: Office, edge: Edge, tenant: UUID) -> None:
    """F99: who made a version, when and why is told; an older one becomes the newest, takes no room, and stays."""
    customer = await office.customer(tenant)
    paper = await upload(edge, customer, b"alt" * 100, file_name="a.txt")
    await upload(edge, customer, b"%PDF-neu", file_name="b.pdf", document_id=paper.document_id, reason="Neue Police")
    ids = {"customer_id": customer.cid, "document_id": paper.document_id}
    restore = pb.RestoreDocumentVersionRequest(**ids, version=1, reason="war doch richtig")
    restored = await customer.vault.RestoreDocumentVersion(restore)
    assert (restored.version, restored.file_name, restored.size_bytes) == (3, "a.txt", 300)
    assert restored.sha256 == paper.sha256
    content = await edge.client.get(f"/files/documents/{paper.document_id}", headers=customer.headers)
    assert content.content == b"alt" * 100
    listed = (
        await customer.vault.ListDocumentVersions(
            pb.ListDocumentVersionsRequest(customer_id=customer.cid, document_id=paper.document_id)
        )
    ).versions
    told = [(each.version, each.restored_from, each.reason, each.creator_name) for each in listed]
    assert told == [(3, 1, "war doch richtig", "Petra H."), (2, 0, "Neue Police", "Petra H."), (1, 0, "", "Petra H.")]
    quota = await customer.vault.GetQuota(pb.GetQuotaRequest(customer_id=customer.cid))
    assert quota.used_bytes == 308
    again = await customer.vault.RestoreDocumentVersion(pb.RestoreDocumentVersionRequest(**ids, version=3))
    assert again.version == 3, "the newest needs no restoring"
    missing = pb.RestoreDocumentVersionRequest(**ids, version=9)
    assert await refused(customer.vault.RestoreDocumentVersion(missing)) is StatusCode.NOT_FOUND
    await customer.vault.TrashDocument(pb.TrashDocumentRequest(**ids))
    assert await refused(customer.vault.RestoreDocumentVersion(restore)) is StatusCode.FAILED_PRECONDITION
    await customer.vault.DeleteDocument(pb.DeleteDocumentRequest(**ids))
    quota = await customer.vault.GetQuota(pb.GetQuotaRequest(customer_id=customer.cid))
    assert (quota.used_bytes, office.stored_files()) == (0, [])


async def test_only_the_trash_can_be_emptied(office: Office, edge: Edge, tenant: UUID) -> None:
    """F14: what is in use is not destroyed at once; the firm cannot destroy what is the customer's."""
    customer, petra = await office.customer(tenant), office.person(tenant, Role.ROLE_STAFF)
    paper = await upload(edge, customer, b"1", file_name="a.txt")
    delete = pb.DeleteDocumentRequest(customer_id=customer.cid, document_id=paper.document_id)
    assert await refused(customer.vault.DeleteDocument(delete)) is StatusCode.FAILED_PRECONDITION
    assert await refused(petra.vault.DeleteDocument(delete)) is StatusCode.NOT_FOUND


async def test_twins_are_told_of(office: Office, edge: Edge, tenant: UUID) -> None:
    """F1: the same content is recognised whatever it is called, in the trash as well, and never of another customer."""
    customer, other = await office.customer(tenant), await office.customer(tenant)
    first = await upload(edge, customer, b"gleich", file_name="a.txt")
    ids = {"customer_id": customer.cid, "document_id": first.document_id}
    await customer.vault.TrashDocument(pb.TrashDocumentRequest(**ids))
    await upload(edge, other, b"gleich", file_name="b.txt")
    await upload(edge, customer, b"anders", file_name="c.txt")
    second = await upload(edge, customer, b"gleich", file_name="d.txt")
    asked = pb.ListDuplicatesRequest(customer_id=customer.cid, document_id=second.document_id)
    twins = (await customer.vault.ListDuplicates(asked)).documents
    assert [(twin.document_id, twin.HasField("trash_time")) for twin in twins] == [(first.document_id, True)]


async def test_warned_before_nothing_fits(office: Office, edge: Edge, tenant: UUID) -> None:
    """F14: past 80, 90 and 100 percent the customer is told once; beyond it he reads what his tier offers."""
    customer = await office.customer(tenant)
    limit = SetQuotaRequest(tenant_id=str(tenant), customer_id=customer.cid, limit_bytes=1000)
    await office.service("billing", tenant).SetQuota(limit)
    for size in (700, 99, 1, 150, 50):
        await upload(edge, customer, b"x" * size, file_name=f"{size}.txt")
    async with office.running.platform.work.work(jobs.SERVICE) as tx:
        rows = await tx.session.execute(
            text("SELECT payload FROM outbox WHERE type LIKE '%StorageThresholdPassed' ORDER BY position")
        )
        told = [events_pb2.StorageThresholdPassed.FromString(row.payload).percent for row in rows]
    assert told == [80, 90, 100]
    more = pb.CreateUploadRequest(customer_id=customer.cid, file_name="x", size_bytes=1)
    with pytest.raises(AioRpcError) as full:
        await customer.vault.CreateUpload(more)
    assert (refusal(full.value).reason, "Papierkorb" in refusal(full.value).message) == ("QUOTA_EXCEEDED", True)
    limit.limit_bytes = 0
    limit.request_id = str(new_id())
    await office.service("billing", tenant).SetQuota(limit)
    with pytest.raises(AioRpcError) as none:
        await customer.vault.CreateUpload(more)
    assert (refusal(none.value).reason, "Stufen 2 und 3" in refusal(none.value).message) == ("NO_STORAGE", True)
