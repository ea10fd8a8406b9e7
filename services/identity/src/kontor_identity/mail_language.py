"""In which language a person is written to: mails follow this, pages the browser's choice."""

from __future__ import annotations

from uuid import UUID

from kontor_chassis.database import Transaction

from kontor_identity.tables import Account


async def set_mail_language(tx: Transaction, account_id: UUID, language: str) -> str:
    """Write to a person in "de" or "en" from now on."""
    account = await tx.session.get_one(Account, account_id)
    account.language = language
    await tx.session.flush()
    return account.language
