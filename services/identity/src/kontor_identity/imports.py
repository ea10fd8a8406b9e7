"""Customers out of a portfolio, idempotent by their number there.

A number seen for the first time makes a customer; seen again it updates what the portfolio says. What the portfolio
leaves empty stays as it is here, and so does everything of a customer whose access is active: his own word counts.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from kontor.identity.v1.events_pb2 import CustomerChanged
from kontor.identity.v1.people_pb2 import AccessState
from kontor_chassis.database import Transaction
from kontor_chassis.errors import invalid
from sqlalchemy import select

from kontor_identity.customers import Person, announce_created, new_customer, next_numbers, overwrite
from kontor_identity.plans import require_interfaces
from kontor_identity.tables import Customer, Tenant


@dataclass(frozen=True)
class Imported:
    """Ids in the order asked for, and how many customers were new."""

    customer_ids: list[UUID]
    created: int


async def import_customers(tx: Transaction, tenant_id: UUID, import_id: UUID, people: Sequence[Person]) -> Imported:
    """Create or update the people of a portfolio.

    Raises INVALID when a number occurs twice, and refuses what the firm's plan has no interface or no room for (F82).
    """
    await require_interfaces(tx, await tx.session.get_one(Tenant, tenant_id))
    numbers = [person.external_number for person in people]
    if len(set(numbers)) != len(numbers):
        raise invalid("customers", "Eine Kundennummer kommt mehrfach vor.", reason="EXTERNAL_NUMBER_TWICE")
    known = await _locked_by_number(tx, tenant_id, numbers)
    fresh = [person for person in people if person.external_number not in known]
    if fresh:
        # The firm's number counter is locked from here on: a second import of the same numbers waits, then sees ours.
        own_numbers = await next_numbers(tx, tenant_id, len(fresh))
        known = await _locked_by_number(tx, tenant_id, numbers)
        fresh = [person for person in fresh if person.external_number not in known]
        for number, person in zip(own_numbers, fresh, strict=False):
            customer = new_customer(tx, tenant_id, number, person)
            customer.import_id = import_id
            tx.session.add(customer)
            announce_created(tx, customer)
            known[person.external_number] = customer
    new_numbers = {person.external_number for person in fresh}
    for person in people:
        if person.external_number not in new_numbers:
            _update(tx, known[person.external_number], person)
    await tx.session.flush()
    return Imported([known[number].customer_id for number in numbers], len(fresh))


async def _locked_by_number(tx: Transaction, tenant_id: UUID, numbers: Sequence[str]) -> dict[str, Customer]:
    statement = (
        select(Customer)
        .where(Customer.tenant_id == tenant_id, Customer.external_number.in_(numbers))
        .order_by(Customer.customer_id)
        .with_for_update()
    )
    return {str(row.external_number): row for row in (await tx.session.execute(statement)).scalars()}


def _update(tx: Transaction, customer: Customer, person: Person) -> None:
    if customer.access_state == AccessState.ACCESS_STATE_ACTIVE:
        return
    given = {
        "salutation": bool(person.salutation),
        "title": bool(person.title),
        "given_name": bool(person.given_name),
        "family_name": True,
        "birth_date": bool(person.birth_date),
        "email": bool(person.email),
        "phone": bool(person.phone),
        "address": not person.address.is_empty,
    }
    fields = [field for field, is_given in given.items() if is_given]
    if overwrite(tx, customer, person, fields):
        customer.updated_at = tx.now
        event = CustomerChanged(tenant_id=str(customer.tenant_id), customer_id=str(customer.customer_id), fields=fields)
        tx.publish(event, aggregate=customer.customer_id, tenant_id=customer.tenant_id)
