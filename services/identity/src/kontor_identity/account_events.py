"""What happened to an account's security: written once, shown to its person, and for what matters told by mail.

Boundary: entries hold the kind of device and names the person gave, never addresses of networks. They are kept for a
year.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from uuid import UUID

from kontor.identity.v1.account_security_pb2 import AccountEventKind as Kind
from kontor.identity.v1.events_pb2 import AccountEventRecorded
from kontor_chassis.database import Transaction
from kontor_chassis.errors import not_found
from kontor_chassis.ids import new_id
from sqlalchemy import delete, select, tuple_

from kontor_identity.memberships import MembershipView, memberships_of
from kontor_identity.security_tables import AccountEvent

KEPT = timedelta(days=365)
_TOLD = frozenset(
    {
        Kind.ACCOUNT_EVENT_KIND_NEW_DEVICE,
        Kind.ACCOUNT_EVENT_KIND_EMAIL_CHANGE_REQUESTED,
        Kind.ACCOUNT_EVENT_KIND_EMAIL_CHANGED,
        Kind.ACCOUNT_EVENT_KIND_SECOND_FACTOR_ENABLED,
        Kind.ACCOUNT_EVENT_KIND_SECOND_FACTOR_DISABLED,
        Kind.ACCOUNT_EVENT_KIND_RECOVERY_CODES_RENEWED,
        Kind.ACCOUNT_EVENT_KIND_RECOVERY_CODE_USED,
        Kind.ACCOUNT_EVENT_KIND_PASSKEY_ADDED,
        Kind.ACCOUNT_EVENT_KIND_PASSKEY_REMOVED,
    }
)
"""What the person is told of by mail; a changed password has an event of its own (PasswordChanged)."""


async def record_event(
    tx: Transaction,
    account_id: UUID,
    kind: Kind.ValueType,
    *,
    device: str = "",
    detail: str = "",
    former_email: str = "",
    tenant_id: UUID | None = None,
) -> None:
    """Write down what happened; `tenant_id` is the firm in whose name the mail goes out, else the person's first."""
    entry = AccountEvent(
        account_event_id=new_id(),
        account_id=account_id,
        kind=kind,
        occurred_at=tx.now,
        device=device,
        detail=detail,
        former_email=former_email,
    )
    tx.session.add(entry)
    if kind not in _TOLD:
        return
    speaking = tenant_id or await speaking_firm(tx, account_id)
    if speaking is None:
        return
    event = AccountEventRecorded(
        tenant_id=str(speaking),
        account_id=str(account_id),
        account_event_id=str(entry.account_event_id),
        kind=kind,
    )
    tx.publish(event, aggregate=account_id, tenant_id=speaking)


async def speaking_firm(tx: Transaction, account_id: UUID) -> UUID | None:
    """Return the firm that writes to a person when no firm in particular has to; None when he belongs to none."""
    return firm_of(await memberships_of(tx, account_id), "")


def firm_of(own: list[MembershipView], slug: str) -> UUID | None:
    """Return the firm with this short name among the memberships, else the first's."""
    there = next((view for view in own if view.tenant_slug == slug), None)
    chosen = there or (own[0] if own else None)
    return chosen.tenant_id if chosen else None


async def account_event(tx: Transaction, account_event_id: UUID) -> AccountEvent:
    """Return an entry; raises NOT_FOUND."""
    found = await tx.session.get(AccountEvent, account_event_id)
    if found is None:
        raise not_found("Dieser Eintrag")
    return found


async def account_events(
    tx: Transaction, account_id: UUID, before: tuple[datetime, UUID], limit: int
) -> list[AccountEvent]:
    """Return an account's entries, newest first, from `before` on."""
    statement = (
        select(AccountEvent)
        .where(
            AccountEvent.account_id == account_id,
            tuple_(AccountEvent.occurred_at, AccountEvent.account_event_id) < tuple_(*before),
        )
        .order_by(AccountEvent.occurred_at.desc(), AccountEvent.account_event_id.desc())
        .limit(limit)
    )
    return list((await tx.session.execute(statement)).scalars())


async def forget_old_events(tx: Transaction) -> None:
    """Delete entries that are older than a year."""
    await tx.session.execute(delete(AccountEvent).where(AccountEvent.occurred_at < tx.now - KEPT))
