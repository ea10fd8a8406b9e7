"""Messages between client and expert, archived on the order (F119, F120). They exist once an order is placed."""

from __future__ import annotations

from uuid import UUID

from kontor_chassis.database import Transaction
from kontor_chassis.ids import new_id

from kontor_experts import announcements, tables
from kontor_experts.history import record
from kontor_experts.orders import is_client, order_of_either_side
from kontor_experts.states import OrderState, Side, Step, wrong_order_state


async def send_message(tx: Transaction, order_id: UUID, *, body: str) -> tables.OrderMessage:
    """Send a message to the other side; raises PRECONDITION before the order is placed."""
    order = await order_of_either_side(tx, order_id)
    if order.placed_at is None:
        raise wrong_order_state(OrderState(order.state))
    message = tables.OrderMessage(
        message_id=new_id(),
        order_id=order_id,
        tenant_id=order.tenant_id,
        expert_tenant_id=order.expert_tenant_id,
        sender_side=Side.CLIENT if is_client(tx, order) else Side.EXPERT,
        sender_account_id=tx.principal.required_account(),
        sender_name=tx.principal.display_name,
        body=body,
        sent_at=tx.now,
    )
    tx.session.add(message)
    record(tx, order, Step.MESSAGE_SENT)
    await tx.session.flush()
    announcements.message_posted(tx, order, message)
    return message
