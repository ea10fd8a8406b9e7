"""Who answers a chat and who is told: the rules F181-F185, without any I/O."""

from __future__ import annotations

from uuid import UUID

import pytest
from kontor_chassis.errors import DomainError
from kontor_chassis.ids import new_id
from kontor_chat.operators import Responsibles, operator_after_message, recipients
from kontor_chat.watching import OVERLAP, resume_point

PETRA, JONAS, CUSTOMER = (UUID(int=number) for number in (1, 2, 3))


def test_the_customers_responsible_is_the_default_operator() -> None:
    """F182, F185: the first of the list, also when somebody else of the firm writes first."""
    people = Responsibles(responsible=(PETRA, JONAS))
    assert operator_after_message(None, answering_staff=None, people=people) == PETRA
    assert operator_after_message(None, answering_staff=JONAS, people=people) == PETRA


def test_without_responsible_the_first_responder_becomes_operator() -> None:
    """F183: nobody owns the chat until somebody of the firm answers."""
    assert operator_after_message(None, answering_staff=None, people=Responsibles()) is None
    assert operator_after_message(None, answering_staff=JONAS, people=Responsibles()) == JONAS


def test_an_operator_stays() -> None:
    """F181: a colleague's answer does not take the chat away."""
    people = Responsibles(responsible=(PETRA,))
    assert operator_after_message(JONAS, answering_staff=PETRA, people=people) == JONAS


@pytest.mark.parametrize(
    ("sender_is_customer", "operator", "told"),
    [
        (True, JONAS, (JONAS,)),
        (True, None, (PETRA, JONAS)),
        (False, JONAS, (CUSTOMER,)),
        (False, None, (CUSTOMER,)),
    ],
)
def test_who_is_told(sender_is_customer: bool, operator: UUID | None, told: tuple[UUID, ...]) -> None:
    """F181, F184: the operator alone; until there is one, the administrators; of answers, the customer."""
    found = recipients(
        sender_is_customer=sender_is_customer,
        operator=operator,
        customer_account=CUSTOMER,
        administrators=(PETRA, JONAS),
    )
    assert found == told


def test_a_stream_is_resumed_a_little_earlier() -> None:
    """A message that was made before but committed after the last one seen is not missed."""
    seen = new_id()
    start = resume_point(seen)
    assert (seen.int >> 80) - (start.int >> 80) == OVERLAP.total_seconds() * 1000
    with pytest.raises(DomainError, match="INVALID_FIELD"):
        resume_point(UUID(int=4 << 76))
