"""What a firm is charged for a month."""

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st
from kontor_billing.firm_charges import AgreedPrices, FirmFacts, PlanPrice, charges_of, share
from kontor_billing.periods import Period

JULY = Period(2026, 7)
PAY_PER_USE, STARTER, PREMIUM = 1, 2, 3
PRICES = {
    PAY_PER_USE: PlanPrice(900, 50, None),
    STARTER: PlanPrice(None, 0, None),
    PREMIUM: PlanPrice(12900, 0, 49900),
}
BEFORE = date(2026, 5, 4)


def lines(facts: FirmFacts) -> dict[str, int]:
    """Return net amounts by title; nothing may be missing."""
    charges = charges_of(JULY, facts)
    assert charges.missing == ()
    return {line.title: line.net_minor for line in charges.lines}


def test_a_plan_is_charged_by_the_month_and_its_contacts() -> None:
    """F82: base price and 0.50 € per contact and month."""
    facts = FirmFacts(plans=[(BEFORE, PAY_PER_USE)], prices=PRICES, contacts=18)
    assert lines(facts) == {"Grundpreis Pay-per-Use": 900, "Kontakte": 900}
    assert charges_of(JULY, facts).lines[1].detail == "18 zu 0,50 € im Monat, ganzer Monat"


def test_a_change_within_the_month_is_charged_by_the_day() -> None:
    """F82, F84: each plan for its days, the day of the change belongs to the new one; setup once, with the first."""
    changed = FirmFacts(plans=[(BEFORE, PAY_PER_USE), (date(2026, 7, 22), PREMIUM)], prices=PRICES, contacts=31)
    assert lines(changed) == {
        "Grundpreis Pay-per-Use": share(900, 21, 31),
        "Kontakte": share(31 * 50, 21, 31),
        "Grundpreis PREMIUM": share(12900, 10, 31),
    }
    first = FirmFacts(plans=[(date(2026, 7, 22), STARTER), (date(2026, 7, 22), PREMIUM)], prices=PRICES)
    agreed = FirmFacts(first.plans, prices=PRICES, agreed=AgreedPrices(setup_minor=0))
    assert lines(agreed) == {"Grundpreis PREMIUM": share(12900, 10, 31)}, "the later of two on one day"
    later = FirmFacts(plans=[(date(2026, 8, 1), PREMIUM)], prices=PRICES)
    assert lines(later) == {}


def test_prices_on_request_are_agreed_or_named_as_missing() -> None:
    """F79, F86, F87: nothing is charged before all prices of the month are known."""
    facts = FirmFacts(plans=[(date(2026, 7, 1), STARTER)], white_label=[(date(2026, 7, 1), True)], prices=PRICES)
    assert charges_of(JULY, facts).missing == (
        "Grundpreis PREMIUMstarter",
        "Einrichtung",
        "White Label",
        "White Label, Einrichtung",
    )
    agreed = AgreedPrices(base_minor=3900, setup_minor=0, white_label_minor=2000, white_label_setup_minor=29900)
    assert lines(FirmFacts(facts.plans, facts.white_label, prices=PRICES, agreed=agreed)) == {
        "Grundpreis PREMIUMstarter": 3900,
        "White Label": 2000,
        "White Label, Einrichtung": 29900,
    }


def test_further_trials_and_the_end_of_white_label() -> None:
    """F79, F89: a trial costs what was shown; white label counts until the day it was ended."""
    labels = [(BEFORE, True), (date(2026, 7, 11), False)]
    facts = FirmFacts(white_label=labels, trials=[7490], agreed=AgreedPrices(white_label_minor=3100))
    assert lines(facts) == {"White Label": 1000, "Weitere Testphase": 7490}


@pytest.mark.parametrize("period", [Period(2026, 2), Period(2028, 2), JULY])
@given(amount=st.integers(0, 100_000), first=st.integers(0, 31))
def test_the_parts_of_a_month_add_up(period: Period, amount: int, first: int) -> None:
    """F82: no cent is lost or won by a change, but for one that half a cent was rounded up to."""
    days = period.last_day.day
    first = min(first, days)
    assert share(amount, first, days) + share(amount, days - first, days) - amount in (0, 1)
