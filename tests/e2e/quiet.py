"""Waiting until every fact has arrived: outboxes empty, streams drained, due mails sent. For tests that count."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable
from typing import TypeVar

import asyncpg
import nats
from kontor_chassis.testing.waiting import until
from kontor_tools.plan import SERVICES
from nats.aio.client import Client

from tests.e2e.journey import Firm, text_of
from tests.e2e.stage import InstalledStage

T = TypeVar("T")


def wait_until_quiet(stage: InstalledStage, *, seconds: float = 60) -> None:
    """Return when nothing is on its way any more."""
    until(lambda: not on_its_way(stage), seconds=seconds, what="quiet")


def on_its_way(stage: InstalledStage) -> list[str]:
    """Name what has not arrived: events to publish, events to consume, mails to send."""
    return unpublished(stage) or with_nats(stage, _unconsumed) or asyncio.run(_unmailed(stage))


def mails_of(stage: InstalledStage, firm: Firm) -> Counter[tuple[str, str, str]]:
    """Count the mails to a firm's people by receiver, subject and text."""
    mails = [mail for mail in stage.mails() if firm.slug in str(mail["To"])]
    return Counter((str(mail["To"]), str(mail["Subject"]), text_of(mail)) for mail in mails)


def unpublished(stage: InstalledStage) -> list[str]:
    """Name the events that wait in an outbox."""
    return asyncio.run(_unsent(stage))


def with_nats(stage: InstalledStage, ask: Callable[[Client], Awaitable[T]]) -> T:
    """Return what `ask` finds out with a connection to the installation's NATS."""

    async def connected() -> T:
        client = await nats.connect(f"nats://{stage.installation.address('nats')}")
        try:
            return await ask(client)
        finally:
            await client.close()

    return asyncio.run(connected())


async def _unsent(stage: InstalledStage) -> list[str]:
    found = []
    for service in SERVICES:
        connection = await stage.installation.postgres().connect(f"kontor_{service}")
        try:
            types = await connection.fetch("SELECT type FROM outbox WHERE sent_at IS NULL")
        finally:
            await connection.close()
        found += [f"{row['type']} to publish" for row in types]
    return found


async def _unconsumed(client: Client) -> list[str]:
    jetstream = client.jetstream()
    found = []
    for stream in await jetstream.streams_info():
        for consumer in await jetstream.consumers_info(stream.config.name or ""):
            waiting = (consumer.num_pending or 0) + (consumer.num_ack_pending or 0)
            found += [f"{waiting} events to consume by {consumer.name}"] if waiting else []
    return found


async def _unmailed(stage: InstalledStage) -> list[str]:
    offset = stage.installation.clock_offset()
    connection: asyncpg.Connection = await stage.installation.postgres().connect("kontor_notifications")
    try:
        due = "SELECT template FROM deliveries WHERE state = 'PENDING' AND due_time <= now() + $1::interval"
        return [f"{row['template']} to mail" for row in await connection.fetch(due, offset)]
    finally:
        await connection.close()
