"""Retention: rules protect what a firm filed and end it after a warning; customers' own papers are theirs."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING
from uuid import UUID

import pytest
from google.protobuf.field_mask_pb2 import FieldMask
from grpc import StatusCode
from grpc.aio import AioRpcError
from kontor.common.v1.access_pb2 import Role
from kontor.vault.v1 import events_pb2
from kontor.vault.v1 import retention_pb2 as pb
from kontor.vault.v1 import vault_pb2 as vault
from kontor.vault.v1.internal_pb2 import EraseCustomerRequest
from kontor.vault.v1.retention_pb2_grpc import RetentionServiceStub
from kontor_chassis.testing.refusals import refusal
from kontor_vault import jobs
from kontor_vault.adapters.objects import open_object_store
from kontor_vault.erasure import carry_out_pending, erase_as_far_as_allowed
from kontor_vault.retention_jobs import announce, end_due
from sqlalchemy import text

from services.vault.tests.vault_office import Edge, Office, Person, refused, upload

if TYPE_CHECKING:
    from collections.abc import Awaitable

    from kontor.vault.v1.retention_pb2_grpc import RetentionServiceAsyncStub

pytestmark = pytest.mark.integration

LETTER, POLICY = vault.DOCUMENT_KIND_CORRESPONDENCE, vault.DOCUMENT_KIND_POLICY


def retention(office: Office, person: Person) -> RetentionServiceAsyncStub:
    """Return somebody's stub."""
    return office.running.stub(RetentionServiceStub, person.token)


async def kept_because(call: Awaitable[object]) -> str:
    """Return the sentence that keeps somebody from deleting."""
    with pytest.raises(AioRpcError) as error:
        await call
    assert refusal(error.value).reason == "RETENTION"
    return refusal(error.value).message


async def set_rule(office: Office, admin: Person, **rule: object) -> None:
    """Set one rule."""
    given = pb.RetentionRules(rules=[pb.RetentionRule(**rule)])  # type: ignore[arg-type]  # the fields differ in type
    await retention(office, admin).UpdateRetentionRules(pb.UpdateRetentionRulesRequest(rules=given))


async def announced(office: Office) -> list[tuple[str, int, str]]:
    """Return whom, of how many and of which day ends were announced."""
    async with office.running.platform.work.work(jobs.SERVICE) as tx:
        rows = await tx.session.execute(
            text("SELECT payload FROM outbox WHERE type LIKE '%DocumentEndsAnnounced' ORDER BY position")
        )
        found = [events_pb2.DocumentEndsAnnounced.FromString(row.payload) for row in rows.all()]
    return [(each.customer_id, each.documents, each.end_on) for each in found]


async def test_what_must_be_kept_cannot_be_deleted(office: Office, edge: Edge, tenant: UUID) -> None:
    """F14, F147: until the end of the tenth year, neither by trash nor by another kind; mistakes can be taken back."""
    customer, petra = await office.customer(tenant), await office.employee(tenant)
    filed = await upload(edge, petra, b"1", customer.cid, file_name="a.txt", kind=POLICY)
    ids = {"customer_id": customer.cid, "document_id": filed.document_id}
    asked = pb.GetDocumentRetentionRequest(customer_id=customer.cid, document_id=filed.document_id)
    first = await retention(office, petra).GetDocumentRetention(asked)
    assert (first.protected_until, first.HasField("correct_until_time"), first.rule.protect_years) == ("", True, 10)
    await petra.vault.TrashDocument(vault.TrashDocumentRequest(**ids))
    await petra.vault.RestoreDocument(vault.RestoreDocumentRequest(**ids))
    await petra.vault.ReleaseDocument(vault.ReleaseDocumentRequest(**ids))
    told = await retention(office, customer).GetDocumentRetention(asked)
    assert (told.protected_until, told.HasField("correct_until_time")) == ("2036-12-31", False)
    said = await kept_because(customer.vault.TrashDocument(vault.TrashDocumentRequest(**ids)))
    assert said == (
        "Dieses Dokument muss bis zum 31.12.2036 aufbewahrt werden und lässt sich vorher nicht löschen. "
        "Regel: Versicherungsschein, 10 Jahre (§§ 61–63 VVG, § 199 Abs. 3 BGB)."
    )
    changed = vault.Document(customer_id=customer.cid, document_id=filed.document_id, kind=vault.DOCUMENT_KIND_OTHER)
    other = vault.UpdateDocumentRequest(document=changed, update_mask=FieldMask(paths=["kind"]))
    await kept_because(customer.vault.UpdateDocument(other))
    draft = await upload(edge, petra, b"2", customer.cid, file_name="b.txt", kind=LETTER)
    office.clock.advance(timedelta(days=8))
    later = vault.TrashDocumentRequest(customer_id=customer.cid, document_id=draft.document_id)
    assert "31.12.2032" in await kept_because(petra.vault.TrashDocument(later))
    office.clock.advance(datetime(2037, 1, 1, 12, tzinfo=UTC) - office.clock.now())
    await customer.vault.TrashDocument(vault.TrashDocumentRequest(**ids))


async def test_a_firms_rule_ends_what_was_announced(office: Office, edge: Edge, tenant: UUID) -> None:
    """F14: a month before the end the customer and the firm are told; then it is gone, and only what the rule names."""
    customer, petra = await office.customer(tenant), await office.employee(tenant)
    admin = office.person(tenant, Role.ROLE_STAFF, Role.ROLE_ADMINISTRATOR)
    early = pb.RetentionRules(rules=[pb.RetentionRule(kind=LETTER, protect_years=6, end_years=2)])
    wrong = retention(office, admin).UpdateRetentionRules(pb.UpdateRetentionRulesRequest(rules=early))
    assert await refused(wrong) is StatusCode.INVALID_ARGUMENT
    await set_rule(office, admin, kind=LETTER, protect_years=1, end_years=2, basis="Hausregel")
    letter = await upload(edge, petra, b"1", customer.cid, file_name="a.txt", kind=LETTER)
    policy = await upload(edge, petra, b"2", customer.cid, file_name="b.txt", kind=POLICY)
    own = await upload(edge, customer, b"3", file_name="c.txt", kind=LETTER)
    everything = vault.ReleaseDocumentsRequest(customer_id=customer.cid)
    await petra.vault.ReleaseDocuments(everything)
    store = open_object_store(office.objects.as_uri())

    async def clock_strikes(now: datetime) -> set[str]:
        office.clock.advance(now - office.clock.now())
        await announce(office.jobs)
        await end_due(office.jobs, store)
        listed = await customer.vault.ListDocuments(vault.ListDocumentsRequest(customer_id=customer.cid))
        return {each.document_id for each in listed.documents}

    everyone = {letter.document_id, policy.document_id, own.document_id}
    assert await clock_strikes(datetime(2028, 12, 1, 12, tzinfo=UTC)) == everyone
    assert await announced(office) == []
    assert await clock_strikes(datetime(2028, 12, 2, 12, tzinfo=UTC)) == everyone
    assert await announced(office) == [(customer.cid, 1, "2029-01-01"), ("", 1, "2029-01-01")]
    assert await clock_strikes(datetime(2028, 12, 31, 12, tzinfo=UTC)) == everyone
    assert await clock_strikes(datetime(2029, 1, 1, 12, tzinfo=UTC)) == everyone - {letter.document_id}
    ledger = await customer.vault.ListSightings(vault.ListSightingsRequest(customer_id=customer.cid, page_size=1))
    assert ledger.sightings[0].action == vault.SIGHTING_ACTION_END


async def test_customers_end_their_own_papers_themselves(office: Office, edge: Edge, tenant: UUID) -> None:
    """F14: on the day that the owner chose his paper goes into the trash, and he is told a month before."""
    customer, petra = await office.customer(tenant), await office.employee(tenant)
    own = await upload(edge, customer, b"1", file_name="a.txt")
    filed = await upload(edge, petra, b"2", customer.cid, file_name="b.txt")
    await petra.vault.ReleaseDocuments(vault.ReleaseDocumentsRequest(customer_id=customer.cid))
    mine = retention(office, customer)
    theirs = pb.SetDocumentEndRequest(customer_id=customer.cid, document_id=filed.document_id, end_on="2027-01-01")
    assert await refused(mine.SetDocumentEnd(theirs)) is StatusCode.PERMISSION_DENIED
    wanted = pb.SetDocumentEndRequest(customer_id=customer.cid, document_id=own.document_id, end_on="2026-07-01")
    assert await refused(mine.SetDocumentEnd(wanted)) is StatusCode.INVALID_ARGUMENT
    wanted.end_on = "2026-09-01"
    assert (await mine.SetDocumentEnd(wanted)).end_on == "2026-09-01"
    office.clock.advance(timedelta(days=32))
    await announce(office.jobs)
    assert await announced(office) == [(customer.cid, 1, "2026-09-01")]
    office.clock.advance(timedelta(days=30))
    await announce(office.jobs)
    await end_due(office.jobs, open_object_store(office.objects.as_uri()))
    assert len(await announced(office)) == 1
    trash = await customer.vault.ListDocuments(vault.ListDocumentsRequest(customer_id=customer.cid, trashed=True))
    assert [each.document_id for each in trash.documents] == [own.document_id]


async def test_erasure_waits_for_what_must_be_kept(office: Office, edge: Edge, tenant: UUID) -> None:
    """F94, F2: erasing names day and rule; a deleted customer's own papers go at once, the firm's when it may."""
    customer, petra = await office.customer(tenant), await office.employee(tenant)
    await upload(edge, customer, b"privat", file_name="a.txt")
    filed = await upload(edge, petra, b"2", customer.cid, file_name="b.txt", kind=POLICY)
    await petra.vault.ReleaseDocuments(vault.ReleaseDocumentsRequest(customer_id=customer.cid))
    erase = EraseCustomerRequest(tenant_id=str(tenant), customer_id=customer.cid)
    assert "31.12.2036" in await kept_because(office.service("identity", tenant).EraseCustomer(erase))
    work = office.running.platform.work
    async with work.work(jobs.SERVICE.within(tenant)) as tx:
        await erase_as_far_as_allowed(tx, tenant_id=tenant, customer_id=UUID(customer.cid))
        await tx.commit()
    left = await customer.vault.ListDocuments(vault.ListDocumentsRequest(customer_id=customer.cid))
    assert [each.document_id for each in left.documents] == [filed.document_id]
    assert await carry_out_pending(work) == 0
    office.clock.advance(datetime(2037, 1, 1, 12, tzinfo=UTC) - office.clock.now())
    assert await carry_out_pending(work) == 1
    assert await carry_out_pending(work) == 0
    left = await customer.vault.ListDocuments(vault.ListDocumentsRequest(customer_id=customer.cid))
    assert not left.documents
