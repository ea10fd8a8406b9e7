"""Who has left a firm, as far as chat must know it: no chat gets an operator who has left.

A leaver's token lives for minutes, and events of a customer may name him after the one that tells of his leaving; so
whoever becomes an operator is looked up here first. Boundary: ids only; who works for a firm is identity's to know.
"""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from kontor_chassis.database import Transaction
from kontor_chassis.leases import key_of
from sqlalchemy import delete
from sqlalchemy.dialects.postgresql import insert

from kontor_chat.tables import DepartedStaff

MOST_SUCCESSORS = 20
"""Successors who have left in their turn are followed so far; a ring of them ends there, too."""


async def note_departure(tx: Transaction, leaver: UUID, successor: UUID | None) -> None:
    """Remember that somebody has left; waits for those who are making him an operator just now."""
    await tx.run("SELECT pg_advisory_xact_lock($1)", _key(leaver))
    left = {"successor_account_id": successor, "left_at": tx.now}
    statement = insert(DepartedStaff).values(tenant_id=tx.principal.required_tenant(), account_id=leaver, **left)
    await tx.session.execute(statement.on_conflict_do_update(constraint="pk_departed_staff", set_=left))


async def note_arrival(tx: Transaction, account_id: UUID) -> None:
    """Forget that somebody had left: he is back."""
    of_firm = DepartedStaff.tenant_id == tx.principal.required_tenant()
    await tx.session.execute(delete(DepartedStaff).where(of_firm, DepartedStaff.account_id == account_id))


async def who_is_here(tx: Transaction, candidates: Sequence[UUID]) -> tuple[UUID, ...]:
    """Return the candidates in order, each leaver replaced by his successor, or left out where there is none.

    Whoever is returned cannot leave unnoticed before the transaction has ended.
    """
    here = [await _present(tx, candidate) for candidate in candidates]
    return tuple(dict.fromkeys(account_id for account_id in here if account_id is not None))


async def _present(tx: Transaction, account_id: UUID) -> UUID | None:
    candidate: UUID | None = account_id
    for _ in range(MOST_SUCCESSORS):
        if candidate is None:
            break
        await tx.run("SELECT pg_advisory_xact_lock_shared($1)", _key(candidate))
        left = await tx.session.get(DepartedStaff, (tx.principal.required_tenant(), candidate))
        if left is None:
            return candidate
        candidate = left.successor_account_id
    return None


def _key(account_id: UUID) -> int:
    return key_of(f"operator:{account_id}")
