"""Which customers somebody means (F46): named ones, or those for whom all conditions hold."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any
from uuid import UUID

from kontor_chassis.errors import invalid
from sqlalchemy import ARRAY, ColumnElement, Select, Text, Uuid, all_, any_, literal, select

from kontor_identity.names import search_patterns
from kontor_identity.tables import Customer


@dataclass(frozen=True)
class Chosen:
    """Conditions; an empty one does not count, and without any all customers are meant."""

    customer_ids: Sequence[UUID] = ()
    query: str = ""
    responsible: UUID | None = None
    born_from: date | None = None
    with_email: bool = False


def day_of(text: str) -> date | None:
    """Return the day that a text like "1980-01-01" names; None for an empty one. Raises INVALID for no day at all."""
    try:
        return date.fromisoformat(text) if text else None
    except ValueError:
        raise invalid("audience.born_from", "Dieses Datum gibt es nicht.") from None


def chosen_customers(tenant_id: UUID, chosen: Chosen) -> Select[Any]:
    """Return the query of those customers of a firm."""
    conditions: list[ColumnElement[bool]] = [Customer.tenant_id == tenant_id]
    if chosen.customer_ids:
        conditions.append(Customer.customer_id == any_(literal(list(chosen.customer_ids), ARRAY(Uuid))))
    patterns = search_patterns(chosen.query)
    if patterns:
        conditions.append(Customer.search_text.op("LIKE")(all_(literal(patterns, ARRAY(Text)))))
    if chosen.responsible is not None:
        conditions.append(literal(chosen.responsible, Uuid) == any_(Customer.responsible_account_ids))
    if chosen.born_from is not None:
        conditions.append(Customer.birth_date >= chosen.born_from)
    if chosen.with_email:
        conditions.append(Customer.email != "")
    return select(Customer.customer_id).where(*conditions)
