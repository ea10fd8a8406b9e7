"""Signing in: by password, by one-time mail code, with the second factor after either.

Unknown accounts and wrong passwords look alike, in words and in time. The password's check takes argon2's time, so it
happens between two transactions and holds no connection.
"""

from __future__ import annotations

from uuid import UUID

from kontor.identity.v1.signin_pb2 import SignInStep
from kontor_chassis.clock import Clock
from kontor_chassis.database import Transaction, UnitOfWork
from kontor_chassis.errors import DomainError, ErrorKind
from sqlalchemy import select

from kontor_identity.accounts import StoredPassword, find_account, normal_email, set_password_hash
from kontor_identity.devices import Visitor, known_device
from kontor_identity.directory import DIRECTORY
from kontor_identity.entrance import Entrance, Pending, Proof
from kontor_identity.memberships import memberships_of
from kontor_identity.pace import steadily
from kontor_identity.passwords import PasswordVault
from kontor_identity.sealing import Sealer
from kontor_identity.second_factor import SecondFactor, can_be_strong, wrong_code
from kontor_identity.sessions import OpenSession, find_open
from kontor_identity.tables import Account, Tenant
from kontor_identity.throttles import Attempt, attempt_of, count_attempt, count_failure_at, forgive, request_of
from kontor_identity.tickets import code_matches, open_mail_tickets, open_ticket, take_try

MOST_CODES = 3
"""So many mails with a code go to one account within ten minutes; a known device gets more."""
_NOBODY = UUID(int=0)
"""Looked up where an address has no account, so that it takes as long."""


def wrong_credentials() -> DomainError:
    """Return the one refusal for an unknown account and for a wrong password."""
    return DomainError(
        ErrorKind.UNAUTHENTICATED, "WRONG_CREDENTIALS", "E-Mail-Adresse oder Passwort stimmen nicht überein."
    )


class SignIn:
    """The use cases and what they need."""

    def __init__(
        self,
        work: UnitOfWork,
        passwords: PasswordVault,
        sealer: Sealer,
        entrance: Entrance,
        second_factor: SecondFactor,
        token_clock: Clock,
    ) -> None:
        self._work = work
        self._passwords = passwords
        self._sealer = sealer
        self._entrance = entrance
        self._second_factor = second_factor
        self._token_clock = token_clock

    async def with_password(self, email: str, password: str, visitor: Visitor) -> OpenSession | Pending:
        """Raises EXHAUSTED while slowed down, UNAUTHENTICATED "WRONG_CREDENTIALS"."""
        attempt, stored = await self.checked_attempt(email, password, visitor)
        async with self._work.work(DIRECTORY) as tx:
            await forgive(tx, attempt)
            if stored.password_hash and self._passwords.needs_rehash(stored.password_hash):
                await set_password_hash(tx, stored.account_id, await self._passwords.hash(password))
            outcome = await self._entrance.admit(tx, stored.account_id, visitor, Proof.PASSWORD)
            await tx.commit()
        return outcome

    async def checked_attempt(self, email: str, password: str, visitor: Visitor) -> tuple[Attempt, StoredPassword]:
        """Count an attempt and check the password; the caller forgives the attempt in his transaction."""
        async with self._work.work(DIRECTORY) as tx:
            stored = await find_account(tx, email)
            device = await known_device(tx, stored.account_id if stored else _NOBODY, visitor.device_token)
            attempt = attempt_of(self._sealer, normal_email(email), visitor.address, device)
            await count_attempt(tx, attempt)
            await tx.commit()
        right = await self._passwords.verify(stored.password_hash if stored else None, password)
        if stored is None or not right:
            await self._count_at_firms(stored, visitor)
            raise wrong_credentials()
        return attempt, stored

    async def request_code(self, email: str, visitor: Visitor) -> str:
        """Have a one-time code mailed if there is such an account; returns a ticket in any case, as slowly."""
        async with steadily(), self._work.work(DIRECTORY) as tx:
            await count_attempt(tx, request_of(self._sealer, visitor.address))
            stored = await find_account(tx, email)
            account_id = stored.account_id if stored else _NOBODY
            own = await memberships_of(tx, account_id)
            is_known = await known_device(tx, account_id, visitor.device_token) is not None
            sent_before = await open_mail_tickets(tx, account_id)
            if own and (is_known or sent_before < MOST_CODES):
                ticket = self._entrance.send_code(tx, account_id, own, visitor).ticket
            else:
                _, ticket = open_ticket(tx, None, SignInStep.SIGN_IN_STEP_MAIL_CODE)
            await tx.commit()
        return ticket

    async def with_code(self, ticket: str, code: str, visitor: Visitor) -> OpenSession | Pending:
        """Raises UNAUTHENTICATED "WRONG_CODE" and "TICKET_OVER"."""
        async with self._work.work(DIRECTORY) as tx:
            taken = await take_try(tx, ticket, SignInStep.SIGN_IN_STEP_MAIL_CODE)
            if not code_matches(self._sealer, taken, code) or taken.account_id is None:
                await tx.commit()
                raise wrong_code()
            taken.used_at = tx.now
            outcome = await self._entrance.admit(tx, taken.account_id, visitor, Proof.MAIL_CODE)
            await tx.commit()
        return outcome

    async def with_second_factor(self, ticket: str, code: str, visitor: Visitor) -> OpenSession | Pending:
        """Complete a sign-in; raises UNAUTHENTICATED "WRONG_CODE" and "TICKET_OVER", EXHAUSTED while slowed down."""
        async with self._work.work(DIRECTORY) as tx:
            taken = await take_try(tx, ticket, SignInStep.SIGN_IN_STEP_SECOND_FACTOR)
            account_id = taken.account_id or _NOBODY
            await self._check_factor(tx, account_id, code, visitor)
            taken.used_at = tx.now
            outcome = await self._entrance.admit(tx, account_id, visitor, Proof.SECOND_FACTOR)
            await tx.commit()
        return outcome

    async def confirm_session(self, session_id: UUID, code: str, visitor: Visitor) -> OpenSession:
        """Make an open session strong by the second factor."""
        async with self._work.work(DIRECTORY) as tx:
            found = await find_open(tx, session_id, self._token_clock.now())
            await self._check_factor(tx, found.session.account_id, code, visitor)
            found.session.level = Proof.SECOND_FACTOR.level
            await tx.commit()
        return found

    async def browser_session(self, session_id: UUID) -> OpenSession:
        """Return a browser's session while it is open."""
        async with self._work.work(DIRECTORY) as tx:
            found = await find_open(tx, session_id, self._token_clock.now())
            strong = await can_be_strong(tx, found.session.account_id)
            account = await tx.session.get_one(Account, found.session.account_id)
        return OpenSession(found.session, found.memberships, strong, account.email)

    async def _check_factor(self, tx: Transaction, account_id: UUID, code: str, visitor: Visitor) -> None:
        """Count the attempt, check the code; a wrong one is committed and refused."""
        device = await known_device(tx, account_id, visitor.device_token)
        attempt = attempt_of(self._sealer, f"second factor {account_id}", visitor.address, device)
        await count_attempt(tx, attempt)
        if not await self._second_factor.accepts(tx, account_id, code, visitor.device):
            await tx.commit()
            raise wrong_code()
        await tx.session.flush()
        await forgive(tx, attempt)

    async def _count_at_firms(self, stored: StoredPassword | None, visitor: Visitor) -> None:
        async with self._work.work(DIRECTORY) as tx:
            own = await memberships_of(tx, stored.account_id if stored else _NOBODY)
            tenant_ids = {view.tenant_id for view in own}
            if stored is None:
                page = select(Tenant.tenant_id).where(Tenant.slug == visitor.firm)
                tenant_ids |= set((await tx.session.execute(page)).scalars())
            await count_failure_at(tx, self._sealer, sorted(tenant_ids))
            await tx.commit()
