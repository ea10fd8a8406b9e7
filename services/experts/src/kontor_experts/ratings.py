"""Ratings: what clients say about orders that were rendered (F123). One per completed order, never changed."""

from __future__ import annotations

from uuid import UUID

from kontor_chassis.database import Transaction
from kontor_chassis.errors import DomainError, ErrorKind

from kontor_experts import announcements, orders, tables
from kontor_experts.history import record
from kontor_experts.states import OrderState, Step


async def rate_order(tx: Transaction, order_id: UUID, *, stars: int, comment: str, etag: str) -> orders.OrderView:
    """Rate a completed order, once (F123); raises PRECONDITION before completion and ALREADY_EXISTS afterwards."""
    order = await orders.clients_order_locked(tx, order_id, etag)
    if order.state != OrderState.COMPLETED:
        raise DomainError(
            ErrorKind.PRECONDITION, "NOT_COMPLETED", "Bewerten können Sie einen Auftrag, sobald er abgeschlossen ist."
        )
    if await tx.session.get(tables.Rating, order_id) is not None:
        raise DomainError(ErrorKind.ALREADY_EXISTS, "ALREADY_RATED", "Sie haben diesen Auftrag bereits bewertet.")
    rating = tables.Rating(
        order_id=order_id,
        tenant_id=order.tenant_id,
        service_id=order.service_id,
        stars=stars,
        comment=comment,
        client_firm_name=order.client_firm_name,
        rated_at=tx.now,
    )
    tx.session.add(rating)
    order.updated_at = tx.now  # writes the order too, so that of two ratings at once one loses
    record(tx, order, Step.RATED, f"{stars} von 5")
    await tx.session.flush()
    announcements.rated(tx, order, stars)
    return await orders.view_for_client(tx, order)
