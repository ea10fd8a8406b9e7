"""Deletes objects that nothing owns: what a crash left, what a restore from a backup no longer knows.

An object is an orphan when no row names it and it is older than anything may take that stores an object before its row
(`SAFE_AGE`). Rows hand an object on to each other, upload, part, version, so that at every moment one of them has it,
and all are asked in one statement. Objects under their customer's own id are seals of ledgers and stay.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from datetime import datetime, timedelta
from itertools import islice
from typing import Final
from uuid import UUID

import structlog
from kontor_chassis.clock import Clock, SystemClock
from kontor_chassis.database import Transaction, UnitOfWork
from kontor_chassis.principal import Principal
from prometheus_client import Counter
from sqlalchemy import text

from kontor_vault.keeping_rounds import advance, current_round
from kontor_vault.objects import Entry, Objects

log = structlog.get_logger(__name__)

SAFE_AGE = timedelta(days=2)
PORTION = 2000
OWNERS: Final = (
    ("versions", "content_id"),
    ("versions", "object_id"),
    ("uploads", "upload_id"),
    ("upload_parts", "part_id"),
    ("exports", "export_id"),
    ("earlier_ledgers", "ledger_id"),
    ("scan_batches", "object_id"),
    ("scan_pieces", "piece_id"),
)
"""Every column whose value is the id of an object."""
_SERVICE = Principal.of_service("vault")
_NOBODY = " AND ".join(f"NOT EXISTS (SELECT FROM {table} WHERE {column} = id)" for table, column in OWNERS)
_UNOWNED = text(f"SELECT id FROM unnest(CAST(:ids AS uuid[])) AS id WHERE {_NOBODY}")  # noqa: S608 - written above

SWEPT = Counter("kontor_vault_orphans_deleted_total", "Objects without an owner that were deleted", ["store"])


class OrphanSweep:
    """Goes through one store."""

    def __init__(self, work: UnitOfWork, objects: Objects, store: str, machine: Clock | None = None) -> None:
        self._work = work
        self._objects = objects
        self._store = store
        self._machine = machine or SystemClock()

    async def sweep_some(self) -> bool:
        """Look at a portion and delete its orphans; return whether there is more to do now."""
        async with self._work.work(_SERVICE) as tx:
            current = await current_round(tx, f"orphans of {self._store}")
            if current is None:
                return False
            entries = await asyncio.to_thread(self._listed, current.position)
            orphans = await self._orphans(tx, entries)
            position = entries[-1].path if len(entries) == PORTION else ""
            advance(tx, current, position, objects=len(entries), size_bytes=0, found=len(orphans))
            await tx.commit()
        for path in orphans:
            await asyncio.to_thread(self._objects.delete, path)
            SWEPT.labels(self._store).inc()
        if orphans:
            log.info("orphans_deleted", store=self._store, objects=len(orphans))
        return bool(position)

    def _listed(self, after: str) -> Sequence[Entry]:
        return list(islice(self._objects.entries(after), PORTION))

    async def _orphans(self, tx: Transaction, entries: Sequence[Entry]) -> list[str]:
        before = self._machine.now() - SAFE_AGE
        owners = {entry.path: owner for entry in entries if (owner := _owner_of(entry, before)) is not None}
        if not owners:
            return []
        unowned = set(await tx.session.scalars(_UNOWNED, {"ids": list(set(owners.values()))}))
        half_written = [entry.path for entry in entries if "#" in entry.path and entry.modify_time < before]
        return [path for path, owner in owners.items() if owner in unowned] + half_written


def _owner_of(entry: Entry, before: datetime) -> UUID | None:
    """Return by which id an object is owned; None for what is young, a seal, or no object of ours."""
    parts = entry.path.split("/")
    if entry.modify_time >= before or len(parts) != 3 or "#" in parts[2]:
        return None
    name = parts[2].partition(".")[0]
    try:
        return None if name == parts[1] else UUID(name)
    except ValueError:
        return None
