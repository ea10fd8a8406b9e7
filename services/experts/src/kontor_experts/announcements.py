"""What the expert network tells other services about orders. Events carry ids and titles, never customer data.

An order's events belong to the client's firm, whoever causes them.
"""

from __future__ import annotations

from typing import Any

from kontor.experts.v1 import events_pb2 as events
from kontor.experts.v1 import orders_pb2
from kontor_chassis.database import Transaction

from kontor_experts import tables
from kontor_experts.states import OrderState, Side


def consent_requested(tx: Transaction, order: tables.Order) -> None:
    """The customer is to be asked."""
    event = events.ConsentRequested(**_about_customer(order), expert_firm_name=order.expert_firm_name)
    tx.publish(event, aggregate=order.order_id, tenant_id=order.tenant_id)


def consent_answered(tx: Transaction, order: tables.Order, *, given: bool) -> None:
    """The client learns what the customer said."""
    about = _about_customer(order)
    event = events.ConsentGiven(**about) if given else events.ConsentDeclined(**about)
    tx.publish(event, aggregate=order.order_id, tenant_id=order.tenant_id)


def placed(tx: Transaction, order: tables.Order) -> None:
    """The expert has a new order (F115)."""
    event = events.OrderPlaced(**_about_order(order), client_firm_name=order.client_firm_name)
    event.place_time.FromDatetime(tx.now)
    tx.publish(event, aggregate=order.order_id, tenant_id=order.tenant_id)


def status_changed(tx: Transaction, order: tables.Order, before: OrderState) -> None:
    """The client learns of every change (F116), and is invited to rate what is completed (F123)."""
    event = events.OrderStatusChanged(
        **_about_order(order),
        from_state=orders_pb2.OrderState.Value(f"ORDER_STATE_{before}"),
        to_state=orders_pb2.OrderState.Value(f"ORDER_STATE_{order.state}"),
    )
    tx.publish(event, aggregate=order.order_id, tenant_id=order.tenant_id)
    if order.state == OrderState.COMPLETED:
        completed = events.OrderCompleted(**_about_order(order))
        tx.publish(completed, aggregate=order.order_id, tenant_id=order.tenant_id)


def rated(tx: Transaction, order: tables.Order, stars: int) -> None:
    """The expert learns how he did."""
    event = events.OrderRated(**_about_order(order), service_id=str(order.service_id), stars=stars)
    tx.publish(event, aggregate=order.order_id, tenant_id=order.tenant_id)


def message_posted(tx: Transaction, order: tables.Order, message: tables.OrderMessage) -> None:
    """The other side has a message (F119)."""
    to_expert = message.sender_side == Side.CLIENT
    event = events.OrderMessagePosted(
        **_about_order(order),
        message_id=str(message.message_id),
        sender_account_id=str(message.sender_account_id),
        recipient_account_id=str(order.expert_account_id if to_expert else order.client_account_id),
    )
    tx.publish(event, aggregate=order.order_id, tenant_id=order.tenant_id)


def _about_order(order: tables.Order) -> dict[str, Any]:
    return {
        "tenant_id": str(order.tenant_id),
        "order_id": str(order.order_id),
        "service_title": order.service_title,
        "client_account_id": str(order.client_account_id),
        "expert_account_id": str(order.expert_account_id),
    }


def _about_customer(order: tables.Order) -> dict[str, Any]:
    return {
        "tenant_id": str(order.tenant_id),
        "order_id": str(order.order_id),
        "customer_id": str(order.customer_id),
        "service_title": order.service_title,
        "client_account_id": str(order.client_account_id),
    }
