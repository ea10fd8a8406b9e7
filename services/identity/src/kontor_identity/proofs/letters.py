"""Letters with identity codes (F164): REQUESTED → PRINTED → REDEEMED, or REPLACED; over by time or by wrong codes.

The code proves that the person behind the account opens the post at the address on file. It has ten signs of 32 as that
of an access letter, is kept as a keyed hash, lives six weeks, and five wrong attempts end it: each is counted and
committed before it is looked at, so attempts side by side gain nothing.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from datetime import datetime
from typing import Final
from uuid import UUID

from kontor.identity.v1.events_pb2 import IdentityLetterRequested
from kontor.identity.v1.identity_proofs_pb2 import IdentityLetterState as State
from kontor.identity.v1.identity_proofs_pb2 import IdentityMethod
from kontor_chassis.clock import BILLING_ZONE
from kontor_chassis.database import RowReader, Transaction, UnitOfWork
from kontor_chassis.errors import DomainError, ErrorKind, invalid
from kontor_chassis.ids import new_id
from kontor_chassis.principal import Principal
from kontor_chassis.sentences import said
from sqlalchemy import select, tuple_

from kontor_identity.absences import present_administrators, present_responsibles
from kontor_identity.access_codes import LIFETIME, code_hash, new_code
from kontor_identity.customers import customer_for_update
from kontor_identity.letter_pdf import IDENTITY_LETTER, Letter, letters_pdf
from kontor_identity.letter_senders import address_lines, sender_of
from kontor_identity.names import display_name, letter_greeting
from kontor_identity.presence import own_origin
from kontor_identity.proofs.proofs import UNDER_WAY, proof_in_force, put_in_force, require_own_account
from kontor_identity.proofs.tables import IdentityLetterRow
from kontor_identity.sealing import Sealer
from kontor_identity.staff import own_tenant
from kontor_identity.tables import Customer

MOST_ATTEMPTS: Final = 5


def state_of(letter: IdentityLetterRow, now: datetime) -> State.ValueType:
    """Return where a letter stands now."""
    if letter.state == State.IDENTITY_LETTER_STATE_PRINTED:
        if letter.expires_at is not None and letter.expires_at <= now:
            return State.IDENTITY_LETTER_STATE_EXPIRED
        if letter.attempts >= MOST_ATTEMPTS:
            return State.IDENTITY_LETTER_STATE_EXHAUSTED
    return State.ValueType(letter.state)


async def request_letter(tx: Transaction, customer_id: UUID) -> Customer:
    """Ask the firm for a letter; one that is under way stays.

    Raises FORBIDDEN "NOT_ACCOUNT_HOLDER", PRECONDITION "ALREADY_PROVEN" and "NO_ADDRESS".
    """
    customer = await customer_for_update(tx, customer_id)
    account_id = require_own_account(tx, customer)
    if await proof_in_force(tx, customer) is not None:
        raise DomainError(ErrorKind.PRECONDITION, "ALREADY_PROVEN", "Ihre Identität ist schon bestätigt.")
    if not has_address(customer):
        raise DomainError(
            ErrorKind.PRECONDITION, "NO_ADDRESS", "Bitte ergänzen Sie zuerst Ihre Anschrift unter „Meine Daten“."
        )
    present = await _under_way(tx, customer_id)
    if present is not None and state_of(present, tx.now) in UNDER_WAY:
        return customer
    if present is not None:
        present.state = int(State.IDENTITY_LETTER_STATE_REPLACED)
        await tx.session.flush()
    letter = _new_letter(tx, customer, account_id)
    letter.requested_at = tx.now
    tx.session.add(letter)
    await tx.session.flush()
    people = await present_responsibles(tx, customer) or await present_administrators(tx, customer.tenant_id)
    event = IdentityLetterRequested(
        tenant_id=str(customer.tenant_id),
        customer_id=str(customer_id),
        identity_letter_id=str(letter.identity_letter_id),
        recipient_account_ids=[str(person) for person in people],
    )
    tx.publish(event, aggregate=customer_id)
    return customer


async def waiting_letters(
    tx: Transaction, after: tuple[datetime, UUID], limit: int
) -> Sequence[tuple[IdentityLetterRow, Customer]]:
    """Return a page of the firm's letters that nobody has printed, the oldest first."""
    key = tuple_(IdentityLetterRow.created_at, IdentityLetterRow.identity_letter_id)
    statement = (
        select(IdentityLetterRow, Customer)
        .join(Customer, Customer.customer_id == IdentityLetterRow.customer_id)
        .where(
            IdentityLetterRow.tenant_id == tx.principal.required_tenant(),
            IdentityLetterRow.state == int(State.IDENTITY_LETTER_STATE_REQUESTED),
            key > tuple_(*after),
        )
        .order_by(IdentityLetterRow.created_at, IdentityLetterRow.identity_letter_id)
        .limit(limit)
    )
    return [(letter, customer) for letter, customer in (await tx.session.execute(statement)).all()]


async def redeem(tx: Transaction, sealer: Sealer, customer_id: UUID, code: str) -> Customer:
    """Put a proof in force by a letter's code, whose attempt is counted already.

    Raises INVALID "IDENTITY_CODE_WRONG", PRECONDITION "NO_IDENTITY_LETTER".
    """
    customer = await customer_for_update(tx, customer_id)
    account_id = require_own_account(tx, customer)
    letter = await _under_way(tx, customer_id)
    if letter is None or not _can_be_entered(letter, account_id, tx.now):
        raise _no_letter()
    if letter.code_hash != code_hash(sealer, code):
        raise _wrong(MOST_ATTEMPTS - letter.attempts)
    letter.state = int(State.IDENTITY_LETTER_STATE_REDEEMED)
    await tx.session.flush()
    await put_in_force(tx, customer, int(IdentityMethod.IDENTITY_METHOD_LETTER))
    await tx.session.flush()
    return customer


def has_address(customer: Customer) -> bool:
    """Whether a letter would find the customer."""
    return bool(customer.street and customer.city)


class IdentityLetters:
    """Printing letters and counting attempts at their codes, and what it needs."""

    def __init__(self, work: UnitOfWork, rows: RowReader, sealer: Sealer, public_url: str) -> None:
        self._work, self._rows, self.sealer = work, rows, sealer
        self._public_url = public_url

    async def print_letters(self, caller: Principal, customer_ids: Sequence[UUID], printing: str) -> bytes:
        """Return the letters as a PDF, with the same codes for the same `printing`.

        Raises PRECONDITION "NO_LETTERS" when nobody can be written to.
        """
        async with self._work.work(caller) as tx:
            origin = await own_origin(self._rows, (await own_tenant(tx)).slug, self._public_url)
            page = f"{origin or self._public_url}/kunde/identitaet"
            customers = await _to_be_proved(tx, customer_ids)
            letters = [await self._print(tx, customer, printing, page) for customer in customers]
            if not letters:
                raise DomainError(
                    ErrorKind.PRECONDITION,
                    "NO_LETTERS",
                    "Hier gibt es niemanden anzuschreiben: Es fehlen Zugang oder Anschrift, oder die Identität ist"
                    " schon bestätigt.",
                )
            sender = await sender_of(tx, self._rows)
            await tx.commit()
        return await asyncio.to_thread(letters_pdf, letters, sender)

    async def count_attempt(self, caller: Principal, customer_id: UUID) -> None:
        """Count an attempt at a code before it is looked at; raises EXHAUSTED "IDENTITY_CODE_EXHAUSTED"."""
        async with self._work.work(caller) as tx:
            customer = await customer_for_update(tx, customer_id)
            account_id = require_own_account(tx, customer)
            letter = await _under_way(tx, customer_id)
            if letter is None or not _can_be_entered(letter, account_id, tx.now):
                return
            if letter.attempts >= MOST_ATTEMPTS:
                raise DomainError(
                    ErrorKind.EXHAUSTED,
                    "IDENTITY_CODE_EXHAUSTED",
                    "Dieser Code gilt nach fünf falschen Versuchen nicht mehr. Bitte fordern Sie einen neuen Brief an.",
                )
            letter.attempts += 1
            await tx.commit()

    async def _print(self, tx: Transaction, customer: Customer, printing: str, page: str) -> Letter:
        code = new_code(self.sealer, f"identity {printing}", customer.customer_id)
        hashed = code_hash(self.sealer, code)
        letter = await _under_way(tx, customer.customer_id)
        if letter is not None and letter.state == State.IDENTITY_LETTER_STATE_PRINTED and letter.code_hash != hashed:
            letter.state = int(State.IDENTITY_LETTER_STATE_REPLACED)
            await tx.session.flush()
            letter = None
        if letter is None:
            assert customer.account_id is not None  # `_to_be_proved` takes only those who have access
            letter = _new_letter(tx, customer, customer.account_id)
            tx.session.add(letter)
        if letter.state != State.IDENTITY_LETTER_STATE_PRINTED:
            letter.state = int(State.IDENTITY_LETTER_STATE_PRINTED)
            letter.printed_at, letter.printed_by = tx.now, tx.principal.required_account()
            letter.code_hash, letter.expires_at, letter.attempts = hashed, tx.now + LIFETIME, 0
        await tx.session.flush()
        name = (customer.salutation, customer.title, customer.given_name, customer.family_name)
        return Letter(
            lines=address_lines(customer, display_name(*name)),
            greeting=letter_greeting(customer.form, *name),
            form=customer.form,
            code=code,
            page=page,
            valid_until=(letter.expires_at or tx.now).astimezone(BILLING_ZONE).date(),
            words=IDENTITY_LETTER,
        )


async def _to_be_proved(tx: Transaction, customer_ids: Sequence[UUID]) -> list[Customer]:
    """Return those of the firm's customers, locked, whom a letter can bring to level 2, in the order asked for."""
    statement = (
        select(Customer)
        .where(
            Customer.tenant_id == tx.principal.required_tenant(),
            Customer.customer_id.in_(customer_ids),
            Customer.account_id.is_not(None),
        )
        .order_by(Customer.customer_id)
        .with_for_update()
    )
    found = {row.customer_id: row for row in await tx.session.scalars(statement)}
    wanted = [found[one] for one in customer_ids if one in found]
    return [one for one in wanted if has_address(one) and await proof_in_force(tx, one) is None]


async def _under_way(tx: Transaction, customer_id: UUID) -> IdentityLetterRow | None:
    statement = select(IdentityLetterRow).where(
        IdentityLetterRow.customer_id == customer_id, IdentityLetterRow.state.in_(UNDER_WAY)
    )
    return (await tx.session.scalars(statement.with_for_update())).one_or_none()


def _can_be_entered(letter: IdentityLetterRow, account_id: UUID, now: datetime) -> bool:
    printed = letter.state == State.IDENTITY_LETTER_STATE_PRINTED and letter.expires_at is not None
    return printed and letter.account_id == account_id and letter.expires_at is not None and letter.expires_at > now


def _new_letter(tx: Transaction, customer: Customer, account_id: UUID) -> IdentityLetterRow:
    return IdentityLetterRow(
        identity_letter_id=new_id(),
        tenant_id=customer.tenant_id,
        customer_id=customer.customer_id,
        account_id=account_id,
        state=int(State.IDENTITY_LETTER_STATE_REQUESTED),
        created_at=tx.now,
        attempts=0,
    )


def _no_letter() -> DomainError:
    return DomainError(
        ErrorKind.PRECONDITION,
        "NO_IDENTITY_LETTER",
        "Für Sie gilt zurzeit kein Brief mit einem Code. Bitte fordern Sie einen neuen an.",
    )


def _wrong(attempts_left: int) -> DomainError:
    if attempts_left <= 0:
        text = "Dieser Code stimmt nicht. Bitte fordern Sie einen neuen Brief an."
    elif attempts_left == 1:
        text = "Dieser Code stimmt nicht. Sie haben noch einen Versuch."
    else:
        text = said("Dieser Code stimmt nicht. Sie haben noch %(count)s Versuche.", count=attempts_left)
    return invalid("code", text, reason="IDENTITY_CODE_WRONG")
