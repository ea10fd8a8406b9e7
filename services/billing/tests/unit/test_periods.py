"""Billing months are German months."""

from datetime import UTC, date, datetime

import pytest
from kontor_billing.periods import Period, german_day, parse_day
from kontor_chassis.errors import DomainError


@pytest.mark.parametrize(
    ("instant", "over"),
    [
        (datetime(2026, 7, 31, 21, 59, 59, tzinfo=UTC), False),  # 23:59:59 in Berlin, summer
        (datetime(2026, 7, 31, 22, 0, tzinfo=UTC), True),
    ],
)
def test_a_summer_month_ends_at_midnight_in_berlin(instant: datetime, over: bool) -> None:
    """F34: not at midnight UTC."""
    assert Period(2026, 7).is_over(instant) is over


def test_a_winter_month_ends_at_midnight_in_berlin() -> None:
    """F34: the same in winter time."""
    assert not Period(2026, 12).is_over(datetime(2026, 12, 31, 22, 59, 59, tzinfo=UTC))
    assert Period(2026, 12).is_over(datetime(2026, 12, 31, 23, 0, tzinfo=UTC))
    assert german_day(datetime(2026, 12, 31, 23, 0, tzinfo=UTC)) == date(2027, 1, 1)


def test_months_follow_each_other() -> None:
    """F34: over the turn of the year, too; leap years end on the 29th."""
    assert Period(2026, 12).next() == Period(2027, 1)
    assert Period(2028, 2).last_day == date(2028, 2, 29)
    assert Period.parse("2026-03").title == "März 2026"
    assert str(Period.of(date(2026, 7, 22))) == "2026-07"


def test_what_is_no_month_or_day_is_refused() -> None:
    """F34: with the field's name."""
    with pytest.raises(DomainError) as refused:
        Period.parse("2026-13")
    assert refused.value.fields[0].field == "period"
    with pytest.raises(DomainError):
        parse_day("2026-02-30", "valid_from")
