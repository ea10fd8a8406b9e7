"""Periodic jobs on real PostgreSQL: one replica at a time, failures do not end them."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta

import pytest
from kontor_chassis.database import Database
from kontor_chassis.jobs import Job, JobContext, JobRunner
from kontor_chassis.leases import Leases
from kontor_chassis.principal import Principal
from sqlalchemy import text

from libs.chassis.tests.shipping import running, until

pytestmark = pytest.mark.integration


@pytest.fixture
async def processes(sender: Database) -> AsyncIterator[tuple[Leases, Leases]]:
    """The leases of two worker processes of one service."""
    one, two = Leases(sender.connect), Leases(sender.connect)
    yield one, two
    await one.close()
    await two.close()


async def test_two_runners_do_not_double(sender: Database, processes: tuple[Leases, Leases]) -> None:
    """However many workers look at a job, its runs never overlap and none comes before it is due."""
    now_running, overlaps, runs = 0, 0, 0

    async def work(context: JobContext) -> None:
        nonlocal now_running, overlaps, runs
        now_running += 1
        overlaps += now_running > 1
        runs += 1
        async with context.work.work(Principal.of_service("sender")) as tx:
            await tx.session.execute(text("SELECT pg_sleep(0.05)"))
        now_running -= 1

    job = Job("test.often", timedelta(milliseconds=20), work)
    async with running(*(JobRunner(sender, leases, [job]).run for leases in processes)):
        await until(lambda: _is(lambda: runs >= 6))
    assert overlaps == 0

    hourly = Job("test.hourly", timedelta(hours=1), work)
    runs = 0
    runners = [JobRunner(sender, leases, [hourly]) for leases in processes]
    await asyncio.gather(*(runner.run_if_due(hourly) for runner in runners))
    await asyncio.gather(*(runner.run_if_due(hourly) for runner in runners))
    assert runs == 1


async def test_failed_run_is_recorded_and_the_next_goes_on(sender: Database, processes: tuple[Leases, Leases]) -> None:
    """A failure is counted with its error; the next run that succeeds clears it."""
    outcomes = iter([True, False])

    async def stumble(_context: JobContext) -> None:
        if next(outcomes):
            raise RuntimeError("broken")

    job = Job("test.stumbles", timedelta(0), stumble)
    runner = JobRunner(sender, processes[0], [job])
    await runner.run_if_due(job)
    assert await _record(sender) == (1, 1, "RuntimeError: broken")
    await runner.run_if_due(job)
    assert await _record(sender) == (2, 1, None)


async def test_lease_passes_on_when_its_process_dies(processes: tuple[Leases, Leases]) -> None:
    """The lease of a process that lost its connection is free at once, and the process is told."""
    one, two = processes
    held = await one.try_acquire("relay")
    assert held is not None
    assert await one.try_acquire("relay") is None
    assert await two.try_acquire("relay") is None
    await one.close()
    assert held.lost.is_set()
    await until(lambda: _acquired(two))


async def _acquired(leases: Leases) -> bool:
    return await leases.try_acquire("relay") is not None


async def _is(condition: object) -> bool:
    return bool(condition()) if callable(condition) else bool(condition)


async def _record(db: Database) -> tuple[int, int, str | None]:
    async with db.work.work(Principal.of_service("sender")) as tx:
        row = (await tx.session.execute(text("SELECT runs, failures, last_error FROM job_runs"))).one()
        return row.runs, row.failures, row.last_error
