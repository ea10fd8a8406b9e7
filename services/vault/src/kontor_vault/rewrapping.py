"""Rotation of the key-encryption key: wraps data keys anew while everything keeps running.

Content stays as it is; only the wrapped data keys change. Once no key is wrapped under an old version, that version can
be forgotten, and with it every backup of a data key that it wrapped.
"""

from __future__ import annotations

import asyncio

from kontor_chassis.database import UnitOfWork
from kontor_chassis.principal import Principal
from sqlalchemy import func, select

from kontor_vault.keys import CustomerKeys
from kontor_vault.tables import CustomerKey

BATCH = 100
_SERVICE = Principal.of_service("vault")


async def rewrap_some(work: UnitOfWork, keys: CustomerKeys) -> int:
    """Wrap a batch of keys under the newest version; return how many there were. Two of them do not meet."""
    newest = await keys.newest()
    async with work.work(_SERVICE) as tx:
        found = await tx.session.scalars(
            select(CustomerKey)
            .where(CustomerKey.wrapped_under != newest)
            .order_by(CustomerKey.customer_id)
            .limit(BATCH)
            .with_for_update(skip_locked=True)
        )
        rows = found.all()
        await asyncio.gather(*(keys.rewrap(row) for row in rows))
        await tx.commit()
    return len(rows)


async def left_to_rewrap(work: UnitOfWork, keys: CustomerKeys) -> int:
    """Return how many keys are wrapped under an older version."""
    newest = await keys.newest()
    async with work.work(_SERVICE) as tx:
        count = select(func.count()).select_from(CustomerKey).where(CustomerKey.wrapped_under != newest)
        return int(await tx.session.scalar(count) or 0)
