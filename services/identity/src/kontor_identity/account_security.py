"""How an account is protected, at a glance, and what its person does to it: password, sessions.

Where the account has a second factor or a passkey, changes need a strong session: a thief with the password alone
changes nothing.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from kontor.identity.v1.account_security_pb2 import AccountEventKind as Kind
from kontor.identity.v1.events_pb2 import PasswordChanged
from kontor_chassis.clock import Clock
from kontor_chassis.database import Transaction
from kontor_chassis.login_strength import require_strong_login
from kontor_chassis.principal import Principal
from sqlalchemy import func, select

from kontor_identity.account_events import record_event
from kontor_identity.accounts import set_password_hash
from kontor_identity.email_changes import pending_email
from kontor_identity.passkeys import passkey_count
from kontor_identity.second_factor import can_be_strong, recovery_codes_left
from kontor_identity.security_tables import TotpSecret
from kontor_identity.sessions import end_all_sessions
from kontor_identity.tables import Account, Credential, Session


@dataclass(frozen=True)
class Protection:
    """How an account is protected."""

    email: str
    pending_email: str
    password_changed_at: datetime | None
    totp_since: datetime | None
    recovery_codes_left: int
    passkey_count: int
    session_count: int


async def protection_of(tx: Transaction, account_id: UUID, token_now: datetime) -> Protection:
    """Return how an account is protected."""
    account = await tx.session.get_one(Account, account_id)
    credential = await tx.session.get(Credential, account_id)
    totp = await tx.session.get(TotpSecret, account_id)
    open_now = select(func.count()).where(
        Session.account_id == account_id, Session.ended_at.is_(None), Session.expires_at > token_now
    )
    return Protection(
        email=account.email,
        pending_email=await pending_email(tx, account_id),
        password_changed_at=credential.changed_at if credential is not None else None,
        totp_since=totp.confirmed_at if totp is not None else None,
        recovery_codes_left=await recovery_codes_left(tx, account_id),
        passkey_count=await passkey_count(tx, account_id),
        session_count=int((await tx.session.execute(open_now)).scalar_one()),
    )


async def require_strength(tx: Transaction, caller: Principal) -> None:
    """Raise FORBIDDEN "STRONGER_LOGIN_REQUIRED" when the account could prove more than this session did."""
    if await can_be_strong(tx, caller.required_account()):
        require_strong_login(caller)


async def device_of(tx: Transaction, caller: Principal) -> str:
    """Return the kind of device the caller's session is on."""
    session = await tx.session.get(Session, caller.session_id) if caller.session_id else None
    return session.device if session is not None else ""


async def change_password(tx: Transaction, caller: Principal, hashed: str, token_clock: Clock) -> None:
    """Replace the password; the other sessions end, and the person is told."""
    account_id, tenant_id = caller.required_account(), caller.required_tenant()
    await set_password_hash(tx, account_id, hashed)
    await end_all_sessions(tx, account_id, token_clock.now(), "password changed", but=caller.session_id)
    device = await device_of(tx, caller)
    await record_event(tx, account_id, Kind.ACCOUNT_EVENT_KIND_PASSWORD_CHANGED, device=device)
    event = PasswordChanged(tenant_id=str(tenant_id), account_id=str(account_id))
    tx.publish(event, aggregate=account_id, tenant_id=tenant_id)


async def end_other_sessions(tx: Transaction, caller: Principal, token_clock: Clock) -> int:
    """End all sessions but the caller's; returns how many."""
    account_id = caller.required_account()
    ended = await end_all_sessions(tx, account_id, token_clock.now(), "revoked by the person", but=caller.session_id)
    if ended:
        device = await device_of(tx, caller)
        await record_event(tx, account_id, Kind.ACCOUNT_EVENT_KIND_SESSIONS_ENDED, device=device)
    return ended


async def make_strong(tx: Transaction, caller: Principal) -> None:
    """Let the caller's session count as strong: he has just shown a code of his second factor."""
    session = await tx.session.get(Session, caller.session_id, with_for_update=True) if caller.session_id else None
    if session is not None and session.account_id == caller.account_id:
        session.level = max(session.level, 2)
