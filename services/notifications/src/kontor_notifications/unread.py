"""The five-minute rule (F186): a chat message that stays unread for five minutes is announced by one e-mail.

Messages that wait are rows; reading the chat deletes them, and so does the mail that announces them. Several messages
of one chat are one mail. Events may come late or out of order: how far a person has read is kept, too.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from uuid import UUID

from kontor_chassis.database import Transaction
from sqlalchemy import delete, exists, select

from kontor_notifications.deliveries import Planned, plan_mail
from kontor_notifications.preferences import wants_chat_email
from kontor_notifications.tables import UnreadMessage
from kontor_notifications.wording import Side, chat_link

UNREAD_FOR = timedelta(minutes=5)


_WAIT = """
WITH read_up_to AS (
  INSERT INTO read_positions (chat_id, account_id, tenant_id, number) VALUES ($1, $2, $3, 0)
  ON CONFLICT (chat_id, account_id) DO UPDATE SET number = read_positions.number RETURNING number
), waiting AS (
  INSERT INTO unread_messages (chat_id, account_id, tenant_id, number, is_customer, posted_at)
  SELECT $1, $2, $3, $4, $5, $6 FROM read_up_to WHERE read_up_to.number < $4 ON CONFLICT DO NOTHING
)
SELECT number < $4 AS waits FROM read_up_to"""


async def wait_for_reader(
    tx: Transaction,
    *,
    chat_id: UUID,
    tenant_id: UUID,
    account_id: UUID,
    number: int,
    posted_at: datetime,
    is_customer: bool,
) -> bool:
    """Let a message wait to be read; returns False when it has been read already.

    The row of the read position is the lock (`_lock`): an upsert returns its newest version, whatever the statement's
    snapshot is.
    """
    [found] = await tx.run(_WAIT, chat_id, account_id, tenant_id, number, is_customer, posted_at)
    return bool(found["waits"])


async def note_read(tx: Transaction, *, chat_id: UUID, tenant_id: UUID, account_id: UUID, number: int) -> bool:
    """Note that a person has read a chat up to a message; nothing up to there is announced any more.

    Returns whether later messages wait for him still.
    """
    await _lock(tx, chat_id, account_id, tenant_id, read_up_to=number)
    await tx.session.execute(
        delete(UnreadMessage).where(
            UnreadMessage.chat_id == chat_id, UnreadMessage.account_id == account_id, UnreadMessage.number <= number
        )
    )
    later = exists().where(UnreadMessage.chat_id == chat_id, UnreadMessage.account_id == account_id)
    return bool(await tx.session.scalar(select(later)))


async def announce_oldest(tx: Transaction) -> bool:
    """Plan the mail for the person and chat that have waited longest; returns False when nobody has waited enough."""
    overdue = await tx.session.execute(
        select(UnreadMessage.chat_id, UnreadMessage.account_id, UnreadMessage.tenant_id)
        .where(UnreadMessage.posted_at <= tx.now - UNREAD_FOR)
        .order_by(UnreadMessage.posted_at)
        .limit(1)
    )
    pair = overdue.first()
    if pair is None:
        return False
    await _announce(tx, pair.chat_id, pair.account_id, pair.tenant_id)
    return True


async def _announce(tx: Transaction, chat_id: UUID, account_id: UUID, tenant_id: UUID) -> None:
    await _lock(tx, chat_id, account_id, tenant_id)
    waiting = await tx.session.execute(
        delete(UnreadMessage)
        .where(UnreadMessage.chat_id == chat_id, UnreadMessage.account_id == account_id)
        .returning(UnreadMessage.number, UnreadMessage.is_customer)
    )
    rows = waiting.all()
    if not rows or not await wants_chat_email(tx, tenant_id, account_id):
        return
    newest = max(row.number for row in rows)
    side = Side.CUSTOMER if rows[0].is_customer else Side.STAFF
    await plan_mail(
        tx,
        Planned(
            tenant_id=tenant_id,
            template="chat_unread",
            dedup_key=f"chat:{chat_id}:{account_id}:{newest}",
            parameters={"path": chat_link(side, str(chat_id)), "count": str(len(rows))},
            account_id=account_id,
        ),
    )


async def _lock(tx: Transaction, chat_id: UUID, account_id: UUID, tenant_id: UUID, *, read_up_to: int = 0) -> None:
    """Let writing, reading and announcing of one chat for one person wait for each other: all lock this row first.

    Notes how far he has read; never backwards.
    """
    await tx.run(
        "INSERT INTO read_positions (chat_id, account_id, tenant_id, number) VALUES ($1, $2, $3, $4)"
        " ON CONFLICT (chat_id, account_id) DO UPDATE SET number = greatest(read_positions.number, excluded.number)",
        *(chat_id, account_id, tenant_id, read_up_to),
    )
