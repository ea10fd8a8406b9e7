"""The RPCs of metered use: proto → use case → proto, no decisions."""

from __future__ import annotations

from kontor.billing.v1 import usage_pb2 as pb
from kontor.billing.v1.usage_pb2_grpc import UsageServiceServicer
from kontor_chassis.database import UnitOfWork
from kontor_chassis.errors import invalid
from kontor_chassis.ids import parse_id
from kontor_chassis.service import Context

from kontor_billing import usage, usage_messages, usage_prices
from kontor_billing.agreements import customer_in_reach
from kontor_billing.periods import Period, german_day, parse_day
from kontor_billing.prices import CURRENCY
from kontor_billing.tax_rates import rate_table


class UsageRpc(UsageServiceServicer):
    """UsageService."""

    def __init__(self, work: UnitOfWork) -> None:
        self._work = work

    async def GetUsage(self, request: pb.GetUsageRequest, _context: Context) -> pb.Usage:
        """See usage.proto."""
        async with self._work.query() as tx:
            customer_id = customer_in_reach(tx.principal, parse_id(request.customer_id, "customer_id"))
            today = german_day(tx.now)
            period = Period.parse(request.period) if request.period else Period.of(today)
            tier, uses = await usage.usage_of_month(tx, customer_id, period)
            rates = (await rate_table(tx)).on(period.last_day)
            return usage_messages.usage(period, tier, uses, rates)

    async def GetUsagePrices(self, _request: pb.GetUsagePricesRequest, _context: Context) -> pb.GetUsagePricesResponse:
        """See usage.proto."""
        async with self._work.query() as tx:
            return usage_messages.prices(await usage_prices.usage_plan(tx))

    async def GetUsagePricePlan(self, _request: pb.GetUsagePricePlanRequest, _context: Context) -> pb.UsagePricePlan:
        """See usage.proto."""
        async with self._work.query() as tx:
            return usage_messages.price_plan(await usage_prices.usage_plan(tx))

    async def SetUsageSurcharge(self, request: pb.SetUsageSurchargeRequest, _context: Context) -> pb.UsagePricePlan:
        """See usage.proto."""
        if request.net.currency != CURRENCY:
            raise invalid("net.currency", "Preise werden in Euro angegeben.")
        async with self._work.command(request) as tx:
            plan = await usage_prices.set_surcharge(
                tx,
                tier=request.tier,
                item=usage_messages.item_of(request.item),
                net_minor=request.net.minor_units,
                valid_from=parse_day(request.valid_from, "valid_from") if request.valid_from else None,
            )
            return await tx.commit(usage_messages.price_plan(plan))
