"""What the expert network needs to know about customers and firms, and how it reads. Values and a port.

Boundary: identity owns these data; they are asked for at the moment of need. Only what a consent names is kept, with
the placed order.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Protocol
from uuid import UUID

from kontor_experts.consent_texts import LABELS, CustomerField
from kontor_experts.forms import Line


@dataclass(frozen=True)
class CustomerRecord:
    """A customer's record as identity has it; empty texts where it has nothing."""

    name: str
    street: str
    postal_code: str
    city: str
    email: str
    phone: str
    birth_date: str
    """ISO date or empty."""

    def lines(self, fields: Sequence[CustomerField]) -> list[Line]:
        """Return exactly the named fields, labelled, in the order of the enum; "–" for what is unknown."""
        return [Line(LABELS[field], self._value(field) or "–") for field in CustomerField if field in fields]

    def _value(self, field: CustomerField) -> str:
        match field:
            case CustomerField.NAME:
                return self.name
            case CustomerField.ADDRESS:
                place = f"{self.postal_code} {self.city}".strip()
                return ", ".join(part for part in (self.street, place) if part)
            case CustomerField.EMAIL:
                return self.email
            case CustomerField.PHONE:
                return self.phone
            case CustomerField.BIRTH_DATE:
                return f"{date.fromisoformat(self.birth_date):%d.%m.%Y}" if self.birth_date else ""


@dataclass(frozen=True)
class KnownCustomer:
    """A customer as he was just looked up, before the transaction that needs him was opened."""

    customer_id: UUID
    record: CustomerRecord


@dataclass(frozen=True)
class FirmRecord:
    """A firm as the expert network needs it."""

    name: str
    may_earn_yields: bool
    """False for a Versicherungsberater (§ 34d Abs. 2 GewO): he may take nothing but his client's fee (F100)."""


class People(Protocol):
    """Tells about customers and firms; raises DomainError when it cannot."""

    async def customer(self, tenant_id: UUID, customer_id: UUID) -> CustomerRecord:
        """Return a customer's record; raises NOT_FOUND for one the firm does not have."""
        ...

    async def firm(self, tenant_id: UUID) -> FirmRecord:
        """Return a firm."""
        ...
