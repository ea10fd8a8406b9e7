"""The billing run, its invoices and the ledger."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from datetime import timedelta
from typing import TYPE_CHECKING
from uuid import UUID

import asyncpg
import grpc
import pytest
from kontor.billing.v1 import billing_pb2 as pb
from kontor.common.v1.access_pb2 import Right
from kontor_chassis.ids import new_id
from kontor_chassis.testing.waiting import eventually

if TYPE_CHECKING:
    from .conftest import Firm, World

pytestmark = pytest.mark.integration
JULY = pb.RunBillingRequest(period="2026-07")


async def invoices_of(firm: Firm, customer: UUID) -> list[pb.Invoice]:
    """Return a customer's invoices as he sees them."""
    answer = await firm.customer(customer).ListInvoices(pb.ListInvoicesRequest(customer_id=str(customer)))
    return list(answer.invoices)


def number_of(firm: Firm, running: int) -> str:
    """Return the number that a firm's n-th invoice of the year bears."""
    return f"{firm.slug.upper()}-2026-{running:06d}"


async def entries_of(firm: Firm, invoice: pb.Invoice) -> list[pb.LedgerEntry]:
    """Return an invoice's ledger entries as the firm sees them."""
    stub = firm.staff(Right.RIGHT_BILLING)
    return list((await stub.ListLedgerEntries(pb.ListLedgerEntriesRequest(invoice_id=invoice.invoice_id))).entries)


async def invoices_once_there_are(count: int, firm: Firm, customer: UUID) -> list[pb.Invoice]:
    """Return a customer's invoices as soon as there are `count` of them."""

    async def enough() -> list[pb.Invoice] | None:
        found = await invoices_of(firm, customer)
        return found if len(found) == count else None

    return await eventually(enough)


async def test_a_month_makes_one_invoice_per_agreement_and_a_rerun_none(world: World) -> None:
    """F10, F34: 7.60 € net, tax by component, gross; numbers without gaps; running again changes nothing."""
    firm = await world.firm()
    customers = [await firm.new_customer() for _ in range(3)]
    for customer in customers:
        await firm.sign(customer)
    world.clock.advance(timedelta(days=10))
    first = await firm.operator().RunBilling(JULY)
    assert (first.tenants, first.invoices_issued, first.already_invoiced, first.postponed) == (1, 3, 0, 0)
    assert first.gross.minor_units == 3 * 905
    again = await firm.operator().RunBilling(JULY)
    assert (again.invoices_issued, again.already_invoiced) == (0, 3)
    found = [invoice for customer in customers for invoice in await invoices_of(firm, customer)]
    assert sorted(invoice.number for invoice in found) == [number_of(firm, n) for n in (1, 2, 3)]
    assert {(i.totals.net.minor_units, i.totals.gross.minor_units, i.issue_date, i.service_to) for i in found} == {
        (760, 905, "2026-08-01", "2026-07-31")
    }
    assert found[0].buyer.name == "Julia Brandt"
    assert found[0].seller.city == "Hamburg"


async def test_a_month_is_billed_only_when_it_is_over_in_germany(world: World, reason: Callable[..., str]) -> None:
    """F34: at 23:59 of the last day in Berlin it is not."""
    firm = await world.firm()
    with pytest.raises(grpc.aio.AioRpcError) as early:
        await firm.operator().RunBilling(JULY)
    assert reason(early.value) == "PERIOD_NOT_OVER"
    with pytest.raises(grpc.aio.AioRpcError) as not_he:
        await firm.administrator().RunBilling(JULY)
    assert reason(not_he.value) == "ROLE_NOT_ALLOWED"


async def test_the_ledger_is_balanced_and_splits_exactly(world: World) -> None:
    """F34: broker 5.00 €, pool 2.60 €, taxes to the cent; customers cannot read it."""
    firm = await world.firm()
    customer = await firm.new_customer()
    await firm.sign(customer)
    world.clock.advance(timedelta(days=10))
    await firm.operator().RunBilling(JULY)
    (invoice,) = await invoices_of(firm, customer)
    entries = await entries_of(firm, invoice)
    assert sum(entry.amount.minor_units for entry in entries) == 0
    by_account: dict[int, int] = {}
    for entry in entries:
        by_account[entry.account] = by_account.get(entry.account, 0) + entry.amount.minor_units
    assert by_account == {
        pb.LEDGER_ACCOUNT_CUSTOMER_RECEIVABLE: 905,
        pb.LEDGER_ACCOUNT_POOL_REVENUE: -260,
        pb.LEDGER_ACCOUNT_BROKER_PAYABLE: -500,
        pb.LEDGER_ACCOUNT_VAT_PAYABLE: -135,
        pb.LEDGER_ACCOUNT_INSURANCE_TAX_PAYABLE: -10,
    }
    with pytest.raises(grpc.aio.AioRpcError) as refused:
        await firm.customer(customer).ListLedgerEntries(pb.ListLedgerEntriesRequest(invoice_id=invoice.invoice_id))
    assert refused.value.code() is grpc.StatusCode.PERMISSION_DENIED


async def test_the_invoice_opens_as_pdf_for_its_customer_and_for_staff_only(world: World) -> None:
    """F11, F34: the same bytes for both; nobody else gets it."""
    firm, other = await world.firm(), await world.firm()
    customer = await firm.new_customer()
    await firm.sign(customer)
    world.clock.advance(timedelta(days=10))
    await firm.operator().RunBilling(JULY)
    (invoice,) = await invoices_of(firm, customer)
    request = pb.GetInvoicePdfRequest(customer_id=str(customer), invoice_id=invoice.invoice_id)
    his = await firm.customer(customer).GetInvoicePdf(request)
    assert his.content_type == "application/pdf"
    assert his.data.startswith(b"%PDF-")
    assert (await firm.staff(Right.RIGHT_BILLING).GetInvoicePdf(request)).data == his.data
    for stranger in (firm.customer(new_id()), other.administrator()):
        with pytest.raises(grpc.aio.AioRpcError) as refused:
            await stranger.GetInvoicePdf(request)
        assert refused.value.code() is grpc.StatusCode.NOT_FOUND


async def test_two_runs_at_once_bill_once(world: World) -> None:
    """F34: the operator's run beside the job's, on two connections: no double invoice, no gap."""
    firm = await world.firm()
    customers = [await firm.new_customer() for _ in range(8)]
    for customer in customers:
        await firm.sign(customer)
    world.clock.advance(timedelta(days=10))
    results = await asyncio.gather(*(firm.operator().RunBilling(JULY) for _ in range(3)))
    assert sum(result.invoices_issued for result in results) == len(customers)
    listed = await firm.administrator().ListInvoices(pb.ListInvoicesRequest(period="2026-07", page_size=100))
    assert sorted(i.number for i in listed.invoices) == [number_of(firm, n) for n in range(1, 9)]


async def test_a_customer_who_cannot_be_told_stops_nobody_else(world: World) -> None:
    """F34: a customer who is gone is settled with the reason, the month is finished, and no number is lost."""
    firm = await world.firm()
    missing, present, later = new_id(), await firm.new_customer(), await firm.new_customer()
    for customer in (missing, present):
        await firm.sign(customer)
    world.clock.advance(timedelta(days=10))
    first = await firm.operator().RunBilling(JULY)
    assert (first.invoices_issued, first.postponed, first.unbilled) == (1, 0, 1)
    [settled] = first.unbilled_agreements
    assert (settled.customer_id, settled.reason) == (str(missing), pb.UNBILLED_REASON_CUSTOMER_GONE)
    world.clock.advance(timedelta(hours=2))
    again = await firm.operator().RunBilling(JULY)
    assert (again.invoices_issued, again.postponed, again.already_invoiced) == (0, 0, 1)
    assert list(again.unbilled_agreements) == [settled]
    await firm.sign(later)
    world.clock.advance(timedelta(days=31))
    await firm.operator().RunBilling(pb.RunBillingRequest(period="2026-08"))
    numbers = [i.number for customer in (present, later) for i in await invoices_of(firm, customer)]
    assert sorted(numbers) == [number_of(firm, n) for n in (1, 2, 3)]
    owner = await asyncpg.connect(world.database.owner_url)
    try:
        await owner.execute("SELECT set_config('kontor.role', 'service', false)")
        await owner.execute("SELECT set_config('kontor.tenant_id', $1, false)", str(firm.tenant_id))
        assert await owner.fetchval("SELECT array_agg(period ORDER BY period) FROM billing_runs") == [
            "2026-07",
            "2026-08",
        ]
    finally:
        await owner.close()


async def test_the_database_refuses_what_is_unbalanced_or_changed(world: World) -> None:
    """F34: not by convention: an unbalanced transaction does not commit, and nothing posted can be altered."""
    firm = await world.firm()
    customer = await firm.new_customer()
    await firm.sign(customer)
    world.clock.advance(timedelta(days=10))
    await firm.operator().RunBilling(JULY)
    owner = await asyncpg.connect(world.database.owner_url)
    try:
        await owner.execute(
            "SELECT set_config('kontor.tenant_id', $1, false), set_config('kontor.role', 'service', false)",
            str(firm.tenant_id),
        )
        transaction = await owner.fetchval("SELECT transaction_id FROM ledger_transactions")
        with pytest.raises(asyncpg.CheckViolationError, match="not balanced"):
            await owner.execute(
                "INSERT INTO ledger_entries VALUES ($1, $2, $3, 99, 'POOL_REVENUE', 'POOL', 'x', -1)",
                new_id(),
                transaction,
                firm.tenant_id,
            )
        for change in (
            "UPDATE ledger_entries SET amount_minor = 1",
            "DELETE FROM ledger_transactions",
            "UPDATE invoices SET gross_minor = 1",
            "TRUNCATE ledger_entries",
        ):
            with pytest.raises(asyncpg.CheckViolationError, match="append-only"):
                await owner.execute(change)
    finally:
        await owner.close()


async def test_a_query_without_a_filter_sees_nothing_of_another_firm(world: World) -> None:
    """ARCHITECTURE §5: row-level security as the application role, and the ledger closed to customers."""
    firm = await world.firm()
    customer = await firm.new_customer()
    await firm.sign(customer)
    world.clock.advance(timedelta(days=10))
    await firm.operator().RunBilling(JULY)
    application = await asyncpg.connect(world.database.url)
    tables = ("agreements", "invoices", "ledger_transactions", "ledger_entries", "price_versions", "number_series")
    try:
        for tenant, customer_id, role, visible in (
            ("", "", "", ()),
            (str(new_id()), "", "staff", ()),
            (str(firm.tenant_id), "", "staff", (*tables[:5],)),
            (str(firm.tenant_id), str(customer), "customer", ("agreements", "invoices", "price_versions")),
            (str(firm.tenant_id), str(new_id()), "customer", ("price_versions",)),
        ):
            await application.execute(
                "SELECT set_config('kontor.tenant_id', $1, false), set_config('kontor.customer_id', $2, false),"
                " set_config('kontor.role', $3, false)",
                tenant,
                customer_id,
                role,
            )
            seen = {t for t in tables if await application.fetchval(f"SELECT count(*) FROM {t}")}  # noqa: S608 - fixed
            assert seen == set(visible), (role, tenant)
    finally:
        await application.close()


async def test_month_ends_are_billed_by_themselves_and_withdrawals_cancelled(eventful_world: World) -> None:
    """F34, decision 14: the job bills a month that has ended; a withdrawal cancels what was billed, exactly."""
    world = eventful_world
    async with world.billing_worker():
        firm = await world.firm()
        await _until_known(world, firm)
    customer = await firm.new_customer()
    signed = await firm.sign(customer)
    world.clock.advance(timedelta(days=10))
    await _make_the_job_due(world)
    async with world.billing_worker():
        await invoices_once_there_are(1, firm, customer)
        await firm.customer(customer).WithdrawAgreement(
            pb.WithdrawAgreementRequest(customer_id=str(customer), agreement_id=signed.agreement_id)
        )
        storno, invoice = await invoices_once_there_are(2, firm, customer)
    assert (storno.kind, storno.cancels_invoice_id) == (pb.INVOICE_KIND_CANCELLATION, invoice.invoice_id)
    assert invoice.cancelled_by_invoice_id == storno.invoice_id
    assert storno.totals.gross.minor_units == -905
    both = [*await entries_of(firm, invoice), *await entries_of(firm, storno)]
    assert {(e.account, e.component_code): 0 for e in both} == _sums(both)


async def _until_known(world: World, firm: Firm) -> None:
    """Wait until billing has heard of the firm's activation from identity."""
    owner = await asyncpg.connect(world.database.owner_url)
    try:
        await owner.execute("SELECT set_config('kontor.role', 'service', false)")
        known = "SELECT true FROM known_tenants WHERE tenant_id = $1"
        await eventually(lambda: owner.fetchval(known, firm.tenant_id))
    finally:
        await owner.close()


async def _make_the_job_due(world: World) -> None:
    """Let the next worker run the monthly job at once instead of within a minute of its last run."""
    owner = await asyncpg.connect(world.database.owner_url)
    try:
        await owner.execute("UPDATE job_runs SET due_at = clock_timestamp()")
    finally:
        await owner.close()


def _sums(entries: list[pb.LedgerEntry]) -> dict[tuple[int, str], int]:
    sums: dict[tuple[int, str], int] = {}
    for entry in entries:
        key = (entry.account, entry.component_code)
        sums[key] = sums.get(key, 0) + entry.amount.minor_units
    return sums
