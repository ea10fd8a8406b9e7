"""What this process hears of chats, handed to its open streams: listened to once, not once per stream.

A process holds thousands of streams. So each kind of event is subscribed to once, events go to the streams of their
firm without asking all the others, and a message that many streams deliver is read once. Boundary: who may see an
event is decided by the stream's own test (`watching`).
"""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from collections.abc import Callable
from types import TracebackType
from typing import Any
from uuid import UUID

from kontor.chat.v1 import chat_pb2 as pb
from kontor.chat.v1.events_pb2 import (
    ChatArchived,
    ChatRead,
    ChatReopened,
    ChatStarted,
    MessagePosted,
    OperatorAssigned,
)
from kontor_chassis.database import RowReader
from kontor_chassis.errors import DomainError, ErrorKind
from kontor_chassis.live import LiveEvents, Subscription
from kontor_chassis.principal import Principal

from kontor_chat import messages, queries

HEARD = (MessagePosted, ChatRead, ChatStarted, OperatorAssigned, ChatArchived, ChatReopened)
WAITING = 1000
"""Events a stream may fall behind; then it ends and the client resumes."""
REMEMBERED = 1000
"""Messages kept for streams that are a little behind the others."""

Event = Any  # one of HEARD: all have tenant_id, customer_id and chat_id


class Listening:
    """One stream's events, for as long as its block lasts; everything published within the block is heard."""

    def __init__(self, hub: Hub, tenant_id: str, wanted: Callable[[Event], bool]) -> None:
        self._hub = hub
        self._tenant_id = tenant_id
        self._wanted = wanted
        self._queue: asyncio.Queue[Event | None] = asyncio.Queue(WAITING + 1)
        self._lost = False

    def offer(self, event: Event) -> None:
        """Hand over an event if it is wanted."""
        if self._lost or not self._wanted(event):
            return
        if self._queue.qsize() < WAITING:
            self._queue.put_nowait(event)
        else:
            self.lose()

    def lose(self) -> None:
        """Note that events may have been missed; who waits for the next learns it at once."""
        if not self._lost:
            self._lost = True
            self._queue.put_nowait(None)

    async def next(self, patience_seconds: float) -> Event | None:
        """Return the next event, or None if none came in time; raises UNAVAILABLE when one was lost."""
        if self._lost:
            raise _lost()
        try:
            async with asyncio.timeout(patience_seconds):
                event = await self._queue.get()
        except TimeoutError:
            return None
        if event is None:
            raise _lost()
        return event

    async def __aenter__(self) -> Listening:
        await self._hub.open()
        self._hub.streams.setdefault(self._tenant_id, set()).add(self)
        return self

    async def __aexit__(
        self, _kind: type[BaseException] | None, _error: BaseException | None, _trace: TracebackType | None
    ) -> None:
        streams = self._hub.streams[self._tenant_id]
        streams.discard(self)
        if not streams:
            del self._hub.streams[self._tenant_id]


class Hub:
    """Hears the events of all firms for the streams of this process; listens from the first stream on."""

    def __init__(self, live: LiveEvents, rows: RowReader) -> None:
        self._live = live
        self._rows = rows
        self._opening = asyncio.Lock()
        self._pumps: list[asyncio.Task[None]] = []
        self._messages: OrderedDict[str, asyncio.Future[pb.Message | None]] = OrderedDict()
        self.streams: dict[str, set[Listening]] = {}

    def listen(self, tenant_id: UUID, wanted: Callable[[Event], bool]) -> Listening:
        """Return a firm's events that satisfy `wanted`: `async with hub.listen(...) as events`."""
        return Listening(self, str(tenant_id), wanted)

    async def open(self) -> None:
        """Begin to hear, unless that has happened; a failed attempt is repeated by the next stream."""
        async with self._opening:
            if self._pumps and not any(pump.done() for pump in self._pumps):
                return
            await self.close()
            subscriptions = [await self._live.subscribe(heard, matching=_all) for heard in HEARD]
            self._pumps = [asyncio.create_task(self._pump(one), name="chat hub") for one in subscriptions]

    async def message(self, event: MessagePosted) -> pb.Message | None:
        """Return the message an event tells of, read once for all streams that ask."""
        reading = self._messages.get(event.message_id)
        if reading is None or (reading.done() and (reading.cancelled() or reading.exception() is not None)):
            reading = asyncio.create_task(self._read(UUID(event.tenant_id), UUID(event.message_id)))
            self._keep(event.message_id, reading)
        return await asyncio.shield(reading)

    def remember(self, tenant_id: UUID, message: pb.Message) -> None:
        """Keep a message that this process is writing, so that its streams need not read it again."""
        if str(tenant_id) in self.streams:
            known: asyncio.Future[pb.Message | None] = asyncio.get_running_loop().create_future()
            known.set_result(message)
            self._keep(message.message_id, known)

    async def close(self) -> None:
        """Stop hearing."""
        for pump in self._pumps:
            pump.cancel()
        await asyncio.gather(*self._pumps, return_exceptions=True)
        self._pumps = []

    def _keep(self, message_id: str, known: asyncio.Future[pb.Message | None]) -> None:
        self._messages[message_id] = known
        if len(self._messages) > REMEMBERED:
            self._messages.popitem(last=False)

    async def _read(self, tenant_id: UUID, message_id: UUID) -> pb.Message | None:
        row = await queries.find_message(self._rows, Principal.of_service("chat", tenant_id), message_id)
        return messages.message(row) if row else None

    async def _pump(self, subscription: Subscription[Any]) -> None:
        """Hand events to the streams of their firm; if hearing fails, every stream must resume."""
        try:
            async with subscription:
                async for event in subscription:
                    for stream in tuple(self.streams.get(event.tenant_id, ())):
                        stream.offer(event)
        finally:
            for streams in self.streams.values():
                for stream in streams:
                    stream.lose()


def _lost() -> DomainError:
    return DomainError(
        ErrorKind.UNAVAILABLE, "STREAM_OVERRUN", "Die Verbindung war zu langsam. Sie wird neu aufgebaut."
    )


def _all(_event: Event) -> bool:
    return True
