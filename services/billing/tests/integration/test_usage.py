"""What is used beside the tier, and further storage: counted once, priced as agreed, on the month's invoice."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any
from uuid import UUID, uuid4

import grpc
import pytest
from kontor.billing.v1 import billing_pb2, events_pb2, prices_pb2, storage_pb2
from kontor.billing.v1 import usage_pb2 as pb
from kontor.billing.v1.storage_pb2_grpc import StorageServiceStub
from kontor.billing.v1.usage_pb2_grpc import UsageServiceStub
from kontor.common.v1.access_pb2 import Right, Role
from kontor.common.v1.money_pb2 import Money
from kontor.vault.v1.events_pb2 import BinderScanned, PieceScanned
from kontor_billing import consumers, runs, storage
from kontor_billing.usage_rules import BLOCK_BYTES
from kontor_chassis.errors import DomainError
from kontor_chassis.events import EventMeta
from kontor_chassis.ids import new_id
from kontor_chassis.principal import Principal
from kontor_chassis.testing.tokens import token_for
from sqlalchemy import text

from .conftest import reason_of

if TYPE_CHECKING:
    from kontor.billing.v1.storage_pb2_grpc import StorageServiceAsyncStub
    from kontor.billing.v1.usage_pb2_grpc import UsageServiceAsyncStub

    from .conftest import Firm, World

pytestmark = pytest.mark.integration
JULY, AUGUST = (billing_pb2.RunBillingRequest(period=period) for period in ("2026-07", "2026-08"))


def usage_as(firm: Firm, customer_id: UUID | None = None) -> UsageServiceAsyncStub:
    """Return the RPCs as a customer calls them, or the firm's administrator."""
    roles = [Role.ROLE_CUSTOMER] if customer_id else [Role.ROLE_STAFF, Role.ROLE_ADMINISTRATOR]
    rights = [] if customer_id else [Right.RIGHT_BILLING]
    token = token_for(
        roles=roles, rights=rights, tenant_id=firm.tenant_id, customer_id=customer_id, account_id=new_id()
    )
    return firm.service.stub(UsageServiceStub, token)


def storage_as(firm: Firm, customer_id: UUID) -> StorageServiceAsyncStub:
    """Return the RPCs of further storage as a customer calls them."""
    token = token_for(roles=[Role.ROLE_CUSTOMER], tenant_id=firm.tenant_id, customer_id=customer_id)
    return firm.service.stub(StorageServiceStub, token)


async def heard(world: World, firm: Firm, event: Any) -> None:
    """Let billing hear an event of the vault, twice, as it may happen."""
    handler = consumers.CONSUMERS[type(event)]
    meta = EventMeta(uuid4(), event.DESCRIPTOR.full_name, "vault", "x", firm.tenant_id, world.clock.now(), 1)
    for _ in range(2):
        async with world.service.platform.work.work(runs.SERVICE.within(firm.tenant_id)) as tx:
            await handler(tx, event, meta)
            await tx.commit()


async def scanned(world: World, firm: Firm, customer_id: UUID, *sheets: int, period: str = "2026-07") -> None:
    """Let pieces of post with so many sheets be scanned."""
    for count in sheets:
        piece = PieceScanned(
            tenant_id=str(firm.tenant_id),
            customer_id=str(customer_id),
            original_id=str(new_id()),
            document_id=str(new_id()),
            sheets=count,
            period=period,
        )
        await heard(world, firm, piece)


def a_binder(firm: Firm, customer_id: UUID) -> BinderScanned:
    """Return the news that a binder was scanned in July."""
    return BinderScanned(
        tenant_id=str(firm.tenant_id),
        customer_id=str(customer_id),
        binder_order_id=str(new_id()),
        documents=12,
        sheets=300,
        period="2026-07",
    )


async def invoice_of(firm: Firm, customer_id: UUID, period: str) -> billing_pb2.Invoice:
    """Return the customer's invoice of a month."""
    wanted = billing_pb2.ListInvoicesRequest(customer_id=str(customer_id), period=period)
    [invoice] = (await firm.customer(customer_id).ListInvoices(wanted)).invoices
    return invoice


async def test_scanned_post_is_on_the_month_s_invoice(world: World) -> None:
    """F15, F16, decision 3: ten pieces are free, the eleventh with four sheets costs 0.36 €, a binder 45 €; once."""
    firm = await world.firm()
    customer_id = await firm.new_customer()
    await scanned(world, firm, customer_id, 7)
    world.clock.advance(timedelta(minutes=1))
    await firm.sign(customer_id)
    await scanned(world, firm, customer_id, *[3] * 10, 4)
    await heard(world, firm, a_binder(firm, customer_id))
    wanted = pb.GetUsageRequest(customer_id=str(customer_id))
    running = await usage_as(firm, customer_id).GetUsage(wanted)
    assert [(line.item, line.pieces, line.free_pieces, line.charged_units, line.net.minor_units)
            for line in running.lines] == [
        (pb.USAGE_ITEM_SCANNED_SHEET, 11, 10, 4, 36), (pb.USAGE_ITEM_SCANNED_BINDER, 1, 0, 1, 4500),
    ]  # fmt: skip
    assert (running.period, running.totals.gross.minor_units) == ("2026-07", 5398)
    world.clock.advance(timedelta(days=10))
    await firm.operator().RunBilling(JULY)
    invoice = await invoice_of(firm, customer_id, "2026-07")
    assert [line.net.minor_units for line in invoice.lines] == [760, 36, 4500]
    assert invoice.totals.net.minor_units == 5296
    assert invoice.totals.gross.minor_units == 5296 + 997 + 10, "tax computed once on 52.46 € and 0.50 €"
    await scanned(world, firm, customer_id, 2)  # told late: it goes on the next invoice
    await scanned(world, firm, customer_id, 5, period="2026-08")
    world.clock.advance(timedelta(days=31))
    await firm.operator().RunBilling(AUGUST)
    later = await invoice_of(firm, customer_id, "2026-08")
    assert [(line.title, line.net.minor_units) for line in later.lines[1:]] == [("Papierpost scannen, Juli 2026", 18)]
    assert (await firm.operator().RunBilling(AUGUST)).invoices_issued == 0


async def test_a_firm_s_surcharge_is_for_those_who_sign_after_it(world: World) -> None:
    """F6, F11, F17: the customer sees one price; the ledger has both parts; who signed before pays as before."""
    firm = await world.firm()
    before, after = await firm.new_customer(), await firm.new_customer()
    await firm.sign(before)
    world.clock.advance(timedelta(minutes=1))
    wanted = pb.SetUsageSurchargeRequest(
        tier=prices_pb2.TIER_2, item=pb.USAGE_ITEM_SCANNED_BINDER, net=Money(minor_units=500, currency="EUR")
    )
    seen = (await firm.customer(after).GetTierOffers(billing_pb2.GetTierOffersRequest())).offers[1]
    plan = await usage_as(firm).SetUsageSurcharge(wanted)
    with pytest.raises(grpc.aio.AioRpcError) as refused:
        await firm.sign(after, price_version=seen.price_version)
    assert reason_of(refused.value) == "PRICE_CHANGED", "he was shown another price of binders"
    binder = next(p for p in plan.prices if (p.tier, p.item) == (2, pb.USAGE_ITEM_SCANNED_BINDER))
    assert (binder.pool_net.minor_units, binder.unit.net.minor_units, len(plan.surcharges)) == (4500, 5000, 1)
    shown = await usage_as(firm, after).GetUsagePrices(pb.GetUsagePricesRequest())
    assert 5000 in [price.unit.net.minor_units for price in shown.prices]
    world.clock.advance(timedelta(minutes=1))
    await firm.sign(after)
    for customer_id in (before, after):
        await heard(world, firm, a_binder(firm, customer_id))
    world.clock.advance(timedelta(days=10))
    await firm.operator().RunBilling(JULY)
    costs = [(await invoice_of(firm, one, "2026-07")).lines[1].net.minor_units for one in (before, after)]
    assert costs == [4500, 5000]
    entries = await firm.staff(Right.RIGHT_BILLING).ListLedgerEntries(
        billing_pb2.ListLedgerEntriesRequest(invoice_id=(await invoice_of(firm, after, "2026-07")).invoice_id)
    )
    parts = [e.amount.minor_units for e in entries.entries if e.component_code == "scanned-binder"]
    assert parts[:2] == [-4500, -500]
    assert sum(entry.amount.minor_units for entry in entries.entries) == 0
    wanted.net.minor_units = 10001
    with pytest.raises(grpc.aio.AioRpcError) as refused:
        await usage_as(firm).SetUsageSurcharge(wanted)
    assert reason_of(refused.value) == "INVALID_FIELD"


async def test_further_storage_is_booked_billed_and_given_back(world: World) -> None:
    """F14: at the price shown, told to the vault at once, charged at the most held in a month, refused while in use."""
    firm = await world.firm()
    customer_id = await firm.new_customer()
    calls, whose = storage_as(firm, customer_id), {"customer_id": str(customer_id)}
    with pytest.raises(grpc.aio.AioRpcError) as refused:
        await calls.ChangeStorage(storage_pb2.ChangeStorageRequest(**whose, blocks=1, price_version="x"))
    assert reason_of(refused.value) == "NO_AGREEMENT"
    await firm.sign(customer_id)
    offers = {o.blocks: o for o in (await calls.GetStorageOffers(storage_pb2.GetStorageOffersRequest(**whose))).offers}
    assert [(blocks, offer.monthly.net.minor_units) for blocks, offer in offers.items()][:2] == [(1, 99), (2, 198)]
    with pytest.raises(grpc.aio.AioRpcError) as refused:
        await calls.ChangeStorage(storage_pb2.ChangeStorageRequest(**whose, blocks=2, price_version="another"))
    assert reason_of(refused.value) == "PRICE_CHANGED"
    buy = storage_pb2.ChangeStorageRequest(
        **whose, blocks=2, price_version=offers[2].price_version, request_id=str(new_id())
    )
    for _ in range(2):
        booked = await calls.ChangeStorage(buy)
    assert (booked.booked_blocks, booked.booked_monthly.gross.minor_units) == (2, 236)
    with pytest.raises(grpc.aio.AioRpcError) as refused:
        await calls.ChangeStorage(storage_pb2.ChangeStorageRequest(**whose, blocks=0))
    assert reason_of(refused.value) == "DEPENDENCY_UNAVAILABLE"
    himself = Principal(
        account_id=new_id(), tenant_id=firm.tenant_id, customer_id=customer_id, roles=frozenset({Role.ROLE_CUSTOMER})
    )
    limit = 3 * BLOCK_BYTES
    async with world.service.platform.work.work(himself) as tx:
        with pytest.raises(DomainError, match="STORAGE_IN_USE"):
            await storage.change_storage(
                tx, customer_id=customer_id, blocks=0, shown_price="", use=storage.StorageUse(limit, BLOCK_BYTES + 1)
            )
        await storage.change_storage(
            tx, customer_id=customer_id, blocks=0, shown_price="", use=storage.StorageUse(limit, BLOCK_BYTES)
        )
        await tx.commit()
    async with world.service.platform.work.work(runs.SERVICE) as tx:
        rows = await tx.session.execute(
            text("SELECT payload FROM outbox WHERE type LIKE '%StorageChanged' ORDER BY position")
        )
        told = [events_pb2.StorageChanged.FromString(row.payload).further_bytes for row in rows]
    assert told == [2 * BLOCK_BYTES, 0]
    world.clock.advance(timedelta(days=41))
    for run in (JULY, AUGUST):
        await firm.operator().RunBilling(run)
    july, august = [await invoice_of(firm, customer_id, period) for period in ("2026-07", "2026-08")]
    assert [line.net.minor_units for line in july.lines] == [760, 198]
    assert len(august.lines) == 1
