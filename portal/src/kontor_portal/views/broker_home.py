"""The broker's start page: messages, customers, expert network (F129), and the first steps of a new firm."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from flask import Blueprint, render_template
from flask.typing import ResponseReturnValue
from kontor.billing.v1 import billing_pb2
from kontor.chat.v1 import chat_pb2
from kontor.contracts.v1 import contracts_pb2
from kontor.experts.v1 import orders_pb2
from kontor.identity.v1 import firms_pb2, people_pb2, tenants_pb2

from kontor_portal import gateway
from kontor_portal.customers import names_of
from kontor_portal.reading import optional
from kontor_portal.requests import signed_in

broker_home = Blueprint("broker_home", __name__)

_OPEN_ORDERS = (
    orders_pb2.ORDER_STATE_DRAFT,
    orders_pb2.ORDER_STATE_CONSENT_REQUESTED,
    orders_pb2.ORDER_STATE_CONSENT_GIVEN,
    orders_pb2.ORDER_STATE_CONSENT_DECLINED,
    orders_pb2.ORDER_STATE_PLACED,
    orders_pb2.ORDER_STATE_IN_PROGRESS,
)
_HUNDRED = 100


@dataclass(frozen=True)
class Figure:
    """A count that stops at a hundred."""

    count: int
    has_more: bool

    def __str__(self) -> str:
        return f"{self.count}+" if self.has_more else str(self.count)


@dataclass(frozen=True)
class BrokerHome:
    """Everything on the start page."""

    profile: tenants_pb2.TenantProfile
    chats: tuple[chat_pb2.Chat, ...]
    names: Mapping[str, str]
    unread: int
    customers: Figure
    active_customers: Figure
    unreleased: Figure
    agreements: Figure
    orders: tuple[orders_pb2.Order, ...]
    needs_agreement: bool
    """Whether an administrator has yet to accept the processing agreement (F94)."""


@broker_home.get("/makler")
def home() -> ResponseReturnValue:
    """Show the start page."""
    chats = optional(
        lambda: gateway.chat().ListChats(chat_pb2.ListChatsRequest(page_size=5)), chat_pb2.ListChatsResponse()
    )
    orders = optional(
        lambda: gateway.experts().ListOrders(
            orders_pb2.ListOrdersRequest(side=orders_pb2.ORDER_SIDE_CLIENT, states=_OPEN_ORDERS, page_size=5)
        ),
        orders_pb2.ListOrdersResponse(),
    )
    page = BrokerHome(
        profile=gateway.identity().GetProfile(tenants_pb2.GetProfileRequest()),
        chats=tuple(chats.chats),
        names=names_of([*(chat.customer_id for chat in chats.chats), *(order.customer_id for order in orders.orders)]),
        unread=optional(_unread, 0),
        customers=_customers(people_pb2.ACCESS_STATE_UNSPECIFIED),
        active_customers=_customers(people_pb2.ACCESS_STATE_ACTIVE),
        unreleased=_unreleased(),
        agreements=_agreements(),
        orders=tuple(orders.orders),
        needs_agreement=signed_in().is_administrator and not optional(_agreement_accepted, True),
    )
    return render_template("broker/home.html", page=page, may_chat=signed_in().may("CHAT"))


def _agreement_accepted() -> bool:
    return gateway.firms().GetOwnFirm(firms_pb2.GetOwnFirmRequest()).processing_accepted


def _unread() -> int:
    return gateway.chat().GetUnreadCount(chat_pb2.GetUnreadCountRequest()).messages


def _customers(state: people_pb2.AccessState.ValueType) -> Figure:
    request = people_pb2.ListCustomersRequest(access_state=state, page_size=_HUNDRED)
    answer = gateway.identity().ListCustomers(request)
    return Figure(len(answer.customers), bool(answer.next_page_token))


def _unreleased() -> Figure:
    request = contracts_pb2.ListPortfolioRequest(only_unreleased=True, page_size=_HUNDRED)
    answer = optional(lambda: gateway.contracts().ListPortfolio(request), contracts_pb2.ListPortfolioResponse())
    return Figure(len(answer.contracts), bool(answer.next_page_token))


def _agreements() -> Figure:
    request = billing_pb2.ListAgreementsRequest(page_size=_HUNDRED)
    answer = optional(lambda: gateway.billing().ListAgreements(request), billing_pb2.ListAgreementsResponse())
    running = [each for each in answer.agreements if each.state == billing_pb2.AGREEMENT_STATE_ACTIVE]
    return Figure(len(running), bool(answer.next_page_token))
