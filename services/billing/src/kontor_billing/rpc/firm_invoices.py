"""The RPCs of the platform's invoices to firms: proto → use case → proto, no decisions."""

from __future__ import annotations

import asyncio

from google.api.httpbody_pb2 import HttpBody
from kontor.billing.v1 import firm_invoices_pb2 as pb
from kontor.billing.v1.firm_invoices_pb2_grpc import FirmInvoiceServiceServicer
from kontor.common.v1.access_pb2 import Role
from kontor.common.v1.money_pb2 import Money
from kontor_chassis.database import UnitOfWork
from kontor_chassis.errors import invalid
from kontor_chassis.ids import parse_id
from kontor_chassis.service import Context

from kontor_billing import firm_invoices, firm_messages
from kontor_billing.firm_charges import AgreedPrices
from kontor_billing.firm_runs import FirmBillingRuns
from kontor_billing.pdf import firm_invoice_pdf
from kontor_billing.periods import Period
from kontor_billing.prices import CURRENCY


class FirmInvoiceRpc(FirmInvoiceServiceServicer):
    """FirmInvoiceService."""

    def __init__(self, work: UnitOfWork, runs: FirmBillingRuns) -> None:
        self._work = work
        self._runs = runs

    async def ListFirmInvoices(
        self, request: pb.ListFirmInvoicesRequest, _context: Context
    ) -> pb.ListFirmInvoicesResponse:
        """See firm_invoices.proto."""
        wanted = parse_id(request.tenant_id, "tenant_id") if request.tenant_id else None
        async with self._work.query() as tx:
            if not tx.principal.has(Role.ROLE_OPERATOR):
                wanted = tx.principal.required_tenant()
            rows, token = await firm_invoices.list_firm_invoices(
                tx, tenant_id=wanted, size=request.page_size, token=request.page_token
            )
            return pb.ListFirmInvoicesResponse(
                firm_invoices=map(firm_messages.firm_invoice, rows), next_page_token=token
            )

    async def GetFirmInvoice(self, request: pb.GetFirmInvoiceRequest, _context: Context) -> pb.FirmInvoice:
        """See firm_invoices.proto."""
        async with self._work.query() as tx:
            wanted = parse_id(request.firm_invoice_id, "firm_invoice_id")
            return firm_messages.firm_invoice(await firm_invoices.get_firm_invoice(tx, wanted))

    async def GetFirmInvoicePdf(self, request: pb.GetFirmInvoicePdfRequest, _context: Context) -> HttpBody:
        """See firm_invoices.proto."""
        async with self._work.query() as tx:
            wanted = parse_id(request.firm_invoice_id, "firm_invoice_id")
            row = await firm_invoices.get_firm_invoice(tx, wanted)
        return HttpBody(content_type="application/pdf", data=await asyncio.to_thread(firm_invoice_pdf, row))

    async def RunFirmBilling(self, request: pb.RunFirmBillingRequest, _context: Context) -> pb.RunFirmBillingResponse:
        """Bill a finished month; the answer is kept under the request id only after the run, which repeats safely."""
        tenant_id = parse_id(request.tenant_id, "tenant_id") if request.tenant_id else None
        result = await self._runs.run(Period.parse(request.period), tenant_id)
        async with self._work.command(request) as tx:
            return await tx.commit(firm_messages.run_result(request.period, result))

    async def GetAgreedPrices(self, request: pb.GetAgreedPricesRequest, _context: Context) -> pb.AgreedPrices:
        """See firm_invoices.proto."""
        async with self._work.query() as tx:
            agreed = await firm_invoices.agreed_prices(tx, parse_id(request.tenant_id, "tenant_id"))
            return firm_messages.agreed_prices(agreed)

    async def SetAgreedPrices(self, request: pb.SetAgreedPricesRequest, _context: Context) -> pb.AgreedPrices:
        """See firm_invoices.proto."""
        given = request.prices
        agreed = AgreedPrices(
            base_minor=_cents(given, "base"),
            setup_minor=_cents(given, "setup"),
            white_label_minor=_cents(given, "white_label"),
            white_label_setup_minor=_cents(given, "white_label_setup"),
        )
        async with self._work.command(request) as tx:
            kept = await firm_invoices.agree_prices(tx, parse_id(request.tenant_id, "tenant_id"), agreed)
            return await tx.commit(firm_messages.agreed_prices(kept))

    async def GetIssuer(self, request: pb.GetIssuerRequest, _context: Context) -> pb.Issuer:
        """See firm_invoices.proto."""
        async with self._work.query() as tx:
            return firm_messages.issuer(await firm_invoices.issuer(tx))

    async def SetIssuer(self, request: pb.SetIssuerRequest, _context: Context) -> pb.Issuer:
        """See firm_invoices.proto."""
        given = {field.name: str(getattr(request.issuer, field.name)) for field in request.issuer.DESCRIPTOR.fields}
        async with self._work.command(request) as tx:
            return await tx.commit(firm_messages.issuer(await firm_invoices.set_issuer(tx, **given)))


def _cents(prices: pb.AgreedPrices, field: str) -> int | None:
    if not prices.HasField(field):  # type: ignore[arg-type]  # mypy-protobuf wants the literal
        return None
    amount: Money = getattr(prices, field)
    if amount.currency != CURRENCY:
        raise invalid(f"prices.{field}.currency", "Preise werden in Euro angegeben.")
    return amount.minor_units
