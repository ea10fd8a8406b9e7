"""Changes of a customer's master data: the rules of each group, applied and put down in the history (F148–F158).

Whether a change is applied at all is decided in `change_requests`; these functions check it and do it. Given name and
date of birth are nobody's to change here (F149); the e-mail address of the login is changed with the account.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from uuid import UUID

from kontor.identity.v1.events_pb2 import CustomerChanged
from kontor.identity.v1.master_data_pb2 import AddressVerdict, ContactKind, MaritalStatus
from kontor_chassis.clock import billing_day
from kontor_chassis.database import Transaction
from kontor_chassis.database_errors import UniqueError
from kontor_chassis.errors import DomainError, ErrorKind, invalid, not_found
from kontor_chassis.ids import new_id
from sqlalchemy import select

from kontor_identity.account_references import blinded_iban
from kontor_identity.accounts import valid_email
from kontor_identity.addresses import PostalAddress
from kontor_identity.bank_codes import CheckedIban, check_iban
from kontor_identity.customer_history import record_change
from kontor_identity.customers import index_names, rename_member
from kontor_identity.master_data_tables import BankAccountRow, CustomerContact
from kontor_identity.names import display_name
from kontor_identity.postal_directory import check_address
from kontor_identity.sealing import Sealer
from kontor_identity.tables import Customer

_WITHOUT_DAY = (MaritalStatus.MARITAL_STATUS_UNSPECIFIED, MaritalStatus.MARITAL_STATUS_SINGLE)


@dataclass(frozen=True)
class PersonChange:
    """Family name, title and marital status as wished."""

    family_name: str
    title: str
    marital_status: int
    marital_since: str


@dataclass(frozen=True)
class ContactChange:
    """A contact as wished; an empty value deletes."""

    contact_id: UUID | None
    kind: int
    value: str
    label: str
    primary_phone: bool


@dataclass(frozen=True)
class BankChange:
    """A bank account as wished; an empty IBAN closes."""

    bank_account_id: UUID | None
    iban: str


def checked_since(tx: Transaction, change: PersonChange) -> date | None:
    """Return the day of the marital status; raises INVALID where it is missing, wrong or ahead (F151)."""
    if change.marital_status in _WITHOUT_DAY:
        return None
    if not change.marital_since:
        raise invalid("marital_since", "Bitte geben Sie an, seit wann das gilt.")
    try:
        since = date.fromisoformat(change.marital_since)
    except ValueError:
        raise invalid("marital_since", "Dieses Datum gibt es nicht.") from None
    if since > date.fromisoformat(billing_day(tx.now)):
        raise invalid("marital_since", "Das Datum liegt in der Zukunft.")
    return since


async def apply_person(tx: Transaction, customer: Customer, change: PersonChange) -> None:
    """Change the person (F149–F151)."""
    since, family_name = checked_since(tx, change), change.family_name.strip()
    if not family_name:
        raise invalid("family_name", "Bitte geben Sie einen Nachnamen an.")
    changed = [
        field
        for field, new in (
            ("family_name", family_name),
            ("title", change.title),
            ("marital_status", change.marital_status),
            ("marital_since", since),
        )
        if record_change(tx, customer, field, getattr(customer, field), new)
    ]
    customer.family_name, customer.title = family_name, change.title
    customer.marital_status, customer.marital_since = change.marital_status, since
    index_names(customer)
    await rename_member(tx, customer)
    announce_changed(tx, customer, changed)


def require_address_allowed(tx: Transaction, customer: Customer, address: PostalAddress, *, confirmed: bool) -> None:
    """Raise what speaks against a customer's new address: a broker's own (F154), abroad (F153), unconfirmed (F152)."""
    if not (address.street.strip() and address.postal_code.strip() and address.city.strip()):
        raise invalid("address", "Bitte geben Sie Straße, Postleitzahl und Ort an.")
    if tx.principal.is_staff:
        return
    if customer.is_intermediary:
        raise DomainError(
            ErrorKind.FORBIDDEN,
            "INTERMEDIARY_ADDRESS",
            "Ihre Anschrift gehört auch zu Ihrer Tätigkeit als Vermittler. Bitte ändern Sie sie dort.",
        )
    if address.country not in ("", "DE"):
        raise invalid("address", "Hier lassen sich nur Anschriften in Deutschland angeben.", reason="GERMANY_ONLY")
    if check_address(address).verdict != AddressVerdict.ADDRESS_VERDICT_KNOWN and not confirmed:
        raise DomainError(
            ErrorKind.PRECONDITION,
            "ADDRESS_NOT_CONFIRMED",
            "Postleitzahl und Ort passen nach unserem Verzeichnis nicht zusammen. Bitte bestätigen Sie die Anschrift.",
        )


async def apply_address(tx: Transaction, customer: Customer, address: PostalAddress) -> None:
    """Change the address."""
    before = PostalAddress.of(customer)
    address.write_to(customer)
    if record_change(tx, customer, "address", before, PostalAddress.of(customer)):
        announce_changed(tx, customer, ["address"])


async def apply_contact(tx: Transaction, customer: Customer, change: ContactChange) -> None:
    """Add, change or delete a telephone number or e-mail address (F155)."""
    value = _contact_value(change)
    if change.primary_phone:
        if record_change(tx, customer, "phone", customer.phone, value):
            customer.phone = value
            announce_changed(tx, customer, ["phone"])
        return
    row = await _contact(tx, customer, change.contact_id)
    record_change(tx, customer, "contact", _contact_text(row), f"{value} {change.label}".strip() if value else "")
    if not value:
        if row is not None:
            await tx.session.delete(row)
    elif row is None:
        added = CustomerContact(
            contact_id=new_id(), tenant_id=customer.tenant_id, customer_id=customer.customer_id, created_at=tx.now
        )
        added.kind, added.value, added.label = change.kind or int(ContactKind.CONTACT_KIND_PHONE), value, change.label
        tx.session.add(added)
    else:
        row.kind, row.value, row.label = change.kind or row.kind, value, change.label
    announce_changed(tx, customer, ["contact"])


async def apply_bank_account(tx: Transaction, sealer: Sealer, customer: Customer, change: BankChange) -> None:
    """Add, replace or close a bank account; its holder is always the customer (F157, F158)."""
    present = await _bank_account(tx, customer, change.bank_account_id)
    checked = check_iban(change.iban) if change.iban.strip() else None
    if present is None and checked is None:
        raise invalid("iban", "Bitte geben Sie eine IBAN an.")
    if present is not None:
        present.closed_at = tx.now
        await tx.session.flush()
    if checked is not None:
        for_commission = present is not None and present.for_commission
        await _add_bank_account(tx, sealer, customer, checked, for_commission=for_commission)
    old, new = present.iban_masked if present else "", checked.masked if checked else ""
    record_change(tx, customer, "bank_account", old, new)
    announce_changed(tx, customer, ["bank_account"])


def announce_changed(tx: Transaction, customer: Customer, fields: list[str]) -> None:
    """Tell the others which fields changed, never their values."""
    if fields:
        customer.updated_at = tx.now
        event = CustomerChanged(
            tenant_id=str(customer.tenant_id), customer_id=str(customer.customer_id), fields=sorted(fields)
        )
        tx.publish(event, aggregate=customer.customer_id)


async def contacts_of(tx: Transaction, customer_id: UUID) -> list[CustomerContact]:
    """Return further contacts in the order they were added."""
    statement = select(CustomerContact).where(CustomerContact.customer_id == customer_id)
    return list((await tx.session.execute(statement.order_by(CustomerContact.created_at))).scalars())


async def bank_accounts_of(tx: Transaction, customer_id: UUID) -> list[BankAccountRow]:
    """Return open bank accounts in the order they were added."""
    statement = select(BankAccountRow).where(
        BankAccountRow.customer_id == customer_id, BankAccountRow.closed_at.is_(None)
    )
    return list((await tx.session.execute(statement.order_by(BankAccountRow.created_at))).scalars())


async def _add_bank_account(
    tx: Transaction, sealer: Sealer, customer: Customer, checked: CheckedIban, *, for_commission: bool
) -> None:
    account_id = new_id()
    name = display_name(customer.salutation, customer.title, customer.given_name, customer.family_name)
    row = BankAccountRow(
        bank_account_id=account_id,
        tenant_id=customer.tenant_id,
        customer_id=customer.customer_id,
        iban_sealed=sealer.seal(checked.iban.encode(), f"iban {account_id}"),
        iban_blinded=blinded_iban(sealer, checked.iban),
        iban_masked=checked.masked,
        bic=checked.bic,
        bank_name=checked.bank_name,
        holder=name,
        created_at=tx.now,
        for_commission=for_commission,
    )
    try:
        async with tx.session.begin_nested():
            tx.session.add(row)
    except UniqueError:
        raise DomainError(
            ErrorKind.ALREADY_EXISTS, "IBAN_KNOWN", "Diese Bankverbindung ist bereits hinterlegt."
        ) from None


async def _bank_account(tx: Transaction, customer: Customer, account_id: UUID | None) -> BankAccountRow | None:
    if account_id is None:
        return None
    row = await tx.session.get(BankAccountRow, account_id, with_for_update=True)
    if row is None or row.customer_id != customer.customer_id or row.closed_at is not None:
        raise not_found("Diese Bankverbindung")
    return row


async def _contact(tx: Transaction, customer: Customer, contact_id: UUID | None) -> CustomerContact | None:
    if contact_id is None:
        return None
    row = await tx.session.get(CustomerContact, contact_id, with_for_update=True)
    if row is None or row.customer_id != customer.customer_id:
        raise not_found("Dieser Kontakt")
    return row


def _contact_value(change: ContactChange) -> str:
    value = change.value.strip()
    if change.kind != ContactKind.CONTACT_KIND_EMAIL or not value:
        if value and not any(character.isdigit() for character in value):
            raise invalid("value", "Bitte geben Sie eine Telefonnummer an.")
        return value
    return valid_email(value, "value")


def _contact_text(row: CustomerContact | None) -> str:
    return "" if row is None else f"{row.value} {row.label}".strip()
