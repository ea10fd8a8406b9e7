"""The steps that listings and orders may take."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from kontor_chassis.errors import DomainError
from kontor_experts.states import ORDER_STEPS, PLACED_STATES, OrderState, check_order_step


@given(path=st.lists(st.sampled_from(OrderState), min_size=1, max_size=12))
def test_no_way_to_placed_leads_round_the_customers_consent(path: list[OrderState]) -> None:
    """F114: whatever is tried, the state before PLACED is CONSENT_GIVEN, and placing cannot be undone."""
    now, was_placed = OrderState.DRAFT, False
    for then in path:
        try:
            check_order_step(now, then)
        except DomainError:
            continue
        if then is OrderState.PLACED:
            assert now is OrderState.CONSENT_GIVEN
        was_placed = was_placed or then is OrderState.PLACED
        assert (then in PLACED_STATES) is was_placed
        now = then


@pytest.mark.parametrize("ended", [OrderState.COMPLETED, OrderState.CANCELLED])
def test_an_ended_order_stays_as_it_is(ended: OrderState) -> None:
    """F116: no state follows."""
    assert not ORDER_STEPS[ended]
