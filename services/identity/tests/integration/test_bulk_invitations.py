"""Inviting many at once, and what becomes of each invitation, through the RPCs on a real database."""

from __future__ import annotations

from datetime import UTC, timedelta
from typing import TYPE_CHECKING, Any
from uuid import UUID, uuid4

import grpc
import pytest
from google.protobuf.timestamp_pb2 import Timestamp
from kontor.common.v1.access_pb2 import Right, Role
from kontor.identity.v1 import accounts_pb2, internal_pb2, people_pb2, signin_pb2
from kontor.identity.v1 import invitations_pb2 as pb
from kontor.identity.v1.invitations_pb2_grpc import InvitationServiceStub
from kontor.notifications.v1.events_pb2 import InvitationMailSettled
from kontor_chassis.events import EventMeta
from kontor_chassis.ids import new_id
from kontor_chassis.interceptors.errors import refused_with
from kontor_chassis.jobs import JobContext
from kontor_chassis.principal import Principal
from kontor_chassis.testing.tokens import token_for
from kontor_identity.bulk_invitations import BATCH, invite_batch, invite_in_bulk
from kontor_identity.consumers import CONSUMERS
from sqlalchemy import text

from services.identity.tests.identity_office import PASSWORD, Identity
from tests.with_identity import new_firm

if TYPE_CHECKING:  # the generated stubs know this name only for type checkers
    from kontor.identity.v1.invitations_pb2_grpc import InvitationServiceAsyncStub

pytestmark = pytest.mark.integration

Progress = accounts_pb2.InvitationProgress


class Inviter:
    """A firm with somebody who may invite."""

    def __init__(self, identity: Identity, tenant_id: UUID) -> None:
        self.identity, self.tenant_id = identity, tenant_id
        self.claims: dict[str, Any] = {
            "roles": [Role.ROLE_STAFF],
            "rights": [Right.RIGHT_INVITE],
            "tenant_id": tenant_id,
            "account_id": uuid4(),
        }

    @property
    def invitations(self) -> InvitationServiceAsyncStub:
        """The API of bulk invitations."""
        return self.identity.service.stub(InvitationServiceStub, token_for(**self.claims))

    async def customer(self, family_name: str, **changes: Any) -> str:
        """Create a customer; returns his id."""
        given: dict[str, Any] = {"given_name": "Julia", "email": f"{family_name.lower()}@mail.example"}
        person = people_pb2.Customer(**{**given, **changes}, family_name=family_name)
        created = await self.identity.as_person(**self.claims).CreateCustomer(
            people_pb2.CreateCustomerRequest(customer=person)
        )
        return created.customer_id

    async def bulk(self, **given: Any) -> pb.BulkInvitation:
        """Order a bulk invitation."""
        return await self.invitations.CreateBulkInvitation(pb.CreateBulkInvitationRequest(**given))

    async def run_job(self) -> None:
        """Let the job work until nobody waits."""
        platform = self.identity.service.platform
        await invite_in_bulk(JobContext(platform.work, platform.clock))

    async def standing(self, bulk: pb.BulkInvitation) -> pb.BulkInvitation:
        """Return how far a bulk invitation is."""
        asked = pb.GetBulkInvitationRequest(bulk_invitation_id=bulk.bulk_invitation_id)
        return await self.invitations.GetBulkInvitation(asked)

    async def items(self, bulk: pb.BulkInvitation, **filters: Any) -> list[pb.BulkInvitationItem]:
        """Return the customers of a bulk invitation."""
        asked = pb.ListBulkInvitationItemsRequest(bulk_invitation_id=bulk.bulk_invitation_id, **filters)
        return list((await self.invitations.ListBulkInvitationItems(asked)).items)

    async def events(self, kind: str) -> int:
        """Count the firm's events of a kind in the outbox."""
        async with self.identity.service.platform.work.work(Principal.of_service("identity")) as tx:
            counted = text("SELECT count(*) FROM outbox WHERE type LIKE :kind AND tenant_id = :tenant")
            count = await tx.session.scalar(counted, {"kind": f"%{kind}", "tenant": self.tenant_id})
            return int(count or 0)


@pytest.fixture
async def hansen(identity: Identity) -> Inviter:
    """A firm that invites."""
    return Inviter(identity, (await new_firm(identity.service, "Hansen", slug="hansen")).tenant_id)


async def _refused(call: Any) -> str:
    with pytest.raises(grpc.aio.AioRpcError) as caught:
        await call
    refusal = refused_with(caught.value)
    assert refusal is not None, caught.value
    return refusal.reason


async def test_everybody_is_invited_once(hansen: Inviter) -> None:
    """F46, F170, F171, F172: the chosen are invited; who has access, an invitation or no address is told apart."""
    for number in range(3):
        await hansen.customer(f"Brandt{number}")
    await hansen.customer("Ohne", email="")
    early = await hansen.customer("Frueh")
    single = accounts_pb2.CreateInvitationRequest(customer_id=early)
    await hansen.identity.as_person(**hansen.claims).CreateInvitation(single)
    seen = await hansen.invitations.PreviewBulkInvitation(pb.PreviewBulkInvitationRequest())
    assert (seen.selected, seen.ready, seen.email_missing, seen.already_invited) == (5, 3, 1, 1)
    assert list(seen.recommended_categories)[:2] == ["CONTRACTS", "POLICY"]

    request_id = str(uuid4())
    release: dict[str, Any] = {
        "release_choice": accounts_pb2.RELEASE_CHOICE_CATEGORIES,
        "release_categories": ["POLICY", "CONTRACTS"],
    }
    given: dict[str, Any] = {"form": people_pb2.ADDRESS_FORM_DU, "request_id": request_id, **release}
    bulk = await hansen.bulk(**given)
    assert (bulk.selected, bulk.pending, bulk.invited) == (5, 5, 0)
    assert await hansen.bulk(**given) == bulk
    for _ in range(2):
        await hansen.run_job()
    done = await hansen.standing(bulk)
    assert done.HasField("finish_time")
    assert (done.pending, done.invited, done.email_missing, done.already_invited) == (0, 3, 1, 1)
    assert [(one.progress, one.customers) for one in done.progress] == [(Progress.INVITATION_PROGRESS_CREATED, 3)]
    assert await hansen.events(".InvitationCreated") == 1 + 1 + 3  # the firm's administrator, the early one, these
    assert await hansen.events(".ReleaseRequested") == 3
    public = hansen.identity.as_person(**hansen.claims)
    asked = accounts_pb2.ListInvitationsRequest(state=accounts_pb2.INVITATION_STATE_OPEN)
    of_bulk = [one for one in (await public.ListInvitations(asked)).invitations if "brandt" in one.email]
    assert {one.form for one in of_bulk} == {people_pb2.ADDRESS_FORM_DU}
    assert {tuple(one.release_categories) for one in of_bulk} == {("CONTRACTS", "POLICY")}


async def test_only_the_audience(hansen: Inviter) -> None:
    """F46: named customers, a search, an age; an empty choice is refused; another firm's customers are nobody."""
    young = await hansen.customer("Jung", birth_date="1995-05-05")
    await hansen.customer("Alt", birth_date="1950-05-05")
    for audience, expected in (
        (pb.Audience(customer_ids=[young]), 1),
        (pb.Audience(query="alt"), 1),
        (pb.Audience(born_from="1980-01-01"), 1),
        (pb.Audience(with_email=True), 2),
        (pb.Audience(customer_ids=[str(uuid4())]), 0),
    ):
        seen = await hansen.invitations.PreviewBulkInvitation(pb.PreviewBulkInvitationRequest(audience=audience))
        assert seen.selected == expected, audience
    other = Inviter(hansen.identity, (await new_firm(hansen.identity.service, "Fremd", slug="fremd")).tenant_id)
    foreign = other.bulk(audience=pb.Audience(customer_ids=[young]))
    assert await _refused(foreign) == "AUDIENCE_EMPTY"
    bulk = await hansen.bulk(audience=pb.Audience(customer_ids=[young]))
    assert await _refused(other.standing(bulk)) == "NOT_FOUND"
    assert await other.items(bulk) == []


async def test_missing_addresses_are_collected_and_submitted_again(hansen: Inviter) -> None:
    """F173: who has no e-mail address is listed, gets one, and is invited then; others are not touched."""
    without, elsewhere = await hansen.customer("Ohne", email=""), await hansen.customer("Spaeter", email="")
    reachable = await hansen.customer("Mit")
    bulk = await hansen.bulk()
    await hansen.run_job()
    missing = await hansen.items(bulk, outcome=pb.BULK_INVITATION_OUTCOME_EMAIL_MISSING)
    assert [one.customer_id for one in missing] == [without, elsewhere]

    asked = people_pb2.UpdateCustomerRequest(
        customer_id=elsewhere, customer=people_pb2.Customer(family_name="Spaeter", email="spaeter@mail.example")
    )
    asked.update_mask.paths.append("email")
    await hansen.identity.as_person(**hansen.claims).UpdateCustomer(asked)
    again = pb.ResubmitBulkInvitationRequest(bulk_invitation_id=bulk.bulk_invitation_id)
    again.emails.add(customer_id=without, email="Ohne@Mail.example")
    assert (await hansen.invitations.ResubmitBulkInvitation(again)).pending == 2
    await hansen.run_job()
    done = await hansen.standing(bulk)
    assert (done.invited, done.email_missing) == (3, 0)
    wrong = pb.ResubmitBulkInvitationRequest(bulk_invitation_id=bulk.bulk_invitation_id)
    wrong.emails.add(customer_id=reachable, email="andere@mail.example")
    assert await _refused(hansen.invitations.ResubmitBulkInvitation(wrong)) == "EMAIL_NOT_MISSING"


async def test_a_crash_repeats_nothing(hansen: Inviter) -> None:
    """F170: a batch whose transaction is lost is done again by the next run; nobody is invited twice or left out."""
    work = hansen.identity.service.platform.work
    async with work.work(Principal.of_service("identity", hansen.tenant_id)) as tx:
        await tx.session.execute(
            text(
                "INSERT INTO customers (customer_id, tenant_id, number, form, salutation, title, given_name,"
                " family_name, marital_status, is_intermediary, email, phone, access_state, responsible_account_ids,"
                " sort_name, search_text, street, postal_code, city, country, created_at, updated_at, version)"
                " SELECT gen_random_uuid(), :tenant, n, 1, 1, '', 'Max', 'Muster ' || n, 0, false,"
                " 'max' || n || '@mail.example', '', 1, '{}', 'muster ' || n, '', '', '', '', '', now(), now(), 1"
                " FROM generate_series(5001, 5000 + :count) n"
            ),
            {"tenant": hansen.tenant_id, "count": 2 * BATCH + 10},
        )
        await tx.commit()
    bulk = await hansen.bulk()
    bulk_id, firm = UUID(bulk.bulk_invitation_id), Principal.of_service("identity", hansen.tenant_id)
    async with work.work(firm) as tx:
        assert await invite_batch(tx, bulk_id) == BATCH
        await tx.commit()
    async with work.work(firm) as tx:
        assert await invite_batch(tx, bulk_id) == BATCH  # and then the process dies
    assert (await hansen.standing(bulk)).invited == BATCH
    await hansen.run_job()
    assert (await hansen.standing(bulk)).invited == 2 * BATCH + 10
    async with work.work(firm) as tx:
        twice = "SELECT count(*) - count(DISTINCT customer_id) FROM invitations WHERE customer_id IS NOT NULL"
        assert await tx.session.scalar(text(twice)) == 0
    assert await hansen.events(".InvitationCreated") == 1 + 2 * BATCH + 10


async def test_an_invitation_tells_how_far_it_is(hansen: Inviter) -> None:
    """F170, F174: created, sent, delivered, opened, accepted; bounced, sent again to the new address, revoked."""
    identity = hansen.identity
    julia, tom = await hansen.customer("Brandt"), await hansen.customer("Lindner")
    bulk = await hansen.bulk()
    await hansen.run_job()
    invitations = {one.customer_id: one.invitation_id for one in await hansen.items(bulk)}

    async def progress(customer_id: str) -> str:
        [found] = [one for one in await hansen.items(bulk) if one.customer_id == customer_id]
        return Progress.Name(found.progress).removeprefix("INVITATION_PROGRESS_")

    async def settled(customer_id: str, *, delivered: bool) -> None:
        moment = Timestamp()
        moment.FromDatetime(identity.clock.now())
        event = InvitationMailSettled(
            tenant_id=str(hansen.tenant_id),
            invitation_id=invitations[customer_id],
            delivered=delivered,
            settle_time=moment,
        )
        meta = EventMeta(new_id(), "", "notifications", "", hansen.tenant_id, identity.clock.now(), 1)
        async with identity.service.platform.work.work(Principal.of_service("identity", hansen.tenant_id)) as tx:
            await CONSUMERS[InvitationMailSettled](tx, event, meta)
            await tx.commit()

    assert await progress(julia) == "CREATED"
    token = await identity.link_of(invitations[julia])
    assert await progress(julia) == "SENT"
    await settled(julia, delivered=True)
    assert await progress(julia) == "DELIVERED"
    await identity.sign_in.GetInvitationByToken(signin_pb2.GetInvitationByTokenRequest(token=token))
    assert await progress(julia) == "OPENED"
    accept = signin_pb2.AcceptInvitationRequest(token=token, password=PASSWORD, client_address="192.0.2.1")
    await identity.sign_in.AcceptInvitation(accept)
    assert await progress(julia) == "ACCEPTED"

    await identity.link_of(invitations[tom])
    await settled(tom, delivered=False)
    assert await progress(tom) == "BOUNCED"
    resend = accounts_pb2.RevokeInvitationRequest(invitation_id=invitations[tom])
    again = pb.ResendInvitationRequest(invitation_id=invitations[tom])
    assert await _refused(hansen.invitations.ResendInvitation(again)) == "RESENT_TOO_SOON"
    identity.clock.advance(timedelta(minutes=2))
    change = people_pb2.UpdateCustomerRequest(
        customer_id=tom, customer=people_pb2.Customer(family_name="Lindner", email="tom.neu@mail.example")
    )
    change.update_mask.paths.append("email")
    await identity.as_person(**hansen.claims).UpdateCustomer(change)
    assert (await hansen.invitations.ResendInvitation(again)).email == "tom.neu@mail.example"
    assert await hansen.events(".InvitationRepeated") == 1
    minted = internal_pb2.MintInvitationLinkRequest(invitation_id=invitations[tom])
    assert (await identity.internal().MintInvitationLink(minted)).email == "tom.neu@mail.example"
    assert await progress(tom) == "SENT"
    await identity.as_person(**hansen.claims).RevokeInvitation(resend)
    assert await progress(tom) == "REVOKED"
    assert identity.clock.now().tzinfo is UTC
