"""Customers of a firm as staff keep them (F148–F155), and who is responsible for them (F182–F185).

Customers see only themselves; what they change goes through `change_requests`. Hot reads are in `queries`.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from uuid import UUID

from kontor.identity.v1.events_pb2 import CustomerChanged, CustomerCreated, ResponsibleChanged
from kontor.identity.v1.people_pb2 import AccessState, AddressForm
from kontor_chassis.database import Transaction
from kontor_chassis.database_errors import UniqueError
from kontor_chassis.errors import DomainError, ErrorKind, invalid, not_found
from kontor_chassis.etags import check_etag
from kontor_chassis.ids import new_id
from sqlalchemy import select, update

from kontor_identity.accounts import valid_email
from kontor_identity.addresses import PostalAddress
from kontor_identity.customer_history import record_change
from kontor_identity.names import display_name, fold, search_text
from kontor_identity.plans import require_room
from kontor_identity.tables import Customer, Membership, Tenant

BY_STAFF = frozenset(
    {
        "form", "salutation", "title", "given_name", "family_name", "birth_date", "email", "phone", "address",
        "is_intermediary",
    }
)  # fmt: skip
"""What staff change; what customers may change of themselves is decided in `change_requests` (decision 1)."""


@dataclass(frozen=True)
class Person:
    """Master data as given; empty texts where nothing is known."""

    salutation: int
    title: str
    given_name: str
    family_name: str
    birth_date: str
    email: str
    phone: str
    address: PostalAddress
    form: int = 0
    external_number: str = ""
    is_intermediary: bool = False


async def create_customer(tx: Transaction, person: Person) -> Customer:
    """Create a customer of the caller's firm; raises ALREADY_EXISTS for an external number that is taken."""
    tenant_id = tx.principal.required_tenant()
    customer = new_customer(tx, tenant_id, await _next_number(tx, tenant_id), person)
    try:
        async with tx.session.begin_nested():
            tx.session.add(customer)
    except UniqueError:
        raise DomainError(
            ErrorKind.ALREADY_EXISTS, "EXTERNAL_NUMBER_TAKEN", "Einen Kunden mit dieser Nummer gibt es bereits."
        ) from None
    announce_created(tx, customer)
    return customer


async def update_customer(
    tx: Transaction, customer_id: UUID, person: Person, *, fields: Iterable[str], etag: str
) -> Customer:
    """Change the fields named. Raises FORBIDDEN for a field that is not the caller's to change."""
    chosen = list(fields)
    for field in chosen:
        if field not in BY_STAFF:
            raise DomainError(
                ErrorKind.FORBIDDEN,
                "FIELD_NOT_CHANGEABLE",
                "Diese Angabe können Sie hier nicht ändern. Bitte wenden Sie sich an Ihren Ansprechpartner.",
                metadata={"field": field},
            )
    customer = await customer_for_update(tx, customer_id)
    check_etag(etag, customer.version)
    before = _values(customer)
    _apply(customer, person, chosen)
    if customer.account_id is not None and customer.email != before["email"]:
        raise DomainError(
            ErrorKind.PRECONDITION,
            "EMAIL_OF_ACTIVE_ACCESS",
            "Mit dieser E-Mail-Adresse meldet sich der Kunde an. Laden Sie ihn unter der neuen Adresse neu ein.",
        )
    after = _values(customer)
    changed = [field for field in chosen if record_change(tx, customer, field, before[field], after[field])]
    if changed:
        customer.updated_at = tx.now
        index_names(customer)
        await tx.session.flush()
        await rename_member(tx, customer)
        event = CustomerChanged(tenant_id=str(customer.tenant_id), customer_id=str(customer_id), fields=changed)
        tx.publish(event, aggregate=customer_id)
    return customer


async def set_responsibles(tx: Transaction, customer_id: UUID, account_ids: Sequence[UUID]) -> Customer:
    """Replace the ordered list of responsible staff; raises INVALID for an account that is no staff of the firm."""
    customer = await customer_for_update(tx, customer_id)
    staff = select(Membership.account_id).where(
        Membership.account_id.in_(account_ids),
        Membership.tenant_id == customer.tenant_id,
        Membership.customer_id.is_(None),
        Membership.ended_at.is_(None),
    )
    known = set((await tx.session.execute(staff)).scalars())
    if not set(account_ids) <= known:
        raise invalid("account_ids", "Diese Person gehört nicht zu Ihrer Firma.", reason="NOT_STAFF")
    if list(customer.responsible_account_ids) != list(account_ids):
        customer.responsible_account_ids = list(account_ids)
        customer.updated_at = tx.now
        await tx.session.flush()
        event = ResponsibleChanged(
            tenant_id=str(customer.tenant_id),
            customer_id=str(customer_id),
            account_ids=[str(account_id) for account_id in account_ids],
        )
        tx.publish(event, aggregate=customer_id)
    return customer


async def customer_for_update(tx: Transaction, customer_id: UUID) -> Customer:
    """Return a customer of the caller's firm, locked; NOT_FOUND for anybody else's, and for another customer's."""
    return _seen(tx, await tx.session.get(Customer, customer_id, with_for_update=True, populate_existing=True))


async def customer_in_sight(tx: Transaction, customer_id: UUID) -> Customer:
    """Return a customer of the caller's firm for reading; raises likewise."""
    return _seen(tx, await tx.session.get(Customer, customer_id))


def _seen(tx: Transaction, customer: Customer | None) -> Customer:
    caller = tx.principal
    if (
        customer is None
        or customer.tenant_id != caller.tenant_id
        or (caller.is_customer and caller.customer_id != customer.customer_id)
    ):
        raise not_found("Dieser Kunde")
    return customer


async def rename_member(tx: Transaction, customer: Customer) -> None:
    """Let the customer's tokens bear his present name."""
    name = display_name(customer.salutation, customer.title, customer.given_name, customer.family_name)
    active = update(Membership).where(Membership.customer_id == customer.customer_id, Membership.ended_at.is_(None))
    await tx.session.execute(active.values(display_name=name))


def new_customer(tx: Transaction, tenant_id: UUID, number: int, person: Person) -> Customer:
    """Return the row of a new customer, not yet added."""
    customer = Customer(
        customer_id=new_id(),
        tenant_id=tenant_id,
        number=number,
        external_number=person.external_number or None,
        form=person.form or AddressForm.ADDRESS_FORM_SIE,
        access_state=AccessState.ACCESS_STATE_NONE,
        responsible_account_ids=[],
        created_at=tx.now,
        updated_at=tx.now,
    )
    _apply(customer, person, BY_STAFF - {"form"})
    index_names(customer)
    return customer


def overwrite(tx: Transaction, customer: Customer, person: Person, fields: Sequence[str]) -> bool:
    """Write fields of `person` into a customer's row and its history; whether anything is different now."""
    before = _values(customer)
    _apply(customer, person, fields)
    index_names(customer)
    after = _values(customer)
    changed = [field for field in fields if record_change(tx, customer, field, before[field], after[field])]
    return bool(changed)


def announce_created(tx: Transaction, customer: Customer) -> None:
    """Tell the others of a new customer."""
    event = CustomerCreated(tenant_id=str(customer.tenant_id), customer_id=str(customer.customer_id))
    tx.publish(event, aggregate=customer.customer_id, tenant_id=customer.tenant_id)


async def _next_number(tx: Transaction, tenant_id: UUID) -> int:
    return (await next_numbers(tx, tenant_id, 1))[0]


async def next_numbers(tx: Transaction, tenant_id: UUID, count: int) -> range:
    """Take customer numbers of a firm; two at once wait for each other. Refuses what its plan has no room for (F83)."""
    taken = (
        update(Tenant)
        .where(Tenant.tenant_id == tenant_id)
        .values(last_customer_number=Tenant.last_customer_number + count)
        .returning(Tenant.last_customer_number)
        .execution_options(synchronize_session=False)
    )
    last = (await tx.session.execute(taken)).scalar_one_or_none()
    if last is None:
        raise not_found("Diese Firma")
    await require_room(tx, await tx.session.get_one(Tenant, tenant_id), count)
    return range(last - count + 1, last + 1)


def _apply(customer: Customer, person: Person, fields: Iterable[str]) -> None:
    for field in fields:
        if field == "address":
            person.address.write_to(customer)
        elif field == "birth_date":
            customer.birth_date = _day(person.birth_date)
        elif field == "email":
            customer.email = valid_email(person.email, "customer.email") if person.email.strip() else ""
        elif field == "form":
            customer.form = person.form or AddressForm.ADDRESS_FORM_SIE
        else:
            value = getattr(person, field)
            setattr(customer, field, value.strip() if isinstance(value, str) else value)
    if not customer.family_name:
        raise invalid("customer.family_name", "Bitte geben Sie einen Nachnamen an.")


def _day(text: str) -> date | None:
    if not text:
        return None
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise invalid("customer.birth_date", "Dieses Datum gibt es nicht.") from None


def _values(customer: Customer) -> dict[str, object]:
    values = {field: getattr(customer, field) for field in BY_STAFF - {"address"}}
    return {**values, "address": PostalAddress.of(customer)}


def index_names(customer: Customer) -> None:
    """Fold the names anew for order and search."""
    customer.sort_name = fold(f"{customer.family_name} {customer.given_name}")
    names = (customer.family_name, customer.given_name, customer.email)
    customer.search_text = search_text(*names, f"K-{customer.number}", customer.external_number or "")
