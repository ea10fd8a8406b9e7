"""Access codes of letters (F137): made when a letter is printed, entered on the invitation's page.

A code has ten signs of 32 that nobody mixes up (50 bits), lives six weeks and is kept as a keyed hash. Guessing is
slowed by network address. It opens nothing by itself: it leads to the invitation's page, or, where no e-mail address is
on file, to a mail with that page's link, which proves that the address is the reader's.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import Final
from uuid import UUID

from kontor.identity.v1.accounts_pb2 import InvitationState
from kontor_chassis.database import Transaction, UnitOfWork
from kontor_chassis.errors import DomainError, ErrorKind
from kontor_chassis.principal import Principal
from sqlalchemy import delete, select

from kontor_identity.accounts import valid_email
from kontor_identity.addresses import PostalAddress
from kontor_identity.customers import Person, update_customer
from kontor_identity.directory import DIRECTORY
from kontor_identity.invitation_mails import refuse_too_soon, send_again
from kontor_identity.invitation_tables import AccessCode
from kontor_identity.sealing import Sealer, new_token, token_hash
from kontor_identity.tables import Invitation, InvitationToken, Tenant
from kontor_identity.throttles import count_attempt, forgive, request_of

LIFETIME: Final = timedelta(days=42)
_ALPHABET: Final = "ABCDEFGHJKLMNPQRSTUVWXYZ23456789"
_LENGTH: Final = 10


@dataclass(frozen=True)
class Redeemed:
    """Where a code leads: to a link's token, to the question for an address, or to a mail that is on its way."""

    token: str
    needs_email: bool
    mail_sent: bool
    tenant_slug: str
    letter_greeting: str
    form: int


def new_code(sealer: Sealer, printing: str, customer_id: UUID) -> str:
    """Return a customer's code as it is printed, for example "K7PQM-4XW2R"; the same for the same printing."""
    secret = int.from_bytes(sealer.blind("access letter", printing, str(customer_id)), "big")
    signs = "".join(_ALPHABET[(secret >> (5 * place)) & 31] for place in range(_LENGTH))
    return f"{signs[:5]}-{signs[5:]}"


def code_hash(sealer: Sealer, code: str) -> bytes:
    """Return what is kept of a code; case, blanks and hyphens do not matter."""
    return sealer.blind("access code", "".join(sign for sign in code.upper() if sign.isalnum()))


async def forget_old_codes(tx: Transaction) -> None:
    """Delete codes whose time is over."""
    await tx.session.execute(delete(AccessCode).where(AccessCode.expires_at <= tx.now))


class AccessCodes:
    """Redeeming codes, and what it needs."""

    def __init__(self, work: UnitOfWork, sealer: Sealer) -> None:
        self._work = work
        self._sealer = sealer

    async def redeem(self, code: str, email: str, address: str) -> Redeemed:
        """Return where a code leads. Raises PRECONDITION "ACCESS_CODE_INVALID", EXHAUSTED "TOO_MANY_ATTEMPTS"."""
        attempt = request_of(self._sealer, address)
        async with self._work.work(DIRECTORY) as tx:
            await count_attempt(tx, attempt)
            await tx.commit()
        async with self._work.work(DIRECTORY) as tx:
            invitation, tenant = await self._invitation(tx, code)
            await forgive(tx, attempt)
            token = ""
            if invitation.email:
                token = new_token()
                row = InvitationToken(token_hash=token_hash(token), invitation_id=invitation.invitation_id)
                row.created_at = tx.now
                tx.session.add(row)
            await tx.commit()
        if not token and email:
            await self._mail_to(invitation, email)
        return Redeemed(
            token=token,
            needs_email=not token and not email,
            mail_sent=not token and bool(email),
            tenant_slug=tenant.slug,
            letter_greeting=invitation.letter_greeting,
            form=invitation.form,
        )

    async def _invitation(self, tx: Transaction, code: str) -> tuple[Invitation, Tenant]:
        statement = (
            select(Invitation, Tenant)
            .join(AccessCode, AccessCode.invitation_id == Invitation.invitation_id)
            .join(Tenant, Tenant.tenant_id == Invitation.tenant_id)
            .where(
                AccessCode.code_hash == code_hash(self._sealer, code),
                AccessCode.expires_at > tx.now,
                Invitation.state == InvitationState.INVITATION_STATE_OPEN,
            )
        )
        found = (await tx.session.execute(statement)).one_or_none()
        if found is None:
            raise DomainError(
                ErrorKind.PRECONDITION,
                "ACCESS_CODE_INVALID",
                "Diesen Zugangscode gibt es nicht, oder er gilt nicht mehr. Bitte vergleichen Sie ihn mit dem Brief.",
            )
        return found[0], found[1]

    async def _mail_to(self, invitation: Invitation, email: str) -> None:
        """Note the address in the firm's books and send the link there."""
        address = valid_email(email, "email")
        async with self._work.work(Principal.of_service("identity", invitation.tenant_id)) as tx:
            present = await tx.session.get_one(Invitation, invitation.invitation_id, with_for_update=True)
            refuse_too_soon(present, tx.now)
            if present.customer_id is not None:
                person = Person(0, "", "", "", "", address, "", PostalAddress())
                await update_customer(tx, present.customer_id, person, fields=["email"], etag="")
            present.email = address
            send_again(tx, present)
            await tx.commit()
