"""What further use comes to, and which prices count."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Any
from uuid import UUID

from hypothesis import given
from hypothesis import strategies as st
from kontor_billing.ledger import postings_for
from kontor_billing.periods import Period
from kontor_billing.prices import Payee, PriceComponent, TaxKind, totals_of
from kontor_billing.usage_prices import PriceHistory
from kontor_billing.usage_rules import Holding, Item, UnitPrice, Use, charged_units, most_held, position_of
from kontor_billing.usage_tables import UsagePriceRow, UsageSurchargeRow

JULY = Period(2026, 7)
SHEET = UnitPrice(9, 0, TaxKind.VAT, 10)
BLOCK = UnitPrice(99, 0, TaxKind.VAT)
RATES = {TaxKind.VAT: 1900, TaxKind.INSURANCE_TAX: 1900, TaxKind.NONE: 0}


def test_the_eleventh_piece_with_four_sheets_costs_36_cents() -> None:
    """F15, decision 3: pieces are free, sheets of the pieces beyond them are charged."""
    units = charged_units([3] * 10 + [4], SHEET.free_pieces)
    use = Use(Item.SCANNED_SHEET, JULY, 11, units, SHEET)
    assert (units, use.net_minor) == (4, 36)
    assert position_of(use).detail == "Poststücke: 11, davon frei: 10; 4 Blatt zu 0,09\N{NO-BREAK SPACE}€"
    assert charged_units([50] * 10, SHEET.free_pieces) == 0


@given(
    pieces=st.lists(st.integers(min_value=0, max_value=40), max_size=30),
    at=st.integers(min_value=0, max_value=30),
    late=st.integers(min_value=0, max_value=40),
)
def test_a_piece_told_late_never_makes_a_month_cheaper(pieces: list[int], at: int, late: int) -> None:
    """F15: wherever it belongs in the order, what is left to bill is never negative."""
    position = min(at, len(pieces))
    with_it = [*pieces[:position], late, *pieces[position:]]
    assert charged_units(with_it, 10) >= charged_units(pieces, 10)


def test_a_month_of_storage_is_charged_at_the_most_that_was_held() -> None:
    """F14: giving back during the month saves the next one; blocks given back before the month cost nothing."""
    held = [
        Holding(date(2026, 6, 10), 1, BLOCK),
        Holding(date(2026, 7, 5), 5, BLOCK),
        Holding(date(2026, 7, 5), 2, BLOCK),
        Holding(date(2026, 8, 1), 0, BLOCK),
    ]
    assert [(h.blocks if h else 0) for h in (most_held(held, Period(2026, m)) for m in (5, 6, 7, 8, 9))] == [
        0, 1, 5, 2, 0,
    ]  # fmt: skip


@given(
    units=st.integers(min_value=0, max_value=500),
    pool=st.integers(min_value=0, max_value=5000),
    broker=st.integers(min_value=0, max_value=5000),
    item=st.sampled_from(Item),
)
def test_the_ledger_of_a_month_with_further_use_is_balanced(units: int, pool: int, broker: int, item: Item) -> None:
    """F11, F34: what the position says is the sum of both parts; postings add up to zero."""
    price = UnitPrice(pool, broker, TaxKind.VAT)
    use = Use(item, JULY, units, units, price)
    parts = [PriceComponent("portal", "Portal", Payee.POOL, 210, TaxKind.VAT), *price.components(item, units)]
    totals = totals_of(parts, RATES)
    assert sum(posting.amount_minor for posting in postings_for(parts, totals)) == 0
    assert totals.net_minor == 210 + position_of(use).net


def surcharge(number: int, net: int, **times: Any) -> UsageSurchargeRow:
    """Return a surcharge on sheets in tier 2."""
    return UsageSurchargeRow(surcharge_id=UUID(int=number), item="SCANNED_SHEET", tier=2, net_minor=net, **times)


def test_a_customer_pays_what_counted_when_he_signed() -> None:
    """F6, F17: later surcharges, and those that replace one on the same day, are for those who sign after them."""
    listed = [
        UsagePriceRow(item="SCANNED_SHEET", tier=2, valid_from=day, free_pieces=10, net_minor=net, tax_kind="VAT")
        for day, net in ((date(2018, 1, 1), 9), (date(2026, 8, 1), 12))
    ]
    noon = datetime(2026, 7, 22, 12, tzinfo=UTC)
    first = surcharge(1, 3, valid_from=date(2026, 7, 22), set_at=noon, replaced_at=noon.replace(hour=15))
    second = surcharge(2, 5, valid_from=date(2026, 7, 22), set_at=noon.replace(hour=15), replaced_at=None)
    history = PriceHistory(listed, [first, second])
    key = (2, Item.SCANNED_SHEET)
    costs = [history.at(noon.replace(hour=hour))[key].net_minor for hour in (11, 12, 14, 15, 20)]
    assert costs == [9, 12, 12, 14, 14]
    assert history.at(datetime(2026, 8, 1, 12, tzinfo=UTC))[key].net_minor == 17
