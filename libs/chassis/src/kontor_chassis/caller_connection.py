"""A connection that is told, in the message that begins a transaction, on whose behalf it is.

SQLAlchemy would send BEGIN by itself before the first statement, and the caller's settings would cost a second round
trip. Here the unit of work begins the transaction (`begin_for`) and SQLAlchemy's session finds it begun, or never
hears of it when all statements go straight to the driver. Boundary: used by `database` only.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

import asyncpg
from asyncpg.transaction import Transaction
from sqlalchemy import Engine, event
from sqlalchemy.engine.interfaces import DBAPIConnection
from sqlalchemy.exc import DisconnectionError
from sqlalchemy.pool import ConnectionPoolEntry, PoolResetState

from kontor_chassis.principal import Principal
from kontor_chassis.row_security import security_settings


class CallerConnection(asyncpg.Connection):
    """An asyncpg connection whose transactions may have been begun before SQLAlchemy starts them."""

    __slots__ = ()

    async def begin_for(self, principal: Principal, now: datetime, *, read_only: bool) -> None:
        """Begin a transaction with the principal's settings, at the instant `now`."""
        await self.execute(f"BEGIN{' READ ONLY' if read_only else ''}; {_settings(principal, now)}")

    async def commit(self) -> None:
        """Make the transaction permanent; raises InFailedSQLTransactionError when a failed statement has undone it."""
        if await self.execute("COMMIT") != "COMMIT":
            raise asyncpg.InFailedSQLTransactionError("a statement had failed, nothing was kept")

    def transaction(self, **_options: Any) -> Transaction:
        """Return what SQLAlchemy starts and ends transactions with."""
        return _CallerTransaction(self, None, False, False)


class _CallerTransaction(Transaction):
    """A transaction that may have begun already; SQLAlchemy keeps the state."""

    def __init__(self, connection: CallerConnection, *options: Any) -> None:
        super().__init__(connection, *options)
        self._on = connection

    async def start(self) -> None:
        """Begin, unless that has happened."""
        if not self._on.is_in_transaction():
            await self._on.execute("BEGIN")

    async def commit(self) -> None:
        """Make everything permanent, unless that has happened."""
        if self._on.is_in_transaction():
            await self._on.commit()

    async def rollback(self) -> None:
        """Undo everything that is not permanent yet."""
        if self._on.is_in_transaction():
            await self._on.execute("ROLLBACK")


def keep_pool_clean(engine: Engine) -> None:
    """Undo what SQLAlchemy does not know of before a connection goes back, and hand out none that has ended."""

    @event.listens_for(engine, "reset")
    def undo(connection: Any, entry: ConnectionPoolEntry, state: PoolResetState) -> None:
        driver = entry.driver_connection
        if state.asyncio_safe and driver is not None and driver.is_in_transaction():
            connection.run_async(lambda driver: driver.execute("ROLLBACK"))

    @event.listens_for(engine, "checkout")
    def refuse_ended(_connection: DBAPIConnection, entry: ConnectionPoolEntry, _proxy: Any) -> None:
        if entry.driver_connection is not None and entry.driver_connection.is_closed():
            raise DisconnectionError


def _settings(principal: Principal, now: datetime) -> str:
    """Return the statement that sets what policies ask for; the values cannot hold a quote, see there."""
    tenant, customer, account, role, instant = security_settings(principal, now)
    return (
        f"SELECT set_config('kontor.tenant_id', '{tenant}', true),"
        f" set_config('kontor.customer_id', '{customer}', true),"
        f" set_config('kontor.account_id', '{account}', true), set_config('kontor.role', '{role}', true),"
        f" set_config('kontor.now', '{instant}', true)"
    )
