"""Values of the domain as messages on the wire, each in the view of one side.

What a side may not see is never put into its message: `order_for_client`, `order_for_expert` and `monitored_order` are
the three views of an order.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime

from google.protobuf.json_format import ParseDict
from google.protobuf.struct_pb2 import Struct
from google.protobuf.timestamp_pb2 import Timestamp
from kontor.common.v1.money_pb2 import Money
from kontor.experts.v1 import catalogue_pb2, orders_pb2
from kontor_chassis.etags import etag_of

from kontor_experts import tables
from kontor_experts.consents import ConsentRequest
from kontor_experts.orders import Content, OrderView, content_of
from kontor_experts.queries import Stars

CURRENCY = "EUR"


def listing(row: tables.Listing, stars: Stars, *, with_fee: bool) -> catalogue_pb2.ExpertService:
    """Return a listing; the transaction fee only to the expert and the network (F106)."""
    return catalogue_pb2.ExpertService(
        service_id=str(row.service_id),
        expert_account_id=str(row.expert_account_id),
        expert_name=row.expert_name,
        expert_firm_name=row.expert_firm_name,
        title=row.title,
        description=row.description,
        category=catalogue_pb2.Category.Value(f"CATEGORY_{row.category}"),
        compensation_kind=_compensation_kind(row.compensation_kind),
        compensation=_money(row.compensation_minor),
        transaction_fee=_money(row.transaction_fee_minor) if with_fee else None,
        form_schema=row.form_schema,
        consent_template=row.consent_template,
        customer_fields=_fields(row.customer_fields),
        state=catalogue_pb2.ServiceState.Value(f"SERVICE_STATE_{row.state}"),
        rejection_reason=row.rejection_reason,
        rating_average_hundredths=stars.average_hundredths,
        rating_count=stars.count,
        create_time=_instant(row.created_at),
        publish_time=_instant(row.published_at),
        etag=etag_of(row.version),
    )


def rating(row: tables.Rating) -> catalogue_pb2.Rating:
    """Return a rating."""
    return catalogue_pb2.Rating(
        service_id=str(row.service_id),
        stars=row.stars,
        comment=row.comment,
        client_firm_name=row.client_firm_name,
        rate_time=_instant(row.rated_at),
    )


def content(value: Content) -> orders_pb2.OrderContent:
    """Return what an expert receives."""
    return orders_pb2.OrderContent(
        answers=[orders_pb2.ContentLine(label=line.label, value=line.value) for line in value.answers],
        customer_data=[orders_pb2.ContentLine(label=line.label, value=line.value) for line in value.customer_data],
    )


def order_for_client(view: OrderView) -> orders_pb2.Order:
    """Return an order as its client sees it."""
    order = _order(view)
    order.customer_id = str(view.row.customer_id)
    if view.form is not None:
        order.form_schema = view.form.form_schema
        order.answers.CopyFrom(ParseDict(view.form.answers, Struct()))
    if view.consent is not None:
        order.consent.CopyFrom(_consent(view.consent))
    return order


def order_for_expert(view: OrderView) -> orders_pb2.Order:
    """Return an order as its expert sees it: the content handed over, and nothing else about the customer."""
    return _order(view)


def monitored_order(row: tables.Order) -> orders_pb2.MonitoredOrder:
    """Return an order as the network sees it."""
    return orders_pb2.MonitoredOrder(
        order_id=str(row.order_id),
        service_id=str(row.service_id),
        service_title=row.service_title,
        category=catalogue_pb2.Category.Value(f"CATEGORY_{row.category}"),
        client_firm_name=row.client_firm_name,
        expert_firm_name=row.expert_firm_name,
        state=_order_state(row.state),
        transaction_fee=_money(row.transaction_fee_minor),
        create_time=_instant(row.created_at),
        update_time=_instant(row.updated_at),
    )


def consent_request(request: ConsentRequest) -> orders_pb2.ConsentRequest:
    """Return a consent request as the customer sees it."""
    consent, order = request.consent, request.order
    return orders_pb2.ConsentRequest(
        order_id=str(order.order_id),
        customer_id=str(consent.customer_id),
        service_title=order.service_title,
        expert_firm_name=order.expert_firm_name,
        text=consent.text,
        customer_fields=_fields(consent.customer_fields),
        state=orders_pb2.ConsentState.Value(f"CONSENT_STATE_{consent.state}"),
        request_time=_instant(consent.requested_at),
        answer_time=_instant(consent.answered_at),
        etag=etag_of(order.version),
        answers=_lines(consent.answers),
        order_state=orders_pb2.OrderState.Value(f"ORDER_STATE_{order.state}"),
        expert_name=order.expert_name,
    )


def order_message(row: tables.OrderMessage) -> orders_pb2.OrderMessage:
    """Return a message."""
    return orders_pb2.OrderMessage(
        message_id=str(row.message_id),
        order_id=str(row.order_id),
        sender_side=orders_pb2.OrderSide.Value(f"ORDER_SIDE_{row.sender_side}"),
        sender_account_id=str(row.sender_account_id),
        sender_name=row.sender_name,
        body=row.body,
        send_time=_instant(row.sent_at),
    )


def history_entry(row: tables.HistoryEntry) -> orders_pb2.OrderHistoryEntry:
    """Return a step of an order."""
    return orders_pb2.OrderHistoryEntry(
        entry_id=str(row.entry_id),
        step=orders_pb2.OrderStep.Value(f"ORDER_STEP_{row.step}"),
        actor_account_id=str(row.actor_account_id),
        actor_name=row.actor_name,
        event_time=_instant(row.happened_at),
        detail=row.detail,
    )


def _order(view: OrderView) -> orders_pb2.Order:
    """Return what both sides see."""
    row = view.row
    return orders_pb2.Order(
        order_id=str(row.order_id),
        service_id=str(row.service_id),
        service_title=row.service_title,
        category=catalogue_pb2.Category.Value(f"CATEGORY_{row.category}"),
        client_firm_name=row.client_firm_name,
        client_account_id=str(row.client_account_id),
        expert_firm_name=row.expert_firm_name,
        expert_account_id=str(row.expert_account_id),
        expert_name=row.expert_name,
        state=_order_state(row.state),
        content=content(content_of(view.content)) if view.content else None,
        compensation_kind=_compensation_kind(row.compensation_kind),
        compensation=_money(row.compensation_minor),
        cancellation_reason=row.cancellation_reason,
        rating=rating(view.rating) if view.rating else None,
        create_time=_instant(row.created_at),
        update_time=_instant(row.updated_at),
        place_time=_instant(row.placed_at),
        close_time=_instant(row.closed_at),
        etag=etag_of(row.version),
    )


def _consent(row: tables.Consent) -> orders_pb2.Consent:
    return orders_pb2.Consent(
        text=row.text,
        customer_fields=_fields(row.customer_fields),
        request_time=_instant(row.requested_at),
        answer_time=_instant(row.answered_at),
    )


def _lines(stored: Iterable[Mapping[str, str]]) -> list[orders_pb2.ContentLine]:
    return [orders_pb2.ContentLine(label=line["label"], value=line["value"]) for line in stored]


def _fields(names: Iterable[str]) -> list[catalogue_pb2.CustomerField.ValueType]:
    return [catalogue_pb2.CustomerField.Value(f"CUSTOMER_FIELD_{name}") for name in names]


def _order_state(name: str) -> orders_pb2.OrderState.ValueType:
    return orders_pb2.OrderState.Value(f"ORDER_STATE_{name}")


def _compensation_kind(name: str) -> catalogue_pb2.CompensationKind.ValueType:
    return catalogue_pb2.CompensationKind.Value(f"COMPENSATION_KIND_{name}")


def _money(minor_units: int) -> Money:
    return Money(minor_units=minor_units, currency=CURRENCY)


def _instant(moment: datetime | None) -> Timestamp | None:
    if moment is None:
        return None
    stamp = Timestamp()
    stamp.FromDatetime(moment)
    return stamp
