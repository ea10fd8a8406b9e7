"""The relay: publishes the outbox to JetStream, in order, and marks what was acknowledged.

One relay per database is active (session advisory lock); the others stand by. NOTIFY wakes it within milliseconds;
a slow poll is the safety net. Publishing runs in waves: a wave holds at most one event per aggregate and is acked as
a whole before the next begins, so that a failure in the middle cannot turn the order of an aggregate around.
"""

from __future__ import annotations

import asyncio
import random
import time
from collections.abc import Iterator, Sequence
from contextlib import suppress
from typing import Any

import asyncpg
import nats.errors
import structlog
from nats.js import JetStreamContext
from nats.js.errors import Error as JetStreamError

from kontor_chassis import event_metrics
from kontor_chassis.bus import Bus
from kontor_chassis.database import Database
from kontor_chassis.envelope import envelope_of
from kontor_chassis.leases import LOST, key_of
from kontor_chassis.outbox import CHANNEL
from kontor_chassis.steps import OnStep, pass_by
from kontor_chassis.streams import ensure_stream, stream_name

log = structlog.get_logger(__name__)

BATCH = 500
WAVE = 256
ACK_SECONDS = 5.0
POLL_SECONDS = 5.0
MEASURE_SECONDS = 1.0
"""The least between two looks at the depth of the outbox."""
STANDBY_SECONDS = 1.0
FIRST_BACK_OFF = 0.1
LONGEST_BACK_OFF = 10.0

_UNSENT = (
    "SELECT position, id, type, aggregate, tenant_id, CAST(headers AS text) AS headers, payload, created_at"
    " FROM outbox WHERE sent_at IS NULL ORDER BY position LIMIT $1"
)
_MARK = (
    "UPDATE outbox SET sent_at = clock_timestamp(), stream_sequence = done.sequence"
    " FROM unnest($1::bigint[], $2::bigint[]) AS done (position, sequence) WHERE outbox.position = done.position"
)
_DEPTH = (
    "SELECT count(*) AS depth, coalesce(extract(epoch FROM clock_timestamp() - min(recorded_at)), 0) AS lag"
    " FROM outbox WHERE sent_at IS NULL"
)

PublishFailed = (nats.errors.Error, JetStreamError, OSError, TimeoutError)
"""What publishing raises while NATS is away or its stream is gone."""


class Relay:
    """Publishes one service's outbox until cancelled."""

    def __init__(self, database: Database, bus: Bus, *, replicas: int = 1, on_step: OnStep = pass_by) -> None:
        self._database = database
        self._service = database.service
        self._bus = bus
        self._replicas = replicas
        self._on_step = on_step
        self._woken = asyncio.Event()
        self._stream_is_there = False
        self._measured_at = float("-inf")

    async def run(self) -> None:
        """Publish until cancelled; survives the loss of the database and of NATS."""
        while True:
            try:
                await self._serve_once()
            except LOST as error:
                log.warning("relay_lost_database", error=type(error).__name__)
                await asyncio.sleep(STANDBY_SECONDS)

    async def _serve_once(self) -> None:
        """Connect, become the active relay, publish until the connection fails."""
        connection = await self._database.connect()
        try:
            await _become_active(connection)
            connection.add_termination_listener(lambda _c: self._woken.set())
            await connection.add_listener(CHANNEL, lambda *_: self._woken.set())
            await connection.execute("SET synchronous_commit = off")  # a lost mark is published again, under its id
            log.info("relay_active", service=self._service)
            await self._publish_forever(connection)
        finally:
            connection.terminate()
            for gauge in (event_metrics.OUTBOX_DEPTH, event_metrics.OUTBOX_LAG):
                gauge.remove(self._service)  # the next active relay tells them

    async def _publish_forever(self, connection: asyncpg.Connection) -> None:
        back_off = FIRST_BACK_OFF
        while True:
            self._woken.clear()
            try:
                while await self._publish_batch(connection):
                    back_off = FIRST_BACK_OFF
            except PublishFailed as error:
                if isinstance(error, OSError) and connection.is_closed():
                    raise
                self._stream_is_there = False
                log.warning("relay_cannot_publish", error=type(error).__name__, retry_seconds=back_off)
                await self._measure(connection)
                await asyncio.sleep(back_off * random.uniform(0.8, 1.2))  # noqa: S311  # jitter, no secret
                back_off = min(back_off * 2, LONGEST_BACK_OFF)
                continue
            back_off = FIRST_BACK_OFF
            if self._measured_at + MEASURE_SECONDS < time.monotonic():
                await self._measure(connection)
            with suppress(TimeoutError):
                await asyncio.wait_for(self._woken.wait(), POLL_SECONDS)

    async def _publish_batch(self, connection: asyncpg.Connection) -> bool:
        """Publish the oldest unsent events; whether there may be more of which no notification will tell."""
        rows = await connection.fetch(_UNSENT, BATCH)
        if not rows:
            return False
        self._on_step("relay.read")
        jetstream = await self._bus.jetstream()
        if not self._stream_is_there:
            await ensure_stream(jetstream, self._service, self._replicas)
            self._stream_is_there = True
        for wave in waves(rows):
            await self._publish_wave(connection, jetstream, wave)
        return len(rows) == BATCH

    async def _publish_wave(
        self, connection: asyncpg.Connection, jetstream: JetStreamContext, wave: Sequence[Any]
    ) -> None:
        """Publish pipelined, await all acks, mark what was acked; raises when any event was not."""
        acks = await asyncio.gather(*(self._publish(jetstream, row) for row in wave), return_exceptions=True)
        self._on_step("relay.published")
        acked = [(row["position"], ack) for row, ack in zip(wave, acks, strict=True) if isinstance(ack, int)]
        if acked:
            await connection.execute(_MARK, [p for p, _ in acked], [s for _, s in acked])
            event_metrics.PUBLISHED.labels(self._service).inc(len(acked))
        self._on_step("relay.marked")
        failures = [ack for ack in acks if isinstance(ack, BaseException)]
        if failures:
            raise failures[0]

    async def _publish(self, jetstream: JetStreamContext, row: Any) -> int:
        """Publish one event and return its sequence in the stream."""
        ack = await jetstream.publish(
            row["type"],
            row["payload"],
            timeout=ACK_SECONDS,
            stream=stream_name(self._service),
            headers=envelope_of(row, self._service),
        )
        return ack.seq

    async def _measure(self, connection: asyncpg.Connection) -> None:
        self._measured_at = time.monotonic()
        found = await connection.fetchrow(_DEPTH)
        if found is not None:
            event_metrics.OUTBOX_DEPTH.labels(self._service).set(found["depth"])
            event_metrics.OUTBOX_LAG.labels(self._service).set(float(found["lag"]))


async def _become_active(connection: asyncpg.Connection) -> None:
    """Stand by until no other relay is active."""
    while True:
        if await connection.fetchval("SELECT pg_try_advisory_lock($1)", key_of("relay")):
            return
        await asyncio.sleep(STANDBY_SECONDS)


def waves(rows: Sequence[Any]) -> Iterator[list[Any]]:
    """Split rows (in order) so that no wave holds two of one aggregate, and an aggregate's rows stay in order."""
    waiting = list(rows)
    while waiting:
        wave: list[Any] = []
        later: list[Any] = []
        taken: set[str] = set()
        for row in waiting:
            if row["aggregate"] in taken or len(wave) == WAVE:
                later.append(row)
            else:
                wave.append(row)
            taken.add(row["aggregate"])
        yield wave
        waiting = later
