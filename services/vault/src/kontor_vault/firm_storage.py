"""All storage of a firm: what its plan allows, and room for an upload (F83, F84).

Triggers count at commit and a check bounds the sum; here is the answer that a person gets before that. The plan is
identity's: it is asked for each upload, and what it said last is kept beside the sum, so that the bound holds while
identity cannot be asked. A trial has no limit. What services file is never refused, it may overhang.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol
from uuid import UUID

from kontor_chassis.database import Transaction
from kontor_chassis.errors import DomainError, ErrorKind
from kontor_chassis.sentences import said
from sqlalchemy import func, select, update
from sqlalchemy.dialects.postgresql import insert

from kontor_vault.tables import FirmStorage

_GIGABYTE = 1 << 30


@dataclass(frozen=True)
class PlanStorage:
    """What a firm's plan allows; `limit_bytes` None: no limit."""

    plan_name: str
    limit_bytes: int | None


class Plans(Protocol):
    """Tells what a firm's plan allows."""

    async def storage(self, tenant_id: UUID, *, fresh: bool = False) -> PlanStorage | None:
        """Return it, within a minute unless `fresh`; None when it cannot be told now."""
        ...


async def require_firm_room(tx: Transaction, size_bytes: int, allowed: PlanStorage | None) -> None:
    """Make sure that `size_bytes` more fit into the firm's plan; raises EXHAUSTED "PLAN_LIMIT_STORAGE" naming both.

    The firm's row stays locked until the transaction ends, so concurrent uploads cannot both take the last room; a
    customer's quota must be locked before it.
    """
    row = await _locked(tx, tx.principal.required_tenant())
    if allowed is not None and row.limit_bytes != allowed.limit_bytes:
        row.limit_bytes, row.overhang_bytes = allowed.limit_bytes, row.stored_bytes
        await tx.session.flush()
    if row.limit_bytes is None or row.stored_bytes + size_bytes <= row.limit_bytes:
        return
    figures = {"limit_bytes": str(row.limit_bytes), "stored_bytes": str(row.stored_bytes)}
    if not tx.principal.is_staff:
        sentence = "Der Speicherplatz Ihres Maklers reicht dafür nicht aus. Bitte sprechen Sie ihn darauf an."
        raise DomainError(ErrorKind.EXHAUSTED, "PLAN_LIMIT_STORAGE", sentence, metadata=figures)
    raise DomainError(
        ErrorKind.EXHAUSTED,
        "PLAN_LIMIT_STORAGE",
        said(
            "Der Tarif %(plan)s umfasst %(limit)s GB Speicher; belegt sind %(stored)s GB. Bitte wechseln Sie in einen "
            "größeren Tarif.",
            plan=allowed.plan_name if allowed else "Ihres Betriebs",
            limit=_gigabytes(row.limit_bytes),
            stored=_gigabytes(row.stored_bytes),
        ),
        metadata=figures,
    )


async def let_overhang(tx: Transaction, tenant_id: UUID, size_bytes: int) -> None:
    """Let a service's document in although the plan may be full: papers like invoices must not get lost."""
    await _locked(tx, tenant_id)
    above = func.greatest(FirmStorage.overhang_bytes, FirmStorage.stored_bytes + size_bytes)
    widened = update(FirmStorage).where(FirmStorage.tenant_id == tenant_id).values(overhang_bytes=above)
    await tx.session.execute(widened.execution_options(synchronize_session=False))


async def stored_bytes(tx: Transaction) -> int:
    """Return how much is stored for the caller's own firm, reservations included."""
    mine = select(FirmStorage.stored_bytes).where(FirmStorage.tenant_id == tx.principal.required_tenant())
    return int(await tx.session.scalar(mine) or 0)


async def _locked(tx: Transaction, tenant_id: UUID) -> FirmStorage:
    row = insert(FirmStorage).values(tenant_id=tenant_id, overhang_bytes=0, stored_bytes=0)
    await tx.session.execute(row.on_conflict_do_nothing())
    wanted = select(FirmStorage).where(FirmStorage.tenant_id == tenant_id).with_for_update()
    return (await tx.session.scalars(wanted.execution_options(populate_existing=True))).one()


def _gigabytes(size_bytes: int) -> str:
    return f"{size_bytes / _GIGABYTE:.1f}".replace(".", ",")
