"""The live stream of chats (WatchChats): what happens is heard from the event bus, what it says is read here.

Nothing is missed between list and stream: the stream listens first, then reads what came after the caller's last
message, then delivers what it has heard since. Boundary: the chassis ends the stream when the token expires or the
server stops; `hub` listens for all streams of the process.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator, AsyncIterator, Callable
from datetime import timedelta
from uuid import UUID

from kontor.chat.v1 import chat_pb2 as pb
from kontor.chat.v1.events_pb2 import ChatArchived, ChatRead, MessagePosted
from kontor_chassis.clock import Clock
from kontor_chassis.database import RowReader
from kontor_chassis.errors import invalid
from kontor_chassis.principal import Principal

from kontor_chat import messages, queries
from kontor_chat.hub import Event, Hub

HEARTBEAT_SECONDS = 15.0
"""Proxies and clients take a stream for dead after some 30 seconds of silence."""
OVERLAP = timedelta(seconds=30)
"""How far before the caller's last message a resumed stream begins: message ids are made before their transaction
commits and on several machines, so a message that appeared later can have a smaller id."""
PAGE = 200


class Watching:
    """Makes streams; one per open connection."""

    def __init__(
        self, hub: Hub, rows: RowReader, clock: Clock, *, heartbeat_seconds: float = HEARTBEAT_SECONDS
    ) -> None:
        self._hub = hub
        self._rows = rows
        self._clock = clock
        self._heartbeat_seconds = heartbeat_seconds

    async def stream(
        self, principal: Principal, *, after_message_id: UUID | None, chat_id: UUID | None
    ) -> AsyncGenerator[pb.WatchChatsResponse, None]:
        """Yield what the RPC promises; ends only with its consumer. Raises INVALID for an id that is no message's."""
        start = resume_point(after_message_id) if after_message_id else None
        async with self._hub.listen(principal.required_tenant(), _wanted_by(principal, chat_id)) as events:
            yield self._heartbeat()
            known: set[str] = set()
            if start is not None:
                async for missed in self._missed(principal, start, chat_id):
                    known.add(missed.message_id)
                    if missed.message_id != str(after_message_id):
                        yield pb.WatchChatsResponse(message=missed)
            while True:
                event = await events.next(self._heartbeat_seconds)
                answer = self._heartbeat() if event is None else await self._answer(principal, event, known)
                if answer is not None:
                    yield answer

    def remember(self, tenant_id: UUID, message: pb.Message) -> None:
        """Take a message that is being written here; it is delivered when its event tells that it was committed."""
        self._hub.remember(tenant_id, message)

    async def _missed(self, principal: Principal, start: UUID, chat_id: UUID | None) -> AsyncIterator[pb.Message]:
        while True:
            rows = await queries.messages_after(self._rows, principal, message_id=start, chat_id=chat_id, size=PAGE)
            for row in rows:
                yield messages.message(row)
            if len(rows) < PAGE:
                return
            start = UUID(int=rows[-1]["message_id"].int)

    async def _answer(self, principal: Principal, event: Event, known: set[str]) -> pb.WatchChatsResponse | None:
        """Return what the caller is told of an event; None if he knows it or may not see it."""
        if isinstance(event, MessagePosted):
            message = None if event.message_id in known else await self._hub.message(event)
            return pb.WatchChatsResponse(message=message) if message else None
        if isinstance(event, ChatRead):
            return pb.WatchChatsResponse(read=messages.receipt(event))
        return await self._changed_chat(principal, event)

    async def _changed_chat(self, principal: Principal, event: Event) -> pb.WatchChatsResponse | None:
        row = await queries.find_chat(self._rows, principal, UUID(event.chat_id))
        if row is not None:
            return pb.WatchChatsResponse(chat=messages.chat(row))
        if isinstance(event, ChatArchived):  # gone for the customer
            gone = pb.Chat(chat_id=event.chat_id, customer_id=event.customer_id, archived=True)
            return pb.WatchChatsResponse(chat=gone)
        return None

    def _heartbeat(self) -> pb.WatchChatsResponse:
        return pb.WatchChatsResponse(heartbeat=pb.Heartbeat(time=messages.timestamp(self._clock.now())))


def resume_point(after_message_id: UUID) -> UUID:
    """Return the id after which a resumed stream reads: `OVERLAP` before the one the caller has seen."""
    if after_message_id.version != 7:
        raise invalid("after_message_id", "Das ist keine Nachricht.")
    milliseconds = (after_message_id.int >> 80) - int(OVERLAP / timedelta(milliseconds=1))
    return UUID(int=max(milliseconds, 0) << 80)


def _wanted_by(principal: Principal, chat_id: UUID | None) -> Callable[[Event], bool]:
    """Return the test whether an event of his firm concerns the caller: his own chats if he is a customer."""
    customer = str(principal.required_customer()) if principal.is_customer else None
    chat = str(chat_id) if chat_id else None

    def wanted(event: Event) -> bool:
        return (customer is None or event.customer_id == customer) and (chat is None or event.chat_id == chat)

    return wanted
