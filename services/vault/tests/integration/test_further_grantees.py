"""Sharing with the household, with trusted persons and with experts: to whom, until when, and who knows."""

from __future__ import annotations

from typing import Any
from uuid import UUID

import pytest
from google.protobuf.message import Message
from grpc import StatusCode
from kontor.common.v1.access_pb2 import Role
from kontor.experts.v1 import events_pb2 as experts_events
from kontor.experts.v1 import orders_pb2
from kontor.identity.v1 import emergency_pb2, events_pb2, households_pb2
from kontor.vault.v1 import vault_pb2 as pb
from kontor.vault.v1.sharing_pb2 import ListOrderDocumentsRequest
from kontor.vault.v1.sharing_pb2_grpc import SharingServiceStub
from kontor_chassis.events import EventMeta
from kontor_chassis.ids import new_id
from kontor_chassis.principal import Principal
from kontor_chassis.testing.plugin import ServiceDatabase
from kontor_vault.consumers import consumers

from services.vault.tests.circle import Near, close_order, expert_of_order, holder, of_household, trusted
from services.vault.tests.vault_office import Edge, Office, Person, refused, upload
from services.vault.tests.with_experts import experts as experts
from services.vault.tests.with_experts import experts_address as experts_address
from services.vault.tests.with_experts import experts_database as experts_database

pytestmark = pytest.mark.integration


async def grant(customer: Person, near: Near, **given: Any) -> pb.Grant:
    """Let somebody near the customer see something."""
    wanted = pb.Grant(**given)
    setattr(wanted, near.field, near.named)
    return await customer.vault.CreateGrant(pb.CreateGrantRequest(customer_id=customer.cid, grant=wanted))


async def status(edge: Edge, person: Person, document: pb.Document) -> int:
    """Return what opening a document answers."""
    return (await edge.client.get(f"/files/documents/{document.document_id}", headers=person.headers)).status_code


async def told(office: Office, tenant: UUID, event: Message) -> None:
    """Deliver an event."""
    async with office.running.platform.work.work(Principal.of_service("vault", tenant)) as tx:
        await consumers(0)[type(event)](tx, event, EventMeta(new_id(), "", "", "", tenant, tx.now, 1))
        await tx.commit()


async def in_force(customer: Person) -> list[pb.Grant]:
    """Return the customer's grants in force."""
    return list((await customer.vault.ListGrants(pb.ListGrantsRequest(customer_id=customer.cid))).grants)


async def test_a_person_of_the_household_sees_and_adds_what_he_may(office: Office, edge: Edge, tenant: UUID) -> None:
    """F3: a folder to add to, until taken back; nothing of another household, and nothing once he has left."""
    customer, stranger = await holder(office, tenant), await holder(office, tenant)
    paul, foreign = await of_household(office, customer), await of_household(office, stranger)
    made = pb.CreateFolderRequest(customer_id=customer.cid, folder=pb.Folder(name="Haus"))
    house = (await customer.vault.CreateFolder(made)).folder_id
    paper = await upload(edge, customer, b"1", folder_id=house)
    private = await upload(edge, customer, b"2")
    assert await refused(grant(customer, foreign, folder_id=house)) is StatusCode.INVALID_ARGUMENT
    given = await grant(customer, paul, folder_id=house, may_contribute=True)
    assert (given.grantee_name, given.grantee_account_id) == ("Paul", str(paul.person.account_id))
    assert [await status(edge, paul.person, each) for each in (paper, private)] == [200, 404]
    assert await status(edge, foreign.person, paper) == 404
    mine = await upload(edge, paul.person, b"3", folder_id=house)
    assert mine.released
    assert await status(edge, customer, mine) == 200
    version = pb.CreateUploadRequest(
        customer_id=customer.cid, file_name="Neu.txt", size_bytes=1, document_id=paper.document_id
    )
    await paul.person.vault.CreateUpload(version)
    loose = pb.CreateUploadRequest(customer_id=customer.cid, file_name="Lose.txt", size_bytes=1)
    assert await refused(paul.person.vault.CreateUpload(loose)) is StatusCode.INVALID_ARGUMENT
    begun = await paul.person.vault.CreateUpload(
        pb.CreateUploadRequest(customer_id=customer.cid, file_name="Spät.txt", size_bytes=1, folder_id=house)
    )
    left = events_pb2.HouseholdPersonRemoved(
        tenant_id=str(tenant), customer_id=customer.cid, household_person_id=paul.named
    )
    await told(office, tenant, left)
    assert await in_force(customer) == []
    assert await status(edge, paul.person, paper) == 404
    late = await edge.client.put(begun.upload_path, content=b"x", headers=paul.person.headers)
    assert late.status_code == 403


async def test_who_acts_for_the_customer_needs_no_grant(office: Office, tenant: UUID) -> None:
    """F3: to a guardian, who sees everything, nothing is granted; nor to two people at once."""
    customer = await holder(office, tenant)
    made = pb.CreateFolderRequest(customer_id=customer.cid, folder=pb.Folder(name="Haus"))
    house = (await customer.vault.CreateFolder(made)).folder_id
    guardian = await of_household(office, customer, households_pb2.STANDING_GUARDIAN)
    assert await refused(grant(customer, guardian, folder_id=house)) is StatusCode.INVALID_ARGUMENT
    both = await refused(grant(customer, guardian, folder_id=house, order_id=str(new_id())))
    assert both is StatusCode.INVALID_ARGUMENT


async def test_a_trusted_person_is_one_only_as_such(office: Office, edge: Edge, tenant: UUID) -> None:
    """F3, F76: a standing grant in life; it gives him nothing as an employee, and ends with the trust."""
    customer = await holder(office, tenant)
    anna = await trusted(office, customer)
    paper = await upload(edge, customer, b"1")
    given = await grant(customer, anna, document_id=paper.document_id)
    as_employee = office.person(tenant, Role.ROLE_STAFF, account_id=anna.person.account_id)
    assert [await status(edge, who, paper) for who in (anna.person, as_employee)] == [200, 404]
    request = pb.RevokeGrantRequest(customer_id=customer.cid, grant_id=given.grant_id)
    await customer.vault.RevokeGrant(request)
    assert await status(edge, anna.person, paper) == 404
    await grant(customer, anna, document_id=paper.document_id)
    removed = events_pb2.TrustedPersonChanged(
        tenant_id=str(tenant),
        customer_id=customer.cid,
        trusted_person_id=anna.named,
        step=emergency_pb2.EMERGENCY_STEP_REMOVE,
    )
    await told(office, tenant, removed)
    assert await status(edge, anna.person, paper) == 404
    seen = await customer.vault.ListSightings(pb.ListSightingsRequest(customer_id=customer.cid))
    acts = [(each.action, each.role, each.party_name) for each in reversed(seen.sightings)]
    assert acts[0] == (pb.SIGHTING_ACTION_SHARE, Role.ROLE_CUSTOMER, "Anna")
    assert acts[1][:2] == (pb.SIGHTING_ACTION_VIEW, Role.ROLE_TRUSTED_PERSON)


async def test_an_expert_sees_what_comes_with_his_running_order(
    office: Office, edge: Edge, tenant: UUID, experts_database: ServiceDatabase
) -> None:
    """F3, F109: he opens it, by name in the ledger; no other expert or order; it ends when the order is closed."""
    customer, other = await holder(office, tenant), await holder(office, await office.firm())
    clara = await expert_of_order(office, experts_database, customer)
    stranger = await expert_of_order(office, experts_database, other)
    paper, private = [await upload(edge, customer, content) for content in (b"1", b"2")]
    assert await refused(grant(customer, stranger, document_id=paper.document_id)) is StatusCode.INVALID_ARGUMENT
    adds = grant(customer, clara, document_id=paper.document_id, may_contribute=True)
    assert await refused(adds) is StatusCode.INVALID_ARGUMENT
    await grant(customer, clara, document_id=paper.document_id)
    assert [await status(edge, clara.person, each) for each in (paper, private)] == [200, 404]
    assert await status(edge, stranger.person, paper) == 404
    listed = {who.named: await _shared(office, who.person, clara.named) for who in (clara, stranger)}
    assert listed == {clara.named: [paper.document_id], stranger.named: []}
    assert await _shared(office, clara.person, stranger.named) == []
    entries = (await customer.vault.ListSightings(pb.ListSightingsRequest(customer_id=customer.cid))).sightings
    assert (entries[0].account_name, entries[0].role) == ("Clara Wolff, Dr. Wolff Gewerbeschutz", Role.ROLE_EXPERT)
    assert entries[1].party_name == "Clara Wolff, Dr. Wolff Gewerbeschutz"
    await close_order(experts_database, customer, clara.named)
    assert (await status(edge, clara.person, paper), await _shared(office, clara.person, clara.named)) == (404, [])
    assert len(await in_force(customer)) == 1, "the event is late"
    closed = experts_events.OrderStatusChanged(
        tenant_id=str(tenant), order_id=clara.named, to_state=orders_pb2.ORDER_STATE_COMPLETED
    )
    await told(office, tenant, closed)
    assert await in_force(customer) == []
    assert await refused(grant(customer, clara, document_id=paper.document_id)) is StatusCode.INVALID_ARGUMENT
    verdict = await customer.vault.VerifySightings(pb.VerifySightingsRequest(customer_id=customer.cid))
    assert verdict.intact


async def _shared(office: Office, person: Person, order_id: str) -> list[str]:
    sharing = office.running.stub(SharingServiceStub, person.token)
    answer = await sharing.ListOrderDocuments(ListOrderDocumentsRequest(order_id=order_id))
    return [document.document_id for document in answer.documents]
