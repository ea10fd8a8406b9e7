"""RPCs of orders, their messages and their history."""

from __future__ import annotations

from uuid import UUID

from kontor.common.v1.access_pb2 import Role
from kontor.experts.v1 import experts_pb2_grpc
from kontor.experts.v1 import orders_pb2 as pb
from kontor_chassis.database import Transaction, UnitOfWork
from kontor_chassis.ids import parse_id
from kontor_chassis.principal import current_principal
from kontor_chassis.service import Context

from kontor_experts import consents, messages, order_messages, orders, queries, ratings, requests
from kontor_experts.orders import OrderView
from kontor_experts.people import FirmRecord, KnownCustomer, People
from kontor_experts.queries import OrderFilter, Page
from kontor_experts.states import Side


class OrderRpc(experts_pb2_grpc.ExpertsServiceServicer):
    """Orders."""

    def __init__(self, work: UnitOfWork, people: People) -> None:
        self._work = work
        self._people = people

    async def CreateOrder(self, request: pb.CreateOrderRequest, _context: Context) -> pb.Order:
        """Save a new draft."""
        service_id = parse_id(request.order.service_id, "order.service_id")
        customer_id = parse_id(request.order.customer_id, "order.customer_id")
        firm = await self._firm()
        await self._customer(customer_id)
        async with self._work.command(request) as tx:
            created = await orders.create_order(
                tx,
                firm,
                service_id=service_id,
                customer_id=customer_id,
                answers=requests.answers(request.order.answers),
            )
            return await tx.commit(messages.order_for_client(created))

    async def UpdateOrder(self, request: pb.UpdateOrderRequest, _context: Context) -> pb.Order:
        """Change an order that is not placed."""
        fields = requests.masked(request.update_mask, requests.ORDER_FIELDS)
        new_customer = request.order.customer_id if "customer_id" in fields else ""
        customer_id = parse_id(new_customer, "order.customer_id") if new_customer else None
        firm = await self._firm()
        if customer_id is not None:
            await self._customer(customer_id)
        async with self._work.command(request) as tx:
            changed = await orders.update_order(
                tx,
                firm,
                parse_id(request.order.order_id, "order.order_id"),
                answers=requests.answers(request.order.answers) if "answers" in fields else None,
                customer_id=customer_id,
                etag=request.order.etag,
            )
            return await tx.commit(messages.order_for_client(changed))

    async def GetOrder(self, request: pb.GetOrderRequest, _context: Context) -> pb.Order:
        """Return one order to either side."""
        async with self._work.query() as tx:
            view = await orders.get_order(tx, parse_id(request.order_id, "order_id"))
            as_client = orders.is_client(tx, view.row)
            return messages.order_for_client(view) if as_client else messages.order_for_expert(view)

    async def ListOrders(self, request: pb.ListOrdersRequest, _context: Context) -> pb.ListOrdersResponse:
        """List orders of the caller's side."""
        async with self._work.query() as tx:
            side = _side(tx, request.side)
            page = Page(request.page_size, request.page_token)
            found, token = await queries.list_orders(tx, page, side, _criteria(request))
            shown = messages.order_for_client if side is Side.CLIENT else messages.order_for_expert
            return pb.ListOrdersResponse(orders=[shown(OrderView(row)) for row in found], next_page_token=token)

    async def PreviewOrder(self, request: pb.PreviewOrderRequest, _context: Context) -> pb.OrderContent:
        """Show what the expert will receive."""
        async with self._work.query() as tx:
            preview = await orders.preview_order(tx, parse_id(request.order_id, "order_id"))
        if preview.handed_over is not None:
            return messages.content(preview.handed_over)
        customer = await self._customer(preview.customer_id)
        return messages.content(preview.content(customer.record))

    async def RequestConsent(self, request: pb.RequestConsentRequest, _context: Context) -> pb.Order:
        """Ask the customer."""
        order_id = parse_id(request.order_id, "order_id")
        customer = await self._customer_of(order_id)
        async with self._work.command(request) as tx:
            asked = await consents.request_consent(tx, customer, order_id, etag=request.etag)
            return await tx.commit(messages.order_for_client(asked))

    async def PlaceOrder(self, request: pb.PlaceOrderRequest, _context: Context) -> pb.Order:
        """Make an order binding."""
        order_id = parse_id(request.order_id, "order_id")
        customer = await self._customer_of(order_id)
        async with self._work.command(request) as tx:
            placed = await orders.place_order(tx, customer, order_id, etag=request.etag)
            return await tx.commit(messages.order_for_client(placed))

    async def SetOrderStatus(self, request: pb.SetOrderStatusRequest, _context: Context) -> pb.Order:
        """Set the state as the expert works."""
        async with self._work.command(request) as tx:
            changed = await orders.set_order_status(
                tx,
                parse_id(request.order_id, "order_id"),
                state=requests.order_state(request.state),
                reason=request.reason,
                etag=request.etag,
            )
            return await tx.commit(messages.order_for_expert(changed))

    async def RateOrder(self, request: pb.RateOrderRequest, _context: Context) -> pb.Order:
        """Rate a completed order."""
        async with self._work.command(request) as tx:
            rated = await ratings.rate_order(
                tx,
                parse_id(request.order_id, "order_id"),
                stars=request.stars,
                comment=request.comment.strip(),
                etag=request.etag,
            )
            return await tx.commit(messages.order_for_client(rated))

    async def SendOrderMessage(self, request: pb.SendOrderMessageRequest, _context: Context) -> pb.OrderMessage:
        """Send a message to the other side."""
        async with self._work.command(request) as tx:
            sent = await order_messages.send_message(tx, parse_id(request.order_id, "order_id"), body=request.body)
            return await tx.commit(messages.order_message(sent))

    async def ListOrderMessages(
        self, request: pb.ListOrderMessagesRequest, _context: Context
    ) -> pb.ListOrderMessagesResponse:
        """List the messages of an order."""
        async with self._work.query() as tx:
            order = await orders.order_of_either_side(tx, parse_id(request.order_id, "order_id"))
            page = Page(request.page_size, request.page_token)
            found, token = await queries.list_messages(tx, page, order.order_id)
            return pb.ListOrderMessagesResponse(messages=map(messages.order_message, found), next_page_token=token)

    async def ListOrderHistory(
        self, request: pb.ListOrderHistoryRequest, _context: Context
    ) -> pb.ListOrderHistoryResponse:
        """List every step of an order."""
        async with self._work.query() as tx:
            order = await orders.order_of_either_side(tx, parse_id(request.order_id, "order_id"))
            page = Page(request.page_size, request.page_token)
            found, token = await queries.list_history(tx, page, order.order_id)
            return pb.ListOrderHistoryResponse(entries=map(messages.history_entry, found), next_page_token=token)

    async def ListMonitoredOrders(
        self, request: pb.ListMonitoredOrdersRequest, _context: Context
    ) -> pb.ListMonitoredOrdersResponse:
        """List all orders for the network."""
        async with self._work.query() as tx:
            criteria = OrderFilter(states=requests.order_states(request.states), search=request.search)
            page = Page(request.page_size, request.page_token)
            found, token = await queries.list_monitored(tx, page, criteria)
            return pb.ListMonitoredOrdersResponse(orders=map(messages.monitored_order, found), next_page_token=token)

    async def _firm(self) -> FirmRecord:
        """Look the caller's firm up; like the customer, before a transaction is opened."""
        return await self._people.firm(current_principal().required_tenant())

    async def _customer(self, customer_id: UUID) -> KnownCustomer:
        """Look a customer of the caller's firm up; raises NOT_FOUND when it has none such."""
        record = await self._people.customer(current_principal().required_tenant(), customer_id)
        return KnownCustomer(customer_id, record)

    async def _customer_of(self, order_id: UUID) -> KnownCustomer:
        """Look the customer of one of the firm's orders up."""
        async with self._work.query() as tx:
            customer_id = await orders.customer_of_order(tx, order_id)
        return await self._customer(customer_id)


def _side(tx: Transaction, wanted: pb.OrderSide.ValueType) -> Side:
    """Return the side the caller may list for: an expert who may not order has no client's side, and vice versa."""
    if wanted == pb.ORDER_SIDE_EXPERT or not orders.may_order(tx):
        return Side.EXPERT if tx.principal.has(Role.ROLE_EXPERT) else Side.CLIENT
    return Side.CLIENT


def _criteria(request: pb.ListOrdersRequest) -> OrderFilter:
    return OrderFilter(
        states=requests.order_states(request.states),
        service_id=_optional_id(request.service_id, "service_id"),
        customer_id=_optional_id(request.customer_id, "customer_id"),
        search=request.search,
    )


def _optional_id(text: str, field: str) -> UUID | None:
    return parse_id(text, field) if text else None
