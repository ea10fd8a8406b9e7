"""Rounds through all objects that go on where they were, whichever process takes the next portion."""

from __future__ import annotations

from datetime import timedelta

from kontor_chassis.database import Transaction

from kontor_vault.keeping_tables import KeepingRound

PAUSE = timedelta(days=1)
"""Between the end of a round and the next one."""


async def current_round(tx: Transaction, task: str) -> KeepingRound | None:
    """Return how far a task is, locked; None while it rests."""
    found = await tx.session.get(KeepingRound, task, with_for_update=True)
    if found is None:
        nothing = {"objects": 0, "size_bytes": 0, "found": 0, "repaired": 0}
        found = KeepingRound(task=task, start_time=tx.now, end_time=None, position="", **nothing)
        tx.session.add(found)
        await tx.session.flush()
    if not found.position and found.end_time is not None:
        if tx.now - found.end_time < PAUSE:
            return None
        found.start_time = tx.now
    return found


def advance(
    tx: Transaction,
    current: KeepingRound,
    position: str,
    *,
    objects: int,
    size_bytes: int,
    found: int,
    repaired: int = 0,
) -> None:
    """Go on to a position; an empty one ends the round."""
    current.objects += objects
    current.size_bytes += size_bytes
    current.found += found
    current.repaired += repaired
    current.position = position
    if not position:
        current.last_objects, current.last_found = current.objects, current.found
        current.last_repaired = current.repaired
        current.objects = current.size_bytes = current.found = current.repaired = 0
        current.end_time = tx.now


def count_repaired(last: KeepingRound, repaired: int) -> None:
    """Count what was repaired by itself to the round that is under way, or to the last one while it rests."""
    if last.position or last.end_time is None:
        last.repaired += repaired
    else:
        last.last_repaired += repaired
