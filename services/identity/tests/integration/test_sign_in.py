"""Signing in: slowing guesses, passwords, resets, sessions; and row-level security behind all of it."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import asyncpg
import grpc
import pytest
from kontor.common.v1.access_pb2 import Role
from kontor.identity.v1 import accounts_pb2, internal_pb2, signin_pb2
from kontor_chassis.errors import DomainError
from kontor_chassis.interceptors.errors import refused_with
from kontor_chassis.principal import Principal
from kontor_identity.directory import DIRECTORY
from kontor_identity.tables import Credential, Customer, LoginThrottle, PasswordReset, RefreshToken, SigningKey, Tenant
from sqlalchemy import func, select

from services.identity.tests.identity_office import PASSWORD, Identity, add_operator, all_of

pytestmark = pytest.mark.integration

OPERATOR = "betrieb@kontor.example"


def _attempt(
    password: str, *, email: str = OPERATOR, address: str = "198.51.100.7", device_token: str = ""
) -> signin_pb2.SignInRequest:
    return signin_pb2.SignInRequest(
        email=email, password=password, client_address=address, device="Test", device_token=device_token
    )


async def _refusal(call: Any) -> DomainError:
    with pytest.raises(grpc.aio.AioRpcError) as caught:
        await call
    refused = refused_with(caught.value)
    assert refused is not None
    return refused


async def test_guessing_is_slowed_and_nobody_is_locked_out(identity: Identity) -> None:
    """F96: five free attempts, then doubling pauses up to 15 minutes; the right password works after the pause."""
    await add_operator(identity.service)
    for _ in range(5):
        assert (await _refusal(identity.sign_in.SignIn(_attempt("falsch")))).reason == "WRONG_CREDENTIALS"
    slowed = await _refusal(identity.sign_in.SignIn(_attempt(PASSWORD)))
    assert slowed.reason == "TOO_MANY_ATTEMPTS"
    assert slowed.metadata["wait_seconds"] == "15"
    assert "warten Sie noch 15 Sekunden" in slowed.message
    identity.clock.advance(timedelta(seconds=16))
    assert (await _refusal(identity.sign_in.SignIn(_attempt("falsch")))).reason == "WRONG_CREDENTIALS"
    assert (await _refusal(identity.sign_in.SignIn(_attempt(PASSWORD)))).metadata["wait_seconds"] == "30"
    identity.clock.advance(timedelta(minutes=15))
    assert (await identity.sign_in.SignIn(_attempt(PASSWORD))).session_id


async def test_a_stranger_cannot_slow_the_owner(identity: Identity) -> None:
    """F96: a device the account has signed in from before is counted apart, even behind the stranger's own address."""
    await add_operator(identity.service)
    await identity.sign_in.SignIn(_attempt(PASSWORD, device_token="desk"))
    for _ in range(6):
        await _refusal(identity.sign_in.SignIn(_attempt("falsch", device_token="strange")))
    assert (await _refusal(identity.sign_in.SignIn(_attempt(PASSWORD)))).reason == "TOO_MANY_ATTEMPTS"
    assert (await identity.sign_in.SignIn(_attempt(PASSWORD, device_token="desk"))).session_id


async def test_a_stolen_device_is_slowed_by_itself(identity: Identity) -> None:
    """F96: the device cookie gives five free guesses and no more; it does not slow the owner elsewhere."""
    await add_operator(identity.service)
    await identity.sign_in.SignIn(_attempt(PASSWORD, device_token="desk"))
    for _ in range(6):
        refused = await _refusal(identity.sign_in.SignIn(_attempt("falsch", device_token="desk")))
    assert refused.reason == "TOO_MANY_ATTEMPTS"
    assert (await identity.sign_in.SignIn(_attempt(PASSWORD))).session_id


async def test_parallel_guesses_gain_nothing(identity: Identity) -> None:
    """F96: attempts are counted before the password is checked, so ten at once are no better than ten in a row."""
    await add_operator(identity.service)
    outcomes = await all_of(*[identity.sign_in.SignIn(_attempt(f"falsch {n}")) for n in range(10)])
    refusals = [refused_with(outcome) for outcome in outcomes]
    assert [one.reason for one in refusals if one].count("WRONG_CREDENTIALS") <= 5


async def test_many_accounts_from_one_address_are_slowed(identity: Identity) -> None:
    """F96: trying one password with many addresses is slowed per network address; unknown accounts count alike."""
    for number in range(30):
        refused = await _refusal(identity.sign_in.SignIn(_attempt("falsch", email=f"p{number}@mail.example")))
        assert refused.reason == "WRONG_CREDENTIALS"
    refused = await _refusal(identity.sign_in.SignIn(_attempt("falsch", email="neu@mail.example")))
    assert refused.reason == "TOO_MANY_ATTEMPTS"


async def test_what_is_counted_holds_no_personal_data(identity: Identity) -> None:
    """Addresses, accounts and firms are counted under blinded keys."""
    await add_operator(identity.service)
    await _refusal(identity.sign_in.SignIn(_attempt("falsch")))
    async with identity.service.platform.work.work(DIRECTORY) as tx:
        keys = (await tx.session.execute(select(LoginThrottle.key))).scalars().all()
    assert len(keys) == 3
    assert not any(b"kontor" in key or b"198" in key for key in keys)


async def test_a_forgotten_password_is_reset_by_mail(identity: Identity) -> None:
    """Nobody learns who has an account; the link works once, for an hour, and ends all sessions."""
    await add_operator(identity.service)
    session = await identity.sign_in.SignIn(_attempt(PASSWORD))
    for email in ("niemand@mail.example", OPERATOR):
        await identity.sign_in.RequestPasswordReset(signin_pb2.RequestPasswordResetRequest(email=email))
    async with identity.service.platform.work.work(DIRECTORY) as tx:
        reset_id = (await tx.session.execute(select(PasswordReset.reset_id))).scalar_one()
    asked = internal_pb2.MintPasswordResetLinkRequest(reset_id=str(reset_id))
    link = await identity.internal().MintPasswordResetLink(asked)
    token = link.url.rpartition("/")[2]
    new = "Kaktus-Nebel-Hafen-Uhr"
    await identity.sign_in.ResetPassword(signin_pb2.ResetPasswordRequest(token=token, password=new))
    again = identity.sign_in.ResetPassword(signin_pb2.ResetPasswordRequest(token=token, password=new))
    assert (await _refusal(again)).reason == "RESET_LINK_INVALID"
    asked_session = signin_pb2.GetBrowserSessionRequest(session_id=session.session_id)
    assert (await _refusal(identity.sign_in.GetBrowserSession(asked_session))).reason == "SESSION_ENDED"
    assert (await _refusal(identity.sign_in.SignIn(_attempt(PASSWORD)))).reason == "WRONG_CREDENTIALS"
    assert (await identity.sign_in.SignIn(_attempt(new))).account_id == link.account_id


async def test_sessions_are_listed_and_ended_by_their_owner_only(identity: Identity) -> None:
    """The session list shows one's own, and nobody ends another's."""
    await add_operator(identity.service)
    sessions = [await identity.sign_in.SignIn(_attempt(PASSWORD)) for _ in range(2)]
    claims = {"roles": [Role.ROLE_OPERATOR], "sid": sessions[0].session_id}
    me = identity.as_person(account_id=UUID(sessions[0].account_id), **claims)
    listed = (await me.ListSessions(accounts_pb2.ListSessionsRequest())).sessions
    assert [(one.session_id, one.current) for one in listed] == [
        (sessions[1].session_id, False),
        (sessions[0].session_id, True),
    ]
    revoke = accounts_pb2.RevokeSessionRequest(session_id=sessions[1].session_id)
    stranger = identity.as_person(roles=[Role.ROLE_STAFF], tenant_id=uuid4())
    assert (await _refusal(stranger.RevokeSession(revoke))).reason == "NOT_FOUND"
    await me.RevokeSession(revoke)
    assert len((await me.ListSessions(accounts_pb2.ListSessionsRequest())).sessions) == 1


async def test_bootstrap_changes_nothing_the_second_time(identity: Identity) -> None:
    """A second bootstrap makes no second person and leaves the password as it is."""
    for _ in range(2):
        await add_operator(identity.service)
    async with identity.service.platform.work.work(DIRECTORY) as tx:
        assert await tx.session.scalar(select(func.count()).select_from(Credential)) == 1
        assert await tx.session.scalar(select(func.count()).select_from(Tenant)) == 1


@pytest.mark.parametrize("role", [Role.ROLE_STAFF, Role.ROLE_CUSTOMER, Role.ROLE_OPERATOR, None])
async def test_a_query_without_a_filter_sees_nothing_of_others(identity: Identity, role: Role.ValueType | None) -> None:
    """ARCHITECTURE 5: as the application role, secrets are invisible to every caller, customers to other firms."""
    await add_operator(identity.service)
    await identity.sign_in.SignIn(_attempt(PASSWORD))
    await identity.sign_in.GetJwks(signin_pb2.GetJwksRequest())
    tenant_id = uuid4()
    people = [internal_pb2.ImportedCustomer(external_number="1", family_name="Muster")]
    async with identity.service.platform.work.work(DIRECTORY) as tx:
        platform_id = (await tx.session.execute(select(Tenant.tenant_id))).scalar_one()
    asked = internal_pb2.ImportCustomersRequest(tenant_id=str(platform_id), import_id=str(uuid4()), customers=people)
    await identity.internal("contracts").ImportCustomers(asked)
    caller = Principal(account_id=uuid4(), tenant_id=tenant_id, roles=frozenset({role})) if role else Principal()
    async with identity.service.platform.work.work(caller) as tx:
        for table in (Customer, Credential, SigningKey, RefreshToken, LoginThrottle):
            assert await tx.session.scalar(select(func.count()).select_from(table)) == 0, table
    async with identity.service.platform.work.work(DIRECTORY) as tx:
        for table in (Customer, Credential, SigningKey, LoginThrottle):
            assert await tx.session.scalar(select(func.count()).select_from(table)), table


async def test_every_table_is_under_row_level_security(service_database: Any) -> None:
    """ARCHITECTURE 5: no table of identity's own is left without a policy that also binds the owner."""
    connection = await asyncpg.connect(service_database("identity").url)
    try:
        open_tables = await connection.fetch(
            "SELECT relname FROM pg_class WHERE relnamespace = 'public'::regnamespace AND relkind = 'r'"
            " AND NOT (relrowsecurity AND relforcerowsecurity)"
        )
    finally:
        await connection.close()
    chassis = {"outbox", "inbox", "inbox_watermarks", "dead_letters", "idempotency", "job_runs", "alembic_version"}
    terms = {"plans", "processing_texts"}  # the same for all firms, and no row is ever changed
    assert {row["relname"] for row in open_tables} == chassis | terms
