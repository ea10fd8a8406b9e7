"""The history of an order: who did what, when (F122). Written in the transaction of the step itself, never changed."""

from __future__ import annotations

from uuid import UUID

from kontor_chassis.database import Transaction
from kontor_chassis.ids import new_id
from sqlalchemy import select

from kontor_experts import tables
from kontor_experts.states import Step


def record(tx: Transaction, order: tables.Order, step: Step, detail: str = "") -> None:
    """Record a step of the person behind the transaction."""
    tx.session.add(
        tables.HistoryEntry(
            entry_id=new_id(),
            order_id=order.order_id,
            tenant_id=order.tenant_id,
            expert_tenant_id=order.expert_tenant_id,
            step=step,
            actor_account_id=tx.principal.required_account(),
            actor_name=tx.principal.display_name,
            happened_at=tx.now,
            detail=detail,
        )
    )


async def history_of(tx: Transaction, order_id: UUID) -> list[tables.HistoryEntry]:
    """Return all steps of an order, oldest first."""
    table = tables.HistoryEntry
    rows = await tx.session.scalars(select(table).where(table.order_id == order_id).order_by(table.entry_id))
    return list(rows)
