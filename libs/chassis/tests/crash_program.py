"""A relay or a consumer as a process of its own, which ends itself by SIGKILL at a given step.

    python -m libs.chassis.tests.crash_program relay|consumer DATABASE_URL NATS_URL [STEP COUNT]

Started by `integration/test_crashes.py`. Without STEP it works until it is ended.
"""

from __future__ import annotations

import asyncio
import os
import signal
import sys

from kontor_chassis.bus import Bus
from kontor_chassis.consumers import Consumer
from kontor_chassis.events import Subscriptions
from kontor_chassis.inbox import Inbox
from kontor_chassis.leases import Leases
from kontor_chassis.relay import Relay
from kontor_chassis.steps import OnStep

from libs.chassis.tests.shipping import ParcelSent, database, note


def dies_at(step: str, count: int) -> OnStep:
    """Return a callback that kills this process when `step` is finished for the `count`th time."""
    left = count

    def on_step(name: str) -> None:
        nonlocal left
        left -= name == step
        if step and left == 0:
            os.kill(os.getpid(), signal.SIGKILL)

    return on_step


async def run(part: str, database_url: str, nats_url: str, on_step: OnStep) -> None:
    """Work until killed."""
    bus = Bus(nats_url, f"crash {part}")
    if part == "relay":
        await Relay(database(database_url, "sender"), bus, on_step=on_step).run()
        return
    receiver = database(database_url, "receiver")
    await Consumer(
        "receiver",
        "sender",
        Subscriptions.of({ParcelSent: note}).by_producer["sender"],
        bus=bus,
        inbox=Inbox(receiver.work, "receiver", on_step=on_step),
        leases=Leases(receiver.connect),
        on_step=on_step,
    ).run()


if __name__ == "__main__":
    given = [*sys.argv[1:], "", "1"]
    asyncio.run(run(given[0], given[1], given[2], dies_at(given[3], int(given[4]))))
