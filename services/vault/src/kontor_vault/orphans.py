"""Deletes objects that nothing owns: what a crash left, what a restore from a backup no longer knows.

An object is an orphan when no row names it and it is older than anything may take that stores an object before its row
(`SAFE_AGE`). Rows hand an object on to each other, upload, part, version, so that at every moment one of them has it,
and all are asked in one statement. What is half written goes when it is as old and its upload is not running. Objects
under their customer's own id are seals of ledgers and stay.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from datetime import timedelta
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
    ("earlier_files", "file_id"),
    ("scan_batches", "object_id"),
    ("scan_pieces", "piece_id"),
    ("mail_parts", "part_id"),
)
"""Every column whose value is the id of an object."""
_SERVICE = Principal.of_service("vault")
_NOBODY = " AND ".join(f"NOT EXISTS (SELECT FROM {table} WHERE {column} = id)" for table, column in OWNERS)
_UNOWNED = text(f"SELECT id FROM unnest(CAST(:ids AS uuid[])) AS id WHERE {_NOBODY}")  # noqa: S608 - written above
_RUNNING = text(
    "SELECT id FROM unnest(CAST(:ids AS uuid[])) AS id WHERE EXISTS ("
    "SELECT FROM uploads u LEFT JOIN upload_parts p USING (upload_id)"
    " WHERE id IN (u.upload_id, p.part_id) AND u.state IN ('RESERVED', 'RECEIVING'))"
)

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
        old = [entry.path for entry in entries if entry.modify_time < before]
        owners = {path: owner for path in old if (owner := _owner_of(path)) is not None}
        whole = {owner for path, owner in owners.items() if "#" not in path}
        half = {owner for path, owner in owners.items() if "#" in path}
        unowned = set(await tx.session.scalars(_UNOWNED, {"ids": list(whole)})) if whole else set()
        running = set(await tx.session.scalars(_RUNNING, {"ids": list(half)})) if half else set()
        return [path for path, owner in owners.items() if (owner not in running if "#" in path else owner in unowned)]


def _owner_of(path: str) -> UUID | None:
    """Return by which id an object is owned, whole or half written; None for a seal, or no object of ours."""
    parts = path.split("/")
    if len(parts) != 3:
        return None
    name = parts[2].partition("#")[0].partition(".")[0]
    try:
        return None if name == parts[1] else UUID(name)
    except ValueError:
        return None
