"""The end of a firm in a service that keeps rows of it: everything goes, in portions, also what arrives late.

`FirmEnd.begin` handles identity's `TenantDeleted`: it marks the firm and does the first portion at once, which is all
for most firms. The job does the rest, and looks again for a day, because a token outlives its firm by minutes and an
event of another service may still be on its way. What "everything" is the service says as steps, in the order of its
foreign keys. The table `deleted_firms` and the right to delete come from `schema.let_deleted_firms_go`.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from datetime import timedelta
from typing import Any
from uuid import UUID

import structlog
from google.protobuf.message import Message
from sqlalchemy import Row, text

from kontor_chassis.database import Transaction
from kontor_chassis.events import EventMeta
from kontor_chassis.jobs import Job, JobContext
from kontor_chassis.one_by_one import one_by_one
from kontor_chassis.principal import Principal

log = structlog.get_logger(__name__)

PORTION = 1000
"""Rows of one step per transaction, so that no lock is held for long."""
LOOKED_AFTER = timedelta(days=1)
"""So long what arrives late is deleted, too."""

Step = Callable[[Transaction, UUID, int], Awaitable[int]]
"""Deletes (or ends) at most so many rows of a firm and returns how many; 0 when nothing is left."""

_JOB = "delete_ended_firms"
_MARK = text("INSERT INTO deleted_firms (tenant_id, deleted_at) VALUES (:tenant, :now) ON CONFLICT DO NOTHING")
_UNFINISHED = text("SELECT tenant_id, deleted_at FROM deleted_firms WHERE finished_at IS NULL ORDER BY tenant_id")
_FINISHED = text("UPDATE deleted_firms SET finished_at = :now WHERE tenant_id = :tenant")


def emptied(table: str, condition: str = "true") -> Step:
    """Return the step that deletes a firm's rows of a table; `condition` is SQL that narrows them, with `:tenant`."""
    return as_step(
        f"DELETE FROM {table} WHERE ctid = ANY (ARRAY("  # noqa: S608 - both are written in the service's own code
        f"SELECT ctid FROM {table} WHERE tenant_id = :tenant AND {condition} LIMIT :portion))"
    )


def as_step(statement: str) -> Step:
    """Return the step that runs one SQL statement with `:tenant`, `:portion` and, if it is in it, `:now`.

    What the statement has touched it must not find again.
    """

    async def step(tx: Transaction, tenant_id: UUID, portion: int) -> int:
        values: dict[str, object] = {"tenant": tenant_id, "portion": portion}
        if ":now" in statement:
            values["now"] = tx.now
        done = await tx.session.execute(text(statement), values)
        return int(getattr(done, "rowcount", 0))

    return step


class FirmEnd:
    """Deletes what a service keeps of deleted firms."""

    def __init__(self, service: str, steps: Sequence[Step], *, portion: int = PORTION) -> None:
        self._service = service
        self._principal = Principal.of_service(service)
        self._steps = steps
        self._portion = portion

    async def begin(self, tx: Transaction, _event: Message, meta: EventMeta) -> None:
        """Handle `TenantDeleted`: mark the firm and do what fits into one transaction."""
        if meta.tenant_id is None:
            raise ValueError("the event names no firm")
        await tx.session.execute(_MARK, {"tenant": meta.tenant_id, "now": tx.now})
        await self._advance(tx, meta.tenant_id)

    def job(self) -> Job:
        """Return the job that goes on where `begin` stopped."""
        return Job(_JOB, timedelta(minutes=1), self.go_on)

    async def go_on(self, context: JobContext) -> None:
        """Delete what is left of every deleted firm, one portion per transaction; a firm that fails stops no other."""
        async with context.work.work(self._principal) as tx:
            firms = (await tx.session.execute(_UNFINISHED)).all()

        async def end(firm: Row[Any]) -> None:
            while not await self._portion_of(context, firm.tenant_id):
                pass
            if context.clock.now() >= firm.deleted_at + LOOKED_AFTER:
                await self._finish(context, firm.tenant_id)

        await one_by_one(self._service, _JOB, firms, end, name=lambda firm: str(firm.tenant_id))

    async def _portion_of(self, context: JobContext, tenant_id: UUID) -> bool:
        async with context.work.work(self._principal.within(tenant_id)) as tx:
            nothing_left = await self._advance(tx, tenant_id)
            await tx.commit()
        return nothing_left

    async def _advance(self, tx: Transaction, tenant_id: UUID) -> bool:
        """Do each step until it finds nothing more, up to one portion; return whether nothing is left."""
        room = self._portion
        for step in self._steps:
            while done := await step(tx, tenant_id, room):
                room -= done
                if room <= 0:
                    return False
        return True

    async def _finish(self, context: JobContext, tenant_id: UUID) -> None:
        async with context.work.work(self._principal.within(tenant_id)) as tx:
            await tx.session.execute(_FINISHED, {"tenant": tenant_id, "now": tx.now})
            await tx.commit()
        log.info("firm_deleted", tenant_id=str(tenant_id))
