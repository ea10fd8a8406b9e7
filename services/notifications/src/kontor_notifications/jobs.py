"""What notifications does by the clock: announce unread messages, and send what is due."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

from kontor_chassis.jobs import Job, JobContext

from kontor_notifications.customer_end import CUSTOMER_END
from kontor_notifications.firm_end import FIRM_END
from kontor_notifications.sending import SERVICE, Sender
from kontor_notifications.unread import announce_oldest


def jobs(sender: Sender) -> Sequence[Job]:
    """Return the periodic jobs."""

    async def send(context: JobContext) -> None:
        await sender.send_due(context)

    return [
        Job("announce_unread", timedelta(seconds=2), announce_unread),
        Job("send_mails", timedelta(seconds=1), send),
        FIRM_END.job(),
        CUSTOMER_END.job(),
    ]


async def announce_unread(context: JobContext) -> None:
    """Plan mails for chat messages unread for five minutes (F186), one transaction per chat and person."""
    while True:
        async with context.work.work(SERVICE) as tx:
            if not await announce_oldest(tx):
                return
            await tx.commit()
