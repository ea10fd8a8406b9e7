"""Reads: lists, counters and what a stream delivers, as Core selects compiled once and run straight on asyncpg."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import Any
from uuid import UUID

import asyncpg
from kontor.common.v1.access_pb2 import Role
from kontor_chassis.database import RowReader, Transaction
from kontor_chassis.paging import cursor_bigint, cursor_time, decode_cursor, encode_cursor
from kontor_chassis.principal import Principal
from sqlalchemy import BigInteger, Boolean, RowMapping, Uuid, and_, any_, bindparam, func, or_, select
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.sql import Select

from kontor_chat.tables import Chat, Message, ReadMark

Rows = list[asyncpg.Record]


@dataclass(frozen=True)
class ChatFilter:
    """Which chats to list (F191)."""

    archived: bool = False
    only_own: bool = False
    only_unassigned: bool = False
    customer_ids: tuple[UUID, ...] = ()
    oldest_first: bool = False


def _account() -> Any:
    return bindparam("account_id", type_=Uuid)


def _unread(by_customer: bool) -> Any:
    """Return how many messages of the other side the caller has not read: written less read, never counted anew."""
    written = Chat.firm_messages if by_customer else Chat.customer_messages
    return written - func.coalesce(ReadMark.other_side_read, 0)


@lru_cache
def _chats(by_customer: bool) -> Select[Any]:
    """Return chats with their newest message and the caller's unread count."""
    statement = (
        select(
            *Chat.__table__.columns,
            Message.number,
            Message.sender_account_id,
            Message.sender_is_customer,
            Message.sender_name,
            Message.text,
            _unread(by_customer).label("unread_count"),
        )
        .join(Message, Message.message_id == Chat.last_message_id)
        .outerjoin(ReadMark, and_(ReadMark.chat_id == Chat.chat_id, ReadMark.account_id == _account()))
    )
    return statement.where(~Chat.archived) if by_customer else statement


async def list_chats(
    rows: RowReader, principal: Principal, wanted: ChatFilter, *, size: int, page_token: str
) -> tuple[Rows, str]:
    """Return a page of chats by the time of their newest message, and the next page's token."""
    given: dict[str, Any] = {"account_id": principal.account_id, "archived": wanted.archived, "size": size + 1}
    if wanted.customer_ids:
        given["customer_ids"] = list(wanted.customer_ids)
    cursor = decode_cursor(page_token, cursor_time, UUID)
    if cursor:
        given["time"], given["last"] = cursor
    statement = _listed(
        by_customer=principal.is_customer,
        own=wanted.only_own,
        unassigned=wanted.only_unassigned,
        of_customers=bool(wanted.customer_ids),
        oldest_first=wanted.oldest_first,
        further=bool(cursor),
    )
    found = await rows.rows(statement, given, principal=principal)
    return _page(found, size, "last_message_time", "chat_id")


@lru_cache
def _listed(
    *, by_customer: bool, own: bool, unassigned: bool, of_customers: bool, oldest_first: bool, further: bool
) -> Select[Any]:
    statement = _chats(by_customer).where(Chat.archived == bindparam("archived", type_=Boolean))
    if own:
        statement = statement.where(Chat.operator_account_id == _account())
    if unassigned:
        statement = statement.where(Chat.operator_account_id.is_(None))
    if of_customers:
        statement = statement.where(Chat.customer_id == any_(bindparam("customer_ids", type_=ARRAY(Uuid))))
    time, last = bindparam("time", type_=Chat.last_message_time.type), bindparam("last", type_=Uuid)
    if further and oldest_first:
        newer = or_(Chat.last_message_time > time, and_(Chat.last_message_time == time, Chat.chat_id > last))
        statement = statement.where(newer)
    elif further:
        older = or_(Chat.last_message_time < time, and_(Chat.last_message_time == time, Chat.chat_id < last))
        statement = statement.where(older)
    order = (Chat.last_message_time, Chat.chat_id)
    return statement.order_by(*(order if oldest_first else (key.desc() for key in order))).limit(bindparam("size"))


async def find_chat(rows: RowReader, principal: Principal, chat_id: UUID) -> asyncpg.Record | None:
    """Return one chat if the caller may see it."""
    given = {"account_id": principal.account_id, "chat_id": chat_id}
    found = await rows.rows(_one_chat(principal.is_customer), given, principal=principal)
    return found[0] if found else None


async def written_chat(tx: Transaction, chat_id: UUID) -> RowMapping:
    """Return a chat as the transaction that has just written it sees it."""
    given = {"account_id": tx.principal.account_id, "chat_id": chat_id}
    found: RowMapping = (await tx.session.execute(_one_chat(tx.principal.is_customer), given)).mappings().one()
    return found


@lru_cache
def _one_chat(by_customer: bool) -> Select[Any]:
    return _chats(by_customer).where(Chat.chat_id == bindparam("chat_id", type_=Uuid))


async def list_messages(
    rows: RowReader, principal: Principal, *, chat_id: UUID, size: int, page_token: str
) -> tuple[Rows, str]:
    """Return a page of a chat's messages, newest first, and the token of the page with older ones."""
    given: dict[str, Any] = {"chat_id": chat_id, "size": size + 1}
    cursor = decode_cursor(page_token, cursor_bigint)
    if cursor:
        (given["before"],) = cursor
    found = await rows.rows(_messages(further=bool(cursor)), given, principal=principal)
    return _page(found, size, "number")


@lru_cache
def _messages(*, further: bool) -> Select[Any]:
    statement = select(Message).where(Message.chat_id == bindparam("chat_id", type_=Uuid))
    if further:
        statement = statement.where(Message.number < bindparam("before", type_=BigInteger))
    return statement.order_by(Message.number.desc()).limit(bindparam("size"))


async def find_message(rows: RowReader, principal: Principal, message_id: UUID) -> asyncpg.Record | None:
    """Return one message if the caller may see it."""
    found = await rows.rows(_ONE_MESSAGE, {"message_id": message_id}, principal=principal)
    return found[0] if found else None


_ONE_MESSAGE = (
    select(Message)
    .join(Chat, Chat.chat_id == Message.chat_id)  # row security leaves a customer only open chats
    .where(Message.message_id == bindparam("message_id", type_=Uuid))
)


async def messages_after(
    rows: RowReader, principal: Principal, *, message_id: UUID, chat_id: UUID | None, size: int
) -> Rows:
    """Return the caller's next messages by id, in any of his chats or in one."""
    given: dict[str, Any] = {"message_id": message_id, "size": size}
    given |= {"chat_id": chat_id} if chat_id else {}
    given |= {"customer_id": principal.customer_id} if principal.is_customer else {}
    statement = _after(of_customer=principal.is_customer, in_chat=chat_id is not None)
    return await rows.rows(statement, given, principal=principal)


@lru_cache
def _after(*, of_customer: bool, in_chat: bool) -> Select[Any]:
    statement = (
        select(Message)
        .join(Chat, Chat.chat_id == Message.chat_id)
        .where(Message.message_id > bindparam("message_id", type_=Uuid))
    )
    if of_customer:
        statement = statement.where(Message.customer_id == bindparam("customer_id", type_=Uuid))
    if in_chat:
        statement = statement.where(Message.chat_id == bindparam("chat_id", type_=Uuid))
    return statement.order_by(Message.message_id).limit(bindparam("size"))


async def count_unread(rows: RowReader, principal: Principal) -> tuple[int, int]:
    """Return unread messages and the number of chats that hold them (who counts what: see the RPC)."""
    statement = _unread_count(by_customer=principal.is_customer, administrator=principal.has(Role.ROLE_ADMINISTRATOR))
    (found,) = await rows.rows(statement, {"account_id": principal.account_id}, principal=principal)
    return found["messages"], found["chats"]


@lru_cache
def _unread_count(*, by_customer: bool, administrator: bool) -> Select[Any]:
    unread = _unread(by_customer)
    counts: tuple[Any, ...] = (func.coalesce(func.sum(unread), 0).label("messages"), func.count().label("chats"))
    statement = (
        select(*counts)
        .select_from(Chat)
        .outerjoin(ReadMark, and_(ReadMark.chat_id == Chat.chat_id, ReadMark.account_id == _account()))
        .where(~Chat.archived, unread > 0)
    )
    if by_customer:
        return statement
    mine = Chat.operator_account_id == _account()
    return statement.where(or_(mine, Chat.operator_account_id.is_(None)) if administrator else mine)


def _page(found: Rows, size: int, *key: str) -> tuple[Rows, str]:
    shown = found[:size]
    return shown, encode_cursor(*(shown[-1][name] for name in key)) if len(found) > size else ""
