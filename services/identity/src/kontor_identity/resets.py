"""Forgotten passwords: a link by mail, good for one hour and one use. Nobody learns whether an address has an account.

States: requested → used | expired. A new password ends every session of the account.
"""

from __future__ import annotations

from datetime import timedelta
from uuid import UUID

from kontor.identity.v1.account_security_pb2 import AccountEventKind as Kind
from kontor.identity.v1.events_pb2 import PasswordChanged, PasswordResetRequested
from kontor_chassis.clock import Clock
from kontor_chassis.database import Transaction, UnitOfWork
from kontor_chassis.errors import DomainError, ErrorKind
from kontor_chassis.ids import new_id
from sqlalchemy import func, select

from kontor_identity.account_events import record_event
from kontor_identity.accounts import find_account, set_password_hash
from kontor_identity.directory import DIRECTORY
from kontor_identity.memberships import MembershipView, memberships_of
from kontor_identity.pace import steadily
from kontor_identity.passwords import PasswordVault, check_new_password
from kontor_identity.sealing import Sealer, new_token, token_hash
from kontor_identity.sessions import end_all_sessions
from kontor_identity.tables import Account, PasswordReset, PasswordResetToken
from kontor_identity.throttles import count_attempt, request_of

GOOD_FOR = timedelta(hours=1)
MOST_OPEN_REQUESTS = 3
"""So many mails go to one account within the hour; further requests are answered alike and do nothing."""


class PasswordResets:
    """The use cases and what they need."""

    def __init__(self, work: UnitOfWork, passwords: PasswordVault, sealer: Sealer, token_clock: Clock) -> None:
        self._work = work
        self._passwords = passwords
        self._sealer = sealer
        self._token_clock = token_clock

    async def request(self, email: str, address: str, firm: str) -> None:
        """Have a link sent if there is such an account; slowed down per network address, and always as slow."""
        async with steadily(), self._work.work(DIRECTORY) as tx:
            await count_attempt(tx, request_of(self._sealer, address))
            stored = await find_account(tx, email)
            own = await memberships_of(tx, stored.account_id) if stored else []
            if stored is not None and own and await _open_requests(tx, stored.account_id) < MOST_OPEN_REQUESTS:
                _add_request(tx, stored.account_id, _speaking_firm(own, firm))
            await tx.commit()

    async def check(self, token: str) -> None:
        """Raise PRECONDITION "RESET_LINK_INVALID" unless the link works."""
        async with self._work.work(DIRECTORY) as tx:
            await _usable(tx, token, lock=False)

    async def reset(self, token: str, password: str) -> None:
        """Set a new password by a link; every session of the account ends."""
        async with self._work.work(DIRECTORY) as tx:
            request = await _usable(tx, token, lock=False)
            email = await tx.session.scalar(select(Account.email).where(Account.account_id == request.account_id))
        check_new_password(password, personal=((email or "").partition("@")[0],))
        hashed = await self._passwords.hash(password)
        async with self._work.work(DIRECTORY) as tx:
            request = await _usable(tx, token, lock=True)
            request.used_at = tx.now
            await set_password_hash(tx, request.account_id, hashed)
            await end_all_sessions(tx, request.account_id, self._token_clock.now(), "password changed")
            await record_event(tx, request.account_id, Kind.ACCOUNT_EVENT_KIND_PASSWORD_CHANGED)
            for view in (await memberships_of(tx, request.account_id))[:1]:
                event = PasswordChanged(tenant_id=str(view.tenant_id), account_id=str(request.account_id))
                tx.publish(event, aggregate=request.account_id, tenant_id=view.tenant_id)
            await tx.commit()


async def mint_reset_link(tx: Transaction, reset_id: UUID, public_url: str) -> tuple[PasswordReset, str]:
    """Return an open request with a new link for the mail; raises PRECONDITION "RESET_LINK_INVALID"."""
    request = await tx.session.get(PasswordReset, reset_id)
    if request is None or request.used_at is not None or request.expires_at <= tx.now:
        raise _invalid_link()
    token = new_token()
    tx.session.add(PasswordResetToken(token_hash=token_hash(token), reset_id=reset_id))
    return request, f"{public_url}/password/{token}"


def _add_request(tx: Transaction, account_id: UUID, view: MembershipView) -> None:
    request = PasswordReset(reset_id=new_id(), account_id=account_id, created_at=tx.now, expires_at=tx.now + GOOD_FOR)
    tx.session.add(request)
    event = PasswordResetRequested(
        tenant_id=str(view.tenant_id), reset_id=str(request.reset_id), account_id=str(account_id)
    )
    tx.publish(event, aggregate=account_id, tenant_id=view.tenant_id)


def _speaking_firm(own: list[MembershipView], firm: str) -> MembershipView:
    """Return the membership in whose firm's name the mail goes out: the page's firm, else the first."""
    return next((view for view in own if view.tenant_slug == firm), own[0])


async def _open_requests(tx: Transaction, account_id: UUID) -> int:
    still_open = select(func.count()).where(
        PasswordReset.account_id == account_id, PasswordReset.used_at.is_(None), PasswordReset.expires_at > tx.now
    )
    return int((await tx.session.execute(still_open)).scalar_one())


async def _usable(tx: Transaction, token: str, *, lock: bool) -> PasswordReset:
    statement = (
        select(PasswordReset)
        .join(PasswordResetToken, PasswordResetToken.reset_id == PasswordReset.reset_id)
        .where(PasswordResetToken.token_hash == token_hash(token))
    )
    if lock:
        statement = statement.with_for_update(of=PasswordReset)
    request = (await tx.session.execute(statement)).scalar_one_or_none()
    if request is None or request.used_at is not None or request.expires_at <= tx.now:
        raise _invalid_link()
    return request


def _invalid_link() -> DomainError:
    return DomainError(
        ErrorKind.PRECONDITION,
        "RESET_LINK_INVALID",
        "Dieser Link gilt nicht mehr. Bitte fordern Sie einen neuen an.",
    )
