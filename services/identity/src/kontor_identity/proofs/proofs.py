"""Identity level 2 (F164): NONE → IN FORCE → ended (withdrawn, or the customer has another account).

A proof says that the person behind one account is the customer. It is bound to both, so an account that takes over the
access starts at level 1. Of a document only its kind and the day it was seen are kept.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Final
from uuid import UUID

from kontor.identity.v1.events_pb2 import IdentityProven, IdentityWithdrawn
from kontor.identity.v1.identity_proofs_pb2 import IdentityLetterState, IdentityMethod
from kontor.identity.v1.people_pb2 import AccessState
from kontor_chassis.clock import billing_day
from kontor_chassis.database import Transaction
from kontor_chassis.errors import DomainError, ErrorKind, invalid
from kontor_chassis.ids import new_id
from sqlalchemy import select, tuple_, update

from kontor_identity.customers import customer_for_update
from kontor_identity.proofs.tables import IdentityLetterRow, IdentityProofRow
from kontor_identity.tables import Customer

MOST_DAYS_AGO: Final = 30
"""So long ago a member of staff may have seen the document that he confirms."""
UNDER_WAY: Final = (
    int(IdentityLetterState.IDENTITY_LETTER_STATE_REQUESTED),
    int(IdentityLetterState.IDENTITY_LETTER_STATE_PRINTED),
)


@dataclass(frozen=True)
class Standing:
    """A customer with the proof in force and his latest letter."""

    customer: Customer
    proof: IdentityProofRow | None
    letter: IdentityLetterRow | None


async def standing_of(tx: Transaction, customer: Customer) -> Standing:
    """Return how well it is proved who a customer is."""
    latest = (
        select(IdentityLetterRow)
        .where(IdentityLetterRow.customer_id == customer.customer_id)
        .order_by(IdentityLetterRow.created_at.desc(), IdentityLetterRow.identity_letter_id.desc())
        .limit(1)
    )
    letter = (await tx.session.scalars(latest)).one_or_none()
    return Standing(customer, await proof_in_force(tx, customer), letter)


async def proof_in_force(tx: Transaction, customer: Customer) -> IdentityProofRow | None:
    """Return the proof of the customer's present account."""
    statement = select(IdentityProofRow).where(
        IdentityProofRow.customer_id == customer.customer_id,
        IdentityProofRow.account_id == customer.account_id,
        IdentityProofRow.ended_at.is_(None),
    )
    return (await tx.session.scalars(statement)).one_or_none()


async def proofs_of(
    tx: Transaction, customer_id: UUID, before: tuple[datetime, UUID], limit: int
) -> Sequence[IdentityProofRow]:
    """Return a page of a customer's proofs, newest first."""
    key = tuple_(IdentityProofRow.proved_at, IdentityProofRow.identity_proof_id)
    statement = select(IdentityProofRow).where(IdentityProofRow.customer_id == customer_id, key < tuple_(*before))
    newest = statement.order_by(IdentityProofRow.proved_at.desc(), IdentityProofRow.identity_proof_id.desc())
    return (await tx.session.scalars(newest.limit(limit))).all()


async def confirm_in_person(tx: Transaction, customer_id: UUID, document: int, seen_date: str) -> Customer:
    """Put a proof in force because the caller saw the customer and his document.

    Raises FORBIDDEN "OWN_IDENTITY", PRECONDITION "NO_ACCESS" and "ALREADY_PROVEN", INVALID for a day that cannot be.
    """
    seen_on = _day_seen(tx, seen_date)
    customer = await customer_for_update(tx, customer_id)
    if customer.account_id == tx.principal.required_account():
        raise DomainError(
            ErrorKind.FORBIDDEN, "OWN_IDENTITY", "Die eigene Identität kann nur jemand anders bestätigen."
        )
    proof = await put_in_force(tx, customer, int(IdentityMethod.IDENTITY_METHOD_IN_PERSON))
    proof.document, proof.seen_on = document, seen_on
    proof.proved_by, proof.proved_name = tx.principal.required_account(), tx.principal.display_name
    await tx.session.flush()
    return customer


async def put_in_force(tx: Transaction, customer: Customer, method: int) -> IdentityProofRow:
    """Add a proof for the customer's present account, whose row is locked, and end the letter that is under way."""
    account_id = require_access(customer)
    if await proof_in_force(tx, customer) is not None:
        raise DomainError(ErrorKind.PRECONDITION, "ALREADY_PROVEN", "Die Identität dieses Kunden ist schon bestätigt.")
    await end_with_access(tx, customer)
    proof = IdentityProofRow(
        identity_proof_id=new_id(),
        tenant_id=customer.tenant_id,
        customer_id=customer.customer_id,
        account_id=account_id,
        method=method,
        document=0,
        proved_at=tx.now,
        proved_name="",
    )
    tx.session.add(proof)
    event = IdentityProven(
        tenant_id=str(customer.tenant_id),
        customer_id=str(customer.customer_id),
        identity_proof_id=str(proof.identity_proof_id),
        account_id=str(account_id),
        method=IdentityMethod.ValueType(method),
    )
    tx.publish(event, aggregate=customer.customer_id)
    return proof


async def withdraw(tx: Transaction, customer_id: UUID, reason: str) -> Customer:
    """End the proof in force; raises PRECONDITION "NOT_PROVEN"."""
    customer = await customer_for_update(tx, customer_id)
    proof = await proof_in_force(tx, customer)
    if proof is None:
        raise DomainError(ErrorKind.PRECONDITION, "NOT_PROVEN", "Die Identität dieses Kunden ist gar nicht bestätigt.")
    caller = tx.principal
    proof.ended_by, proof.ended_name, proof.end_reason = (
        caller.required_account(),
        caller.display_name,
        reason.strip(),
    )
    _end(tx, proof)
    await tx.session.flush()
    return customer


async def end_with_access(tx: Transaction, customer: Customer) -> None:
    """End whatever belongs to the account by which the customer had access: his proof and the letter under way."""
    statement = select(IdentityProofRow).where(
        IdentityProofRow.customer_id == customer.customer_id, IdentityProofRow.ended_at.is_(None)
    )
    proof = (await tx.session.scalars(statement)).one_or_none()
    if proof is not None:
        _end(tx, proof)
    letters = update(IdentityLetterRow).where(
        IdentityLetterRow.customer_id == customer.customer_id, IdentityLetterRow.state.in_(UNDER_WAY)
    )
    await tx.session.execute(letters.values(state=int(IdentityLetterState.IDENTITY_LETTER_STATE_REPLACED)))
    await tx.session.flush()


def require_access(customer: Customer) -> UUID:
    """Return the customer's account; raises PRECONDITION "NO_ACCESS"."""
    if customer.account_id is None or customer.access_state != AccessState.ACCESS_STATE_ACTIVE:
        raise DomainError(
            ErrorKind.PRECONDITION, "NO_ACCESS", "Dieser Kunde hat noch keinen Zugang. Laden Sie ihn zuerst ein."
        )
    return customer.account_id


def require_own_account(tx: Transaction, customer: Customer) -> UUID:
    """Return the caller's account if the customer's access is his; raises FORBIDDEN "NOT_ACCOUNT_HOLDER"."""
    if customer.account_id != tx.principal.required_account():
        raise DomainError(
            ErrorKind.FORBIDDEN, "NOT_ACCOUNT_HOLDER", "Seine Identität bestätigt nur der Kontoinhaber selbst."
        )
    return customer.account_id


def _end(tx: Transaction, proof: IdentityProofRow) -> None:
    proof.ended_at = tx.now
    event = IdentityWithdrawn(
        tenant_id=str(proof.tenant_id),
        customer_id=str(proof.customer_id),
        identity_proof_id=str(proof.identity_proof_id),
        account_id=str(proof.account_id),
    )
    tx.publish(event, aggregate=proof.customer_id, tenant_id=proof.tenant_id)


def _day_seen(tx: Transaction, text: str) -> date:
    try:
        day = date.fromisoformat(text)
    except ValueError:
        raise invalid("seen_date", "Dieses Datum gibt es nicht.") from None
    today = date.fromisoformat(billing_day(tx.now))
    if not today - timedelta(days=MOST_DAYS_AGO) <= day <= today:
        raise invalid("seen_date", "Der Tag muss in den letzten 30 Tagen liegen.")
    return day
