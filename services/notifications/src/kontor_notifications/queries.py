"""Hot reads: the bell, straight on asyncpg within row-level security."""

from __future__ import annotations

from functools import lru_cache
from typing import Any
from uuid import UUID

import asyncpg
from kontor_chassis.database import RowReader
from kontor_chassis.paging import cursor_time, decode_cursor, encode_cursor
from kontor_chassis.principal import Principal
from sqlalchemy import Select, Uuid, bindparam, func, select, tuple_
from sqlalchemy.orm import InstrumentedAttribute

from kontor_notifications.tables import Notification

Row = asyncpg.Record

_COLUMNS: tuple[InstrumentedAttribute[Any], ...] = (
    Notification.notification_id,
    Notification.kind,
    Notification.title,
    Notification.text,
    Notification.link,
    Notification.subject_id,
    Notification.create_time,
    Notification.read_time,
)
_MINE = (
    Notification.account_id == bindparam("account_id", type_=Uuid),
    Notification.tenant_id == bindparam("tenant_id", type_=Uuid),
)


async def list_notifications(
    rows: RowReader, principal: Principal, *, unread_only: bool, size: int, page_token: str
) -> tuple[list[Row], str]:
    """Return a page of the caller's notifications, newest first, and the next page's token."""
    cursor = decode_cursor(page_token, cursor_time, UUID)
    given: dict[str, Any] = {**_me(principal), "size": size + 1}
    if cursor is not None:
        given["time"], given["id"] = cursor
    found = await rows.rows(
        _notifications(unread_only=unread_only, further=cursor is not None), given, principal=principal
    )
    if len(found) <= size:
        return found, ""
    last = found[size - 1]
    return found[:size], encode_cursor(last["create_time"], last["notification_id"])


@lru_cache
def _notifications(*, unread_only: bool, further: bool) -> Select[Any]:
    statement = select(*_COLUMNS).where(*_MINE)
    if unread_only:
        statement = statement.where(Notification.read_time.is_(None))
    if further:
        last = tuple_(
            bindparam("time", type_=Notification.create_time.type),
            bindparam("id", type_=Notification.notification_id.type),
        )
        statement = statement.where(tuple_(Notification.create_time, Notification.notification_id) < last)
    newest_first = statement.order_by(Notification.create_time.desc(), Notification.notification_id.desc())
    return newest_first.limit(bindparam("size"))


async def find_notification(rows: RowReader, principal: Principal, notification_id: UUID) -> Row | None:
    """Return one notification of the caller."""
    found = await rows.rows(_ONE, {**_me(principal), "id": notification_id}, principal=principal)
    return found[0] if found else None


_ONE: Select[Any] = select(*_COLUMNS).where(*_MINE, Notification.notification_id == bindparam("id", type_=Uuid))


async def count_unread(rows: RowReader, principal: Principal) -> int:
    """Return how many notifications of the caller are unread."""
    [row] = await rows.rows(_UNREAD, _me(principal), principal=principal)
    count: int = row["unread"]
    return count


_UNREAD: Select[Any] = select(*(func.count().label("unread"),)).where(*_MINE, Notification.read_time.is_(None))


def _me(principal: Principal) -> dict[str, Any]:
    return {"account_id": principal.required_account(), "tenant_id": principal.required_tenant()}
