"""What the clock does about retention: announce ends, remind owners, end documents, erase customers who waited."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

from kontor_chassis.jobs import Job, JobContext
from kontor_chassis.principal import Principal

from kontor_vault.document_ends import announce_ends, end_some, firms_with_ends, warn_owners
from kontor_vault.erasure import carry_out_pending
from kontor_vault.objects import Objects

_BATCH = 200
_SERVICE = Principal.of_service("vault")


def retention_jobs(objects: Objects) -> Sequence[Job]:
    """Return the jobs."""

    async def end(context: JobContext) -> None:
        await announce(context)
        await end_due(context, objects)

    async def erase(context: JobContext) -> None:
        while await carry_out_pending(context.work):
            pass

    return [Job("end_documents", timedelta(minutes=10), end), Job("erase_pending", timedelta(minutes=10), erase)]


async def announce(context: JobContext) -> None:
    """Tell of everything that ends within 30 days."""
    async with context.work.work(_SERVICE) as tx:
        firms = await firms_with_ends(tx)
    for tenant_id in firms:
        count = 1
        while count:
            async with context.work.work(_SERVICE.within(tenant_id)) as tx:
                count = await announce_ends(tx, tenant_id, _BATCH)
                await tx.commit()
    count = 1
    while count:
        async with context.work.work(_SERVICE) as tx:
            count = await warn_owners(tx, _BATCH)
            await tx.commit()


async def end_due(context: JobContext, objects: Objects) -> None:
    """End every document whose day has come."""
    count = 1
    while count:
        async with context.work.work(_SERVICE) as tx:
            count = await end_some(tx, objects, _BATCH)
            await tx.commit()
