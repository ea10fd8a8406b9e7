"""NotificationsService: a person's own bell and wishes."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any, Protocol

from google.protobuf.timestamp_pb2 import Timestamp
from kontor.notifications.v1 import events_pb2
from kontor.notifications.v1 import notifications_pb2 as pb
from kontor.notifications.v1.notifications_pb2_grpc import NotificationsServiceServicer
from kontor_chassis.clock import Clock
from kontor_chassis.database import RowReader, UnitOfWork
from kontor_chassis.errors import invalid
from kontor_chassis.etags import etag_of
from kontor_chassis.ids import parse_id
from kontor_chassis.live import LiveEvents
from kontor_chassis.paging import page_size
from kontor_chassis.principal import current_principal
from kontor_chassis.service import Context

from kontor_notifications import bell, preferences, queries
from kontor_notifications.tables import Preferences
from kontor_notifications.watching import watch


class _Row(Protocol):
    def __getitem__(self, key: str, /) -> Any: ...


class NotificationsRpc(NotificationsServiceServicer):
    """Serves the public calls."""

    def __init__(self, work: UnitOfWork, rows: RowReader, live: LiveEvents, clock: Clock) -> None:
        self._work = work
        self._rows = rows
        self._live = live
        self._clock = clock

    async def ListNotifications(
        self, request: pb.ListNotificationsRequest, context: Context
    ) -> pb.ListNotificationsResponse:
        caller = current_principal()
        found, token = await queries.list_notifications(
            self._rows,
            caller,
            unread_only=request.unread_only,
            size=page_size(request.page_size),
            page_token=request.page_token,
        )
        all_unread = request.unread_only and not request.page_token and not token
        unread = len(found) if all_unread else await queries.count_unread(self._rows, caller)
        return pb.ListNotificationsResponse(
            notifications=map(_notification, found), next_page_token=token, unread_count=unread
        )

    async def MarkRead(self, request: pb.MarkReadRequest, context: Context) -> pb.MarkReadResponse:
        async with self._work.command(request) as tx:
            unread = await bell.mark_read(
                tx,
                notification_ids=[parse_id(text, "notification_ids") for text in request.notification_ids],
                subject_id=parse_id(request.subject_id, "subject_id") if request.subject_id else None,
                everything=request.all,
            )
            return await tx.commit(pb.MarkReadResponse(unread_count=unread))

    async def WatchNotifications(
        self, request: pb.WatchNotificationsRequest, context: Context
    ) -> AsyncIterator[pb.WatchNotificationsResponse]:
        caller = current_principal()
        unread: int | None = None
        async for happening in watch(self._live, caller):
            if unread is None or happening is not None:  # a heartbeat alone changes nothing
                unread = await queries.count_unread(self._rows, caller)
            if isinstance(happening, events_pb2.NotificationCreated):
                notification_id = parse_id(happening.notification_id, "notification_id")
                row = await queries.find_notification(self._rows, caller, notification_id)
                if row is not None:
                    yield pb.WatchNotificationsResponse(notification=_notification(row), unread_count=unread)
                    continue
            now = Timestamp()
            now.FromDatetime(self._clock.now())
            yield pb.WatchNotificationsResponse(heartbeat=pb.Heartbeat(time=now), unread_count=unread)

    async def GetPreferences(self, request: pb.GetPreferencesRequest, context: Context) -> pb.Preferences:
        async with self._work.query() as tx:
            return _preferences(await preferences.get_preferences(tx))

    async def UpdatePreferences(self, request: pb.UpdatePreferencesRequest, context: Context) -> pb.Preferences:
        paths = set(request.update_mask.paths) or {"chat_email"}
        if not paths <= {"chat_email", "*"}:
            raise invalid("update_mask", "Dieses Feld kann hier nicht geändert werden.")
        async with self._work.command(request) as tx:
            changed = await preferences.update_preferences(
                tx, chat_email=request.preferences.chat_email, etag=request.preferences.etag
            )
            return await tx.commit(_preferences(changed))


def _notification(row: _Row) -> pb.Notification:
    return pb.Notification(
        notification_id=str(row["notification_id"]),
        kind=row["kind"],
        title=row["title"],
        text=row["text"],
        link=row["link"],
        subject_id=str(row["subject_id"]),
        create_time=row["create_time"],
        read_time=row["read_time"],
    )


def _preferences(chosen: Preferences) -> pb.Preferences:
    return pb.Preferences(chat_email=chosen.chat_email, etag=etag_of(chosen.version))
