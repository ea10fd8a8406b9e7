"""Delivery with legal effect: only by consent, each stage once, and a proof that nobody can change."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import TYPE_CHECKING
from uuid import UUID

import asyncpg
import pytest
from google.protobuf.timestamp_pb2 import Timestamp
from grpc import StatusCode
from grpc.aio import AioRpcError
from kontor.common.v1.access_pb2 import Role
from kontor.identity.v1 import accounts_pb2, epost_pb2
from kontor.identity.v1.epost_pb2_grpc import EPostServiceStub
from kontor.notifications.v1.events_pb2 import DeliveryMailSettled
from kontor.vault.v1 import deliveries_pb2 as pb
from kontor.vault.v1 import vault_pb2
from kontor.vault.v1.deliveries_pb2_grpc import DeliveryServiceStub
from kontor_chassis.events import EventMeta
from kontor_chassis.ids import new_id
from kontor_chassis.testing.refusals import refusal
from kontor_vault import jobs
from kontor_vault.deliveries import note_mail

from services.vault.tests.vault_office import Edge, Office, Person, refused, upload
from tests.with_identity import accept_invitation, administrator_of, new_customer

if TYPE_CHECKING:
    from kontor.vault.v1.deliveries_pb2_grpc import DeliveryServiceAsyncStub

pytestmark = pytest.mark.integration


def deliveries(office: Office, person: Person) -> DeliveryServiceAsyncStub:
    """Return somebody's stub."""
    return office.running.stub(DeliveryServiceStub, person.token)


async def with_access(office: Office, tenant: UUID) -> Person:
    """Return a customer who has accepted his invitation: only he can consent."""
    customer_id = await new_customer(office.identity, tenant, email=f"julia.{new_id().hex}@mail.example")
    invited = await administrator_of(office.identity, tenant).CreateInvitation(
        accounts_pb2.CreateInvitationRequest(customer_id=str(customer_id))
    )
    account_id = await accept_invitation(office.identity, invited.invitation_id)
    return office.person(tenant, Role.ROLE_CUSTOMER, customer_id=customer_id, account_id=account_id)


async def decide(office: Office, customer: Person, decision: epost_pb2.EPostDecision.ValueType) -> None:
    """Let a customer say his word on electronic delivery."""
    identity = office.identity.stub(EPostServiceStub, customer.token)
    text = await identity.GetEPostConsent(epost_pb2.GetEPostConsentRequest(customer_id=customer.cid))
    await identity.DecideEPostConsent(
        epost_pb2.DecideEPostConsentRequest(customer_id=customer.cid, decision=decision, sha256=text.sha256)
    )


def stages(delivery: pb.Delivery) -> list[int]:
    """Return what a delivery has reached."""
    return [step.stage for step in delivery.steps]


async def test_delivery_needs_consent_and_proves_itself(office: Office, edge: Edge, tenant: UUID) -> None:
    """F144, decision 8: a copy without consent; with it provided, notified, opened, each once; revoking undoes none."""
    customer, petra = await with_access(office, tenant), await office.employee(tenant)
    policy = await upload(edge, petra, b"%PDF-1.7 Police", customer.cid, file_name="Police.pdf")
    ids = {"customer_id": customer.cid, "document_id": policy.document_id}
    firm, at_home = deliveries(office, petra), deliveries(office, customer)
    with pytest.raises(AioRpcError) as copy:
        await firm.DeliverDocument(pb.DeliverDocumentRequest(**ids))
    assert refusal(copy.value).reason == "NO_E_POST_CONSENT"
    await decide(office, customer, epost_pb2.E_POST_DECISION_GIVEN)

    delivered = await firm.DeliverDocument(pb.DeliverDocumentRequest(**ids))
    assert (await firm.DeliverDocument(pb.DeliverDocumentRequest(**ids))).delivery_id == delivered.delivery_id
    assert (delivered.version, delivered.consent_version, delivered.sha256) == (1, 1, policy.sha256)
    seen = await customer.vault.GetDocument(vault_pb2.GetDocumentRequest(**ids))
    assert (seen.released, seen.delivered_version) == (True, 1)
    assert seen.deliver_time == delivered.steps[0].time

    async with office.running.platform.work.work(jobs.SERVICE.within(tenant)) as tx:
        settled = Timestamp()
        settled.FromDatetime(datetime(2026, 7, 1, 10, 0, 5, tzinfo=UTC))
        event = DeliveryMailSettled(delivery_id=delivered.delivery_id, delivered=True, settle_time=settled)
        meta = EventMeta(new_id(), "", "notifications", "", tenant, tx.now, 1)
        await note_mail(tx, event, meta)
        await note_mail(tx, event, meta)
        await tx.commit()
    for person in (petra, customer, customer):  # only the customer's first look opens it
        await edge.client.get(f"/files/documents/{policy.document_id}", headers=person.headers)
    (found,) = (await at_home.ListDeliveries(pb.ListDeliveriesRequest(customer_id=customer.cid))).deliveries
    wanted = [pb.DELIVERY_STAGE_PROVIDED, pb.DELIVERY_STAGE_NOTIFIED, pb.DELIVERY_STAGE_OPENED]
    assert stages(found) == wanted
    ledger = await customer.vault.ListSightings(vault_pb2.ListSightingsRequest(customer_id=customer.cid))
    by_sequence = {entry.sequence: entry.hash for entry in ledger.sightings}
    assert all(by_sequence[step.ledger_sequence] == step.ledger_hash for step in found.steps)

    await decide(office, customer, epost_pb2.E_POST_DECISION_REVOKED)
    letter = await upload(edge, petra, b"x", customer.cid)
    late = pb.DeliverDocumentRequest(customer_id=customer.cid, document_id=letter.document_id)
    assert await refused(firm.DeliverDocument(late)) is StatusCode.FAILED_PRECONDITION
    proof = pb.GetDeliveryProofRequest(
        customer_id=customer.cid, delivery_id=delivered.delivery_id, form=pb.DELIVERY_PROOF_FORM_JSON
    )
    told = json.loads((await at_home.GetDeliveryProof(proof)).data)
    assert (told["document"]["sha256"], told["customer"]["name"]) == (policy.sha256, "Julia Brandt")
    assert [step["stage"] for step in told["steps"]] == ["PROVIDED", "NOTIFIED", "OPENED"]
    assert told["steps"][1]["time"] == "2026-07-01T10:00:05.000+00:00"
    proof.form = pb.DELIVERY_PROOF_FORM_PDF
    assert (await firm.GetDeliveryProof(proof)).data.startswith(b"%PDF-")


async def test_nobody_changes_a_delivery(office: Office, edge: Edge, tenant: UUID) -> None:
    """F144: the application cannot change or delete what is proved, nor does another firm see it."""
    customer, petra = await with_access(office, tenant), await office.employee(tenant)
    await decide(office, customer, epost_pb2.E_POST_DECISION_GIVEN)
    own = await upload(edge, customer, b"1")
    firm = deliveries(office, petra)
    mine = pb.DeliverDocumentRequest(customer_id=customer.cid, document_id=own.document_id)
    assert await refused(firm.DeliverDocument(mine)) is StatusCode.NOT_FOUND
    filed = await upload(edge, petra, b"2", customer.cid)
    ids = {"customer_id": customer.cid, "document_id": filed.document_id}
    delivered = await firm.DeliverDocument(pb.DeliverDocumentRequest(**ids))
    stranger = deliveries(office, await office.employee(await office.firm()))
    proof = pb.GetDeliveryProofRequest(customer_id=customer.cid, delivery_id=delivered.delivery_id)
    assert await refused(stranger.GetDeliveryProof(proof)) is StatusCode.NOT_FOUND
    assert not (await stranger.ListDeliveries(pb.ListDeliveriesRequest(customer_id=customer.cid))).deliveries
    owner = await asyncpg.connect(office.database.owner_url)
    for table in ("document_deliveries", "document_delivery_steps"):
        await owner.execute(f"ALTER TABLE {table} NO FORCE ROW LEVEL SECURITY")
    for statement in (
        "UPDATE document_deliveries SET customer_id = tenant_id",
        "UPDATE document_delivery_steps SET time = now()",
        "DELETE FROM document_delivery_steps",
        "TRUNCATE document_deliveries, document_delivery_steps",
    ):
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            await owner.execute(statement)
    await owner.close()
