"""Accounts: a person who can sign in, known by his e-mail address, and his password.

One person has one account however many firms he belongs to. Works across firms (see `directory`).
"""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from kontor_chassis.database import Transaction
from kontor_chassis.database_errors import UniqueError, concurrent_change
from kontor_chassis.email_addresses import is_email_address
from kontor_chassis.errors import invalid
from kontor_chassis.ids import new_id
from sqlalchemy import select

from kontor_identity.tables import Account, Credential


@dataclass(frozen=True)
class StoredPassword:
    """An account and the hash of its password."""

    account_id: UUID
    password_hash: str | None


def normal_email(text: str) -> str:
    """Return an e-mail address as accounts keep it: without blanks around it, in lower case."""
    return text.strip().lower()


def valid_email(text: str, field: str) -> str:
    """Return an address that enters as it is kept; raises INVALID for `field` when no mail can be sent to it."""
    email = normal_email(text)
    if not is_email_address(email):
        raise invalid(field, "Bitte geben Sie eine gültige E-Mail-Adresse an.")
    return email


async def find_account(tx: Transaction, email: str) -> StoredPassword | None:
    """Return the account with this address, if there is one."""
    statement = (
        select(Account.account_id, Credential.password_hash)
        .outerjoin(Credential, Credential.account_id == Account.account_id)
        .where(Account.email == normal_email(email))
    )
    row = (await tx.session.execute(statement)).one_or_none()
    return StoredPassword(row.account_id, row.password_hash) if row is not None else None


async def create_account(tx: Transaction, email: str, password_hash: str) -> UUID:
    """Create an account; the caller has made sure that the person owns the address and has none.

    Raises CONFLICT when somebody else made it at the same moment.
    """
    account_id = new_id()
    try:
        async with tx.session.begin_nested():
            tx.session.add(Account(account_id=account_id, email=normal_email(email), created_at=tx.now))
    except UniqueError:
        raise concurrent_change() from None
    await set_password_hash(tx, account_id, password_hash)
    return account_id


async def set_password_hash(tx: Transaction, account_id: UUID, password_hash: str) -> None:
    """Replace the hash of an account's password."""
    row = await tx.session.get(Credential, account_id)
    if row is None:
        row = Credential(account_id=account_id)
        tx.session.add(row)
    row.password_hash = password_hash
    row.changed_at = tx.now
    await tx.session.flush()
