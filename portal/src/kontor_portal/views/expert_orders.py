"""The expert's orders: what he received, his state, messages with the client (F115–F121)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

import grpc
from flask import Blueprint, flash, redirect, render_template, request
from flask.typing import ResponseReturnValue
from kontor.experts.v1 import orders_pb2
from kontor.vault.v1 import sharing_pb2, vault_pb2

from kontor_portal import gateway
from kontor_portal.choices import Choice
from kontor_portal.circles import RUNNING
from kontor_portal.forms import Form, refused, sent
from kontor_portal.gateway import new_request_id
from kontor_portal.i18n import t
from kontor_portal.reading import next_page, optional, page_token
from kontor_portal.views.broker_orders import order_messages, send_order_message

expert_orders = Blueprint("expert_orders", __name__)

_FILTERS: Final[Mapping[str, tuple[orders_pb2.OrderState.ValueType, ...]]] = {
    "neu": (orders_pb2.ORDER_STATE_PLACED,),
    "arbeit": (orders_pb2.ORDER_STATE_IN_PROGRESS,),
    "fertig": (orders_pb2.ORDER_STATE_COMPLETED, orders_pb2.ORDER_STATE_CANCELLED),
}
_ACTIONS: Final[Mapping[str, orders_pb2.OrderState.ValueType]] = {
    "beginnen": orders_pb2.ORDER_STATE_IN_PROGRESS,
    "abschliessen": orders_pb2.ORDER_STATE_COMPLETED,
    "stornieren": orders_pb2.ORDER_STATE_CANCELLED,
}


@dataclass(frozen=True)
class ReceivedOrder:
    """One order with its messages and what may happen next."""

    order: orders_pb2.Order
    messages: tuple[orders_pb2.OrderMessage, ...]
    actions: tuple[Choice, ...]
    shared: tuple[vault_pb2.Document, ...]
    """Papers that the customer shares through it."""


@expert_orders.get("/experte")
def orders() -> ResponseReturnValue:
    """List the orders received."""
    shown, search = request.args.get("zeige", ""), request.args.get("suche", "").strip()[:100]
    answer = gateway.experts().ListOrders(
        orders_pb2.ListOrdersRequest(
            side=orders_pb2.ORDER_SIDE_EXPERT,
            states=_FILTERS.get(shown, ()),
            search=search,
            page_size=30,
            page_token=page_token(),
        )
    )
    return render_template(
        "expert/orders.html",
        orders=tuple(answer.orders),
        shown=shown,
        search=search,
        next_url=next_page(answer.next_page_token),
    )


@expert_orders.get("/experte/auftraege/<id:order_id>")
def order(order_id: str) -> ResponseReturnValue:
    """Show one order."""
    return _show(order_id, Form())


@expert_orders.post("/experte/auftraege/<id:order_id>")
def set_status(order_id: str) -> ResponseReturnValue:
    """Change the state; a cancellation needs its reason (F118)."""
    values = sent()
    state = _ACTIONS.get(values.get("action", ""))
    if state is None:
        return redirect(f"/experte/auftraege/{order_id}", 303)
    if state == orders_pb2.ORDER_STATE_CANCELLED and not values.get("reason"):
        fault = t("Bitte nennen Sie dem Auftraggeber den Grund.")
        return _show(order_id, Form(values, {"reason": fault}))
    wanted = orders_pb2.SetOrderStatusRequest(
        order_id=order_id,
        state=state,
        reason=values.get("reason", ""),
        etag=values.get("etag", ""),
        request_id=new_request_id(),
    )
    try:
        gateway.experts().SetOrderStatus(wanted)
    except grpc.RpcError as error:
        return _show(order_id, refused(error))
    flash(t("Gespeichert. Der Auftraggeber ist benachrichtigt."), "ok")
    return redirect(f"/experte/auftraege/{order_id}", 303)


@expert_orders.post("/experte/auftraege/<id:order_id>/nachricht")
def send_message(order_id: str) -> ResponseReturnValue:
    """Write to the client (F119, F120)."""
    try:
        send_order_message(order_id)
    except grpc.RpcError as error:
        return _show(order_id, refused(error))
    return redirect(f"/experte/auftraege/{order_id}#nachrichten", 303)


def _actions(state: orders_pb2.OrderState.ValueType) -> tuple[Choice, ...]:
    begin, finish = Choice("beginnen", t("Arbeit beginnen")), Choice("abschliessen", t("Als abgeschlossen melden"))
    cancel = Choice("stornieren", t("Stornieren"))
    if state == orders_pb2.ORDER_STATE_PLACED:
        return (begin, cancel)
    return (finish, cancel) if state == orders_pb2.ORDER_STATE_IN_PROGRESS else ()


def _shared(order: orders_pb2.Order) -> tuple[vault_pb2.Document, ...]:
    if order.state not in RUNNING:
        return ()
    asked = sharing_pb2.ListOrderDocumentsRequest(order_id=order.order_id, page_size=100)
    none = sharing_pb2.ListOrderDocumentsResponse()
    return tuple(optional(lambda: gateway.sharing().ListOrderDocuments(asked), none).documents)


def _show(order_id: str, form: Form) -> ResponseReturnValue:
    found = gateway.experts().GetOrder(orders_pb2.GetOrderRequest(order_id=order_id))
    page = ReceivedOrder(found, order_messages(order_id), _actions(found.state), _shared(found))
    return render_template("expert/order.html", page=page, form=form), form.status
