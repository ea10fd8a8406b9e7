"""The chassis' own chores: delete what was kept long enough (machine time), count what was given up."""

from __future__ import annotations

import asyncio
from datetime import timedelta

import structlog
from sqlalchemy import text

from kontor_chassis import event_metrics, idempotency, streams
from kontor_chassis.database_errors import DatabaseError
from kontor_chassis.errors import DomainError
from kontor_chassis.inbox import Inbox
from kontor_chassis.jobs import Job, JobContext
from kontor_chassis.principal import Principal

INBOX_KEPT = timedelta(days=30)
"""Longer than outboxes and streams, so that nothing can come back after its inbox row is gone."""
BATCH = 5000
COUNT_SECONDS = 60.0

log = structlog.get_logger(__name__)

_EXPIRED = (
    ("outbox", "position", "sent_at", streams.KEPT),
    ("inbox", "event_id", "applied_at", INBOX_KEPT),
    ("idempotency", "ctid", "recorded_at", idempotency.KEPT),
)


def housekeeping(service: str) -> list[Job]:
    """Return the jobs every service runs."""

    async def sweep(context: JobContext) -> None:
        for table, key, since, kept in _EXPIRED:
            while await _delete_batch(context, service, table, key, since, kept) == BATCH:
                pass

    return [Job("chassis.sweep", timedelta(hours=1), sweep)]


async def count_dead_letters(inbox: Inbox, service: str, *, every: float = COUNT_SECONDS) -> None:
    """Tell the number of open dead letters until cancelled.

    Every worker counts for itself: a number that only the one told who ran a job would stay with the others for ever.
    """
    while True:
        try:
            event_metrics.DEAD_LETTERS.labels(service).set(await inbox.open_dead_letters())
        except (DomainError, DatabaseError) as error:
            log.warning("dead_letters_not_counted", service=service, error=type(error).__name__)
        await asyncio.sleep(every)


async def _delete_batch(context: JobContext, service: str, table: str, key: str, since: str, kept: timedelta) -> int:
    """Delete at most BATCH expired rows in a transaction of their own; return how many."""
    statement = text(
        f"WITH gone AS (DELETE FROM {table} WHERE {key} = ANY(ARRAY(SELECT {key} FROM {table}"  # noqa: S608  # constants
        f" WHERE {since} < clock_timestamp() - CAST(:kept AS interval) LIMIT {BATCH})) RETURNING 1)"
        " SELECT count(*) FROM gone"
    )
    async with context.work.work(Principal.of_service(service)) as tx:
        deleted = (await tx.session.execute(statement, {"kept": kept})).scalar_one()
        await tx.commit()
    return int(deleted)
