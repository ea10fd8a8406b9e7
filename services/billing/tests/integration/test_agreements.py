"""Prices as set and shown, agreements as signed, withdrawn and cancelled."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from datetime import timedelta
from typing import TYPE_CHECKING

import grpc
import pytest
from kontor.billing.v1 import billing_pb2 as pb
from kontor.billing.v1 import internal_pb2
from kontor.billing.v1.internal_pb2_grpc import BillingInternalServiceStub
from kontor.billing.v1.prices_pb2 import Tier
from kontor.common.v1.access_pb2 import Right
from kontor.common.v1.money_pb2 import Money
from kontor_chassis.ids import new_id
from kontor_chassis.principal import Principal

if TYPE_CHECKING:
    from .conftest import Firm, World

pytestmark = pytest.mark.integration
Reason = Callable[[grpc.aio.AioRpcError], str]


async def set_share(
    firm: Firm, tier: Tier.ValueType, cents: int, valid_from: str = "", request_id: str = ""
) -> pb.PricePlan:
    """Set the firm's share as its administrator."""
    return await firm.administrator().SetBrokerShare(
        pb.SetBrokerShareRequest(
            tier=tier, net=Money(minor_units=cents, currency="EUR"), valid_from=valid_from, request_id=request_id
        )
    )


async def gross_offered(firm: Firm, tier: int, day: str = "") -> int:
    """Return the gross monthly price offered to a customer."""
    offered = await firm.customer(new_id()).GetTierOffers(pb.GetTierOffersRequest(day=day))
    return next(o.monthly.gross.minor_units for o in offered.offers if o.tier == tier)


async def test_a_customer_sees_the_recommended_prices_as_totals(world: World) -> None:
    """F10, F13: 0.00, 7.60 and 17.50 € net; 9.05 and 20.83 € gross."""
    offered = await (await world.firm()).customer(new_id()).GetTierOffers(pb.GetTierOffersRequest())
    assert [(o.monthly.net.minor_units, o.monthly.gross.minor_units, o.agreement_needed) for o in offered.offers] == [
        (0, 0, False),
        (760, 905, True),
        (1750, 2083, True),
    ]
    assert "vierzehn Tage" in offered.agreement_text.withdrawal_information


async def test_the_administrator_sets_the_firms_share(world: World) -> None:
    """F6, F12: his firm's price changes, no other firm's; 50 € are possible."""
    firm, other = await world.firm(), await world.firm()
    plan = await set_share(firm, Tier.TIER_2, 50_00)
    assert plan.tiers[1].monthly.net.minor_units == 52_60
    assert [c.payee for c in plan.tiers[1].components] == [pb.PAYEE_POOL, pb.PAYEE_POOL, pb.PAYEE_BROKER]
    assert await gross_offered(firm, 2) == 62_60  # 52.60 € net, 9.90 € VAT and 0.10 € insurance tax
    assert await gross_offered(other, 2) == 905
    other_plan = await other.administrator().GetPricePlan(pb.GetPricePlanRequest())
    assert not other_plan.broker_shares


async def test_two_changes_in_one_month_each_count_from_their_day(world: World) -> None:
    """Known failure: two price changes in one period and the oldest silently wins."""
    firm = await world.firm()
    await set_share(firm, Tier.TIER_2, 600, "2026-07-25")
    await set_share(firm, Tier.TIER_2, 700, "2026-07-28")
    plan = await set_share(firm, Tier.TIER_2, 800, "2026-07-28")
    nets = {
        day: (await firm.administrator().GetPricePlan(pb.GetPricePlanRequest(day=day))).tiers[1].monthly.net.minor_units
        for day in ("2026-07-24", "2026-07-25", "2026-07-27", "2026-07-28", "2026-08-15")
    }
    assert list(nets.values()) == [760, 860, 860, 1060, 1060]
    assert [(s.net.minor_units, s.HasField("replace_time")) for s in plan.broker_shares] == [
        (800, False),
        (700, True),
        (600, False),
    ]


async def test_two_shares_at_once_do_not_break(world: World, reason: Reason) -> None:
    """F6: of two changes for one day one may have to be repeated; neither is a defect."""
    firm = await world.firm()
    outcomes = await asyncio.gather(
        *(set_share(firm, Tier.TIER_2, 600 + number) for number in range(8)), return_exceptions=True
    )
    refused = [outcome for outcome in outcomes if isinstance(outcome, grpc.aio.AioRpcError)]
    assert {reason(each) for each in refused} <= {"CONCURRENT_CHANGE"}
    assert len(refused) < len(outcomes)
    plan = await firm.administrator().GetPricePlan(pb.GetPricePlanRequest())
    assert sum(not share.HasField("replace_time") for share in plan.broker_shares) == 1


async def test_a_share_cannot_be_set_for_the_past_nor_by_anybody_else(world: World, reason: Reason) -> None:
    """F6: what was shown stays true; only the administrator sets prices."""
    firm = await world.firm()
    with pytest.raises(grpc.aio.AioRpcError) as past:
        await set_share(firm, Tier.TIER_2, 600, "2026-07-21")
    assert past.value.code() is grpc.StatusCode.INVALID_ARGUMENT
    request = pb.SetBrokerShareRequest(tier=Tier.TIER_2, net=Money(minor_units=1, currency="EUR"))
    for caller in (firm.staff(Right.RIGHT_BILLING), firm.customer(new_id()), firm.operator()):
        with pytest.raises(grpc.aio.AioRpcError) as refused:
            await caller.SetBrokerShare(request)
        assert reason(refused.value) == "ROLE_NOT_ALLOWED"
    with pytest.raises(grpc.aio.AioRpcError) as without_right:
        await firm.staff().GetPricePlan(pb.GetPricePlanRequest())
    assert reason(without_right.value) == "RIGHT_MISSING"


async def test_a_customer_signs_at_the_price_he_was_shown(world: World, reason: Reason) -> None:
    """F8: a price that changed in between is refused; a later change does not touch what he signed."""
    firm, customer = await world.firm(), new_id()
    offered = await firm.customer(customer).GetTierOffers(pb.GetTierOffersRequest())
    await set_share(firm, Tier.TIER_2, 600)
    with pytest.raises(grpc.aio.AioRpcError) as changed:
        await firm.sign(customer, price_version=offered.offers[1].price_version)
    assert reason(changed.value) == "PRICE_CHANGED"
    signed = await firm.sign(customer)
    await set_share(firm, Tier.TIER_2, 900)
    kept = await firm.customer(customer).GetAgreement(
        pb.GetAgreementRequest(customer_id=str(customer), agreement_id=signed.agreement_id)
    )
    assert kept.monthly.net.minor_units == 860
    assert (kept.state, kept.withdrawal_until) == (pb.AGREEMENT_STATE_ACTIVE, "2026-08-05")


async def test_one_agreement_at_a_time(world: World, reason: Reason) -> None:
    """F8: a second one is refused, also when both are signed at once; the same request id is answered alike."""
    firm, customer = await world.firm(), new_id()
    first = await firm.sign(customer, request_id=(again := str(new_id())))
    assert await firm.sign(customer, request_id=again) == first
    with pytest.raises(grpc.aio.AioRpcError) as running:
        await firm.sign(customer, tier=3)
    assert reason(running.value) == "AGREEMENT_RUNNING"
    listed = await firm.customer(customer).ListAgreements(pb.ListAgreementsRequest(customer_id=str(customer)))
    assert [a.agreement_id for a in listed.agreements] == [first.agreement_id]


async def test_agreements_are_seen_by_the_customer_and_his_firm_alone(world: World) -> None:
    """F8: not by another customer, not by another firm, not by staff without the right."""
    firm, other, customer = await world.firm(), await world.firm(), new_id()
    signed = await firm.sign(customer)
    request = pb.GetAgreementRequest(customer_id=str(customer), agreement_id=signed.agreement_id)
    assert (await firm.staff(Right.RIGHT_BILLING).GetAgreement(request)).agreement_id == signed.agreement_id
    for stranger in (firm.customer(new_id()), other.administrator(), other.customer(customer)):
        with pytest.raises(grpc.aio.AioRpcError) as refused:
            await stranger.GetAgreement(request)
        assert refused.value.code() is grpc.StatusCode.NOT_FOUND
    everybody = await firm.staff(Right.RIGHT_BILLING).ListAgreements(pb.ListAgreementsRequest())
    assert [a.customer_id for a in everybody.agreements] == [str(customer)]
    assert not (await other.administrator().ListAgreements(pb.ListAgreementsRequest())).agreements


async def test_a_cancelled_agreement_ends_with_the_month_and_not_before(world: World, reason: Reason) -> None:
    """Known failure: end-of-term cancellation that ends at once."""
    firm, customer = await world.firm(), new_id()
    signed = await firm.sign(customer)
    tier = world.service.stub(BillingInternalServiceStub, world.service_token("vault"))
    question = internal_pb2.GetCurrentTierRequest(tenant_id=str(firm.tenant_id), customer_id=str(customer))
    request = pb.CancelAgreementRequest(
        customer_id=str(customer), agreement_id=signed.agreement_id, etag=signed.etag, request_id=str(new_id())
    )
    cancelled = await firm.customer(customer).CancelAgreement(request)
    assert (cancelled.state, cancelled.ends_on) == (pb.AGREEMENT_STATE_CANCELLED, "2026-07-31")
    assert (await tier.GetCurrentTier(question)).tier == 2
    with pytest.raises(grpc.aio.AioRpcError) as running:
        await firm.sign(customer)
    assert reason(running.value) == "AGREEMENT_RUNNING"
    world.clock.advance(timedelta(days=10))
    ended = await firm.customer(customer).GetAgreement(
        pb.GetAgreementRequest(customer_id=str(customer), agreement_id=signed.agreement_id)
    )
    assert ended.state == pb.AGREEMENT_STATE_ENDED
    assert (await tier.GetCurrentTier(question)).tier == 1
    assert (await firm.sign(customer)).state == pb.AGREEMENT_STATE_ACTIVE


async def test_withdrawal_is_possible_for_14_days(world: World, reason: Reason) -> None:
    """Decision 14: the day of signing does not count; on the 15th day it is too late."""
    firm, in_time, too_late = await world.firm(), new_id(), new_id()
    signed = {customer: await firm.sign(customer) for customer in (in_time, too_late)}
    world.clock.advance(timedelta(days=14))
    withdrawn = await firm.customer(in_time).WithdrawAgreement(
        pb.WithdrawAgreementRequest(customer_id=str(in_time), agreement_id=signed[in_time].agreement_id)
    )
    assert withdrawn.state == pb.AGREEMENT_STATE_WITHDRAWN
    world.clock.advance(timedelta(days=1))
    with pytest.raises(grpc.aio.AioRpcError) as over:
        await firm.customer(too_late).WithdrawAgreement(
            pb.WithdrawAgreementRequest(customer_id=str(too_late), agreement_id=signed[too_late].agreement_id)
        )
    assert reason(over.value) == "WITHDRAWAL_OVER"


async def test_what_follows_a_withdrawal_is_told_after_it(world: World) -> None:
    """F14: whoever gives storage for agreements must not take the new one's away for the old one's sake."""
    firm, customer = await world.firm(), new_id()
    signed = await firm.sign(customer)
    await firm.customer(customer).WithdrawAgreement(
        pb.WithdrawAgreementRequest(customer_id=str(customer), agreement_id=signed.agreement_id)
    )
    await firm.sign(customer, tier=3)
    async with world.service.platform.work.work(Principal.of_service("billing")) as tx:
        told = await tx.run("SELECT aggregate, type FROM outbox ORDER BY position")
    assert [(row["aggregate"], row["type"].rpartition(".")[2]) for row in told] == [
        (str(customer), "ServiceAgreementSigned"),
        (str(customer), "ServiceAgreementWithdrawn"),
        (str(customer), "ServiceAgreementSigned"),
    ]
