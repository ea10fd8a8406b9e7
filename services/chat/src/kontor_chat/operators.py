"""Who answers a chat, and who is told of a message (F181-F185). Rules only, no I/O.

1. A chat has one operator, and then only he is told (F181).
2. He is the customer's responsible, the first of the list if there are several (F182, F185).
3. Is there none, whoever answers first becomes the operator (F183).
4. Until then the administrators are told (F184).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol
from uuid import UUID


@dataclass(frozen=True)
class Responsibles:
    """Who looks after a customer, as identity knows it; all are account ids."""

    responsible: tuple[UUID, ...] = ()
    """In order; may be empty."""
    administrators: tuple[UUID, ...] = ()
    customer_account: UUID | None = None
    """None until the customer's access is active."""


class ResponsiblesDirectory(Protocol):
    """Asks identity."""

    async def resolve(self, tenant_id: UUID, customer_id: UUID) -> Responsibles:
        """Return who looks after the customer; raises NOT_FOUND if the firm has no such customer."""
        ...


def operator_after_message(present: UUID | None, *, answering_staff: UUID | None, people: Responsibles) -> UUID | None:
    """Return the operator once a message was sent: the present one for good, else the responsible, else who answers.

    `answering_staff` is the sender if he is staff; None if the customer wrote.
    """
    if present is not None:
        return present
    return next(iter(people.responsible), answering_staff)


def recipients(
    *, sender_is_customer: bool, operator: UUID | None, customer_account: UUID, administrators: Sequence[UUID]
) -> tuple[UUID, ...]:
    """Return whom to tell of a message: the other side's one person, or all administrators while there is none."""
    if not sender_is_customer:
        return (customer_account,)
    return (operator,) if operator is not None else tuple(administrators)
