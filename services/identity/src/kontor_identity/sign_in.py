"""Signing in with a password: slow down guessing, check, open a session.

Unknown accounts and wrong passwords look alike, in words and in time. The check takes argon2's time, so it happens
between two transactions and holds no connection.
"""

from __future__ import annotations

from dataclasses import dataclass

from kontor_chassis.clock import Clock
from kontor_chassis.database import UnitOfWork
from kontor_chassis.errors import DomainError, ErrorKind

from kontor_identity.accounts import StoredPassword, find_account, normal_email, set_password_hash
from kontor_identity.directory import DIRECTORY
from kontor_identity.memberships import memberships_of, preferred
from kontor_identity.passwords import PasswordVault
from kontor_identity.sealing import Sealer
from kontor_identity.sessions import OpenSession, open_session
from kontor_identity.throttles import Attempt, attempt_of, count_attempt, forgive


@dataclass(frozen=True)
class Visitor:
    """Who stands at the door: his network address, his device in words, the firm whose page he came from."""

    address: str
    device: str
    firm: str = ""


def wrong_credentials() -> DomainError:
    """Return the one refusal for an unknown account and for a wrong password."""
    return DomainError(
        ErrorKind.UNAUTHENTICATED, "WRONG_CREDENTIALS", "E-Mail-Adresse oder Passwort stimmen nicht überein."
    )


def no_membership() -> DomainError:
    """Return the refusal for a person whose access has ended everywhere."""
    return DomainError(
        ErrorKind.FORBIDDEN,
        "NO_MEMBERSHIP",
        "Ihr Zugang ist zurzeit nicht freigeschaltet. Bitte wenden Sie sich an Ihren Makler.",
    )


class PasswordSignIn:
    """The use case and what it needs."""

    def __init__(self, work: UnitOfWork, passwords: PasswordVault, sealer: Sealer, token_clock: Clock) -> None:
        self._work = work
        self._passwords = passwords
        self._sealer = sealer
        self._token_clock = token_clock

    async def sign_in(self, email: str, password: str, visitor: Visitor) -> OpenSession:
        """Return a new session; raises EXHAUSTED while slowed down, UNAUTHENTICATED "WRONG_CREDENTIALS"."""
        attempt, stored = await self.checked_attempt(email, password, visitor)
        async with self._work.work(DIRECTORY) as tx:
            await forgive(tx, attempt)
            own = await memberships_of(tx, stored.account_id)
            if not own:
                await tx.commit()
                raise no_membership()
            chosen = preferred(own, visitor.firm)
            membership_id = chosen.membership_id if chosen else None
            session = open_session(tx, self._token_clock, stored.account_id, membership_id, visitor.device)
            if stored.password_hash and self._passwords.needs_rehash(stored.password_hash):
                await set_password_hash(tx, stored.account_id, await self._passwords.hash(password))
            await tx.commit()
        return OpenSession(session, own)

    async def checked_attempt(self, email: str, password: str, visitor: Visitor) -> tuple[Attempt, StoredPassword]:
        """Count an attempt and check the password; the caller forgives the attempt in his transaction."""
        async with self._work.work(DIRECTORY) as tx:
            attempt = await count_attempt(tx, attempt_of(self._sealer, normal_email(email), visitor.address))
            stored = await find_account(tx, email)
            await tx.commit()
        right = await self._passwords.verify(stored.password_hash if stored else None, password)
        if stored is None or not right:
            raise wrong_credentials()
        return attempt, stored
