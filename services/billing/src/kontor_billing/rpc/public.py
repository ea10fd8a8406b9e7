"""Prices, agreements, invoices and runs: proto → use case → proto, no decisions."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from uuid import UUID

from google.api.httpbody_pb2 import HttpBody
from kontor.billing.v1 import billing_pb2 as pb
from kontor.billing.v1 import billing_pb2_grpc, internal_pb2, internal_pb2_grpc
from kontor.billing.v1.prices_pb2 import Tier
from kontor_chassis.database import Transaction, UnitOfWork
from kontor_chassis.errors import invalid
from kontor_chassis.ids import parse_id
from kontor_chassis.principal import current_principal
from kontor_chassis.service import Context

from kontor_billing import agreements, invoices, messages, plans, queries
from kontor_billing.pdf import invoice_pdf
from kontor_billing.periods import Period, german_day, parse_day
from kontor_billing.prices import CURRENCY, FREE_TIER
from kontor_billing.runs import BillingRuns


class BillingRpc(billing_pb2_grpc.BillingServiceServicer):
    """The public RPCs."""

    def __init__(self, work: UnitOfWork, runs: BillingRuns) -> None:
        self._work = work
        self._runs = runs

    async def GetTierOffers(self, request: pb.GetTierOffersRequest, _context: Context) -> pb.GetTierOffersResponse:
        """Return what each tier costs."""
        async with self._work.query() as tx:
            day = parse_day(request.day, "day") if request.day else german_day(tx.now)
            prices = await plans.current_prices(tx, day)
            return messages.offers(day, prices, await agreements.current_text(tx, day))

    async def GetPricePlan(self, request: pb.GetPricePlanRequest, _context: Context) -> pb.PricePlan:
        """Return the firm's price plan."""
        async with self._work.query() as tx:
            day = parse_day(request.day, "day") if request.day else german_day(tx.now)
            return messages.price_plan(await plans.price_plan(tx, day))

    async def SetBrokerShare(self, request: pb.SetBrokerShareRequest, _context: Context) -> pb.PricePlan:
        """Set the firm's share of a tier."""
        if request.net.currency != CURRENCY:
            raise invalid("net.currency", "Preise werden in Euro angegeben.")
        async with self._work.command(request) as tx:
            plan = await plans.set_broker_share(
                tx,
                tier=request.tier,
                net_minor=request.net.minor_units,
                valid_from=parse_day(request.valid_from, "valid_from") if request.valid_from else None,
            )
            return await tx.commit(messages.price_plan(plan))

    async def SignAgreement(self, request: pb.SignAgreementRequest, _context: Context) -> pb.Agreement:
        """Sign the agreement for a tier."""
        async with self._work.command(request) as tx:
            signed = await agreements.sign_agreement(
                tx,
                customer_id=parse_id(request.customer_id, "customer_id"),
                tier=request.tier,
                text_version=request.text_version,
                shown_price=request.price_version,
            )
            return await tx.commit(messages.agreement(signed))

    async def WithdrawAgreement(self, request: pb.WithdrawAgreementRequest, _context: Context) -> pb.Agreement:
        """Withdraw from an agreement."""
        async with self._work.command(request) as tx:
            withdrawn = await agreements.withdraw_agreement(
                tx,
                customer_id=parse_id(request.customer_id, "customer_id"),
                agreement_id=parse_id(request.agreement_id, "agreement_id"),
                etag=request.etag,
            )
            return await tx.commit(messages.agreement(withdrawn))

    async def CancelAgreement(self, request: pb.CancelAgreementRequest, _context: Context) -> pb.Agreement:
        """End an agreement with the month."""
        async with self._work.command(request) as tx:
            cancelled = await agreements.cancel_agreement(
                tx,
                customer_id=parse_id(request.customer_id, "customer_id"),
                agreement_id=parse_id(request.agreement_id, "agreement_id"),
                etag=request.etag,
            )
            return await tx.commit(messages.agreement(cancelled))

    async def GetAgreement(self, request: pb.GetAgreementRequest, _context: Context) -> pb.Agreement:
        """Return one agreement."""
        async with self._work.query() as tx:
            found = await agreements.get_agreement(
                tx, parse_id(request.customer_id, "customer_id"), parse_id(request.agreement_id, "agreement_id")
            )
            return messages.agreement(found)

    async def ListAgreements(self, request: pb.ListAgreementsRequest, _context: Context) -> pb.ListAgreementsResponse:
        """List agreements."""
        async with self._work.query() as tx:
            rows, token = await queries.list_agreements(
                tx, customer_id=_whose(tx, request.customer_id), size=request.page_size, token=request.page_token
            )
            found = await agreements.with_prices(tx, rows)
            return pb.ListAgreementsResponse(agreements=map(messages.agreement, found), next_page_token=token)

    async def GetInvoice(self, request: pb.GetInvoiceRequest, _context: Context) -> pb.Invoice:
        """Return one invoice."""
        async with self._work.query() as tx:
            return messages.invoice(await _invoice(tx, request.customer_id, request.invoice_id))

    async def ListInvoices(self, request: pb.ListInvoicesRequest, _context: Context) -> pb.ListInvoicesResponse:
        """List invoices."""
        async with self._work.query() as tx:
            rows, token = await queries.list_invoices(
                tx,
                customer_id=_whose(tx, request.customer_id),
                period=request.period,
                size=request.page_size,
                token=request.page_token,
            )
            found = await invoices.with_cancellations(tx, rows)
            return pb.ListInvoicesResponse(invoices=map(messages.invoice, found), next_page_token=token)

    async def GetInvoicePdf(self, request: pb.GetInvoicePdfRequest, _context: Context) -> HttpBody:
        """Return the invoice as PDF."""
        async with self._work.query() as tx:
            found = await _invoice(tx, request.customer_id, request.invoice_id)
        pdf = await asyncio.to_thread(invoice_pdf, found.row)
        return HttpBody(content_type="application/pdf", data=pdf)

    async def ListLedgerEntries(
        self, request: pb.ListLedgerEntriesRequest, _context: Context
    ) -> pb.ListLedgerEntriesResponse:
        """List the ledger entries of an invoice."""
        async with self._work.query() as tx:
            invoice_id = parse_id(request.invoice_id, "invoice_id")
            found, token = await queries.list_ledger_entries(
                tx, invoice_id=invoice_id, size=request.page_size, token=request.page_token
            )
            entries = [messages.ledger_entry(entry, posted_at) for entry, posted_at in found]
            return pb.ListLedgerEntriesResponse(entries=entries, next_page_token=token)

    async def RunBilling(self, request: pb.RunBillingRequest, _context: Context) -> pb.RunBillingResponse:
        """Bill a finished month; the answer is kept under the request id only after the run, which repeats safely."""
        tenant_id = parse_id(request.tenant_id, "tenant_id") if request.tenant_id else None
        result = await self._runs.run(Period.parse(request.period), tenant_id)
        async with self._work.command(request) as tx:
            return await tx.commit(messages.run_result(request.period, result))


class BillingInternalRpc(internal_pb2_grpc.BillingInternalServiceServicer):
    """What other services ask."""

    def __init__(self, work: UnitOfWork) -> None:
        self._work = work

    async def GetCurrentTier(
        self, request: internal_pb2.GetCurrentTierRequest, _context: Context
    ) -> internal_pb2.GetCurrentTierResponse:
        """Return the tier in force today."""
        principal = replace(current_principal(), tenant_id=parse_id(request.tenant_id, "tenant_id"))
        customer_id = parse_id(request.customer_id, "customer_id")
        async with self._work.work(principal) as tx:
            row = await agreements.agreement_in_force(tx, customer_id, german_day(tx.now))
        tier = Tier.ValueType(row.tier if row else FREE_TIER)
        return internal_pb2.GetCurrentTierResponse(tier=tier, agreement_id=str(row.agreement_id) if row else "")


def _whose(tx: Transaction, customer_id: str) -> UUID | None:
    """Return the customer to list for; none means the whole firm, which a customer's own token narrows to himself."""
    if not customer_id:
        return tx.principal.required_customer() if tx.principal.is_customer else None
    return agreements.customer_in_reach(tx.principal, parse_id(customer_id, "customer_id"))


async def _invoice(tx: Transaction, customer_id: str, invoice_id: str) -> invoices.IssuedInvoice:
    whose = agreements.customer_in_reach(tx.principal, parse_id(customer_id, "customer_id"))
    return await invoices.get_invoice(tx, whose, parse_id(invoice_id, "invoice_id"))
