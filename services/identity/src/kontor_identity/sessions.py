"""Sessions: where an account is signed in, and for which membership. A session acts for one membership only.

A session is also the family of its refresh tokens: ending it ends them all. Instants are machine time.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from kontor_chassis.clock import Clock
from kontor_chassis.database import Transaction
from kontor_chassis.errors import DomainError, ErrorKind, not_found
from kontor_chassis.ids import new_id
from sqlalchemy import delete, select, tuple_, update

from kontor_identity.memberships import MembershipView, membership, memberships_of
from kontor_identity.tables import Session

IDLE_LIFETIME = timedelta(days=30)
"""A session that is not used for so long ends; every renewal of tokens starts it anew."""
LONGEST_LIFETIME = timedelta(days=90)
_NO_SESSION = UUID(int=0)


@dataclass(frozen=True)
class OpenSession:
    """A session that is open, and what its account may act as."""

    session: Session
    memberships: list[MembershipView]
    can_be_strong: bool = False
    """Whether the account has a second factor or a passkey; only where somebody asks."""
    email: str = ""
    """Address with which the account signs in; only where somebody asks."""


def session_ended() -> DomainError:
    """Return the refusal for a session that is over."""
    return DomainError(
        ErrorKind.UNAUTHENTICATED, "SESSION_ENDED", "Ihre Anmeldung ist beendet. Bitte melden Sie sich erneut an."
    )


def open_session(
    tx: Transaction, clock: Clock, account_id: UUID, membership_id: UUID | None, device: str, level: int
) -> Session:
    """Open a session for a person who has just proved who he is, so strongly (`AuthLevel`)."""
    now = clock.now()
    session = Session(
        session_id=new_id(),
        account_id=account_id,
        membership_id=membership_id,
        device=device,
        created_at=now,
        last_used_at=now,
        expires_at=now + IDLE_LIFETIME,
        level=level,
        authenticated_at=now,
    )
    tx.session.add(session)
    return session


async def prove_again(tx: Transaction, session_id: UUID, account_id: UUID, now: datetime, level: int) -> Session | None:
    """Let the same person's open session count as fresh; None when it is over or another's, so that a new one opens."""
    statement = select(Session).where(Session.session_id == session_id).with_for_update()
    session = (await tx.session.execute(statement)).scalar_one_or_none()
    if session is None or session.account_id != account_id or session.ended_at is not None or session.expires_at <= now:
        return None
    session.authenticated_at = now
    session.level = max(session.level, level)
    renew(session, now)
    return session


async def find_open(tx: Transaction, session_id: UUID, now: datetime) -> OpenSession:
    """Return a session that is open and whose membership is in force; raises UNAUTHENTICATED "SESSION_ENDED"."""
    session = await tx.session.get(Session, session_id)
    if session is None or session.ended_at is not None or session.expires_at <= now:
        raise session_ended()
    own = await memberships_of(tx, session.account_id)
    if session.membership_id is not None and session.membership_id not in {one.membership_id for one in own}:
        raise session_ended()
    return OpenSession(session, own)


async def acting_membership(tx: Transaction, session_id: UUID, now: datetime) -> tuple[Session, MembershipView]:
    """Return an open session and the membership it acts for, the session's row locked; raises "SESSION_ENDED"."""
    locked = select(Session).where(Session.session_id == session_id).with_for_update()
    session = (await tx.session.execute(locked)).scalar_one_or_none()
    if session is None or session.ended_at is not None or session.expires_at <= now or session.membership_id is None:
        raise session_ended()
    view = await membership(tx, session.membership_id)
    if view is None:
        raise session_ended()
    return session, view


async def choose_membership(tx: Transaction, clock: Clock, session_id: UUID, membership_id: UUID) -> OpenSession:
    """Let the person act for one of his memberships: this session, or a new one where it acts for another already."""
    found = await find_open(tx, session_id, clock.now())
    if membership_id not in {one.membership_id for one in found.memberships}:
        raise not_found("Diese Zugehörigkeit")
    session = found.session
    if session.membership_id is None:
        session.membership_id = membership_id
    elif session.membership_id != membership_id:
        opened = open_session(tx, clock, session.account_id, membership_id, session.device, session.level)
        opened.created_at = session.created_at
        opened.authenticated_at = session.authenticated_at  # the person proved who he is then, not now
        session = opened
    await tx.session.flush()
    return OpenSession(session, found.memberships)


def renew(session: Session, now: datetime) -> None:
    """Let a session that was used live on."""
    session.last_used_at = now
    session.expires_at = min(now + IDLE_LIFETIME, session.created_at + LONGEST_LIFETIME)


async def end_session(tx: Transaction, session_id: UUID, now: datetime, reason: str) -> None:
    """End a session with all its tokens; one that is over already stays as it is."""
    still_open = update(Session).where(Session.session_id == session_id, Session.ended_at.is_(None))
    await tx.session.execute(still_open.values(ended_at=now, end_reason=reason))


async def end_all_sessions(
    tx: Transaction, account_id: UUID, now: datetime, reason: str, *, but: UUID | None = None
) -> int:
    """End every session of an account, `but` one; returns how many were open."""
    still_open = update(Session).where(
        Session.account_id == account_id, Session.ended_at.is_(None), Session.session_id != (but or _NO_SESSION)
    )
    ended = still_open.values(ended_at=now, end_reason=reason).returning(Session.expires_at)
    return sum(expires_at > now for expires_at in (await tx.session.execute(ended)).scalars())


async def revoke_own_session(tx: Transaction, clock: Clock, account_id: UUID, session_id: UUID) -> None:
    """End one of the account's own sessions; NOT_FOUND for anybody else's."""
    session = await tx.session.get(Session, session_id)
    if session is None or session.account_id != account_id:
        raise not_found("Diese Anmeldung")
    await end_session(tx, session_id, clock.now(), "revoked by the person")


async def forget_old_sessions(tx: Transaction, now: datetime) -> None:
    """Delete sessions that ended long ago, and with them their codes and tokens."""
    await tx.session.execute(delete(Session).where(Session.expires_at < now - LONGEST_LIFETIME))


async def open_sessions(
    tx: Transaction, account_id: UUID, now: datetime, before: tuple[datetime, UUID], limit: int
) -> list[Session]:
    """Return an account's open sessions, newest first, from `before` on."""
    statement = (
        select(Session)
        .where(
            Session.account_id == account_id,
            Session.ended_at.is_(None),
            Session.expires_at > now,
            tuple_(Session.created_at, Session.session_id) < tuple_(*before),
        )
        .order_by(Session.created_at.desc(), Session.session_id.desc())
        .limit(limit)
    )
    return list((await tx.session.execute(statement)).scalars())
