"""The history of an order: who did what, when (F122). Written in the transaction of the step itself, never changed."""

from __future__ import annotations

from kontor_chassis.database import Transaction
from kontor_chassis.ids import new_id

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
