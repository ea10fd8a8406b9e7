"""Leases: one holder per name among all processes of a service, by session advisory locks.

A lease ends by itself when its process dies or loses the database, so that another takes over within a second.
"""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Awaitable, Callable
from typing import Any

import asyncpg
import structlog

log = structlog.get_logger(__name__)

LOST = (asyncpg.PostgresError, asyncpg.InterfaceError, OSError, TimeoutError)
"""What a connection raises when it is gone or going."""


class Lease:
    """A held lease; `lost` is set when the connection behind it ended."""

    def __init__(self, name: str, leases: Leases) -> None:
        self.name = name
        self.lost = asyncio.Event()
        self._leases = leases

    async def release(self) -> None:
        """Give it back."""
        await self._leases.release(self)


class Leases:
    """The leases of one process, on one connection of its own."""

    def __init__(self, connect: Callable[[], Awaitable[asyncpg.Connection]]) -> None:
        self._connect = connect
        self._connection: asyncpg.Connection | None = None
        self._busy = asyncio.Lock()
        self._held: dict[str, Lease] = {}

    async def try_acquire(self, name: str) -> Lease | None:
        """Take the lease; None when somebody else holds it or the database is away."""
        if name in self._held:
            return None
        async with self._busy:
            try:
                connection = await self._connected()
                if not await connection.fetchval("SELECT pg_try_advisory_lock($1)", key_of(name)):
                    return None
            except LOST as error:
                log.warning("lease_unavailable", lease=name, error=type(error).__name__)
                return None
            lease = Lease(name, self)
            self._held[name] = lease
            return lease

    async def release(self, lease: Lease) -> None:
        """Give a lease back; nothing happens when it was lost before."""
        if self._held.get(lease.name) is not lease:
            return
        del self._held[lease.name]
        async with self._busy:
            if self._connection is None or self._connection.is_closed():
                return
            try:
                await self._connection.execute("SELECT pg_advisory_unlock($1)", key_of(lease.name))
            except LOST:
                self._connection.terminate()

    async def close(self) -> None:
        """Give everything back."""
        if self._connection is not None:
            await self._connection.close(timeout=2)
            self._ended(self._connection)
            self._connection = None

    async def _connected(self) -> asyncpg.Connection:
        if self._connection is None or self._connection.is_closed():
            self._connection = await self._connect()
            self._connection.add_termination_listener(self._ended)
        return self._connection

    def _ended(self, _connection: Any) -> None:
        held, self._held = self._held, {}
        for lease in held.values():
            lease.lost.set()


def key_of(name: str) -> int:
    """Return the advisory-lock key of a lease name (signed 64 bits)."""
    return int.from_bytes(hashlib.sha256(f"kontor:{name}".encode()).digest()[:8], "big", signed=True)
