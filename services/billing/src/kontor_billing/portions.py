"""Jobs over all firms: one portion per transaction, in the name of the service for one firm after the other."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable
from uuid import UUID

from kontor_chassis.database import Transaction, UnitOfWork
from kontor_chassis.principal import Principal

SERVICE = Principal.of_service("billing")


async def in_portions(
    work: UnitOfWork, tenants: Iterable[UUID], act: Callable[[Transaction], Awaitable[int]], portion: int
) -> None:
    """Let `act` do at most a portion of a firm's work at a time, until it did less than that; then the next firm's."""
    for tenant_id in tenants:
        done = portion
        while done == portion:
            async with work.work(SERVICE.within(tenant_id)) as tx:
                done = await act(tx)
                await tx.commit()
