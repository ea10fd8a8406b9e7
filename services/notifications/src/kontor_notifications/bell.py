"""The bell: what a person is told in the portal, read and unread."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID

from kontor.notifications.v1 import events_pb2
from kontor.notifications.v1.notifications_pb2 import NotificationKind
from kontor_chassis.database import Transaction
from kontor_chassis.ids import new_id
from sqlalchemy import ColumnElement, func, or_, select, text, update
from sqlalchemy.dialects.postgresql import insert

from kontor_notifications.tables import Notification

SILENCE = timedelta(minutes=1)
"""After so long without a message, the next one of an unread chat rings again."""
_UNREAD_CHAT = text("kind = 1 AND read_time IS NULL")
"""The condition of uq_notifications_unread_chat, word for word: PostgreSQL must find the index by it, which it cannot
once the statement's plan is generic and the 1 a parameter."""


@dataclass(frozen=True)
class Ring:
    """What to tell one person."""

    tenant_id: UUID
    """The firm in which the person acts; an expert's own, not his client's."""
    account_id: UUID
    kind: NotificationKind.ValueType
    title: str
    text: str
    link: str
    subject_id: UUID


async def ring(tx: Transaction, event_id: UUID, what: Ring) -> None:
    """Put a notification into a person's bell, once per event and person.

    A chat has at most one unread notification per person: a further message brings it to the top again.
    """
    row = {
        "notification_id": new_id(),
        "tenant_id": what.tenant_id,
        "account_id": what.account_id,
        "kind": what.kind,
        "title": what.title,
        "text": what.text,
        "link": what.link,
        "subject_id": what.subject_id,
        "event_id": event_id,
        "create_time": tx.now,
    }
    statement = insert(Notification).values(**row)
    if what.kind == NotificationKind.NOTIFICATION_KIND_CHAT_MESSAGE:
        statement = statement.on_conflict_do_update(
            index_elements=["account_id", "tenant_id", "subject_id"],
            index_where=_UNREAD_CHAT,
            set_={"create_time": tx.now, "event_id": event_id},
        )
    else:
        statement = statement.on_conflict_do_nothing()
    notification_id = await tx.session.scalar(statement.returning(Notification.notification_id))
    if notification_id is None:
        return
    _publish(tx, notification_id, what.tenant_id, what.account_id, what.kind, what.subject_id)


_RING_AGAIN = """
UPDATE notifications SET create_time = $4, event_id = $5
WHERE account_id = $1 AND tenant_id = $2 AND subject_id = $3 AND kind = 1 AND read_time IS NULL
RETURNING notification_id, old.create_time AS last_time"""


async def ring_again(tx: Transaction, event_id: UUID, *, tenant_id: UUID, account_id: UUID, chat_id: UUID) -> bool:
    """Bring a person's unread notification of a chat to the top again; False when he has none and must be told.

    Open pages hear of it if the chat was silent for `SILENCE`: a conversation rings once, not with every message.
    """
    found = await tx.run(_RING_AGAIN, account_id, tenant_id, chat_id, tx.now, event_id)
    if found and tx.now - found[0]["last_time"] >= SILENCE:
        kind = NotificationKind.NOTIFICATION_KIND_CHAT_MESSAGE
        _publish(tx, found[0]["notification_id"], tenant_id, account_id, kind, chat_id)
    return bool(found)


async def mark_read(
    tx: Transaction, *, notification_ids: Sequence[UUID], subject_id: UUID | None, everything: bool
) -> int:
    """Mark the caller's notifications as read and return how many stay unread."""
    by_id = Notification.notification_id.in_(notification_ids)
    chosen = by_id if subject_id is None else or_(by_id, Notification.subject_id == subject_id)
    await _read(tx, tx.principal.required_tenant(), tx.principal.required_account(), None if everything else chosen)
    return await unread_count(tx)


async def read_subject(tx: Transaction, tenant_id: UUID, account_id: UUID, subject_id: UUID) -> None:
    """Mark what a person was told about a chat as read, because he has read the chat."""
    await _read(tx, tenant_id, account_id, Notification.subject_id == subject_id)


async def unread_count(tx: Transaction) -> int:
    """Return how many notifications of the caller are unread."""
    count = await tx.session.scalar(
        select(func.count()).where(
            Notification.tenant_id == tx.principal.required_tenant(),
            Notification.account_id == tx.principal.required_account(),
            Notification.read_time.is_(None),
        )
    )
    return count or 0


def _publish(
    tx: Transaction,
    notification_id: UUID,
    tenant_id: UUID,
    account_id: UUID,
    kind: NotificationKind.ValueType,
    subject_id: UUID,
) -> None:
    created = events_pb2.NotificationCreated(
        tenant_id=str(tenant_id),
        notification_id=str(notification_id),
        account_id=str(account_id),
        kind=kind,
        subject_id=str(subject_id),
    )
    tx.publish(created, aggregate=account_id, tenant_id=tenant_id)


async def _read(tx: Transaction, tenant_id: UUID, account_id: UUID, chosen: ColumnElement[bool] | None) -> None:
    statement = update(Notification).where(
        Notification.tenant_id == tenant_id,
        Notification.account_id == account_id,
        Notification.read_time.is_(None),
    )
    if chosen is not None:
        statement = statement.where(chosen)
    changed = await tx.session.execute(statement.values(read_time=tx.now).returning(Notification.notification_id))
    if changed.first() is not None:
        read = events_pb2.NotificationsRead(tenant_id=str(tenant_id), account_id=str(account_id))
        tx.publish(read, aggregate=account_id, tenant_id=tenant_id)
