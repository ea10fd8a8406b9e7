"""The RPCs of payments on invoices to firms: proto → use case → proto, no decisions."""

from __future__ import annotations

from kontor.billing.v1 import firm_payments_pb2 as pb
from kontor.billing.v1.firm_payments_pb2_grpc import FirmPaymentServiceServicer
from kontor.common.v1.access_pb2 import Role
from kontor_chassis.database import UnitOfWork
from kontor_chassis.errors import invalid
from kontor_chassis.ids import parse_id
from kontor_chassis.service import Context

from kontor_billing import firm_messages, firm_payments
from kontor_billing.messages import money
from kontor_billing.periods import parse_day
from kontor_billing.prices import CURRENCY


class FirmPaymentRpc(FirmPaymentServiceServicer):
    """FirmPaymentService."""

    def __init__(self, work: UnitOfWork) -> None:
        self._work = work

    async def ListFirmOpenItems(
        self, request: pb.ListFirmOpenItemsRequest, _context: Context
    ) -> pb.ListFirmOpenItemsResponse:
        """See firm_payments.proto."""
        wanted = parse_id(request.tenant_id, "tenant_id") if request.tenant_id else None
        async with self._work.query() as tx:
            if not tx.principal.has(Role.ROLE_OPERATOR):
                wanted = tx.principal.required_tenant()
            items, token = await firm_payments.list_items(
                tx, tenant_id=wanted, open_only=request.open_only, size=request.page_size, token=request.page_token
            )
            sums = await firm_payments.owed(tx, wanted)
            return pb.ListFirmOpenItemsResponse(
                open_items=[firm_messages.open_item(item, for_operator=False) for item in items],
                next_page_token=token,
                total_open=money(sums.open_minor),
                total_overdue=money(sums.overdue_minor),
            )

    async def GetFirmOpenItem(self, request: pb.GetFirmOpenItemRequest, _context: Context) -> pb.FirmOpenItem:
        """See firm_payments.proto."""
        async with self._work.query() as tx:
            item = await firm_payments.get_item(tx, parse_id(request.firm_invoice_id, "firm_invoice_id"))
            return firm_messages.open_item(item, for_operator=tx.principal.has(Role.ROLE_OPERATOR))

    async def RecordFirmPayment(self, request: pb.RecordFirmPaymentRequest, _context: Context) -> pb.FirmOpenItem:
        """See firm_payments.proto."""
        if request.amount.currency != CURRENCY:
            raise invalid("amount.currency", "Zahlungen werden in Euro gebucht.")
        async with self._work.command(request) as tx:
            item = await firm_payments.record_payment(
                tx,
                firm_invoice_id=parse_id(request.firm_invoice_id, "firm_invoice_id"),
                amount_minor=request.amount.minor_units,
                paid_on=parse_day(request.paid_on, "paid_on") if request.paid_on else None,
            )
            return await tx.commit(firm_messages.open_item(item, for_operator=True))

    async def ReverseFirmPayment(self, request: pb.ReverseFirmPaymentRequest, _context: Context) -> pb.FirmOpenItem:
        """See firm_payments.proto."""
        async with self._work.command(request) as tx:
            item = await firm_payments.reverse_payment(
                tx,
                firm_invoice_id=parse_id(request.firm_invoice_id, "firm_invoice_id"),
                firm_payment_id=parse_id(request.firm_payment_id, "firm_payment_id"),
                note=request.note,
            )
            return await tx.commit(firm_messages.open_item(item, for_operator=True))
