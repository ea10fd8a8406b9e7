"""What mails about emergency access say, asked for at the moment they are written, and the link that stops a request.

Every mail to the customer bears a link of its own, kept as a hash. Looking at the page behind it changes nothing; the
button on it stops the request, because programs that check mails open links but press no buttons.
"""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from kontor.identity.v1.emergency_pb2 import EmergencyActor as Actor
from kontor.identity.v1.master_data_pb2 import ContactKind
from kontor_chassis.database import Transaction
from kontor_chassis.errors import not_found
from sqlalchemy import select

from kontor_identity.accounts import normal_email
from kontor_identity.emergency import machine
from kontor_identity.emergency.machine import Course
from kontor_identity.emergency.requests import stop_request
from kontor_identity.emergency.tables import EmergencyLink, EmergencyRequest, TrustedPerson
from kontor_identity.emergency.trusteeships import name_of
from kontor_identity.master_data_tables import CustomerContact
from kontor_identity.sealing import new_token, token_hash
from kontor_identity.tables import Account, Customer, Tenant


@dataclass(frozen=True)
class RequestNotice:
    """What a mail about a request says; `stop_url` is empty where there is nothing to stop."""

    request: EmergencyRequest
    customer_name: str
    supporter_names: list[str]
    customer_addresses: list[str]
    stop_url: str


@dataclass(frozen=True)
class LinkView:
    """What the page behind a link shows."""

    request: EmergencyRequest
    course: Course
    tenant: Tenant


async def prepare_notice(tx: Transaction, request_id: UUID, stop_at: str) -> RequestNotice:
    """Return what a mail says; with `stop_at`, the origin that browsers see, it gets a new link. Raises NOT_FOUND."""
    request = await tx.session.get(EmergencyRequest, request_id)
    if request is None:
        raise not_found("Diese Anfrage")
    customer = await tx.session.get_one(Customer, request.customer_id)
    names = await names_of(tx, request.customer_id)
    stop_url = ""
    if stop_at and machine.settle(request.course, tx.now).state in machine.RUNNING:
        token = new_token()
        link = EmergencyLink(token_hash=token_hash(token), emergency_request_id=request_id, created_at=tx.now)
        tx.session.add(link)
        stop_url = f"{stop_at}/notfall/{token}"
    supporters = [names.get(person_id, "") for person_id in request.supporter_ids]
    addresses = await addresses_of(tx, customer)
    return RequestNotice(request, name_of(customer), supporters, addresses, stop_url)


async def addresses_of(tx: Transaction, customer: Customer) -> list[str]:
    """Return every e-mail address of a customer once: the firm's, that of his account, and further ones he named."""
    account = await tx.session.get(Account, customer.account_id) if customer.account_id else None
    further = (
        select(CustomerContact.value)
        .where(
            CustomerContact.customer_id == customer.customer_id,
            CustomerContact.kind == ContactKind.CONTACT_KIND_EMAIL,
        )
        .order_by(CustomerContact.created_at, CustomerContact.contact_id)
    )
    known = [customer.email, account.email if account else "", *(await tx.session.scalars(further))]
    return list(dict.fromkeys(normal_email(address) for address in known if address))


async def person_notice(tx: Transaction, person_id: UUID) -> tuple[TrustedPerson, str]:
    """Return a trusted person and the customer's name; raises NOT_FOUND."""
    person = await tx.session.get(TrustedPerson, person_id)
    if person is None:
        raise not_found("Diese Vertrauensperson")
    return person, name_of(await tx.session.get_one(Customer, person.customer_id))


async def look_at_link(tx: Transaction, token: str) -> LinkView:
    """Return what a link is for; raises NOT_FOUND for one that never was."""
    statement = (
        select(EmergencyRequest, Tenant)
        .join(EmergencyLink, EmergencyLink.emergency_request_id == EmergencyRequest.emergency_request_id)
        .join(Tenant, Tenant.tenant_id == EmergencyRequest.tenant_id)
        .where(EmergencyLink.token_hash == token_hash(token))
    )
    row = (await tx.session.execute(statement)).one_or_none()
    if row is None:
        raise not_found("Dieser Link")
    request, tenant = row
    return LinkView(request, machine.settle(request.course, tx.now), tenant)


async def stop_by_link(tx: Transaction, token: str) -> LinkView:
    """Stop the request of a link, before or after its release; raises NOT_FOUND."""
    view = await look_at_link(tx, token)
    request = await stop_request(tx, view.request.emergency_request_id, Actor.EMERGENCY_ACTOR_LINK)
    return LinkView(request, request.course, view.tenant)


async def names_of(tx: Transaction, customer_id: UUID) -> dict[UUID, str]:
    """Return the names of all whom the customer ever trusted."""
    statement = select(TrustedPerson.trusted_person_id, TrustedPerson.name).where(
        TrustedPerson.customer_id == customer_id
    )
    return {row.trusted_person_id: row.name for row in await tx.session.execute(statement)}
