"""People around a customer, as the real identity and the real expert network know them."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

import asyncpg
from kontor.common.v1.access_pb2 import Role
from kontor.identity.v1 import accounts_pb2, emergency_pb2, households_pb2, people_pb2
from kontor.identity.v1.emergency_pb2_grpc import EmergencyAccessServiceStub
from kontor.identity.v1.households_pb2_grpc import HouseholdServiceStub
from kontor_chassis.ids import new_id
from kontor_chassis.principal import Principal
from kontor_chassis.testing.plugin import ServiceDatabase
from kontor_chassis.testing.tokens import token_for
from sqlalchemy import text

from services.vault.tests.vault_office import Office, Person
from tests.with_identity import accept_invitation, administrator_of

_LISTING = """
INSERT INTO listings (service_id, tenant_id, expert_account_id, expert_name, expert_firm_name, title, description,
  category, compensation_kind, compensation_minor, transaction_fee_minor, form_schema, consent_template,
  customer_fields, state, rejection_reason, created_at, version)
VALUES ($1, $2, $3, 'Clara Wolff', 'Dr. Wolff Gewerbeschutz', 'Risikoanalyse', '', 'COMMERCIAL', 'COST', 0, 0, '{}', '',
  '{NAME}', 'PUBLISHED', '', now(), 1)
"""
_ORDER = """
INSERT INTO orders (order_id, tenant_id, customer_id, client_account_id, client_firm_name, expert_tenant_id,
  expert_account_id, expert_name, expert_firm_name, service_id, service_version, service_title, category,
  compensation_kind, compensation_minor, transaction_fee_minor, state, cancellation_reason, created_at, updated_at,
  placed_at, version)
VALUES ($1, $2, $3, $1, 'Hansen & Partner', $4, $5, 'Clara Wolff', 'Dr. Wolff Gewerbeschutz', $6, 1, 'Risikoanalyse',
  'COMMERCIAL', 'COST', 0, 0, 'PLACED', '', now(), now(), now(), 1)
"""
_CLOSE = "UPDATE orders SET state = 'COMPLETED', closed_at = now() WHERE order_id = $1"


@dataclass(frozen=True)
class Near:
    """Somebody near the customer, and the field of a grant that names him."""

    person: Person
    field: str
    named: str


async def holder(office: Office, tenant_id: UUID) -> Person:
    """Create a customer who has accepted his invitation: the account holder."""
    staff = administrator_of(office.identity, tenant_id)
    given = people_pb2.Customer(given_name="Julia", family_name="Brandt", email=f"{new_id().hex}@mail.example")
    created = await staff.CreateCustomer(people_pb2.CreateCustomerRequest(customer=given))
    invitation = await staff.CreateInvitation(accounts_pb2.CreateInvitationRequest(customer_id=created.customer_id))
    account_id = await accept_invitation(office.identity, invitation.invitation_id)
    return office.person(tenant_id, Role.ROLE_CUSTOMER, customer_id=UUID(created.customer_id), account_id=account_id)


def _token(customer: Person) -> str:
    return token_for(
        roles=[Role.ROLE_CUSTOMER],
        tenant_id=customer.tenant_id,
        customer_id=customer.customer_id,
        account_id=customer.account_id,
    )


async def of_household(
    office: Office,
    customer: Person,
    standing: households_pb2.Standing.ValueType = households_pb2.STANDING_INSURED,
) -> Near:
    """Let a person join the customer's household."""
    households = office.identity.stub(HouseholdServiceStub, _token(customer))
    invited = await households.InviteHouseholdPerson(
        households_pb2.InviteHouseholdPersonRequest(
            customer_id=customer.cid, display_name="Paul", email=f"{new_id().hex}@mail.example", standing=standing
        )
    )
    account_id = await accept_invitation(office.identity, invited.household_person_id)
    listed = await households.ListHouseholdPersons(households_pb2.ListHouseholdPersonsRequest(customer_id=customer.cid))
    [person_id] = [each.household_person_id for each in listed.persons if each.standing == standing]
    person = office.person(
        customer.tenant_id, Role.ROLE_INSURED_PERSON, customer_id=customer.customer_id, account_id=account_id
    )
    return Near(person, "household_person_id", person_id)


async def trusted(office: Office, customer: Person) -> Near:
    """Let somebody accept to be a trusted person."""
    api = office.identity.stub(EmergencyAccessServiceStub, _token(customer))
    given = emergency_pb2.TrustedPerson(name="Anna", email=f"{new_id().hex}@mail.example")
    asked = emergency_pb2.CreateTrustedPersonRequest(customer_id=customer.cid, person=given)
    named = await api.CreateTrustedPerson(asked)
    statement = text("SELECT invitation_id FROM trusted_persons WHERE trusted_person_id = :id")
    async with office.identity.platform.work.work(Principal.of_service("identity")) as tx:
        invitation_id = await tx.session.scalar(statement, {"id": named.trusted_person_id})
    account_id = await accept_invitation(office.identity, str(invitation_id))
    person = office.person(
        customer.tenant_id, Role.ROLE_TRUSTED_PERSON, customer_id=customer.customer_id, account_id=account_id
    )
    return Near(person, "trusted_person_id", named.trusted_person_id)


async def expert_of_order(
    office: Office, experts: ServiceDatabase, customer: Person, expert: Person | None = None
) -> Near:
    """Place an order for the customer with an expert of another firm."""
    person = expert or office.person(new_id(), Role.ROLE_EXPERT)
    order_id, service_id = new_id(), new_id()
    owner = await asyncpg.connect(experts.owner_url)
    try:
        await owner.execute("SELECT set_config('kontor.role', 'service', false)")
        await _as_firm(owner, person.tenant_id)
        await owner.execute(_LISTING, service_id, person.tenant_id, person.account_id)
        await _as_firm(owner, customer.tenant_id)
        of_customer = (customer.tenant_id, customer.customer_id)
        await owner.execute(_ORDER, order_id, *of_customer, person.tenant_id, person.account_id, service_id)
    finally:
        await owner.close()
    return Near(person, "order_id", str(order_id))


async def close_order(experts: ServiceDatabase, customer: Person, order_id: str) -> None:
    """Complete an order; the event of it is the test's to deliver."""
    owner = await asyncpg.connect(experts.owner_url)
    try:
        await owner.execute("SELECT set_config('kontor.role', 'service', false)")
        await _as_firm(owner, customer.tenant_id)
        assert await owner.execute(_CLOSE, UUID(order_id)) == "UPDATE 1"
    finally:
        await owner.close()


async def _as_firm(connection: asyncpg.Connection, tenant_id: UUID) -> None:
    await connection.execute("SELECT set_config('kontor.tenant_id', $1, false)", str(tenant_id))
