"""The unit of work: one transaction per use case, rolled back unless committed, within row-level security.

`Database` owns the connections of one process to its service's database. Use cases get a `Transaction`; hot reads a
`RowReader`. Boundary: driver exceptions do not leave this module (see `database_errors`).
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import datetime
from typing import TypeVar, overload
from uuid import UUID

import asyncpg
from google.protobuf.message import Message
from sqlalchemy import MetaData, TextClause, make_url, text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError
from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession, create_async_engine
from sqlalchemy.orm import DeclarativeBase
from sqlalchemy.orm.exc import StaleDataError

from kontor_chassis import idempotency, outbox
from kontor_chassis.clock import Clock
from kontor_chassis.database_errors import concurrent_change, translate, translate_errors_of
from kontor_chassis.errors import DomainError, ErrorKind
from kontor_chassis.principal import Principal, current_principal
from kontor_chassis.row_security import security_settings
from kontor_chassis.rows import RowReader
from kontor_chassis.sql_spans import trace_statements_of

__all__ = ["Base", "Database", "RowReader", "Transaction", "UnitOfWork"]

M = TypeVar("M", bound=Message)

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
        principal: Principal,
        now: datetime,
        service: str,
        key: idempotency.RequestKey | None = None,
    ) -> None:
        self.session = session
        self.principal = principal
        self.now = now
        self._service = service
        self._key = key
        self._events: list[outbox.OutboxEvent] = []

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
        if self._events:
            await self.session.flush()
            await outbox.append(self.session, self._events)
            self._events.clear()
        if self._key is not None:
            await idempotency.store_answer(self.session, self._key, answer.SerializeToString() if answer else b"")
        await self.session.commit()
        return answer


class UnitOfWork:
    """Opens transactions. Leaving the block without `commit` rolls back."""

    def __init__(self, engine: AsyncEngine, clock: Clock, service: str) -> None:
        self._engine = engine
        self._clock = clock
        self._service = service

    @asynccontextmanager
    async def command(self, request: Message) -> AsyncIterator[Transaction]:
        """Open the transaction of an RPC that writes, for the RPC's caller.

        Idempotent by `request.request_id`: raises `AlreadyAnswered` for a repetition (an interceptor answers it).
        """
        principal = current_principal()
        key = idempotency.request_key(principal, request)
        async with self._session(principal) as session:
            if key is not None:
                await idempotency.claim(session, key)
            yield Transaction(session, principal, self._clock.now(), self._service, key)

    @asynccontextmanager
    async def query(self) -> AsyncIterator[Transaction]:
        """Open the read-only transaction of an RPC that reads, for the RPC's caller."""
        principal = current_principal()
        async with self._session(principal, read_only=True) as session:
            yield Transaction(session, principal, self._clock.now(), self._service)

    @asynccontextmanager
    async def work(self, principal: Principal) -> AsyncIterator[Transaction]:
        """Open a transaction for a job, a consumer or a step of a saga."""
        async with self._session(principal) as session:
            yield Transaction(session, principal, self._clock.now(), self._service)

    @asynccontextmanager
    async def _session(self, principal: Principal, *, read_only: bool = False) -> AsyncIterator[AsyncSession]:
        session = AsyncSession(self._engine, expire_on_commit=False)
        try:
            await _begin(session, principal, read_only=read_only)
            yield session
        except StaleDataError as lost:
            raise concurrent_change() from lost
        finally:
            await session.close()


_SETTINGS = (
    "SELECT set_config('kontor.tenant_id', :tenant, true), set_config('kontor.customer_id', :customer, true),"
    " set_config('kontor.account_id', :account, true), set_config('kontor.role', :role, true)"
)
_BEGIN_WRITING = text(_SETTINGS)
_BEGIN_READING = text(_SETTINGS + ", set_config('transaction_read_only', 'on', true)")


async def _begin(session: AsyncSession, principal: Principal, *, read_only: bool) -> None:
    """Set the transaction's security settings; a connection that died in the pool is replaced once."""
    tenant, customer, account, role = security_settings(principal)
    settings = {"tenant": tenant, "customer": customer, "account": account, "role": role}
    statement = _BEGIN_READING if read_only else _BEGIN_WRITING
    try:
        await _first(session, statement, settings)
    except DomainError as refused:
        if refused.kind is not ErrorKind.UNAVAILABLE:
            raise
        await session.rollback()
        await _first(session, statement, settings)


async def _first(session: AsyncSession, statement: TextClause, settings: dict[str, str]) -> None:
    """Run a transaction's first statement, which may have to connect; failures to connect get no other translation."""
    try:
        await session.execute(statement, settings)
    except (OSError, TimeoutError, asyncpg.PostgresError, DBAPIError, PoolTimeoutError) as error:
        raise translate(error) from error


def _tenant_in(event: Message) -> UUID | None:
    named = str(getattr(event, "tenant_id", ""))
    return UUID(named) if named else None


class Database:
    """The connections of one process to its service's database; nothing connects before the first use.

    `url` is `postgresql://role:password@host:port/name`; `connections` bounds those of the unit of work,
    `reader_connections` those of the row reader.
    """

    def __init__(
        self,
        url: str,
        *,
        service: str,
        clock: Clock,
        connections: int = 8,
        reader_connections: int = 4,
    ) -> None:
        self.service = service
        self.url = url
        self.engine = create_async_engine(
            make_url(url).set(drivername="postgresql+asyncpg"),
            pool_size=connections,
            max_overflow=0,
            pool_timeout=10,
            connect_args={"timeout": 5, "server_settings": {"application_name": f"kontor-{service}"}},
        )
        translate_errors_of(self.engine.sync_engine)
        trace_statements_of(self.engine.sync_engine)
        self.clock = clock
        self.work = UnitOfWork(self.engine, clock, service)
        self.rows = RowReader(url, service=service, connections=reader_connections)

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
        async with AsyncSession(self.engine) as session:
            await _first(session, text("SELECT 1"), {})

    async def close(self) -> None:
        """Close all connections."""
        await self.rows.close()
        await self.engine.dispose()
