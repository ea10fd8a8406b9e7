"""The connection of one process to NATS.

Services start and answer while NATS is away: connecting goes on in the background, forever, and everything that needs
it waits or backs off by itself.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextlib import suppress

import nats
import structlog
from nats.aio.client import Client
from nats.js import JetStreamContext

log = structlog.get_logger(__name__)


class Bus:
    """One NATS connection, kept up. `name` is shown by the server, for example "vault-work"."""

    def __init__(self, url: str, name: str) -> None:
        self._url = url
        self._name = name
        self._client: Client | None = None
        self._connecting: asyncio.Task[None] | None = None
        self._connected = asyncio.Event()
        self._on_gap: list[Callable[[], None]] = []

    def on_gap(self, told: Callable[[], None]) -> None:
        """Have `told` called whenever subscriptions may have missed something: after each reconnection, and when the
        client had to drop messages that came faster than they were taken."""
        self._on_gap.append(told)

    def start(self) -> None:
        """Begin to connect in the background."""
        if self._connecting is None:
            self._connecting = asyncio.create_task(self._connect(), name="bus.connect")

    @property
    def is_connected(self) -> bool:
        """Whether there is a connection at the moment."""
        return self._client is not None and self._client.is_connected

    async def client(self) -> Client:
        """Return the client, after the first connection was made; it reconnects by itself."""
        self.start()
        await self._connected.wait()
        if self._client is None:
            raise ConnectionError("the bus is closed")
        return self._client

    async def jetstream(self) -> JetStreamContext:
        """Return the JetStream context of the client."""
        return (await self.client()).jetstream(timeout=5)

    async def close(self) -> None:
        """Send what is pending and close; returns at once when there never was a connection."""
        if self._connecting is not None:
            self._connecting.cancel()
            with suppress(asyncio.CancelledError):
                await self._connecting
        if self._client is not None and not self._client.is_closed:
            if self._client.is_connected:
                with suppress(nats.errors.Error, TimeoutError):
                    await self._client.flush(timeout=2)
            await self._client.close()
        self._client = None
        self._connected.set()

    async def _connect(self) -> None:
        delay = 0.2
        while True:
            try:
                self._client = await nats.connect(
                    self._url,
                    name=self._name,
                    connect_timeout=2,
                    max_reconnect_attempts=-1,
                    reconnect_time_wait=0.5,
                    reconnected_cb=self._reconnected,
                    error_cb=self._failed,
                )
            except (OSError, nats.errors.Error, TimeoutError) as away:
                log.warning("bus_unreachable", error=type(away).__name__)
                await asyncio.sleep(delay)
                delay = min(delay * 2, 5)
            else:
                self._connected.set()
                return

    async def _reconnected(self) -> None:
        """Called when the server has confirmed all subscriptions again."""
        log.info("bus_reconnected")
        self._tell_of_gap()

    async def _failed(self, error: Exception) -> None:
        log.warning("bus_error", error=type(error).__name__)
        if isinstance(error, nats.errors.SlowConsumerError):
            self._tell_of_gap()

    def _tell_of_gap(self) -> None:
        for told in self._on_gap:
            told()
