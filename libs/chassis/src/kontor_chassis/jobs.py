"""Periodic jobs: each runs in one process at a time, however many workers there are.

`every` is machine time; rules inside a job use `context.clock`. A failed run is logged and counted, and the next one
comes when it is due.
"""

from __future__ import annotations

import asyncio
import random
import time
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import timedelta

import structlog
from sqlalchemy import TextClause, text

from kontor_chassis import event_metrics
from kontor_chassis.clock import Clock
from kontor_chassis.database import Database, UnitOfWork
from kontor_chassis.database_errors import DatabaseError
from kontor_chassis.errors import DomainError
from kontor_chassis.leases import Leases
from kontor_chassis.principal import Principal
from kontor_chassis.steps import OnStep, pass_by

log = structlog.get_logger(__name__)

LONGEST_NAP = 60.0
"""Seconds after which a job is looked at again, however late it is due."""
SECOND_LOOK = 5.0
"""Seconds after which a job is looked at again that another process runs, and may die over."""


@dataclass(frozen=True)
class JobContext:
    """What a job works with; services close over everything else."""

    work: UnitOfWork
    clock: Clock


@dataclass(frozen=True)
class Job:
    """A periodic job. It must be repeatable: after a crash it is simply run again."""

    name: str
    every: timedelta
    run: Callable[[JobContext], Awaitable[None]]


_DUE_IN = text(
    "INSERT INTO job_runs (name, due_at) VALUES (:name, clock_timestamp()) ON CONFLICT (name) DO UPDATE"
    " SET name = excluded.name RETURNING extract(epoch FROM due_at - clock_timestamp())"
)
_STARTED = text("UPDATE job_runs SET started_at = clock_timestamp() WHERE name = :name")
_FINISHED = text(
    "UPDATE job_runs SET finished_at = clock_timestamp(), runs = runs + 1,"
    " due_at = clock_timestamp() + CAST(:every AS interval), last_error = :error,"
    " failures = failures + CASE WHEN CAST(:error AS text) IS NULL THEN 0 ELSE 1 END WHERE name = :name"
)


class JobRunner:
    """Runs the jobs of one service until cancelled."""

    def __init__(self, database: Database, leases: Leases, jobs: Sequence[Job], *, on_step: OnStep = pass_by) -> None:
        if len({job.name for job in jobs}) != len(jobs):
            raise ValueError("two jobs have the same name")
        self._database = database
        self._principal = Principal.of_service(database.service)
        self._context = JobContext(work=database.work, clock=database.clock)
        self._leases = leases
        self._jobs = jobs
        self._on_step = on_step

    async def run(self) -> None:
        """Run all jobs whenever they are due."""
        async with asyncio.TaskGroup() as group:
            for job in self._jobs:
                group.create_task(self._repeat(job), name=f"job {job.name}")

    async def _repeat(self, job: Job) -> None:
        while True:
            nap = SECOND_LOOK
            try:
                due_in = await self.run_if_due(job)
                nap = min(max(due_in, 0.01), LONGEST_NAP)
            except (DomainError, DatabaseError) as error:
                log.warning("job_could_not_start", job=job.name, error=type(error).__name__)
            await asyncio.sleep(nap * random.uniform(1.0, 1.1))  # noqa: S311  # jitter, no secret

    async def run_if_due(self, job: Job) -> float:
        """Run the job if it is due and nobody else runs it; return the seconds until it is due again."""
        due_in = await self._due_in(job)
        if due_in > 0:
            return due_in
        lease = await self._leases.try_acquire(f"job:{job.name}")
        if lease is None:
            return SECOND_LOOK
        try:
            due_in = await self._due_in(job)  # another process may have run it just before the lease came to us
            if due_in > 0:
                return due_in
            await self._run(job)
            return job.every.total_seconds()
        finally:
            await lease.release()

    async def _due_in(self, job: Job) -> float:
        async with self._database.work.work(self._principal) as tx:
            due_in = (await tx.session.execute(_DUE_IN, {"name": job.name})).scalar_one()
            await tx.commit()
        return float(due_in)

    async def _run(self, job: Job) -> None:
        began = time.monotonic()
        await self._write(_STARTED, job)
        self._on_step("job.started")
        error: str | None = None
        try:
            await job.run(self._context)
        except Exception as failure:  # whatever a job raises: noted, and it runs again when it is due
            error = f"{type(failure).__name__}: {failure}"[:1000]
            log.error("job_failed", service=self._database.service, job=job.name, exc_info=failure)
        self._on_step("job.ran")
        await self._write(_FINISHED, job, every=job.every, error=error)
        labels = (self._database.service, job.name)
        event_metrics.JOB_RUNS.labels(*labels, "failed" if error else "done").inc()
        event_metrics.JOB_SECONDS.labels(*labels).set(time.monotonic() - began)

    async def _write(self, statement: TextClause, job: Job, **values: object) -> None:
        async with self._database.work.work(self._principal) as tx:
            await tx.session.execute(statement, {"name": job.name, **values})
            await tx.commit()
