"""The five-minute rule (F186): a chat message that stays unread for five minutes is announced by one e-mail.

Messages that wait are rows; reading the chat deletes them, and so does the mail that announces them. Several messages
of one chat are one mail. Events may come late or out of order: how far a person has read is kept, too.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from uuid import UUID

from kontor_chassis.database import Transaction
from sqlalchemy import delete, exists, func, select, text
from sqlalchemy.dialects.postgresql import insert

from kontor_notifications.deliveries import Planned, plan_mail
from kontor_notifications.preferences import wants_chat_email
from kontor_notifications.tables import ReadPosition, UnreadMessage
from kontor_notifications.wording import Side, chat_link

UNREAD_FOR = timedelta(minutes=5)


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
    """Let a message wait to be read; returns False when it has been read already."""
    await _lock(tx, chat_id, account_id)
    read_up_to = await tx.session.scalar(
        select(ReadPosition.number).where(ReadPosition.chat_id == chat_id, ReadPosition.account_id == account_id)
    )
    if read_up_to is not None and number <= read_up_to:
        return False
    row = {
        "chat_id": chat_id,
        "account_id": account_id,
        "number": number,
        "tenant_id": tenant_id,
        "is_customer": is_customer,
        "posted_at": posted_at,
    }
    await tx.session.execute(insert(UnreadMessage).values(**row).on_conflict_do_nothing())
    return True


async def note_read(tx: Transaction, *, chat_id: UUID, tenant_id: UUID, account_id: UUID, number: int) -> bool:
    """Note that a person has read a chat up to a message; nothing up to there is announced any more.

    Returns whether later messages wait for him still.
    """
    await _lock(tx, chat_id, account_id)
    row = {"chat_id": chat_id, "account_id": account_id, "tenant_id": tenant_id, "number": number}
    position = insert(ReadPosition).values(**row)
    further = func.greatest(ReadPosition.number, position.excluded.number)
    await tx.session.execute(
        position.on_conflict_do_update(index_elements=["chat_id", "account_id"], set_={"number": further})
    )
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
        select(UnreadMessage.chat_id, UnreadMessage.account_id)
        .where(UnreadMessage.posted_at <= tx.now - UNREAD_FOR)
        .order_by(UnreadMessage.posted_at)
        .limit(1)
    )
    pair = overdue.first()
    if pair is None:
        return False
    await _announce(tx, pair.chat_id, pair.account_id)
    return True


async def _announce(tx: Transaction, chat_id: UUID, account_id: UUID) -> None:
    await _lock(tx, chat_id, account_id)
    waiting = await tx.session.execute(
        delete(UnreadMessage)
        .where(UnreadMessage.chat_id == chat_id, UnreadMessage.account_id == account_id)
        .returning(UnreadMessage.number, UnreadMessage.tenant_id, UnreadMessage.is_customer)
    )
    rows = waiting.all()
    if not rows or not await wants_chat_email(tx, rows[0].tenant_id, account_id):
        return
    newest = max(row.number for row in rows)
    side = Side.CUSTOMER if rows[0].is_customer else Side.STAFF
    await plan_mail(
        tx,
        Planned(
            tenant_id=rows[0].tenant_id,
            template="chat_unread",
            dedup_key=f"chat:{chat_id}:{account_id}:{newest}",
            parameters={"path": chat_link(side, str(chat_id)), "count": str(len(rows))},
            account_id=account_id,
        ),
    )


async def _lock(tx: Transaction, chat_id: UUID, account_id: UUID) -> None:
    """Let reading and announcing the same chat for the same person wait for each other."""
    key = (chat_id.int ^ account_id.int) & ((1 << 63) - 1)
    await tx.session.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": key})
