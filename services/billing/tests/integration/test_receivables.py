"""What customers owe: due days, payments, dunning by the clock."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING
from uuid import UUID

import asyncpg
import grpc
import pytest
from kontor.billing.v1 import billing_pb2
from kontor.billing.v1 import receivables_pb2 as pb
from kontor.billing.v1.receivables_pb2_grpc import ReceivablesServiceStub
from kontor.common.v1.access_pb2 import Right, Role
from kontor.common.v1.money_pb2 import Money
from kontor_billing import invoices, runs
from kontor_billing.dunning_levels import escalate_due_dunnings
from kontor_billing.dunnings import start_due_dunnings
from kontor_chassis.ids import new_id
from kontor_chassis.jobs import JobContext
from kontor_chassis.testing.tokens import token_for

from .conftest import reason_of

if TYPE_CHECKING:
    from kontor.billing.v1.receivables_pb2_grpc import ReceivablesServiceAsyncStub

    from .conftest import Firm, World

pytestmark = pytest.mark.integration
JULY = billing_pb2.RunBillingRequest(period="2026-07")
GROSS = 905
CLERK = new_id()


def clerk(firm: Firm) -> ReceivablesServiceAsyncStub:
    """Return the RPCs as a clerk with the right calls them."""
    token = token_for(roles=[Role.ROLE_STAFF], rights=[Right.RIGHT_BILLING], tenant_id=firm.tenant_id, account_id=CLERK)
    return firm.service.stub(ReceivablesServiceStub, token)


def customers(firm: Firm, customer_id: UUID) -> ReceivablesServiceAsyncStub:
    """Return the RPCs as a customer calls them."""
    token = token_for(roles=[Role.ROLE_CUSTOMER], tenant_id=firm.tenant_id, customer_id=customer_id)
    return firm.service.stub(ReceivablesServiceStub, token)


async def billed(world: World, firm: Firm) -> tuple[UUID, billing_pb2.Invoice]:
    """Return a customer of tier 2 with his invoice of July, issued on 1 August."""
    customer_id = await firm.new_customer()
    await firm.sign(customer_id)
    world.clock.advance(timedelta(days=10))
    await firm.operator().RunBilling(JULY)
    listed = await firm.customer(customer_id).ListInvoices(
        billing_pb2.ListInvoicesRequest(customer_id=str(customer_id))
    )
    return customer_id, listed.invoices[0]


async def dun(world: World) -> None:
    """Let the jobs look."""
    platform = world.service.platform
    await start_due_dunnings(JobContext(work=platform.work, clock=world.clock))
    await escalate_due_dunnings(JobContext(work=platform.work, clock=world.clock))


def payment(
    invoice: billing_pb2.Invoice, cents: int, request_id: str = "", paid_on: str = ""
) -> pb.RecordPaymentRequest:
    """Return the wish to record a payment."""
    return pb.RecordPaymentRequest(
        customer_id=invoice.customer_id,
        invoice_id=invoice.invoice_id,
        amount=Money(minor_units=cents, currency="EUR"),
        request_id=request_id,
        paid_on=paid_on,
    )


async def events_of(world: World, name: str) -> int:
    """Return how many events of a kind wait to go out, or went."""
    owner = await asyncpg.connect(world.database.owner_url)
    try:
        await owner.execute("SELECT set_config('kontor.role', 'service', false)")
        return int(await owner.fetchval("SELECT count(*) FROM outbox WHERE type LIKE '%' || $1", name))
    finally:
        await owner.close()


async def test_an_overdue_invoice_is_dunned_once_until_it_is_paid(world: World) -> None:
    """F160, F34: 14 days to pay, three for the bank, one reminder; a part is not enough, the last cent ends it."""
    firm = await world.firm()
    customer_id, invoice = await billed(world, firm)
    assert invoice.due_on == "2026-08-15"
    world.clock.advance(timedelta(days=17))
    await dun(world)
    one = pb.GetOpenItemRequest(customer_id=str(customer_id), invoice_id=invoice.invoice_id)
    item = await clerk(firm).GetOpenItem(one)
    assert (item.overdue, item.HasField("dunning"), item.open.minor_units) == (True, False, GROSS), "18 August"
    world.clock.advance(timedelta(days=1))
    for _ in range(2):
        await dun(world)
    assert await events_of(world, "DunningStarted") == 1
    part = await clerk(firm).RecordPayment(payment(invoice, 500))
    assert (part.state, part.open.minor_units, part.dunning.HasField("end_time")) == (
        pb.RECEIVABLE_STATE_OPEN, GROSS - 500, False,
    )  # fmt: skip
    last = payment(invoice, GROSS - 500, request_id=str(new_id()), paid_on="2026-08-18")
    for _ in range(2):
        paid = await clerk(firm).RecordPayment(last)
    assert (paid.state, paid.open.minor_units, paid.dunning.end) == (pb.RECEIVABLE_STATE_PAID, 0, pb.DUNNING_END_PAID)
    assert await events_of(world, "DunningEnded") == 1
    listed = await customers(firm, customer_id).ListPayments(
        pb.ListPaymentsRequest(customer_id=str(customer_id), invoice_id=invoice.invoice_id)
    )
    assert [(p.amount.minor_units, p.paid_on, p.recorder_account_id) for p in listed.payments] == [
        (GROSS - 500, "2026-08-18", ""), (500, "2026-08-19", ""),
    ]  # fmt: skip
    await dun(world)
    assert await events_of(world, "DunningStarted") == 1


async def test_payments_are_posted_and_never_too_high(world: World) -> None:
    """F34: what is open is the balance of the ledger; more than that, and days ahead, are refused."""
    firm = await world.firm()
    _, invoice = await billed(world, firm)
    for wrong, reason in (
        (payment(invoice, GROSS + 1), "PAYMENT_TOO_HIGH"),
        (payment(invoice, 0), "INVALID_FIELD"),
        (payment(invoice, 5, paid_on="2026-08-30"), "INVALID_FIELD"),
    ):
        with pytest.raises(grpc.aio.AioRpcError) as refused:
            await clerk(firm).RecordPayment(wrong)
        assert reason_of(refused.value) == reason
    await clerk(firm).RecordPayment(payment(invoice, GROSS))
    with pytest.raises(grpc.aio.AioRpcError) as refused:
        await clerk(firm).RecordPayment(payment(invoice, 1))
    assert reason_of(refused.value) == "NOTHING_OPEN"
    wanted = billing_pb2.ListLedgerEntriesRequest(invoice_id=invoice.invoice_id)
    entries = (await firm.staff(Right.RIGHT_BILLING).ListLedgerEntries(wanted)).entries
    sums = {entry.account: 0 for entry in entries}
    for entry in entries:
        sums[entry.account] += entry.amount.minor_units
    assert sums[billing_pb2.LEDGER_ACCOUNT_CUSTOMER_RECEIVABLE] == 0
    assert sums[billing_pb2.LEDGER_ACCOUNT_BANK] == GROSS
    assert sum(sums.values()) == 0


async def test_open_items_are_listed_by_due_day_and_a_clerk_ends_a_dunning(world: World) -> None:
    """F160, F34: sums over all, pages, an arrangement ends the dunning for good while the invoice stays open."""
    firm, other = await world.firm(), await world.firm()
    owing = [await firm.new_customer() for _ in range(3)]
    for customer_id in owing:
        await firm.sign(customer_id)
    await other.sign(await other.new_customer())
    world.clock.advance(timedelta(days=30))
    await firm.operator().RunBilling(JULY)
    world.clock.advance(timedelta(days=30))
    await dun(world)
    first = await clerk(firm).ListOpenItems(pb.ListOpenItemsRequest(page_size=2, overdue_only=True))
    assert (first.total_open.minor_units, first.total_overdue.minor_units) == (3 * GROSS, 3 * GROSS)
    rest = await clerk(firm).ListOpenItems(pb.ListOpenItemsRequest(page_size=2, page_token=first.next_page_token))
    found = [*first.open_items, *rest.open_items]
    assert {item.customer_id for item in found} == {str(customer_id) for customer_id in owing}
    assert (len(found), rest.next_page_token) == (3, "")
    ended = await clerk(firm).EndDunning(
        pb.EndDunningRequest(
            customer_id=found[0].customer_id, invoice_id=found[0].invoice_id, note="Zahlt in drei Raten"
        )
    )
    assert (ended.state, ended.dunning.end, ended.dunning.note) == (
        pb.RECEIVABLE_STATE_OPEN, pb.DUNNING_END_BY_CLERK, "Zahlt in drei Raten",
    )  # fmt: skip
    seen = await customers(firm, UUID(ended.customer_id)).GetOpenItem(
        pb.GetOpenItemRequest(customer_id=ended.customer_id, invoice_id=ended.invoice_id)
    )
    assert seen.dunning.note == "", "the firm's own records"
    await dun(world)
    assert await events_of(world, "DunningStarted") == 4
    with pytest.raises(grpc.aio.AioRpcError) as refused:
        await clerk(other).GetOpenItem(
            pb.GetOpenItemRequest(customer_id=ended.customer_id, invoice_id=ended.invoice_id)
        )
    assert refused.value.code() is grpc.StatusCode.NOT_FOUND


async def test_a_withdrawn_agreement_leaves_nothing_open(world: World) -> None:
    """F8, F34: the cancellation of an invoice that was paid in part reverses the invoice alone; the payment stays."""
    firm = await world.firm()
    customer_id, invoice = await billed(world, firm)
    await clerk(firm).RecordPayment(payment(invoice, 100))
    await firm.customer(customer_id).WithdrawAgreement(
        billing_pb2.WithdrawAgreementRequest(customer_id=str(customer_id), agreement_id=invoice.agreement_id)
    )
    async with world.service.platform.work.work(runs.SERVICE.within(firm.tenant_id)) as tx:
        await invoices.cancel_invoices(tx, UUID(invoice.agreement_id))
        await tx.commit()
    item = await clerk(firm).GetOpenItem(
        pb.GetOpenItemRequest(customer_id=str(customer_id), invoice_id=invoice.invoice_id)
    )
    assert (item.state, item.open.minor_units, item.paid.minor_units) == (pb.RECEIVABLE_STATE_CANCELLED, 0, 100)
    listed = await clerk(firm).ListOpenItems(pb.ListOpenItemsRequest())
    assert list(listed.open_items) == []


async def balances(firm: Firm, invoice: billing_pb2.Invoice) -> dict[int, int]:
    """Return the sums of an invoice's accounts; they add up to nothing."""
    wanted = billing_pb2.ListLedgerEntriesRequest(invoice_id=invoice.invoice_id)
    sums: dict[int, int] = {}
    for entry in (await firm.staff(Right.RIGHT_BILLING).ListLedgerEntries(wanted)).entries:
        sums[entry.account] = sums.get(entry.account, 0) + entry.amount.minor_units
    assert sum(sums.values()) == 0
    return sums


async def test_the_second_notice_costs_a_fee_that_can_be_waived(world: World) -> None:
    """F34: two weeks after the reminder, once; the fee is owed and posted; who waives it owes the invoice alone."""
    firm = await world.firm()
    customer_id, invoice = await billed(world, firm)
    one = pb.GetOpenItemRequest(customer_id=str(customer_id), invoice_id=invoice.invoice_id)
    world.clock.advance(timedelta(days=18))
    await dun(world)
    world.clock.advance(timedelta(days=13))
    await dun(world)
    reminded = await clerk(firm).GetOpenItem(one)
    assert (reminded.dunning.level, reminded.fee.minor_units, reminded.open.minor_units) == (1, 0, GROSS)
    world.clock.advance(timedelta(days=1))
    for _ in range(2):
        await dun(world)
    assert await events_of(world, "DunningEscalated") == 1
    second = await customers(firm, customer_id).GetOpenItem(one)
    assert (second.dunning.level, second.fee.minor_units, second.open.minor_units) == (2, 100, GROSS + 100)
    sums = await balances(firm, invoice)
    assert sums[billing_pb2.LEDGER_ACCOUNT_DUNNING_FEES] == -100
    assert sums[billing_pb2.LEDGER_ACCOUNT_CUSTOMER_RECEIVABLE] == GROSS + 100
    part = await clerk(firm).RecordPayment(payment(invoice, GROSS))
    assert (part.state, part.open.minor_units) == (pb.RECEIVABLE_STATE_OPEN, 100), "the fee is still owed"
    waive = pb.EndDunningRequest(
        customer_id=str(customer_id), invoice_id=invoice.invoice_id, note="Kulanz", waive_fee=True
    )
    ended = await clerk(firm).EndDunning(waive)
    assert (ended.state, ended.open.minor_units, ended.fee.minor_units) == (pb.RECEIVABLE_STATE_PAID, 0, 0)
    assert (await balances(firm, invoice))[billing_pb2.LEDGER_ACCOUNT_CUSTOMER_RECEIVABLE] == 0


async def test_a_pause_keeps_reminders_away_until_its_day(world: World) -> None:
    """F34: nothing happens until the day has passed; a pause cannot end in the past or be set on what is paid."""
    firm = await world.firm()
    customer_id, invoice = await billed(world, firm)
    whose = {"customer_id": str(customer_id), "invoice_id": invoice.invoice_id, "note": "Kunde im Krankenhaus"}
    world.clock.advance(timedelta(days=17))
    rests = await clerk(firm).PauseDunning(pb.PauseDunningRequest(**whose, until_on="2026-09-30"))
    assert rests.paused_until == "2026-09-30"
    world.clock.advance(timedelta(days=43))
    await dun(world)
    assert await events_of(world, "DunningStarted") == 0, "30 September"
    world.clock.advance(timedelta(days=1))
    await dun(world)
    assert await events_of(world, "DunningStarted") == 1
    with pytest.raises(grpc.aio.AioRpcError) as refused:
        await clerk(firm).PauseDunning(pb.PauseDunningRequest(**whose, until_on="2026-09-30"))
    assert reason_of(refused.value) == "INVALID_FIELD"
    await clerk(firm).RecordPayment(payment(invoice, GROSS))
    with pytest.raises(grpc.aio.AioRpcError) as refused:
        await clerk(firm).PauseDunning(pb.PauseDunningRequest(**whose))
    assert reason_of(refused.value) == "NOTHING_OPEN"


async def test_a_payment_booked_wrongly_is_taken_back_by_an_entry_of_its_own(world: World) -> None:
    """F34: the payment stays on record, the invoice is open again, two weeks later its dunning begins anew."""
    firm = await world.firm()
    customer_id, invoice = await billed(world, firm)
    world.clock.advance(timedelta(days=18))
    await dun(world)
    await clerk(firm).RecordPayment(payment(invoice, GROSS))
    whose = {"customer_id": str(customer_id), "invoice_id": invoice.invoice_id}
    of_invoice = pb.ListPaymentsRequest(customer_id=str(customer_id), invoice_id=invoice.invoice_id)
    listed = await clerk(firm).ListPayments(of_invoice)
    back = pb.ReversePaymentRequest(
        **whose, payment_id=listed.payments[0].payment_id, note="Falsche Rechnung", request_id=str(new_id())
    )
    for _ in range(2):
        item = await clerk(firm).ReversePayment(back)
    assert (item.state, item.open.minor_units, item.paid.minor_units) == (pb.RECEIVABLE_STATE_OPEN, GROSS, 0)
    again = pb.ReversePaymentRequest(**whose, payment_id=back.payment_id, note="noch einmal")
    with pytest.raises(grpc.aio.AioRpcError) as refused:
        await clerk(firm).ReversePayment(again)
    assert reason_of(refused.value) == "PAYMENT_REVERSED"
    [kept] = (await customers(firm, customer_id).ListPayments(of_invoice)).payments
    assert (kept.HasField("reverse_time"), kept.reverse_note) == (True, ""), "why is the firm's own"
    sums = await balances(firm, invoice)
    assert (sums[billing_pb2.LEDGER_ACCOUNT_BANK], sums[billing_pb2.LEDGER_ACCOUNT_CUSTOMER_RECEIVABLE]) == (0, GROSS)
    await dun(world)
    assert await events_of(world, "DunningStarted") == 1
    world.clock.advance(timedelta(days=15))
    await dun(world)
    assert await events_of(world, "DunningStarted") == 2
    paid = await clerk(firm).RecordPayment(payment(invoice, GROSS))
    assert paid.dunning.end == pb.DUNNING_END_PAID
    async with world.service.platform.work.work(runs.SERVICE.within(firm.tenant_id)) as tx:
        await invoices.cancel_invoices(tx, UUID(invoice.agreement_id))
        await tx.commit()
    sums = await balances(firm, invoice)
    assert sums[billing_pb2.LEDGER_ACCOUNT_BANK] == GROSS, "payments stay; the cancellation has postings of its own"
