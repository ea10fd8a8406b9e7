"""The same request id gives the same answer once, on real PostgreSQL."""

from __future__ import annotations

import asyncio
from uuid import UUID

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from kontor.common.v1.access_pb2 import Role
from kontor_chassis.database import Database
from kontor_chassis.errors import DomainError, ErrorKind
from kontor_chassis.housekeeping import housekeeping
from kontor_chassis.idempotency import AlreadyAnswered
from kontor_chassis.ids import new_id
from kontor_chassis.jobs import JobContext
from kontor_chassis.principal import Principal, set_current_principal
from kontor_chassis.testing.plugin import ServiceDatabase
from sqlalchemy import text

from libs.chassis.tests.shipping import Parcel, SendRequest, database

pytestmark = pytest.mark.integration


@pytest.fixture
def caller(tenant: UUID) -> Principal:
    """An employee; not signed in yet, because fixtures and tests are different tasks."""
    return Principal(account_id=new_id(), tenant_id=tenant, roles=frozenset({Role.ROLE_STAFF}))


async def visit(db: Database, caller: Principal, request_id: str, who: str) -> str:
    """Serve a command as an RPC would, and return its answer's text, first time or repeated."""
    set_current_principal(caller)
    try:
        async with db.work.command(SendRequest(request_id=request_id, label=who)) as tx:
            await tx.session.execute(text("INSERT INTO visits (who) VALUES (:who)"), {"who": who})
            answer = await tx.commit(Parcel(label=f"visited by {who}"))
    except AlreadyAnswered as repeated:
        answer = Parcel.FromString(repeated.answer)
    return str(answer.label)


async def visits(db: Database) -> int:
    """Return how many commands had their effect."""
    async with db.work.work(Principal.of_service("sender")) as tx:
        return int((await tx.session.execute(text("SELECT count(*) FROM visits"))).scalar_one())


async def test_repetition_gets_the_first_answer(sender: Database, caller: Principal) -> None:
    """The effect happens once; without a request id it happens every time."""
    request_id = str(new_id())
    assert await visit(sender, caller, request_id, "anna") == "visited by anna"
    assert await visit(sender, caller, request_id, "anna") == "visited by anna"
    assert await visits(sender) == 1
    await visit(sender, caller, "", "anna")
    await visit(sender, caller, "", "anna")
    assert await visits(sender) == 3


async def test_id_of_another_request_is_refused(sender: Database, caller: Principal) -> None:
    """REQUEST_ID_REUSED, and nothing happens; a text that is no UUID is refused, too."""
    request_id = str(new_id())
    await visit(sender, caller, request_id, "anna")
    with pytest.raises(DomainError) as refused:
        await visit(sender, caller, request_id, "berta")
    assert (refused.value.kind, refused.value.reason) == (ErrorKind.INVALID, "REQUEST_ID_REUSED")
    with pytest.raises(DomainError) as malformed:
        await visit(sender, caller, "17", "anna")
    assert malformed.value.kind is ErrorKind.INVALID
    assert await visits(sender) == 1


async def test_callers_do_not_share_ids(sender: Database, caller: Principal, tenant: UUID) -> None:
    """Another person, and the same person in another firm, are other callers."""
    request_id = str(new_id())
    colleague = Principal(account_id=new_id(), tenant_id=tenant)
    elsewhere = Principal(account_id=caller.account_id, tenant_id=new_id())
    for who in (caller, colleague, elsewhere, Principal.of_service("billing", tenant)):
        await visit(sender, who, request_id, "anna")
    assert await visits(sender) == 4


async def test_failed_command_leaves_its_id_unused(sender: Database, caller: Principal) -> None:
    """What was rolled back may be tried again with the same id."""
    request_id = str(new_id())
    set_current_principal(caller)
    async with sender.work.command(SendRequest(request_id=request_id, label="anna")):
        pass
    assert await visit(sender, caller, request_id, "anna") == "visited by anna"
    assert await visits(sender) == 1


@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(orders=st.lists(st.sampled_from("abc"), min_size=2, max_size=8))
def test_concurrent_duplicates_wait_and_are_answered(sender_database: ServiceDatabase, orders: list[str]) -> None:
    """However duplicates overlap, each id has one effect and all callers get the same answer."""
    asyncio.run(_race(sender_database.url, orders))


async def _race(url: str, orders: list[str]) -> None:
    db = database(url, "sender")
    try:
        caller = Principal(account_id=new_id(), tenant_id=new_id())
        ids = {who: str(new_id()) for who in "abc"}
        before = await visits(db)
        answers = await asyncio.gather(*(visit(db, caller, ids[who], who) for who in orders))
        assert answers == [f"visited by {who}" for who in orders]
        assert await visits(db) - before == len(set(orders))
    finally:
        await db.close()


async def test_answers_are_forgotten_after_a_week(sender: Database, caller: Principal) -> None:
    """The sweep deletes what is older than seven days of machine time, and nothing younger."""
    old, young = str(new_id()), str(new_id())
    await visit(sender, caller, old, "anna")
    await visit(sender, caller, young, "anna")
    async with sender.work.work(caller) as tx:
        await tx.session.execute(
            text(
                "UPDATE idempotency SET recorded_at = recorded_at - interval '7 days 1 minute'"
                " WHERE request_id = CAST(:id AS uuid)"
            ),
            {"id": old},
        )
        await tx.commit()
    [sweep] = [job for job in housekeeping("sender") if job.name == "chassis.sweep"]
    await sweep.run(JobContext(work=sender.work, clock=sender.clock))
    await visit(sender, caller, young, "anna")
    await visit(sender, caller, old, "anna")
    assert await visits(sender) == 3
