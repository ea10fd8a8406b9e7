"""The waiting list: in which order firms come in, and what the operator notes about them (F45, F48).

Ranks are dense integers of waiting firms; moving one gives the list its ranks anew. Several hundred firms wait at most.
"""

from __future__ import annotations

from typing import Final
from uuid import UUID

from kontor.identity.v1.tenants_pb2 import TenantState
from kontor_chassis.database import Transaction
from kontor_chassis.errors import DomainError, ErrorKind, invalid, not_found
from sqlalchemy import func, select

from kontor_identity.tables import Tenant
from kontor_identity.tenants import Registration, register_tenant

_QUEUE_LOCK: Final = 7_310_001
"""Advisory lock of this transaction: two operators do not rank at once."""


async def enter_firm(tx: Transaction, registration: Registration, *, channel: int, note: str) -> Tenant:
    """Put a firm on the waiting list that registered by mail or telephone; raises like `register_tenant`."""
    tenant = await register_tenant(tx, registration)
    tenant.channel = channel
    tenant.note = note.strip()
    await tx.session.flush()
    return tenant


async def set_note(tx: Transaction, tenant_id: UUID, note: str) -> Tenant:
    """Replace the operator's note."""
    tenant = await firm_for_operator(tx, tenant_id)
    tenant.note = note.strip()
    await tx.session.flush()
    return tenant


async def move_in_queue(tx: Transaction, tenant_id: UUID, before: UUID | None) -> Tenant:
    """Move a waiting firm before another one, or to the end; raises PRECONDITION "NOT_WAITING"."""
    await tx.session.execute(select(func.pg_advisory_xact_lock(_QUEUE_LOCK)))
    waiting = await _waiting(tx)
    moved = next((one for one in waiting if one.tenant_id == tenant_id), None)
    if moved is None:
        await firm_for_operator(tx, tenant_id)
        raise DomainError(ErrorKind.PRECONDITION, "NOT_WAITING", "Diese Firma steht nicht auf der Warteliste.")
    rest = [one for one in waiting if one is not moved]
    places = {one.tenant_id: place for place, one in enumerate(rest)}
    if before is not None and before != tenant_id and before not in places:
        raise invalid("before_tenant_id", "Die andere Firma steht nicht auf der Warteliste.", reason="NOT_WAITING")
    if before != tenant_id:
        rest.insert(len(rest) if before is None else places[before], moved)
        for rank, one in enumerate(rest):
            if one.queue_rank != rank:
                one.queue_rank = rank
    await tx.session.flush()
    return moved


async def place_of(tx: Transaction, tenant: Tenant) -> int:
    """Return a firm's place in the waiting list, beginning with 1; 0 when it does not wait."""
    if tenant.state != TenantState.TENANT_STATE_WAITING:
        return 0
    return [one.tenant_id for one in await _waiting(tx)].index(tenant.tenant_id) + 1


async def firm_for_operator(tx: Transaction, tenant_id: UUID) -> Tenant:
    """Return a firm, locked; NOT_FOUND when there is none."""
    statement = select(Tenant).where(Tenant.tenant_id == tenant_id).with_for_update()
    tenant: Tenant | None = (await tx.session.execute(statement)).scalar_one_or_none()
    if tenant is None:
        raise not_found("Diese Firma")
    return tenant


async def _waiting(tx: Transaction) -> list[Tenant]:
    statement = (
        select(Tenant)
        .where(Tenant.state == TenantState.TENANT_STATE_WAITING)
        .order_by(Tenant.queue_rank, Tenant.created_at, Tenant.tenant_id)
    )
    return list((await tx.session.execute(statement)).scalars())
