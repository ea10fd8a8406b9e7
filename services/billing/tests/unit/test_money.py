"""Rounding and splitting of cents."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from kontor_billing.money import percentage, split

CENTS = st.integers(min_value=0, max_value=10_000_00)


@pytest.mark.parametrize(
    ("amount", "rate", "expected"),
    [
        (710, 1900, 135),
        (50, 1900, 10),
        (240, 1900, 46),
        (1510, 1900, 287),
        (1, 1900, 0),
        (0, 1900, 0),
        (-50, 1900, -10),
    ],
)
def test_tax_is_rounded_commercially(amount: int, rate: int, expected: int) -> None:
    """F13: half a cent goes up; 0.095 € is 0.10 €."""
    assert percentage(amount, rate) == expected


@given(total=CENTS, weights=st.lists(CENTS, min_size=1, max_size=8))
def test_a_split_loses_no_cent(total: int, weights: list[int]) -> None:
    """F34: parts add up to the whole, and none is off by a cent or more from its exact share."""
    whole = sum(weights)
    if whole == 0:
        total = 0
    parts = split(total, weights)
    assert sum(parts) == total
    for part, weight in zip(parts, weights, strict=True):
        assert abs(part * whole - total * weight) < whole or whole == 0


def test_the_odd_cent_goes_to_the_largest_fraction_and_then_to_the_first() -> None:
    """F34: 1.35 € of tax on 2.10 € and 5.00 €; and equal shares of an odd sum."""
    assert split(135, [210, 500]) == [40, 95]
    assert split(5, [1, 1]) == [3, 2]


def test_a_sum_needs_somebody_to_take_it() -> None:
    """F34: money is never dropped silently."""
    with pytest.raises(ValueError, match="nobody"):
        split(1, [0, 0])
    with pytest.raises(ValueError, match="negative"):
        split(1, [-1, 2])
