"""The unit of work: one transaction per use case, rolled back unless committed, within row-level security.

`Database` owns the connections of one process to its service's database. Use cases get a `Transaction`; hot reads a
`RowReader`. Boundary: driver exceptions do not leave this module (see `database_errors`).
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from datetime import datetime
from typing import TypeVar, cast, overload
from uuid import UUID

import asyncpg
from google.protobuf.message import Message
from sqlalchemy import MetaData, make_url
from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError
from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession, create_async_engine
from sqlalchemy.orm import DeclarativeBase, Session
from sqlalchemy.orm.exc import StaleDataError

from kontor_chassis import idempotency, outbox
from kontor_chassis.caller_connection import CallerConnection, keep_pool_clean
from kontor_chassis.calls import in_transaction
from kontor_chassis.clock import Clock
from kontor_chassis.database_errors import concurrent_change, translate, translate_errors_of
from kontor_chassis.principal import Principal, current_principal
from kontor_chassis.rows import RowReader
from kontor_chassis.sql_spans import statement_span, trace_statements_of

__all__ = ["Base", "Database", "RowReader", "Transaction", "UnitOfWork"]

M = TypeVar("M", bound=Message)

Tell = Callable[[Sequence[outbox.OutboxEvent]], None]

NAMING = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_N_name)s",
    "pk": "pk_%(table_name)s",
}


class Base(DeclarativeBase):
    """Base of all tables; constraint names follow one convention so that migrations and errors can name them."""

    metadata = MetaData(naming_convention=NAMING)


class Transaction:
    """One database transaction on behalf of `principal`, at the instant `now`.

    `session` is SQLAlchemy's. Nothing is kept unless `commit` is called inside the block that opened it.
    """

    def __init__(
        self,
        session: AsyncSession,
        connection: CallerConnection,
        principal: Principal,
        now: datetime,
        service: str,
        tell: Tell,
    ) -> None:
        self.session = session
        self.principal = principal
        self.now = now
        self._connection = connection
        self._service = service
        self._tell = tell
        self._key: idempotency.RequestKey | None = None
        self._events: list[outbox.OutboxEvent] = []

    async def run(self, statement: str, *values: object) -> list[asyncpg.Record]:
        """Run one SQL statement with `$1` … straight on the driver and return its rows; for hot writes.

        Costs a third of what the session's `execute` does. Knows nothing of changes that the session has not flushed.
        """
        try:
            with statement_span(statement):
                rows: list[asyncpg.Record] = await self._connection.fetch(statement, *values)
                return rows
        except DRIVER_ERRORS as error:
            raise translate(error) from error

    async def claim(self, key: idempotency.RequestKey) -> None:
        """Make this the transaction that answers a request; raises as `idempotency.claim` does."""
        await idempotency.claim(self.run, key)
        self._key = key

    def publish(self, event: Message, *, aggregate: str | UUID, tenant_id: UUID | None = None) -> None:
        """Publish an event of this service when, and only when, the transaction commits.

        Events of one aggregate arrive in the order they were published in. `tenant_id` defaults to the principal's,
        else to the event's own field of that name. Raises ValueError for a message that is no event of this service.
        """
        tenant = tenant_id or self.principal.tenant_id or _tenant_in(event)
        self._events.append(
            outbox.outbox_event(
                event, service=self._service, aggregate=aggregate, tenant_id=tenant, created_at=self.now
            )
        )

    @overload
    async def commit(self) -> None: ...
    @overload
    async def commit(self, answer: M) -> M: ...
    async def commit(self, answer: M | None = None) -> M | None:
        """Make everything permanent, events included, and return `answer`.

        For a command with a `request_id` the answer is stored, so that a repetition gets it again.
        """
        if self.session.new or self.session.dirty or self.session.deleted:
            await self.session.flush()
        if self._events:
            await outbox.append(self.run, self._events)
        if self._key is not None:
            await idempotency.store_answer(self.run, self._key, answer)
        try:
            await self._connection.commit()
        except DRIVER_ERRORS as error:
            raise translate(error) from error
        committed, self._events = self._events, []
        self._tell(committed)  # before anything is awaited: so they are told in the order of their commits
        await self.session.commit()  # gives the connection back
        return answer


class UnitOfWork:
    """Opens transactions. Leaving the block without `commit` rolls back."""

    def __init__(self, engine: AsyncEngine, clock: Clock, service: str) -> None:
        self._engine = engine
        self._clock = clock
        self._service = service
        self.tell: Tell = _nobody
        """Is told the events of every transaction that was committed here."""

    @asynccontextmanager
    async def command(self, request: Message, *, acting: Principal | None = None) -> AsyncIterator[Transaction]:
        """Open the transaction of an RPC that writes, for the RPC's caller.

        Idempotent by `request.request_id`: raises `AlreadyAnswered` for a repetition (an interceptor answers it).
        `acting` works on rows that no caller may see himself; the request still counts as the caller's.
        """
        caller = current_principal()
        principal = acting or caller
        key = idempotency.request_key(caller, request)
        async with self._transaction(principal) as tx:
            if key is not None:
                await tx.claim(key)
            yield tx

    @asynccontextmanager
    async def query(self) -> AsyncIterator[Transaction]:
        """Open the read-only transaction of an RPC that reads, for the RPC's caller."""
        async with self._transaction(current_principal(), read_only=True) as tx:
            yield tx

    @asynccontextmanager
    async def work(self, principal: Principal) -> AsyncIterator[Transaction]:
        """Open a transaction for a job, a consumer or a step of a saga."""
        async with self._transaction(principal) as tx:
            yield tx

    @asynccontextmanager
    async def _transaction(self, principal: Principal, *, read_only: bool = False) -> AsyncIterator[Transaction]:
        session = AsyncSession(self._engine, expire_on_commit=False)
        outer = in_transaction.get()
        in_transaction.set(True)
        try:
            now = self._clock.now()
            connection = await _begin(session, principal, now, read_only=read_only)
            yield Transaction(session, connection, principal, now, self._service, self.tell)
        except StaleDataError as lost:
            raise concurrent_change() from lost
        finally:
            in_transaction.set(outer)
            await session.close()


DRIVER_ERRORS = (OSError, TimeoutError, asyncpg.PostgresError, asyncpg.InterfaceError, DBAPIError, PoolTimeoutError)
"""What connecting and the driver raise; elsewhere SQLAlchemy's hook translates (`database_errors`)."""


async def _begin(session: AsyncSession, principal: Principal, now: datetime, *, read_only: bool) -> CallerConnection:
    """Begin the session's transaction for its caller; a connection that died in the pool is replaced once."""
    try:
        connection = await _connection_of(session)
        try:
            await connection.begin_for(principal, now, read_only=read_only)
        except (asyncpg.PostgresError, asyncpg.InterfaceError, OSError):
            await (await session.connection()).invalidate()
            await session.rollback()
            connection = await _connection_of(session)
            await connection.begin_for(principal, now, read_only=read_only)
    except DRIVER_ERRORS as error:
        raise translate(error) from error
    return connection


async def _connection_of(session: AsyncSession) -> CallerConnection:
    """Return the driver's connection behind a session; connects if need be."""

    def driver_connection(sync_session: Session) -> CallerConnection:
        return cast(CallerConnection, sync_session.connection().connection.driver_connection)

    return await session.run_sync(driver_connection)


def _nobody(_events: Sequence[outbox.OutboxEvent]) -> None:
    """Tell nobody."""


def _tenant_in(event: Message) -> UUID | None:
    named = str(getattr(event, "tenant_id", ""))
    return UUID(named) if named else None


class Database:
    """The connections of one process to its service's database; nothing connects before the first use.

    `url` is `postgresql://role:password@host:port/name`; `connections` bounds those of the unit of work,
    `reader_connections` those of the row reader. A statement that takes longer than `statement_seconds` fails, so that
    neither a lock nor a silent server holds a job or a connection for ever.
    """

    def __init__(
        self,
        url: str,
        *,
        service: str,
        clock: Clock,
        connections: int = 8,
        reader_connections: int = 4,
        statement_seconds: float = 60.0,
    ) -> None:
        self.service = service
        self.url = url
        self.engine = create_async_engine(
            make_url(url).set(drivername="postgresql+asyncpg"),
            pool_size=connections,
            max_overflow=0,
            pool_timeout=10,
            pool_use_lifo=True,  # few connections that know their plans and dictionaries, instead of all by turns
            connect_args={
                "timeout": 5,
                "command_timeout": statement_seconds,
                "server_settings": {"application_name": f"kontor-{service}"},
                "connection_class": CallerConnection,
            },
        )
        keep_pool_clean(self.engine.sync_engine)
        translate_errors_of(self.engine.sync_engine)
        trace_statements_of(self.engine.sync_engine)
        self.clock = clock
        self.work = UnitOfWork(self.engine, clock, service)
        self.rows = RowReader(url, service=service, clock=clock, connections=reader_connections)

    async def connect(self) -> asyncpg.Connection:
        """Return a connection of its own, for listening and for session locks; the caller closes it."""
        connection: asyncpg.Connection = await asyncpg.connect(
            self.url,
            timeout=5,
            command_timeout=60,
            server_settings={"application_name": f"kontor-{self.service}-worker"},
        )
        return connection

    async def ping(self) -> None:
        """Ask the database for a sign of life; raises DomainError UNAVAILABLE when there is none."""
        async with self.work.work(Principal()) as tx:
            await tx.run("SELECT 1")

    async def close(self) -> None:
        """Close all connections."""
        await self.rows.close()
        await self.engine.dispose()
