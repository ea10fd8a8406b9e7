"""Storage of a customer (F14): how much he has, and room for an upload.

Use and reservations are counted by triggers, and a check bounds them; here is the answer a person gets before that.
Only what the customer stores himself counts.
"""

from __future__ import annotations

from uuid import UUID

from kontor.vault.v1 import events_pb2
from kontor_chassis.database import Transaction
from kontor_chassis.errors import DomainError, ErrorKind
from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert

from kontor_vault.tables import Quota

WARNED_AT = (80, 90, 100)
"""Percent of the limit at which the customer is warned."""
_NO_STORAGE = (
    "NO_STORAGE",
    "In Ihrer Servicestufe ist kein Speicherplatz enthalten. Mit den Stufen 2 und 3 können Sie Dokumente ablegen.",
)
_FULL = (
    "QUOTA_EXCEEDED",
    "Ihr Speicherplatz reicht dafür nicht aus. Bitte leeren Sie den Papierkorb oder erweitern Sie den Speicher.",
)


async def require_room(tx: Transaction, customer_id: UUID, size_bytes: int, default_limit: int) -> None:
    """Make sure that `size_bytes` more fit; raises EXHAUSTED "QUOTA_EXCEEDED", or "NO_STORAGE" where a tier
    has none, with the figures.

    The quota stays locked until the transaction ends, so concurrent uploads cannot both take the last room.
    """
    quota = await _locked(tx, tx.principal.required_tenant(), customer_id, default_limit)
    if quota.used_bytes + quota.reserved_bytes + size_bytes > quota.limit_bytes:
        reason, sentence = _NO_STORAGE if not quota.limit_bytes else _FULL
        raise DomainError(
            ErrorKind.EXHAUSTED,
            reason,
            sentence,
            metadata={
                "limit_bytes": str(quota.limit_bytes),
                "used_bytes": str(quota.used_bytes),
                "reserved_bytes": str(quota.reserved_bytes),
            },
        )


async def warn_of_filling(tx: Transaction, customer_id: UUID, added_bytes: int) -> None:
    """Tell the customer, once each time, when what he just stored takes him past a threshold."""
    quota = await tx.session.get_one(Quota, (tx.principal.required_tenant(), customer_id), populate_existing=True)
    before = quota.used_bytes - added_bytes
    passed = [p for p in WARNED_AT if before * 100 < quota.limit_bytes * p <= quota.used_bytes * 100]
    if passed and quota.limit_bytes:
        event = events_pb2.StorageThresholdPassed(
            tenant_id=str(quota.tenant_id), customer_id=str(quota.customer_id), percent=max(passed)
        )
        tx.publish(event, aggregate=quota.customer_id, tenant_id=quota.tenant_id)


async def set_limit(tx: Transaction, *, tenant_id: UUID, customer_id: UUID, limit_bytes: int) -> Quota:
    """Set how much a customer may store from now on; what he has above it stays, but nothing comes on top."""
    quota = await _locked(tx, tenant_id, customer_id, limit_bytes)
    quota.limit_bytes = limit_bytes
    quota.overhang_bytes = quota.used_bytes + quota.reserved_bytes
    await tx.session.flush()
    return quota


async def quota_of(tx: Transaction, customer_id: UUID, default_limit: int) -> Quota:
    """Return a customer's quota; the default while he has stored nothing."""
    tenant_id = tx.principal.required_tenant()
    found = await tx.session.get(Quota, (tenant_id, customer_id))
    return found or Quota(
        tenant_id=tenant_id,
        customer_id=customer_id,
        limit_bytes=default_limit,
        overhang_bytes=0,
        used_bytes=0,
        reserved_bytes=0,
    )


async def _locked(tx: Transaction, tenant_id: UUID, customer_id: UUID, default_limit: int) -> Quota:
    row = {"tenant_id": tenant_id, "customer_id": customer_id, "limit_bytes": default_limit}
    await tx.session.execute(
        insert(Quota).values(**row, overhang_bytes=0, used_bytes=0, reserved_bytes=0).on_conflict_do_nothing()
    )
    return (
        await tx.session.scalars(
            select(Quota)
            .where(Quota.tenant_id == tenant_id, Quota.customer_id == customer_id)
            .with_for_update()
            .execution_options(populate_existing=True)
        )
    ).one()
