"""What customers use beside their tier as messages on the wire: totals for everybody, surcharges for staff."""

from __future__ import annotations

from collections.abc import Sequence

from kontor.billing.v1 import usage_pb2 as pb
from kontor.billing.v1.prices_pb2 import Tier

from kontor_billing import messages
from kontor_billing.messages import instant, money
from kontor_billing.periods import Period
from kontor_billing.prices import TaxRates, totals_of
from kontor_billing.usage_prices import UsagePlan, unit_totals
from kontor_billing.usage_rules import Item, Use
from kontor_billing.usage_tables import UsageSurchargeRow


def usage(period: Period, tier: int, uses: Sequence[Use], rates: TaxRates) -> pb.Usage:
    """Return a customer's month."""
    parts = [part for use in uses for part in use.price.components(use.item, use.units)]
    return pb.Usage(
        period=str(period),
        tier=Tier.ValueType(tier),
        lines=map(_line, uses),
        totals=messages.totals(totals_of(parts, rates)),
    )


def prices(plan: UsagePlan) -> pb.GetUsagePricesResponse:
    """Return what units cost, as customers see it."""
    return pb.GetUsagePricesResponse(
        prices=[
            pb.UsagePrice(
                tier=Tier.ValueType(tier),
                item=_item(item),
                free_pieces=price.free_pieces,
                unit=messages.totals(unit_totals(price, item, plan.rates)),
            )
            for (tier, item), price in plan.prices.items()
        ]
    )


def price_plan(plan: UsagePlan) -> pb.UsagePricePlan:
    """Return what units cost and how that comes about; staff only."""
    return pb.UsagePricePlan(
        prices=[
            pb.UsagePlanPrice(
                tier=Tier.ValueType(tier),
                item=_item(item),
                free_pieces=price.free_pieces,
                pool_net=money(price.pool_minor),
                surcharge_net=money(price.broker_minor),
                unit=messages.totals(unit_totals(price, item, plan.rates)),
            )
            for (tier, item), price in plan.prices.items()
        ],
        surcharges=map(_surcharge, plan.surcharges),
    )


def item_of(number: pb.UsageItem.ValueType) -> Item:
    """Return what a message names."""
    return Item(pb.UsageItem.Name(number).removeprefix("USAGE_ITEM_"))


def _item(item: str) -> pb.UsageItem.ValueType:
    return pb.UsageItem.Value(f"USAGE_ITEM_{item}")


def _line(use: Use) -> pb.UsageLine:
    return pb.UsageLine(
        item=_item(use.item),
        pieces=use.pieces,
        free_pieces=use.price.free_pieces,
        charged_units=use.units,
        unit_net=money(use.price.net_minor),
        net=money(use.net_minor),
    )


def _surcharge(row: UsageSurchargeRow) -> pb.UsageSurcharge:
    return pb.UsageSurcharge(
        surcharge_id=str(row.surcharge_id),
        tier=Tier.ValueType(row.tier),
        item=_item(row.item),
        net=money(row.net_minor),
        valid_from=row.valid_from.isoformat(),
        set_time=instant(row.set_at),
        set_by_account_id=str(row.set_by_account_id),
        replace_time=instant(row.replaced_at) if row.replaced_at else None,
    )
