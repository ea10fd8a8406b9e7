"""What keeps papers for decades, by the clock: archives to take away."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

from kontor_chassis.jobs import Job, JobContext
from kontor_chassis.principal import Principal

from kontor_vault.exporting import Exporter
from kontor_vault.exports import delete_expired
from kontor_vault.objects import Objects

_SERVICE = Principal.of_service("vault")


def keeping_jobs(objects: Objects, exporter: Exporter) -> Sequence[Job]:
    """Return the jobs."""

    async def make_exports(context: JobContext) -> None:
        while await exporter.make_next():
            pass

    async def expire_exports(context: JobContext) -> None:
        while await _delete_some(context, objects):
            pass

    return [
        Job("make_exports", timedelta(seconds=5), make_exports),
        Job("expire_exports", timedelta(minutes=10), expire_exports),
    ]


async def _delete_some(context: JobContext, objects: Objects) -> int:
    async with context.work.work(_SERVICE) as tx:
        count = await delete_expired(tx, objects)
        await tx.commit()
    return count
