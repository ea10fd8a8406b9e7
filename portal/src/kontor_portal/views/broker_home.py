"""The broker's start page: messages, customers, expert network (F129), and the first steps of a new firm."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from flask import Blueprint, render_template
from flask.typing import ResponseReturnValue
from google.protobuf.timestamp_pb2 import Timestamp
from kontor.billing.v1 import billing_pb2
from kontor.chat.v1 import chat_pb2
from kontor.contracts.v1 import contracts_pb2
from kontor.experts.v1 import orders_pb2
from kontor.identity.v1 import firms_pb2, people_pb2, tenants_pb2

from kontor_portal import gateway
from kontor_portal.customers import names_of
from kontor_portal.reading import asked
from kontor_portal.requests import signed_in
from kontor_portal.templating import ask_ahead

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
    return render_template("broker/home.html", page=_asked_for(), may_chat=signed_in().may("CHAT"))


def _asked_for() -> BrokerHome:
    """Ask all services at once, and then wait for their answers; names come last, because others say whose."""
    ask_ahead()
    profile = gateway.identity().GetProfile.future(tenants_pb2.GetProfileRequest())
    customers = _customers(people_pb2.ACCESS_STATE_UNSPECIFIED)
    active_customers = _customers(people_pb2.ACCESS_STATE_ACTIVE)
    unreleased, agreements, needs_agreement = _unreleased(), _agreements(), _needs_agreement()
    unread = asked(gateway.chat().GetUnreadCount, chat_pb2.GetUnreadCountRequest(), chat_pb2.UnreadCount())
    open_chats = asked(gateway.chat().ListChats, chat_pb2.ListChatsRequest(page_size=5), chat_pb2.ListChatsResponse())
    open_orders = asked(
        gateway.experts().ListOrders,
        orders_pb2.ListOrdersRequest(side=orders_pb2.ORDER_SIDE_CLIENT, states=_OPEN_ORDERS, page_size=5),
        orders_pb2.ListOrdersResponse(),
    )
    chats, orders = tuple(open_chats().chats), tuple(open_orders().orders)
    names = names_of([*(chat.customer_id for chat in chats), *(order.customer_id for order in orders)])
    return BrokerHome(
        profile=profile.result(),
        chats=chats,
        names=names,
        unread=unread().messages,
        customers=customers(),
        active_customers=active_customers(),
        unreleased=unreleased(),
        agreements=agreements(),
        orders=orders,
        needs_agreement=needs_agreement(),
    )


def _needs_agreement() -> Callable[[], bool]:
    if not signed_in().is_administrator:
        return lambda: False
    unknown = firms_pb2.ProcessingAgreement(accept_time=Timestamp())
    request = firms_pb2.GetProcessingAgreementRequest()
    answer = asked(gateway.firms().GetProcessingAgreement, request, unknown)
    return lambda: not answer().HasField("accept_time")


def _customers(state: people_pb2.AccessState.ValueType) -> Callable[[], Figure]:
    request = people_pb2.ListCustomersRequest(access_state=state, page_size=_HUNDRED)
    answer = gateway.identity().ListCustomers.future(request)
    return lambda: Figure(len(answer.result().customers), bool(answer.result().next_page_token))


def _unreleased() -> Callable[[], Figure]:
    request = contracts_pb2.ListPortfolioRequest(only_unreleased=True, page_size=_HUNDRED)
    answer = asked(gateway.contracts().ListPortfolio, request, contracts_pb2.ListPortfolioResponse())
    return lambda: Figure(len(answer().contracts), bool(answer().next_page_token))


def _agreements() -> Callable[[], Figure]:
    if not signed_in().may("BILLING"):
        return lambda: Figure(0, has_more=False)
    request = billing_pb2.ListAgreementsRequest(page_size=_HUNDRED)
    answer = asked(gateway.billing().ListAgreements, request, billing_pb2.ListAgreementsResponse())
    return lambda: _running(answer())


def _running(answer: billing_pb2.ListAgreementsResponse) -> Figure:
    running = [each for each in answer.agreements if each.state == billing_pb2.AGREEMENT_STATE_ACTIVE]
    return Figure(len(running), bool(answer.next_page_token))
