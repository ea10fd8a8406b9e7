"""The unit of work on real PostgreSQL: commit, rollback, row-level security, typed errors, hot reads."""

from __future__ import annotations

import asyncio
import logging
from uuid import UUID

import asyncpg
import pytest
from kontor.common.v1.access_pb2 import Role
from kontor_chassis.clock import FixedClock
from kontor_chassis.database import Database
from kontor_chassis.database_errors import (
    CheckError,
    DatabaseError,
    ForeignKeyError,
    NotNullError,
    RowSecurityError,
    UniqueError,
)
from kontor_chassis.errors import DomainError, ErrorKind
from kontor_chassis.ids import new_id
from kontor_chassis.logs import MASK, configure_logging
from kontor_chassis.principal import Principal, set_current_principal
from kontor_chassis.testing.plugin import PostgresForTests, ServiceDatabase
from sqlalchemy import any_, bindparam, func, select, text

from libs.chassis.tests.shipping import NOON, ParcelRow, ParcelSent, SendRequest, database, until

pytestmark = pytest.mark.integration


def staff(tenant: UUID) -> Principal:
    """Return an employee of a firm."""
    return Principal(account_id=new_id(), tenant_id=tenant, roles=frozenset({Role.ROLE_STAFF}))


def customer(tenant: UUID, customer_id: UUID | None) -> Principal:
    """Return a customer of a firm."""
    return Principal(
        account_id=new_id(), tenant_id=tenant, customer_id=customer_id, roles=frozenset({Role.ROLE_CUSTOMER})
    )


async def add_parcel(
    db: Database, tenant: UUID, label: str, *, customer_id: UUID | None = None, commit: bool = True
) -> UUID:
    """Write a parcel as the firm's employee."""
    async with db.work.work(staff(tenant)) as tx:
        row = ParcelRow(tenant_id=tenant, customer_id=customer_id, label=label)
        tx.session.add(row)
        if commit:
            await tx.commit()
        return row.id


async def labels(db: Database, principal: Principal) -> list[str]:
    """Return the labels a caller sees without any filter in the query."""
    async with db.work.work(principal) as tx:
        return sorted((await tx.session.execute(text("SELECT label FROM parcels"))).scalars())


async def test_only_commit_keeps_what_was_written(sender: Database, tenant: UUID) -> None:
    """Leaving the block without commit rolls back, events included."""
    await add_parcel(sender, tenant, "kept")
    async with sender.work.work(staff(tenant)) as tx:
        tx.session.add(ParcelRow(tenant_id=tenant, label="dropped"))
        tx.publish(ParcelSent(tenant_id=str(tenant)), aggregate="a")
        await tx.session.flush()
    assert await labels(sender, staff(tenant)) == ["kept"]
    async with sender.work.work(staff(tenant)) as tx:
        assert (await tx.session.execute(text("SELECT count(*) FROM outbox"))).scalar_one() == 0
        assert tx.now == NOON


async def test_query_without_filter_sees_only_its_own_firm(sender: Database, tenant: UUID) -> None:
    """F97: under row-level security the application role sees nothing of another tenant, nor anything without one."""
    other, mine, his = new_id(), new_id(), new_id()
    await add_parcel(sender, tenant, "firm")
    await add_parcel(sender, tenant, "mine", customer_id=mine)
    await add_parcel(sender, tenant, "his", customer_id=his)
    await add_parcel(sender, other, "elsewhere")
    assert await labels(sender, staff(tenant)) == ["firm", "his", "mine"]
    assert await labels(sender, customer(tenant, mine)) == ["mine"]
    assert await labels(sender, customer(tenant, None)) == []
    assert await labels(sender, customer(other, mine)) == []
    assert await labels(sender, Principal()) == []
    assert await labels(sender, Principal.of_service("sender")) == []


async def test_row_of_another_firm_cannot_be_written(sender: Database, tenant: UUID) -> None:
    """The policy's check refuses foreign rows."""
    async with sender.work.work(staff(tenant)) as tx:
        tx.session.add(ParcelRow(tenant_id=new_id(), label="foreign"))
        with pytest.raises(RowSecurityError):
            await tx.commit()


async def test_owner_is_bound_by_policies(sender_database: ServiceDatabase, tenant: UUID) -> None:
    """Even a data migration sees rows only after it says for whom (FORCE ROW LEVEL SECURITY)."""
    db = database(sender_database.url, "sender")
    await add_parcel(db, tenant, "kept")
    await db.close()
    owner = await asyncpg.connect(sender_database.owner_url)
    assert await owner.fetchval("SELECT count(*) FROM parcels") == 0
    await owner.close()


async def test_settings_end_with_their_transaction(sender: Database, tenant: UUID) -> None:
    """A pooled connection does not carry one caller's firm into the next transaction."""
    await add_parcel(sender, tenant, "kept")
    async with sender.engine.connect() as connection:
        assert (await connection.execute(text("SELECT count(*) FROM parcels"))).scalar_one() == 0
        assert (await connection.execute(text("SELECT kontor_role()"))).scalar_one() == ""


async def test_query_cannot_write(sender: Database, tenant: UUID) -> None:
    """A reading RPC runs in a read-only transaction."""
    set_current_principal(staff(tenant))
    with pytest.raises(DatabaseError) as refused:
        async with sender.work.query() as tx:
            await tx.session.execute(text("INSERT INTO visits (who) VALUES ('x')"))
    assert refused.value.sqlstate == "25006"


async def test_violations_become_typed_errors(sender: Database, tenant: UUID) -> None:
    """No driver exception leaves the data layer; a use case catches by type and constraint and goes on."""
    await add_parcel(sender, tenant, "one")
    async with sender.work.work(staff(tenant)) as tx:
        with pytest.raises(UniqueError) as unique:
            async with tx.session.begin_nested():
                tx.session.add(ParcelRow(tenant_id=tenant, label="one"))
        with pytest.raises(CheckError) as check:
            async with tx.session.begin_nested():
                tx.session.add(ParcelRow(tenant_id=tenant, label="two", weight=0))
        with pytest.raises(ForeignKeyError) as foreign:
            async with tx.session.begin_nested():
                tx.session.add(ParcelRow(tenant_id=tenant, label="three", parent_id=new_id()))
        with pytest.raises(NotNullError) as empty:
            async with tx.session.begin_nested():
                await tx.session.execute(text("INSERT INTO visits (who) VALUES (NULL)"))
        tx.session.add(ParcelRow(tenant_id=tenant, label="four"))
        await tx.commit()
    assert unique.value.constraint == "uq_parcels_tenant_id_label"
    assert check.value.constraint == "ck_parcels_weight"
    assert foreign.value.constraint == "fk_parcels_parent_id"
    assert empty.value.constraint == "who"
    assert await labels(sender, staff(tenant)) == ["four", "one"]


async def execute(db: Database, tenant: UUID, statement: str, value: object, *, through_session: bool) -> None:
    """Run a statement with one value at `{}` as the firm's employee, by SQLAlchemy or straight on the driver."""
    async with db.work.work(staff(tenant)) as tx:
        if through_session:
            await tx.session.execute(text(statement.format(":value")), {"value": value})
        else:
            await tx.run(statement.format("$1"), value)


@pytest.mark.parametrize("through_session", [True, False])
async def test_text_that_no_column_holds_is_refused(sender: Database, tenant: UUID, through_session: bool) -> None:
    """U+0000 comes from a caller, so he is told; it is no defect of the service."""
    with pytest.raises(DomainError) as refused:
        await execute(sender, tenant, "SELECT CAST({} AS text)", "a\x00b", through_session=through_session)
    assert (refused.value.kind, refused.value.reason) == (ErrorKind.INVALID, "TEXT_NOT_STORABLE")


@pytest.mark.parametrize("through_session", [True, False])
async def test_no_statement_holds_a_connection_for_ever(
    sender_database: ServiceDatabase, tenant: UUID, through_session: bool
) -> None:
    """A statement that waits too long, as for a lock, fails; the connection is good again afterwards."""
    db = Database(sender_database.url, service="sender", clock=FixedClock(NOON), connections=1, statement_seconds=0.2)
    with pytest.raises(DomainError) as refused:
        await execute(db, tenant, "SELECT pg_sleep({})", 30, through_session=through_session)
    assert refused.value.kind is ErrorKind.UNAVAILABLE
    assert await labels(db, staff(tenant)) == []
    await db.close()


@pytest.mark.usefixtures("restored_logging")
@pytest.mark.parametrize("through_session", [True, False])
async def test_a_refused_row_is_not_logged(
    sender: Database, tenant: UUID, capsys: pytest.CaptureFixture[str], through_session: bool
) -> None:
    """PostgreSQL quotes the row that breaks a constraint where row-level security does not stop it (F97)."""
    configure_logging("sender", "info")
    broken = "INSERT INTO idempotency (caller, method, request_id, request_digest) VALUES ({}, '', NULL, '')"
    name = " ".join(("Sabine", "Krüger"))  # in one piece it would stand in the traceback's line of this file
    try:
        await execute(sender, tenant, broken, name, through_session=through_session)
    except NotNullError:
        logging.getLogger("some.library").exception("rpc_failed")
    logged = capsys.readouterr().out
    assert f"DETAIL:  {MASK}" in logged
    assert "violates not-null constraint" in logged
    assert name not in logged


async def test_database_that_is_away_is_unavailable(tenant: UUID) -> None:
    """A caller is told to come back, by unit of work and by row reader alike."""
    away = database("postgresql://nobody@127.0.0.1:1/nowhere", "sender")
    with pytest.raises(DomainError) as refused:
        await labels(away, staff(tenant))
    assert refused.value.kind is ErrorKind.UNAVAILABLE
    with pytest.raises(DomainError) as refused:
        await away.rows.rows(select(ParcelRow.label), {}, principal=staff(tenant))
    assert refused.value.kind is ErrorKind.UNAVAILABLE
    await away.close()


async def test_connection_that_died_in_the_pool_is_replaced(
    postgres: PostgresForTests, sender: Database, tenant: UUID
) -> None:
    """After a database failover the next call works, without an error in between."""
    await add_parcel(sender, tenant, "kept")
    by_label = select(ParcelRow.label)
    assert len(await sender.rows.rows(by_label, {}, principal=staff(tenant))) == 1
    postgres.execute(
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = 'kontor_sender_app' AND datname <> ''"
    )
    assert await labels(sender, staff(tenant)) == ["kept"]
    assert len(await sender.rows.rows(by_label, {}, principal=staff(tenant))) == 1


_ONE = select(ParcelRow.id, ParcelRow.label, ParcelRow.weight).where(
    ParcelRow.label == any_(bindparam("labels", expanding=False)), ParcelRow.weight < 10
)


async def test_hot_reads_see_what_the_caller_may_see(sender: Database, tenant: UUID) -> None:
    """The row reader is bound by the same policies, and a faulty read leaves the connection usable."""
    mine = new_id()
    await add_parcel(sender, tenant, "firm")
    parcel = await add_parcel(sender, tenant, "mine", customer_id=mine)
    wanted = {"labels": ["firm", "mine"]}
    assert len(await sender.rows.rows(_ONE, wanted, principal=staff(tenant))) == 2
    [row] = await sender.rows.rows(_ONE, wanted, principal=customer(tenant, mine))
    assert (row["id"], row["label"], row["weight"]) == (parcel, "mine", 1)
    assert await sender.rows.rows(_ONE, wanted, principal=staff(new_id())) == []
    assert await sender.rows.rows(_ONE, wanted, principal=Principal()) == []
    broken = select(ParcelRow.weight / bindparam("by", 0, type_=ParcelRow.weight.type))
    with pytest.raises(DatabaseError) as fault:
        await sender.rows.rows(broken, {}, principal=staff(tenant))
    assert fault.value.sqlstate == "22012"
    assert len(await sender.rows.rows(_ONE, wanted, principal=staff(tenant))) == 2


async def test_hot_reads_refuse_wrong_parameters(sender: Database, tenant: UUID) -> None:
    """A missing or misspelled parameter is an error of the program, not an empty result."""
    with pytest.raises(KeyError, match="missing parameter: labels"):
        await sender.rows.rows(_ONE, {}, principal=staff(tenant))
    with pytest.raises(KeyError, match="no such parameter: label"):
        await sender.rows.rows(_ONE, {"labels": [], "label": "x"}, principal=staff(tenant))
    with pytest.raises(ValueError, match="any_"):
        await sender.rows.rows(
            select(ParcelRow.id).where(ParcelRow.label.in_(bindparam("labels", expanding=True))),
            {"labels": ["x"]},
            principal=staff(tenant),
        )


async def test_foreign_messages_are_not_published(sender: Database, tenant: UUID) -> None:
    """Only messages of the service's own events.proto are events."""
    async with sender.work.work(staff(tenant)) as tx:
        with pytest.raises(ValueError, match=r"events\.proto"):
            tx.publish(SendRequest(), aggregate="a")
        with pytest.raises(ValueError, match="bytes"):
            tx.publish(ParcelSent(label="x" * 600_000), aggregate="a")
    elsewhere = Database(sender.url, service="vault", clock=sender.clock)
    async with elsewhere.work.work(staff(tenant)) as tx:
        with pytest.raises(ValueError, match="not an event of vault"):
            tx.publish(ParcelSent(), aggregate="a")
    await elsewhere.close()


async def test_cancellation_stays_cancellation(sender: Database, tenant: UUID) -> None:
    """A call that is cancelled in the middle of a statement ends as cancelled, not as a failed database."""

    async def wait_for_ever() -> None:
        async with sender.work.work(staff(tenant)) as tx:
            await tx.session.execute(text("SELECT pg_sleep(60)"))

    async def is_waiting() -> bool:
        async with sender.engine.connect() as connection:
            busy = text("SELECT count(*) FROM pg_stat_activity WHERE query = 'SELECT pg_sleep(60)'")
            return bool((await connection.execute(busy)).scalar_one())

    call = asyncio.create_task(wait_for_ever())
    await until(is_waiting)
    call.cancel()
    with pytest.raises(asyncio.CancelledError):
        await call


async def test_a_hot_read_can_only_read_and_leaves_nothing_behind(sender: Database, tenant: UUID) -> None:
    """The settings belong to the statement: the next one on the same connection begins without them."""
    writing = select(func.set_config("transaction_read_only", "off", True))
    with pytest.raises(DatabaseError):
        await sender.rows.rows(writing, {}, principal=staff(tenant))
    tenant_setting = select(func.current_setting("kontor.tenant_id").label("tenant"))
    seen = [
        (await sender.rows.rows(tenant_setting, {}, principal=principal))[0]["tenant"]
        for principal in (staff(tenant), Principal(), staff(tenant))
    ]
    assert seen == [str(tenant), "", str(tenant)]
