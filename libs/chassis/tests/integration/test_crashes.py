"""kill -9 of relay and consumer between every two steps: nothing lost, nothing twice, order kept."""

from __future__ import annotations

import asyncio
import random
import signal
import sys
from collections.abc import AsyncIterator, Awaitable, Callable
from uuid import UUID

import pytest
from kontor_chassis.database import Database
from kontor_chassis.testing.plugin import ServiceDatabase
from kontor_tools.embedded.nats import EmbeddedNats
from kontor_tools.folders import REPOSITORY

from libs.chassis.tests.shipping import notes, send, until

pytestmark = pytest.mark.integration

PROGRAM = "libs.chassis.tests.crash_program"
KILLS = {
    "relay": (
        *(("relay.read", 1), ("relay.published", 1), ("relay.marked", 1)),
        *(("relay.published", 3), ("relay.marked", 3)),
    ),
    "consumer": (
        *(("consumer.claimed", 1), ("consumer.handled", 1), ("consumer.committed", 1), ("consumer.acked", 1)),
        *(("consumer.handled", 5), ("consumer.committed", 5)),
    ),
}
"""After which step, and which time it is reached, the process dies."""
PER_AGGREGATE = 10
AGGREGATES = ("a", "b", "c")
Start = Callable[..., Awaitable[asyncio.subprocess.Process]]


@pytest.fixture
async def start(
    sender_database: ServiceDatabase, receiver_database: ServiceDatabase, fresh_nats: EmbeddedNats
) -> AsyncIterator[Start]:
    """Starts the crash program; what still runs at the end of the test is killed."""
    started: list[asyncio.subprocess.Process] = []

    async def start_one(part: str, *dies_at: str) -> asyncio.subprocess.Process:
        url = (sender_database if part == "relay" else receiver_database).url
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", PROGRAM, part, url, fresh_nats.url, *dies_at),
            cwd=REPOSITORY,
            stdout=asyncio.subprocess.DEVNULL,
            stderr=asyncio.subprocess.DEVNULL,
        )
        started.append(process)
        return process

    yield start_one
    for process in started:
        if process.returncode is None:
            process.kill()
        await process.wait()


async def send_all(sender: Database, tenant: UUID, first: int) -> None:
    """Publish a run of numbers per aggregate, two per transaction."""
    for number in range(first, first + PER_AGGREGATE, 2):
        for aggregate in AGGREGATES:
            await send(sender, tenant, number, number + 1, aggregate=aggregate)


async def assert_complete(receiver: Database, per_aggregate: int) -> None:
    """Wait until everything was noted; then once each, in order."""

    async def arrived() -> bool:
        return len(await notes(receiver)) >= per_aggregate * len(AGGREGATES)

    await until(arrived, seconds=40)
    found = await notes(receiver)
    for aggregate in AGGREGATES:
        assert [number for name, number in found if name == aggregate] == list(range(per_aggregate))


@pytest.mark.parametrize("part", ["relay", "consumer"])
async def test_killed_between_every_two_steps(
    part: str, start: Start, sender: Database, receiver: Database, tenant: UUID
) -> None:
    """The process kills itself at each step, early and in the middle; its successor takes up where it was."""
    await start("consumer" if part == "relay" else "relay")
    for round_number, (step, count) in enumerate(KILLS[part]):
        victim = await start(part, step, str(count))
        await send_all(sender, tenant, round_number * PER_AGGREGATE)
        assert await asyncio.wait_for(victim.wait(), 40) == -signal.SIGKILL
    await start(part)
    await assert_complete(receiver, PER_AGGREGATE * len(KILLS[part]))


async def test_killed_at_any_moment(start: Start, sender: Database, receiver: Database, tenant: UUID) -> None:
    """Two relays and two consumers, one of which is killed at a moment nobody chose, again and again."""
    chance = random.Random(20260701)  # noqa: S311  # the same moments in every run
    running = [await start(part) for part in ("relay", "relay", "consumer", "consumer")]
    for round_number in range(6):
        await send_all(sender, tenant, round_number * PER_AGGREGATE)
        wanted = chance.randrange(round_number * 30, round_number * 30 + 30)

        async def far_enough(number: int = wanted) -> bool:
            return len(await notes(receiver)) >= number

        await until(far_enough, seconds=40)
        index = chance.randrange(4)
        running[index].kill()
        await running[index].wait()
        running[index] = await start("relay" if index < 2 else "consumer")
    await assert_complete(receiver, PER_AGGREGATE * 6)
