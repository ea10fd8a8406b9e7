"""To whom a customer can grant something, as he names them, and when they are it no longer (F3).

The firm or an employee, a person of his household, a trusted person who accepted, the expert of a running order. Who
that is other services say, at the moment of the grant; their events end what was granted through somebody who left.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol
from uuid import UUID

from kontor.experts.v1 import events_pb2 as experts
from kontor.experts.v1.orders_pb2 import OrderState
from kontor.identity.v1 import events_pb2 as identity
from kontor.identity.v1.emergency_pb2 import EmergencyStep
from kontor_chassis.database import Transaction
from kontor_chassis.errors import invalid
from kontor_chassis.events import EventMeta

from kontor_vault.grants import Grantee, end_grants_through
from kontor_vault.people import People
from kontor_vault.tables import GranteeKind

_CLOSED = (OrderState.ORDER_STATE_COMPLETED, OrderState.ORDER_STATE_CANCELLED)


@dataclass(frozen=True)
class Named:
    """Whom a customer names: at most one of these; none is the whole firm."""

    account_id: UUID | None = None
    """An employee."""
    household_person_id: UUID | None = None
    trusted_person_id: UUID | None = None
    order_id: UUID | None = None


class Orders(Protocol):
    """Knows orders of the expert network."""

    async def expert_of(self, tenant_id: UUID, order_id: UUID, customer_id: UUID) -> Grantee | None:
        """Return the expert of a running order of this customer; None when there is no such order."""
        ...


@dataclass(frozen=True)
class Grantees:
    """Finds out who is meant."""

    people: People
    orders: Orders

    async def named(self, tenant_id: UUID, customer_id: UUID, named: Named) -> Grantee:
        """Return who is meant; raises INVALID for anybody who may not be given a grant.

        Asked once more when the grant stands: whoever leaves in between is told of before there is anything to end.
        """
        given = (named.account_id, named.household_person_id, named.trusted_person_id, named.order_id)
        if sum(each is not None for each in given) > 1:
            raise invalid("grant", "Bitte nennen Sie nur eine Person, für die Sie etwas freigeben.")
        if named.account_id is not None:
            name = await self.people.require_employee(tenant_id, named.account_id)
            return Grantee(account_id=named.account_id, name=name)
        if named.household_person_id is not None:
            return await self.people.require_household_person(tenant_id, customer_id, named.household_person_id)
        if named.trusted_person_id is not None:
            return await self.people.require_trusted_person(tenant_id, customer_id, named.trusted_person_id)
        if named.order_id is None:
            return Grantee()
        expert = await self.orders.expert_of(tenant_id, named.order_id, customer_id)
        if expert is None:
            raise invalid("grant.order_id", "Diesen Auftrag gibt es nicht, oder er ist schon abgeschlossen.")
        return expert


async def person_left(tx: Transaction, event: identity.HouseholdPersonRemoved, _meta: EventMeta) -> None:
    """End what was granted to a person who does not belong to the household any more."""
    await _leave(tx, GranteeKind.HOUSEHOLD, event.household_person_id)


async def trust_changed(tx: Transaction, event: identity.TrustedPersonChanged, _meta: EventMeta) -> None:
    """End what was granted to somebody who is no trusted person any more."""
    if event.step == EmergencyStep.EMERGENCY_STEP_REMOVE:
        await _leave(tx, GranteeKind.TRUSTED, event.trusted_person_id)


async def order_changed(tx: Transaction, event: experts.OrderStatusChanged, _meta: EventMeta) -> None:
    """End what was granted to an expert when his order is closed."""
    if event.to_state in _CLOSED:
        await _leave(tx, GranteeKind.EXPERT, event.order_id)


async def _leave(tx: Transaction, kind: GranteeKind, through: str) -> None:
    await end_grants_through(tx, kind, UUID(through))
