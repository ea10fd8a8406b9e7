"""What becomes of a wished change: applied, requested, or received as a case (decisions 1 and 7; F159, F160).

```
customer's wish ── DIRECT ──▶ applied            staff's change ──▶ applied
      │── REQUEST ──▶ OPEN ── accept ──▶ ACCEPTED (applied)
      │                 └──── refuse, with a reason ──▶ REFUSED
      │── bank account while a critical process runs ──▶ OPEN as a case, answered "received"
      └── OFF ──▶ refused
```

A request keeps the wish itself, sealed, and a summary in which account numbers are masked. It is checked when it is
made and again when it is accepted.
"""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from google.protobuf.message import Message
from kontor.identity.v1 import master_data_pb2 as pb
from kontor.identity.v1.events_pb2 import ChangeDecided, ChangeRequested
from kontor.identity.v1.master_data_pb2 import ChangeRequestState, EditMode, FieldGroup, Outcome
from kontor_chassis.database import Transaction
from kontor_chassis.errors import DomainError, ErrorKind, invalid, not_found
from kontor_chassis.ids import new_id
from sqlalchemy import select, tuple_

from kontor_identity.absences import present_administrators, present_responsibles
from kontor_identity.addresses import PostalAddress
from kontor_identity.bank_codes import check_iban
from kontor_identity.customers import customer_for_update
from kontor_identity.edit_policies import policy_of
from kontor_identity.master_data import (
    BankChange,
    ContactChange,
    PersonChange,
    apply_address,
    apply_bank_account,
    apply_contact,
    apply_person,
    checked_since,
    require_address_allowed,
)
from kontor_identity.master_data_tables import ChangeRequestRow, CriticalProcess
from kontor_identity.sealing import Sealer
from kontor_identity.tables import Customer

Wish = PersonChange | PostalAddress | ContactChange | BankChange

_CONTENTS: dict[int, type[Message]] = {
    FieldGroup.FIELD_GROUP_PERSON: pb.ChangePersonRequest,
    FieldGroup.FIELD_GROUP_ADDRESS: pb.ChangeAddressRequest,
    FieldGroup.FIELD_GROUP_CONTACT: pb.ChangeContactRequest,
    FieldGroup.FIELD_GROUP_BANK_ACCOUNT: pb.ChangeBankAccountRequest,
}


@dataclass(frozen=True)
class Decided:
    """What became of a wish."""

    outcome: Outcome.ValueType
    request: ChangeRequestRow | None = None


async def handle_wish(
    tx: Transaction, sealer: Sealer, customer_id: UUID, asked: Message, wish: Wish, *, confirmed: bool = False
) -> Decided:
    """Apply a wish, or make a request or a case of it.

    Raises FORBIDDEN "EDIT_OFF", PRECONDITION "CRITICAL_PROCESS" for staff, and what the group's rules raise.
    """
    customer = await customer_for_update(tx, customer_id)
    group = _group_of(wish)
    mode = (await policy_of(tx, customer.tenant_id)).mode_of(group)
    if tx.principal.is_customer and mode == EditMode.EDIT_MODE_OFF:
        raise DomainError(
            ErrorKind.FORBIDDEN,
            "EDIT_OFF",
            "Diese Angaben ändern Sie bitte über Ihren Ansprechpartner.",
        )
    _check(tx, customer, wish, confirmed=confirmed)
    if group == FieldGroup.FIELD_GROUP_BANK_ACCOUNT and await is_critical(tx, customer_id):
        if not tx.principal.is_customer:
            raise DomainError(
                ErrorKind.PRECONDITION,
                "CRITICAL_PROCESS",
                "Gegen diesen Kunden läuft ein Mahnverfahren. Bankverbindungen ändern sich nur über den Vorgang.",
            )
        row = await _make_request(tx, sealer, customer, group, asked, wish, is_case=True)
        return Decided(Outcome.OUTCOME_RECEIVED, row)
    if tx.principal.is_customer and mode == EditMode.EDIT_MODE_REQUEST:
        row = await _make_request(tx, sealer, customer, group, asked, wish, is_case=False)
        return Decided(Outcome.OUTCOME_REQUESTED, row)
    await _apply(tx, sealer, customer, wish)
    await tx.session.flush()
    return Decided(Outcome.OUTCOME_APPLIED)


async def decide_request(
    tx: Transaction, sealer: Sealer, request_id: UUID, *, accept: bool, reason: str
) -> ChangeRequestRow:
    """Accept a request, which applies it, or refuse it.

    Raises PRECONDITION "REQUEST_CLOSED", and INVALID for a refusal without a reason.
    """
    row = await tx.session.get(ChangeRequestRow, request_id, with_for_update=True)
    if row is None or row.tenant_id != tx.principal.required_tenant():
        raise not_found("Diese Anfrage")
    if row.state != ChangeRequestState.CHANGE_REQUEST_STATE_OPEN:
        raise DomainError(ErrorKind.PRECONDITION, "REQUEST_CLOSED", "Über diese Anfrage ist schon entschieden.")
    if accept:
        customer = await customer_for_update(tx, row.customer_id)
        await _apply(tx, sealer, customer, _unsealed(sealer, row))
        row.state = ChangeRequestState.CHANGE_REQUEST_STATE_ACCEPTED
    else:
        if not reason.strip():
            raise invalid("reason", "Bitte nennen Sie dem Kunden den Grund.", reason="REASON_MISSING")
        row.state = ChangeRequestState.CHANGE_REQUEST_STATE_REFUSED
        row.reason = reason.strip()
    row.decided_by, row.decided_name = tx.principal.required_account(), tx.principal.display_name
    row.decided_at = tx.now
    await tx.session.flush()
    event = ChangeDecided(
        tenant_id=str(row.tenant_id),
        customer_id=str(row.customer_id),
        change_request_id=str(request_id),
        accepted=accept,
    )
    tx.publish(event, aggregate=row.customer_id)
    return row


async def requests_of_firm(
    tx: Transaction, state: int, after: tuple[str, UUID], limit: int
) -> list[tuple[ChangeRequestRow, Customer]]:
    """Return requests in the caller's sight with their customers, the oldest first."""
    statement = (
        select(ChangeRequestRow, Customer)
        .join(Customer, Customer.customer_id == ChangeRequestRow.customer_id)
        .where(
            ChangeRequestRow.tenant_id == tx.principal.required_tenant(),
            tuple_(ChangeRequestRow.change_request_id) > tuple_(after[1]),
        )
        .order_by(ChangeRequestRow.change_request_id)
        .limit(limit)
    )
    if state:
        statement = statement.where(ChangeRequestRow.state == state)
    return [(row, customer) for row, customer in (await tx.session.execute(statement)).all()]


async def open_requests_of(tx: Transaction, customer_id: UUID) -> list[ChangeRequestRow]:
    """Return a customer's requests that wait."""
    statement = select(ChangeRequestRow).where(
        ChangeRequestRow.customer_id == customer_id,
        ChangeRequestRow.state == ChangeRequestState.CHANGE_REQUEST_STATE_OPEN,
    )
    return list((await tx.session.execute(statement.order_by(ChangeRequestRow.requested_at))).scalars())


def _check(tx: Transaction, customer: Customer, wish: Wish, *, confirmed: bool) -> None:
    if isinstance(wish, PersonChange):
        checked_since(tx, wish)
    elif isinstance(wish, PostalAddress):
        require_address_allowed(tx, customer, wish, confirmed=confirmed)
    elif isinstance(wish, BankChange) and wish.iban.strip():
        check_iban(wish.iban)


async def _apply(tx: Transaction, sealer: Sealer, customer: Customer, wish: Wish) -> None:
    if isinstance(wish, PersonChange):
        await apply_person(tx, customer, wish)
    elif isinstance(wish, PostalAddress):
        await apply_address(tx, customer, wish)
    elif isinstance(wish, ContactChange):
        await apply_contact(tx, customer, wish)
    else:
        await apply_bank_account(tx, sealer, customer, wish)


async def _make_request(
    tx: Transaction, sealer: Sealer, customer: Customer, group: int, asked: Message, wish: Wish, *, is_case: bool
) -> ChangeRequestRow:
    request_id = new_id()
    row = ChangeRequestRow(
        change_request_id=request_id,
        tenant_id=customer.tenant_id,
        customer_id=customer.customer_id,
        field_group=group,
        content_sealed=sealer.seal(asked.SerializeToString(), f"change request {request_id}"),
        summary=_summary(wish),
        is_case=is_case,
        state=ChangeRequestState.CHANGE_REQUEST_STATE_OPEN,
        requested_by=tx.principal.required_account(),
        requested_name=tx.principal.display_name,
        requested_at=tx.now,
    )
    tx.session.add(row)
    await tx.session.flush()
    people = await present_responsibles(tx, customer) or await present_administrators(tx, customer.tenant_id)
    event = ChangeRequested(
        tenant_id=str(customer.tenant_id),
        customer_id=str(customer.customer_id),
        change_request_id=str(request_id),
        is_case=is_case,
        recipient_account_ids=[str(account_id) for account_id in people],
    )
    tx.publish(event, aggregate=customer.customer_id)
    return row


async def is_critical(tx: Transaction, customer_id: UUID) -> bool:
    """Whether a critical process runs against a customer (F160)."""
    running = select(CriticalProcess.process_id).where(
        CriticalProcess.customer_id == customer_id, CriticalProcess.ended_at.is_(None)
    )
    return (await tx.session.execute(running.limit(1))).first() is not None


def _unsealed(sealer: Sealer, row: ChangeRequestRow) -> Wish:
    content = sealer.unseal(row.content_sealed, f"change request {row.change_request_id}")
    return wish_of(_CONTENTS[row.field_group].FromString(content))


def wish_of(asked: Message) -> Wish:
    """Return the wish that a request of MasterDataService holds."""
    if isinstance(asked, pb.ChangePersonRequest):
        return PersonChange(asked.family_name, asked.title, asked.marital_status, asked.marital_since)
    if isinstance(asked, pb.ChangeAddressRequest):
        given = asked.address
        return PostalAddress(given.street, given.postal_code, given.city, given.country)
    if isinstance(asked, pb.ChangeContactRequest):
        contact_id = UUID(asked.contact_id) if asked.contact_id else None
        return ContactChange(contact_id, asked.kind, asked.value, asked.label.strip(), asked.primary_phone)
    assert isinstance(asked, pb.ChangeBankAccountRequest)
    return BankChange(UUID(asked.bank_account_id) if asked.bank_account_id else None, asked.iban)


def _group_of(wish: Wish) -> int:
    if isinstance(wish, PersonChange):
        return int(FieldGroup.FIELD_GROUP_PERSON)
    if isinstance(wish, PostalAddress):
        return int(FieldGroup.FIELD_GROUP_ADDRESS)
    is_contact = isinstance(wish, ContactChange)
    return int(FieldGroup.FIELD_GROUP_CONTACT if is_contact else FieldGroup.FIELD_GROUP_BANK_ACCOUNT)


def _summary(wish: Wish) -> str:
    if isinstance(wish, PersonChange):
        return " ".join(part for part in (wish.title, wish.family_name, wish.marital_since) if part)
    if isinstance(wish, PostalAddress):
        return f"{wish.street}, {wish.postal_code} {wish.city}"
    if isinstance(wish, ContactChange):
        return f"{wish.value or '–'} {wish.label}".strip()
    return check_iban(wish.iban).masked if wish.iban.strip() else "–"
