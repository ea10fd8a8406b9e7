"""Tickets: a sign-in that waits for one more step, bound to the browser that began it. Ten minutes, five tries, once.

A ticket without an account looks and takes as long as any other and never opens, so that nobody learns who has one.
One-time codes are derived from the ticket's id by a keyed hash and kept nowhere.
"""

from __future__ import annotations

import secrets
from datetime import timedelta
from uuid import UUID

from kontor.identity.v1.signin_pb2 import SignInStep
from kontor_chassis.database import Transaction
from kontor_chassis.errors import DomainError, ErrorKind, not_found
from kontor_chassis.ids import new_id
from sqlalchemy import delete, func, select

from kontor_identity.sealing import Sealer, new_token, token_hash
from kontor_identity.security_tables import SignInTicket

GOOD_FOR = timedelta(minutes=10)
MOST_TRIES = 5
CODE_DIGITS = 6


def ticket_over() -> DomainError:
    """Return the refusal for a ticket that is used up, too old or unknown."""
    return DomainError(
        ErrorKind.UNAUTHENTICATED, "TICKET_OVER", "Diese Anmeldung ist abgelaufen. Bitte beginnen Sie noch einmal."
    )


def open_ticket(tx: Transaction, account_id: UUID | None, step: SignInStep.ValueType) -> tuple[SignInTicket, str]:
    """Return a new ticket and its secret for the browser."""
    secret = new_token()
    ticket = SignInTicket(
        ticket_id=new_id(),
        ticket_hash=token_hash(secret),
        account_id=account_id,
        step=step,
        tries=0,
        created_at=tx.now,
        expires_at=tx.now + GOOD_FOR,
    )
    tx.session.add(ticket)
    return ticket, secret


async def take_try(tx: Transaction, secret: str, step: SignInStep.ValueType) -> SignInTicket:
    """Return the ticket with one try counted, locked; commit whatever comes of it. Raises UNAUTHENTICATED."""
    statement = select(SignInTicket).where(SignInTicket.ticket_hash == token_hash(secret)).with_for_update()
    ticket = (await tx.session.execute(statement)).scalar_one_or_none()
    if (
        ticket is None
        or ticket.step != step
        or ticket.used_at is not None
        or ticket.expires_at <= tx.now
        or ticket.tries >= MOST_TRIES
    ):
        raise ticket_over()
    ticket.tries += 1
    return ticket


def code_of(sealer: Sealer, ticket_id: UUID) -> str:
    """Return the six digits that a ticket's mail holds."""
    number = int.from_bytes(sealer.blind("sign-in code", str(ticket_id))[:8], "big")
    return f"{number % 10**CODE_DIGITS:0{CODE_DIGITS}d}"


def code_matches(sealer: Sealer, ticket: SignInTicket, code: str) -> bool:
    """Whether these are the ticket's digits, and the ticket is one that opens."""
    typed = "".join(letter for letter in code if letter.isdecimal() and letter.isascii())
    right = secrets.compare_digest(code_of(sealer, ticket.ticket_id), typed)
    return right and ticket.account_id is not None


async def mailed_ticket(tx: Transaction, ticket_id: UUID) -> SignInTicket:
    """Return an open ticket for its mail; raises NOT_FOUND when nobody wants the mail any more."""
    ticket = await tx.session.get(SignInTicket, ticket_id)
    if ticket is None or ticket.account_id is None or ticket.used_at is not None or ticket.expires_at <= tx.now:
        raise not_found("Diese Anmeldung")
    return ticket


async def open_mail_tickets(tx: Transaction, account_id: UUID) -> int:
    """Return how many mails with a code were asked for within the last ten minutes."""
    asked = select(func.count()).where(
        SignInTicket.account_id == account_id,
        SignInTicket.step == SignInStep.SIGN_IN_STEP_MAIL_CODE,
        SignInTicket.expires_at > tx.now,
    )
    return int((await tx.session.execute(asked)).scalar_one())


async def forget_old_tickets(tx: Transaction) -> None:
    """Delete tickets that are over."""
    await tx.session.execute(delete(SignInTicket).where(SignInTicket.expires_at < tx.now))
