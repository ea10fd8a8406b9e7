"""A customer's own address for papers, and who may write to it. Nobody of his firm has a part in it."""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final
from uuid import UUID

from kontor_chassis.database import Transaction
from kontor_chassis.errors import DomainError, ErrorKind, not_found
from kontor_chassis.sentences import said
from sqlalchemy import delete, func, select
from sqlalchemy.dialects.postgresql import insert

from kontor_vault.mail_tables import Mailbox, MailSender
from kontor_vault.visibility import require_customer_scope

MOST_SENDERS: Final = 50
_LETTERS: Final = "23456789abcdefghjkmnpqrstuvwxyz"
_LENGTH: Final = 20
"""99 bits: an address that nobody guesses, in letters that nobody mistakes."""


@dataclass(frozen=True)
class Entrance:
    """A customer's local part, if his address is on, and the senders he takes mails from."""

    local_part: str | None
    senders: Sequence[str]


async def entrance_of(tx: Transaction, *, customer_id: UUID) -> Entrance:
    """Return a customer's way in for mails."""
    require_customer_scope(tx.principal, customer_id)
    local_part = await tx.session.scalar(select(Mailbox.local_part).where(Mailbox.customer_id == customer_id))
    senders = select(MailSender.email).where(MailSender.customer_id == customer_id).order_by(MailSender.email)
    return Entrance(local_part, (await tx.session.scalars(senders)).all())


async def renew(tx: Transaction, *, customer_id: UUID, own_email: str) -> Entrance:
    """Give a customer an address in place of any before; with his first one his own mails are let in."""
    require_customer_scope(tx.principal, customer_id)
    tenant_id = tx.principal.required_tenant()
    local_part = "".join(secrets.choice(_LETTERS) for _ in range(_LENGTH))
    row = {"customer_id": customer_id, "tenant_id": tenant_id, "local_part": local_part, "create_time": tx.now}
    known = await tx.session.scalar(select(Mailbox.customer_id).where(Mailbox.customer_id == customer_id))
    await tx.session.execute(
        insert(Mailbox).values(**row).on_conflict_do_update(index_elements=["customer_id"], set_=row)
    )
    if known is None and own_email:
        await allow(tx, customer_id=customer_id, email=own_email)
    return await entrance_of(tx, customer_id=customer_id)


async def close(tx: Transaction, *, customer_id: UUID) -> Entrance:
    """Turn a customer's address off; who may write is remembered."""
    require_customer_scope(tx.principal, customer_id)
    mailbox = await tx.session.get(Mailbox, customer_id)
    if mailbox is not None:
        mailbox.local_part = None
        await tx.session.flush()
    return await entrance_of(tx, customer_id=customer_id)


async def allow(tx: Transaction, *, customer_id: UUID, email: str) -> Entrance:
    """Let a sender in; raises PRECONDITION "TOO_MANY_SENDERS", NOT_FOUND before the first address."""
    require_customer_scope(tx.principal, customer_id)
    mailbox = await tx.session.scalar(select(Mailbox).where(Mailbox.customer_id == customer_id).with_for_update())
    if mailbox is None:
        raise not_found("Die E-Mail-Adresse")
    row = {"customer_id": customer_id, "email": email_of(email), "tenant_id": mailbox.tenant_id}
    await tx.session.execute(insert(MailSender).values(**row, create_time=tx.now).on_conflict_do_nothing())
    count = select(func.count()).select_from(MailSender).where(MailSender.customer_id == customer_id)
    if int(await tx.session.scalar(count) or 0) > MOST_SENDERS:
        text = said("Mehr als %(most)s Absender lassen sich nicht zulassen.", most=MOST_SENDERS)
        raise DomainError(ErrorKind.PRECONDITION, "TOO_MANY_SENDERS", text)
    return await entrance_of(tx, customer_id=customer_id)


async def refuse(tx: Transaction, *, customer_id: UUID, email: str) -> Entrance:
    """Let a sender in no more; twice changes nothing."""
    require_customer_scope(tx.principal, customer_id)
    of_him = (MailSender.customer_id == customer_id, MailSender.email == email_of(email))
    await tx.session.execute(delete(MailSender).where(*of_him))
    return await entrance_of(tx, customer_id=customer_id)


async def customer_of(tx: Transaction, local_part: str) -> Mailbox | None:
    """Return whose an address is, for the process that takes mails."""
    return await tx.session.scalar(select(Mailbox).where(Mailbox.local_part == local_part.lower()))


def email_of(text: str) -> str:
    """Return an address as it is compared."""
    return text.strip().lower()
