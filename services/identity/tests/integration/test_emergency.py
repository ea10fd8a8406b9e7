"""Trusted persons and the release engine, as customer, trusted persons, other services and the clock act on them."""

from __future__ import annotations

from datetime import UTC, timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
from kontor.chat.v1 import events_pb2 as chat
from kontor.common.v1.access_pb2 import Role
from kontor.identity.v1 import accounts_pb2, events_pb2, signin_pb2
from kontor.identity.v1 import emergency_pb2 as pb
from kontor.identity.v1.emergency_pb2_grpc import EmergencyAccessServiceStub
from kontor.vault.v1 import events_pb2 as vault
from kontor_chassis.database_errors import DatabaseError
from kontor_chassis.events import EventMeta
from kontor_chassis.ids import new_id
from kontor_chassis.principal import Principal
from kontor_chassis.testing.tokens import token_for
from kontor_identity.consumers import CONSUMERS
from kontor_identity.directory import DIRECTORY
from sqlalchemy import text

from services.identity.tests.emergency_office import REASON, Household, household, refusal
from services.identity.tests.identity_office import PASSWORD, Identity

pytestmark = pytest.mark.integration

HOUR = timedelta(hours=1)
State = pb.EmergencyRequestState


@pytest.fixture
async def home(identity: Identity) -> Household:
    """A customer with two trusted persons who accepted; one suffices, after three hours."""
    found = await household(identity)
    await found.trust("Anna Brandt")
    await found.trust("Max Brandt")
    await found.rules()
    return found


async def hear(home: Household, event: Any, *, earlier: timedelta = timedelta(0)) -> None:
    """Let identity hear of an event that happened a while ago."""
    kind, now = type(event), home.identity.clock.now()
    meta = EventMeta(
        event_id=new_id(),
        event_type=kind.DESCRIPTOR.name,
        source=kind.DESCRIPTOR.file.package.split(".")[1],
        subject=str(new_id()),
        tenant_id=home.tenant_id,
        time=now - earlier,
        position=1,
    )
    principal = Principal.of_service("identity", home.tenant_id)
    async with home.identity.service.platform.work.work(principal) as tx:
        await CONSUMERS[kind](tx, event, meta)
        await tx.commit()


def message(
    home: Household, *, earlier: timedelta = timedelta(0), by: UUID | None = None, by_customer: bool = True
) -> chat.MessagePosted:
    """Return the event of a chat message that was written a while ago, by the customer himself unless said."""
    event = chat.MessagePosted(
        tenant_id=str(home.tenant_id),
        customer_id=home.cid,
        sender_is_customer=by_customer,
        sender_account_id=str(by or home.account_id),
        message_id=str(new_id()),
    )
    event.post_time.FromDatetime(home.identity.clock.now() - earlier)
    return event


def stored(home: Household, by: UUID) -> vault.DocumentStored:
    """Return the event of a document that somebody stored as the customer."""
    return vault.DocumentStored(
        tenant_id=str(home.tenant_id), customer_id=home.cid, by_customer=True, account_id=str(by)
    )


async def test_trusted_persons_are_invited_accept_and_decline(identity: Identity) -> None:
    """F73, F75: invited by mail, a membership of their own once they accept; declined, resent, removed, reordered."""
    home = await household(identity)
    anna = await home.trust("Anna Brandt")
    [membership] = (
        await identity.as_person(
            roles=[Role.ROLE_TRUSTED_PERSON],
            tenant_id=home.tenant_id,
            customer_id=home.customer_id,
            account_id=anna.account_id,
        ).ListMemberships(accounts_pb2.ListMembershipsRequest())
    ).memberships
    assert (list(membership.roles), membership.customer_id) == ([Role.ROLE_TRUSTED_PERSON], home.cid)
    [trusteeship] = (await home.person(0).ListTrusteeships(pb.ListTrusteeshipsRequest())).trusteeships
    assert (trusteeship.customer_name, trusteeship.position, trusteeship.current) == ("Julia Brandt", 1, True)

    max_brandt = await home.invite("Max Brandt")
    token = await home.link_of(max_brandt.trusted_person_id)
    await home.anybody.DeclineTrustedPersonInvitation(pb.DeclineTrustedPersonInvitationRequest(token=token))
    again = home.anybody.DeclineTrustedPersonInvitation(pb.DeclineTrustedPersonInvitationRequest(token=token))
    assert await refusal(again) == "INVITATION_CLOSED"
    asked = pb.ResendTrustedPersonInvitationRequest(
        customer_id=home.cid, trusted_person_id=max_brandt.trusted_person_id
    )
    assert (await home.customer.ResendTrustedPersonInvitation(asked)).state == pb.TRUSTED_PERSON_STATE_INVITED
    stale = signin_pb2.AcceptInvitationRequest(token=token, password=PASSWORD)
    assert await refusal(identity.sign_in.AcceptInvitation(stale)) == "INVITATION_CLOSED"
    order = [max_brandt.trusted_person_id, anna.person_id]
    reordered = await home.customer.ReorderTrustedPersons(
        pb.ReorderTrustedPersonsRequest(customer_id=home.cid, trusted_person_ids=order)
    )
    assert [(one.trusted_person_id, one.position) for one in reordered.persons] == list(zip(order, (1, 2), strict=True))
    await home.customer.RemoveTrustedPerson(
        pb.RemoveTrustedPersonRequest(customer_id=home.cid, trusted_person_id=anna.person_id)
    )
    left = await home.customer.ListTrustedPersons(pb.ListTrustedPersonsRequest(customer_id=home.cid))
    assert [(one.trusted_person_id, one.position) for one in left.persons] == [(order[0], 1)]
    assert await refusal(home.ask()) == "NOT_FOUND"
    steps = [step for step, _, _ in await home.history()]
    assert steps == ["INVITE", "ACCEPT", "INVITE", "DECLINE", "INVITE", "CHANGE", "REMOVE"]


async def test_whom_a_customer_trusts_is_his_own_affair(home: Household) -> None:
    """F75: his firm sees neither the persons nor their invitations; another customer nothing at all."""
    staff = home.identity.as_person(roles=[Role.ROLE_STAFF, Role.ROLE_ADMINISTRATOR], tenant_id=home.tenant_id)
    seen = await staff.ListInvitations(accounts_pb2.ListInvitationsRequest())
    assert {tuple(one.roles) for one in seen.invitations} == {
        (Role.ROLE_CUSTOMER,),
        (Role.ROLE_STAFF, Role.ROLE_ADMINISTRATOR),
    }
    looking_on = token_for(
        roles=[Role.ROLE_CUSTOMER], tenant_id=home.tenant_id, customer_id=home.customer_id, account_id=uuid4()
    )
    stub = home.identity.service.stub(EmergencyAccessServiceStub, looking_on)
    listed = pb.ListTrustedPersonsRequest(customer_id=home.cid)
    assert await refusal(stub.ListTrustedPersons(listed)) == "NOT_ACCOUNT_HOLDER"
    other = await household(home.identity, "alpen")
    asked = pb.ListTrustedPersonsRequest(customer_id=home.cid)
    assert await refusal(other.customer.ListTrustedPersons(asked)) == "NOT_FOUND"
    stranger = await other.trust("Eva Fremd")
    token = token_for(
        roles=[Role.ROLE_TRUSTED_PERSON],
        tenant_id=home.tenant_id,
        customer_id=home.customer_id,
        account_id=stranger.account_id,
    )
    stub = home.identity.service.stub(EmergencyAccessServiceStub, token)
    request = pb.CreateEmergencyRequestRequest(customer_id=home.cid, reason=REASON)
    assert await refusal(stub.CreateEmergencyRequest(request)) == "NOT_FOUND"
    requests = pb.ListEmergencyRequestsRequest(customer_id=home.cid)
    assert await refusal(stub.ListEmergencyRequests(requests)) == "NOT_FOUND"


async def test_limits_of_trust(identity: Identity) -> None:
    """F75: not oneself, nobody twice, three at most where two must agree, two must have accepted."""
    home = await household(identity)
    own = pb.CreateTrustedPersonRequest(
        customer_id=home.cid, person=pb.TrustedPerson(name="Ich selbst", email=home.email.upper())
    )
    assert await refusal(home.customer.CreateTrustedPerson(own)) == "INVALID_FIELD"
    await home.trust("Anna Brandt")
    twice = pb.TrustedPerson(name="Anna B.", email=home.trusted[0].email)
    again = pb.CreateTrustedPersonRequest(customer_id=home.cid, person=twice)
    assert await refusal(home.customer.CreateTrustedPerson(again)) == "ALREADY_TRUSTED"
    await home.rules(quorum=2)
    assert await refusal(home.ask()) == "TOO_FEW_TRUSTED_PERSONS"
    await home.invite("Max Brandt")
    await home.invite("Eva Brandt")
    assert await refusal(home.invite("Udo Brandt")) == "TOO_MANY_TRUSTED_PERSONS"
    too_soon = pb.EmergencyPlan(quorum=1, waiting_hours=2)
    change = pb.UpdateEmergencyPlanRequest(customer_id=home.cid, plan=too_soon)
    assert await refusal(home.customer.UpdateEmergencyPlan(change)) == "INVALID_REQUEST"


async def test_release_exactly_at_expiry_although_nobody_signs_in(home: Household) -> None:
    """F73, F75: open from the very instant, even before the job has run, and counted from it after a downtime."""
    asked = await home.ask()
    assert asked.state == State.EMERGENCY_REQUEST_STATE_WAITING
    begun = home.identity.clock.now()
    home.identity.clock.advance(3 * HOUR - timedelta(microseconds=1))
    assert await home.clock_strikes() == 0
    assert not await home.opens()
    home.identity.clock.advance(timedelta(microseconds=1))
    assert await home.opens(), "at the very instant, whether or not the job has run"
    home.identity.clock.advance(5 * HOUR)  # nothing ran meanwhile
    assert await home.clock_strikes() == 1
    assert await home.clock_strikes() == 0
    released = await home.latest()
    assert released.state == State.EMERGENCY_REQUEST_STATE_RELEASED
    assert released.release_time.ToDatetime(UTC) == begun + 3 * HOUR
    granted = await home.events(events_pb2.EmergencyAccessGranted)
    assert [(one.account_id, list(one.folder_ids)) for one in granted] == [
        (str(person.account_id), person.folder_ids) for person in home.trusted
    ], "each sees the folders that were chosen for him"
    assert {one.release_time.ToDatetime(UTC) for one in granted} == {begun + 3 * HOUR}
    assert await home.steps_told() == ["WAIT", "RELEASE"]
    assert (await home.history())[-1] == ("RELEASE", "CLOCK", begun + 3 * HOUR)
    [mine] = (
        await home.person(1).ListEmergencyRequests(pb.ListEmergencyRequestsRequest(customer_id=home.cid))
    ).requests
    assert (list(mine.folder_ids), mine.supported_by_me) == (home.trusted[1].folder_ids, False)


async def test_two_of_three_must_agree(home: Household) -> None:
    """F75: the waiting period begins with the second of them; a third may join it; the first may take it back."""
    await home.trust("Eva Brandt")
    await home.rules(quorum=2)
    asked = await home.ask()
    assert (asked.state, asked.HasField("release_time")) == (State.EMERGENCY_REQUEST_STATE_REQUESTED, False)
    assert await refusal(home.confirm(0, asked)) == "ALREADY_CONFIRMED"
    assert await refusal(home.ask(1)) == "REQUEST_RUNNING"
    home.identity.clock.advance(24 * HOUR)
    assert await home.clock_strikes() == 0
    confirmed = await home.confirm(1, asked)
    assert confirmed.state == State.EMERGENCY_REQUEST_STATE_WAITING
    assert list(confirmed.supporter_names) == ["Anna Brandt", "Max Brandt"]
    assert confirmed.release_time.ToDatetime(UTC) == home.identity.clock.now() + 3 * HOUR
    assert (await home.confirm(2, asked)).release_time == confirmed.release_time
    take_back = pb.WithdrawEmergencyRequestRequest(
        customer_id=home.cid, emergency_request_id=asked.emergency_request_id
    )
    assert await refusal(home.person(1).WithdrawEmergencyRequest(take_back)) == "REQUEST_OVER"
    taken_back = await home.person(0).WithdrawEmergencyRequest(take_back)
    assert taken_back.state == State.EMERGENCY_REQUEST_STATE_WITHDRAWN
    assert await home.steps_told() == ["REQUEST", "WAIT", "CONFIRM", "WITHDRAW"]
    assert await refusal(home.ask()) == "REQUEST_TOO_SOON"
    home.identity.clock.advance(24 * HOUR)
    await home.ask()
    home.identity.clock.advance(timedelta(days=14))
    assert await home.clock_strikes() == 1
    assert (await home.latest()).state == State.EMERGENCY_REQUEST_STATE_LAPSED


async def sign_in(home: Household) -> None:
    """Let the customer sign in until he has tokens."""
    edge = home.identity.sign_in
    session = await edge.SignIn(signin_pb2.SignInRequest(email=home.email, password=PASSWORD, firm="hansen"))
    asked = signin_pb2.CreateAuthorizationCodeRequest(
        session_id=session.session_id,
        client_id="portal",
        redirect_uri="http://localhost:8080/auth/callback",
        scope="openid",
        code_challenge="c" * 43,
    )
    code = (await edge.CreateAuthorizationCode(asked)).code
    taken = await edge.TakeAuthorizationCode(signin_pb2.TakeAuthorizationCodeRequest(code=code, client_id="portal"))
    await edge.IssueTokens(signin_pb2.IssueTokensRequest(grant_id=taken.grant_id))


async def write_a_message(home: Household) -> None:
    """Let the customer write in a chat."""
    await hear(home, message(home))


async def store_a_document(home: Household) -> None:
    """Let the customer store a document."""
    await hear(home, stored(home, home.account_id))


async def change_something(home: Household) -> None:
    """Let the customer change his rules."""
    await home.rules(waiting_hours=48)


async def press_the_button_in_the_mail(home: Household) -> None:
    """Let somebody with the customer's mail press the button behind the link."""
    await home.anybody.StopByEmergencyLink(pb.StopByEmergencyLinkRequest(token=await home.stop_link()))


SIGNS = {
    "SIGN_IN": sign_in,
    "CHAT": write_a_message,
    "UPLOAD": store_a_document,
    "CUSTOMER": change_something,
    "LINK": press_the_button_in_the_mail,
}


@pytest.mark.parametrize("sign", sorted(SIGNS))
@pytest.mark.parametrize("quorum", [1, 2])
async def test_any_sign_of_life_ends_the_request(home: Household, sign: str, quorum: int) -> None:
    """F75: sign-in, message, upload, change or the button in a mail, before and during the waiting period."""
    await home.rules(quorum=quorum)
    await home.ask()
    home.identity.clock.advance(HOUR)
    await SIGNS[sign](home)
    assert (await home.latest()).state == State.EMERGENCY_REQUEST_STATE_VETOED
    home.identity.clock.advance(30 * 24 * HOUR)
    assert await home.clock_strikes() == 0
    assert not await home.opens()
    assert (await home.steps_told())[-1] == "VETO"
    assert ("VETO", sign) in [(step, actor) for step, actor, _ in await home.history()]
    assert await home.events(events_pb2.EmergencyAccessGranted) == []


async def test_what_is_no_sign_of_life(home: Household) -> None:
    """F75: a scanner that opens links, what broker or household do, yesterday's message, a trusted person."""
    await home.ask()
    token = await home.stop_link()
    shown = await home.anybody.CheckEmergencyLink(pb.CheckEmergencyLinkRequest(token=token))
    assert (shown.state, shown.tenant_slug) == (State.EMERGENCY_REQUEST_STATE_WAITING, "hansen")
    home.identity.clock.advance(HOUR)
    await hear(home, message(home, by_customer=False, by=uuid4()))
    await hear(home, message(home, by=uuid4()))
    await hear(home, stored(home, uuid4()))
    await hear(home, message(home, earlier=2 * HOUR))
    await hear(home, vault.DocumentStored(tenant_id=str(home.tenant_id), customer_id=home.cid))
    await home.identity.sign_in.SignIn(signin_pb2.SignInRequest(email=home.trusted[0].email, password=PASSWORD))
    assert (await home.latest()).state == State.EMERGENCY_REQUEST_STATE_WAITING
    none = pb.StopByEmergencyLinkRequest(token="x" * 43)
    assert await refusal(home.anybody.StopByEmergencyLink(none)) == "NOT_FOUND"


async def test_a_sign_of_life_that_arrives_late_still_counts(home: Household) -> None:
    """F75: written before the release, heard of after it: the access ends at once; written after it: it stays."""
    await home.ask()
    home.identity.clock.advance(4 * HOUR)
    await home.clock_strikes()
    assert await home.opens()
    await hear(home, message(home, earlier=timedelta(minutes=30)))
    assert await home.opens()
    await hear(home, message(home, earlier=2 * HOUR))
    assert not await home.opens()
    assert (await home.latest()).state == State.EMERGENCY_REQUEST_STATE_VETOED
    revoked = await home.events(events_pb2.EmergencyAccessRevoked)
    assert [one.account_id for one in revoked] == [str(person.account_id) for person in home.trusted]


async def test_the_customer_takes_access_back(home: Household) -> None:
    """F75: at once and for all; the same button vetoes before the release and takes back after it, twice is fine."""
    asked = await home.ask()
    home.identity.clock.advance(4 * HOUR)  # the job did not run
    assert (await home.stop(asked)).state == State.EMERGENCY_REQUEST_STATE_UNDONE
    assert (await home.stop(asked)).state == State.EMERGENCY_REQUEST_STATE_UNDONE
    assert not await home.opens()
    assert await home.steps_told() == ["WAIT", "RELEASE", "UNDO"]
    assert len(await home.events(events_pb2.EmergencyAccessRevoked)) == 2


async def test_access_ends_on_its_day(home: Household) -> None:
    """F75: the end date that the customer chose, exact like the release."""
    await home.rules(access_days=2)
    await home.ask()
    home.identity.clock.advance(3 * HOUR + timedelta(days=2) - timedelta(seconds=1))
    await home.clock_strikes()
    assert await home.opens()
    home.identity.clock.advance(timedelta(seconds=1))
    assert not await home.opens(), "even before the job has run"
    home.identity.clock.advance(24 * HOUR)
    assert await home.clock_strikes() == 1
    assert (await home.history())[-1][:2] == ("END", "CLOCK")
    assert len(await home.events(events_pb2.EmergencyAccessRevoked)) == 2


async def test_while_access_is_released(home: Household) -> None:
    """F75: nothing can be changed but whom one trusts no longer, and that takes his access away at once."""
    await home.ask()
    home.identity.clock.advance(3 * HOUR)
    await home.clock_strikes()
    assert await refusal(home.rules(waiting_hours=48)) == "ACCESS_RELEASED"
    assert await refusal(home.invite("Eva Brandt")) == "ACCESS_RELEASED"
    assert await refusal(home.confirm(1, await home.latest())) == "REQUEST_OVER"
    asked = pb.RemoveTrustedPersonRequest(customer_id=home.cid, trusted_person_id=home.trusted[0].person_id)
    await home.customer.RemoveTrustedPerson(asked)
    assert [await home.opens(0), await home.opens(1)] == [False, True]
    [revoked] = await home.events(events_pb2.EmergencyAccessRevoked)
    assert revoked.account_id == str(home.trusted[0].account_id)


async def test_the_database_itself_refuses_an_early_release(home: Household) -> None:
    """F75: behind the code stands a constraint: no release without quorum and waiting period."""
    asked = await home.ask()
    early = text(
        "UPDATE emergency_requests SET state = 3, release_at = waiting_since + interval '1 hour',"
        " released_at = waiting_since + interval '1 hour' WHERE emergency_request_id = :id"
    )
    async with home.identity.service.platform.work.work(DIRECTORY) as tx:
        with pytest.raises(DatabaseError, match="ck_emergency_requests_released"):
            await tx.session.execute(early, {"id": asked.emergency_request_id})
    history = text("UPDATE emergency_entries SET step = 1")
    async with home.identity.service.platform.work.work(DIRECTORY) as tx:
        with pytest.raises(DatabaseError, match="permission denied"):
            await tx.session.execute(history)


async def test_the_same_command_acts_once(home: Household) -> None:
    """ARCHITECTURE 4: the same request id gives the same answer, once."""
    asked = pb.CreateEmergencyRequestRequest(customer_id=home.cid, reason=REASON, request_id=str(uuid4()))
    first = await home.person(0).CreateEmergencyRequest(asked)
    assert await home.person(0).CreateEmergencyRequest(asked) == first
    assert await home.steps_told() == ["WAIT"]
