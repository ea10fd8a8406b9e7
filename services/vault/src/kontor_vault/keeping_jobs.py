"""What keeps papers for decades, by the clock: archives to take away, orphans, soundness of every content."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

from kontor_chassis.database import UnitOfWork
from kontor_chassis.jobs import Job, JobContext
from kontor_chassis.principal import Principal

from kontor_vault.archive_reader import ArchiveReader
from kontor_vault.beside import KnowsParties
from kontor_vault.config import VaultSettings
from kontor_vault.exporting import Exporter
from kontor_vault.exports import delete_expired
from kontor_vault.integrity import IntegrityCheck
from kontor_vault.keys import CustomerKeys
from kontor_vault.objects import Objects
from kontor_vault.orphans import OrphanSweep

_SERVICE = Principal.of_service("vault")
_PORTIONS = 5


def keeping_jobs(
    work: UnitOfWork,
    objects: Objects,
    keys: CustomerKeys,
    replica: Objects | None,
    settings: VaultSettings,
    parties: KnowsParties,
) -> Sequence[Job]:
    """Return the jobs."""
    exporter, checking = Exporter(work, objects, keys, parties), IntegrityCheck(work, keys, objects, replica)
    importer = ArchiveReader(work, objects, keys, settings.default_quota_bytes)
    sweeps = [OrphanSweep(work, objects, "store")]
    if replica is not None:
        sweeps.append(OrphanSweep(work, replica, "replica"))

    async def make_exports(context: JobContext) -> None:
        while await exporter.make_next():
            pass

    async def read_archives(context: JobContext) -> None:
        while await importer.read_next():
            pass

    async def expire_exports(context: JobContext) -> None:
        while await _delete_some(context, objects):
            pass

    async def sweep_orphans(context: JobContext) -> None:
        for sweep in sweeps:
            for _ in range(_PORTIONS):
                if not await sweep.sweep_some():
                    break

    async def check_integrity(context: JobContext) -> None:
        await checking.check(settings.integrity_megabytes_per_minute << 20)

    return [
        Job("make_exports", timedelta(seconds=5), make_exports),
        Job("read_archives", timedelta(seconds=5), read_archives),
        Job("expire_exports", timedelta(minutes=10), expire_exports),
        Job("sweep_orphans", timedelta(minutes=1), sweep_orphans),
        Job("check_integrity", timedelta(minutes=1), check_integrity),
    ]


async def _delete_some(context: JobContext, objects: Objects) -> int:
    async with context.work.work(_SERVICE) as tx:
        count = await delete_expired(tx, objects)
        await tx.commit()
    return count
