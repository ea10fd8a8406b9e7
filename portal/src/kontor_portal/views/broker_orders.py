"""The firm's orders: draft, preview, consent, binding order, documentation, rating (F111–F123)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

import grpc
from flask import Blueprint, flash, redirect, render_template, request
from flask.typing import ResponseReturnValue
from google.protobuf.field_mask_pb2 import FieldMask
from kontor.experts.v1 import orders_pb2

from kontor_portal import gateway
from kontor_portal.customers import names_of
from kontor_portal.forms import Form, refused, sent
from kontor_portal.gateway import new_request_id
from kontor_portal.i18n import t
from kontor_portal.reading import next_page, optional, page_token
from kontor_portal.schema_forms import Question, answers_from, questions_of, values_of
from kontor_portal.views.broker_catalogue import with_answer_faults

broker_orders = Blueprint("broker_orders", __name__)

_BEFORE_PLACING: Final = frozenset(
    {
        orders_pb2.ORDER_STATE_DRAFT,
        orders_pb2.ORDER_STATE_CONSENT_REQUESTED,
        orders_pb2.ORDER_STATE_CONSENT_GIVEN,
        orders_pb2.ORDER_STATE_CONSENT_DECLINED,
    }
)
_FILTERS: Final[Mapping[str, tuple[orders_pb2.OrderState.ValueType, ...]]] = {
    "entwurf": (orders_pb2.ORDER_STATE_DRAFT,),
    "einwilligung": (
        orders_pb2.ORDER_STATE_CONSENT_REQUESTED,
        orders_pb2.ORDER_STATE_CONSENT_GIVEN,
        orders_pb2.ORDER_STATE_CONSENT_DECLINED,
    ),
    "laufend": (orders_pb2.ORDER_STATE_PLACED, orders_pb2.ORDER_STATE_IN_PROGRESS),
    "fertig": (orders_pb2.ORDER_STATE_COMPLETED, orders_pb2.ORDER_STATE_CANCELLED),
}


@dataclass(frozen=True)
class OrderPage:
    """One order with everything that belongs to it."""

    order: orders_pb2.Order
    customer_name: str
    questions: tuple[Question, ...]
    preview: orders_pb2.OrderContent
    messages: tuple[orders_pb2.OrderMessage, ...]
    history: tuple[orders_pb2.OrderHistoryEntry, ...]

    @property
    def can_be_changed(self) -> bool:
        """Whether the order is not binding yet."""
        return self.order.state in _BEFORE_PLACING

    @property
    def step(self) -> int:
        """Where on the way from draft to completion the order is, from 1 to 4."""
        if self.order.state == orders_pb2.ORDER_STATE_DRAFT:
            return 1
        if self.can_be_changed:
            return 2
        return 4 if self.order.state in _FILTERS["fertig"] else 3


@broker_orders.get("/makler/auftraege")
def orders() -> ResponseReturnValue:
    """List the orders that fit the search (F121)."""
    shown, search = request.args.get("zeige", ""), request.args.get("suche", "").strip()[:100]
    answer = gateway.experts().ListOrders(
        orders_pb2.ListOrdersRequest(
            side=orders_pb2.ORDER_SIDE_CLIENT,
            states=_FILTERS.get(shown, ()),
            search=search,
            page_size=30,
            page_token=page_token(),
        )
    )
    return render_template(
        "broker/orders.html",
        orders=tuple(answer.orders),
        names=names_of(order.customer_id for order in answer.orders),
        shown=shown,
        search=search,
        next_url=next_page(answer.next_page_token),
    )


@broker_orders.get("/makler/auftraege/<id:order_id>")
def order(order_id: str) -> ResponseReturnValue:
    """Show one order."""
    return _show(order_id, Form())


@broker_orders.post("/makler/auftraege/<id:order_id>")
def update(order_id: str) -> ResponseReturnValue:
    """Change the answers; the order becomes a draft again."""
    values = sent()
    questions = questions_of(_order(order_id).form_schema)
    answers, faults = answers_from(questions, values)
    if faults:
        return _show(order_id, Form(values, faults))
    changed = orders_pb2.Order(order_id=order_id, answers=answers, etag=values.get("etag", ""))
    wanted = orders_pb2.UpdateOrderRequest(
        order=changed, update_mask=FieldMask(paths=["answers"]), request_id=new_request_id()
    )
    try:
        gateway.experts().UpdateOrder(wanted)
    except grpc.RpcError as error:
        return _show(order_id, with_answer_faults(refused(error)))
    flash(t("Der Entwurf ist gespeichert."), "ok")
    return redirect(f"/makler/auftraege/{order_id}", 303)


@broker_orders.post("/makler/auftraege/<id:order_id>/einwilligung")
def request_consent(order_id: str) -> ResponseReturnValue:
    """Ask the customer for his consent."""
    wanted = orders_pb2.RequestConsentRequest(
        order_id=order_id, etag=sent().get("etag", ""), request_id=new_request_id()
    )
    try:
        gateway.experts().RequestConsent(wanted)
    except grpc.RpcError as error:
        return _show(order_id, with_answer_faults(refused(error)))
    flash(t("Der Kunde ist um seine Einwilligung gebeten."), "ok")
    return redirect(f"/makler/auftraege/{order_id}", 303)


@broker_orders.post("/makler/auftraege/<id:order_id>/bestellen")
def place(order_id: str) -> ResponseReturnValue:
    """Make the order binding."""
    wanted = orders_pb2.PlaceOrderRequest(order_id=order_id, etag=sent().get("etag", ""), request_id=new_request_id())
    try:
        gateway.experts().PlaceOrder(wanted)
    except grpc.RpcError as error:
        return _show(order_id, refused(error))
    flash(t("Verbindlich bestellt. Der Experte ist benachrichtigt."), "ok")
    return redirect(f"/makler/auftraege/{order_id}", 303)


@broker_orders.post("/makler/auftraege/<id:order_id>/bewertung")
def rate(order_id: str) -> ResponseReturnValue:
    """Rate a completed order (F123)."""
    values = sent()
    stars = int(values["stars"]) if values.get("stars", "").isdecimal() else 0
    wanted = orders_pb2.RateOrderRequest(
        order_id=order_id,
        stars=stars,
        comment=values.get("comment", ""),
        etag=values.get("etag", ""),
        request_id=new_request_id(),
    )
    try:
        gateway.experts().RateOrder(wanted)
    except grpc.RpcError as error:
        return _show(order_id, refused(error))
    flash(t("Danke für Ihre Bewertung. Sie steht jetzt im Katalog."), "ok")
    return redirect(f"/makler/auftraege/{order_id}", 303)


@broker_orders.post("/makler/auftraege/<id:order_id>/nachricht")
def send_message(order_id: str) -> ResponseReturnValue:
    """Write to the expert (F119)."""
    try:
        send_order_message(order_id)
    except grpc.RpcError as error:
        return _show(order_id, refused(error))
    return redirect(f"/makler/auftraege/{order_id}#nachrichten", 303)


def send_order_message(order_id: str) -> None:
    """Write what the form in hand says to the other side of an order; raises RpcError."""
    wanted = orders_pb2.SendOrderMessageRequest(
        order_id=order_id, body=sent().get("body", ""), request_id=new_request_id()
    )
    gateway.experts().SendOrderMessage(wanted)


def order_messages(order_id: str) -> tuple[orders_pb2.OrderMessage, ...]:
    """Return the messages of an order, oldest first."""
    answer = optional(
        lambda: gateway.experts().ListOrderMessages(
            orders_pb2.ListOrderMessagesRequest(order_id=order_id, page_size=100)
        ),
        orders_pb2.ListOrderMessagesResponse(),
    )
    return tuple(answer.messages)


def _order(order_id: str) -> orders_pb2.Order:
    return gateway.experts().GetOrder(orders_pb2.GetOrderRequest(order_id=order_id))


def _show(order_id: str, form: Form) -> ResponseReturnValue:
    experts = gateway.experts()
    found = _order(order_id)
    questions = questions_of(found.form_schema)
    preview = optional(
        lambda: experts.PreviewOrder(orders_pb2.PreviewOrderRequest(order_id=order_id)), orders_pb2.OrderContent()
    )
    history = experts.ListOrderHistory(orders_pb2.ListOrderHistoryRequest(order_id=order_id))
    page = OrderPage(
        order=found,
        customer_name=names_of([found.customer_id]).get(found.customer_id, t("Kunde")),
        questions=questions,
        preview=found.content if found.HasField("content") else preview,
        messages=order_messages(order_id) if found.HasField("place_time") else (),
        history=tuple(history.entries),
    )
    answered = form if form.values else Form(values_of(questions, found.answers), form.errors, form.problem)
    return render_template("broker/order.html", page=page, form=answered), form.status
