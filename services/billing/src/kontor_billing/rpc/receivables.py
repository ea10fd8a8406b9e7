"""The RPCs of open items, payments and dunnings: proto → use case → proto, no decisions."""

from __future__ import annotations

from kontor.billing.v1 import receivables_pb2 as pb
from kontor.billing.v1.receivables_pb2_grpc import ReceivablesServiceServicer
from kontor_chassis.database import UnitOfWork
from kontor_chassis.errors import invalid
from kontor_chassis.ids import parse_id
from kontor_chassis.service import Context

from kontor_billing import payment_reversals, receivables, receivables_messages
from kontor_billing.agreements import customer_in_reach
from kontor_billing.periods import parse_day
from kontor_billing.prices import CURRENCY


class ReceivablesRpc(ReceivablesServiceServicer):
    """ReceivablesService."""

    def __init__(self, work: UnitOfWork) -> None:
        self._work = work

    async def ListOpenItems(self, request: pb.ListOpenItemsRequest, _context: Context) -> pb.ListOpenItemsResponse:
        """See receivables.proto."""
        customer_id = parse_id(request.customer_id, "customer_id") if request.customer_id else None
        async with self._work.query() as tx:
            items, token = await receivables.list_open(
                tx,
                customer_id=customer_id,
                overdue_only=request.overdue_only,
                size=request.page_size,
                token=request.page_token,
            )
            return receivables_messages.open_items(items, await receivables.owed(tx, customer_id), token)

    async def GetOpenItem(self, request: pb.GetOpenItemRequest, _context: Context) -> pb.OpenItem:
        """See receivables.proto."""
        async with self._work.query() as tx:
            customer_id = customer_in_reach(tx.principal, parse_id(request.customer_id, "customer_id"))
            item = await receivables.get_item(tx, customer_id, parse_id(request.invoice_id, "invoice_id"))
            return receivables_messages.open_item(item, for_staff=tx.principal.is_staff)

    async def RecordPayment(self, request: pb.RecordPaymentRequest, _context: Context) -> pb.OpenItem:
        """See receivables.proto."""
        if request.amount.currency != CURRENCY:
            raise invalid("amount.currency", "Zahlungen werden in Euro gebucht.")
        async with self._work.command(request) as tx:
            item = await receivables.record_payment(
                tx,
                customer_id=parse_id(request.customer_id, "customer_id"),
                invoice_id=parse_id(request.invoice_id, "invoice_id"),
                amount_minor=request.amount.minor_units,
                paid_on=parse_day(request.paid_on, "paid_on") if request.paid_on else None,
            )
            return await tx.commit(receivables_messages.open_item(item, for_staff=True))

    async def ListPayments(self, request: pb.ListPaymentsRequest, _context: Context) -> pb.ListPaymentsResponse:
        """See receivables.proto."""
        async with self._work.query() as tx:
            rows, token = await receivables.list_payments(
                tx,
                customer_id=customer_in_reach(tx.principal, parse_id(request.customer_id, "customer_id")),
                invoice_id=parse_id(request.invoice_id, "invoice_id"),
                size=request.page_size,
                token=request.page_token,
            )
            taken_back = await payment_reversals.reversals_of(tx, [row.payment_id for row in rows])
            for_staff = tx.principal.is_staff
            payments = [
                receivables_messages.payment(row, taken_back.get(row.payment_id), for_staff=for_staff) for row in rows
            ]
            return pb.ListPaymentsResponse(payments=payments, next_page_token=token)

    async def EndDunning(self, request: pb.EndDunningRequest, _context: Context) -> pb.OpenItem:
        """See receivables.proto."""
        async with self._work.command(request) as tx:
            item = await receivables.end_dunning(
                tx,
                customer_id=parse_id(request.customer_id, "customer_id"),
                invoice_id=parse_id(request.invoice_id, "invoice_id"),
                note=request.note,
                without_fee=request.waive_fee,
            )
            return await tx.commit(receivables_messages.open_item(item, for_staff=True))

    async def PauseDunning(self, request: pb.PauseDunningRequest, _context: Context) -> pb.OpenItem:
        """See receivables.proto."""
        async with self._work.command(request) as tx:
            item = await receivables.pause_dunning(
                tx,
                customer_id=parse_id(request.customer_id, "customer_id"),
                invoice_id=parse_id(request.invoice_id, "invoice_id"),
                until_on=parse_day(request.until_on, "until_on") if request.until_on else None,
                note=request.note,
            )
            return await tx.commit(receivables_messages.open_item(item, for_staff=True))

    async def ReversePayment(self, request: pb.ReversePaymentRequest, _context: Context) -> pb.OpenItem:
        """See receivables.proto."""
        async with self._work.command(request) as tx:
            item = await payment_reversals.reverse_payment(
                tx,
                customer_id=parse_id(request.customer_id, "customer_id"),
                invoice_id=parse_id(request.invoice_id, "invoice_id"),
                payment_id=parse_id(request.payment_id, "payment_id"),
                note=request.note,
            )
            return await tx.commit(receivables_messages.open_item(item, for_staff=True))
