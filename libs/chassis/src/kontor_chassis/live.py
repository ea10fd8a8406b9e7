"""Live events for streaming RPCs: every serving process hears every event over core NATS, beside JetStream.

What a process commits itself, its own streams hear at once (`LiveEvents.tell`); the copy that comes over NATS is known
by its id and skipped. At most once and only from the subscription on: a stream is a hint to look again, the truth is
read by RPC. When events may have been missed, because the reader was slow or NATS was away, its subscription ends, so
that the client connects anew and reads the truth.
"""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from collections.abc import Callable, Generator, Sequence
from types import TracebackType
from typing import Any, Generic, Self, TypeVar

import nats.errors
import structlog
from google.protobuf.message import DecodeError, Message
from nats.aio.msg import Msg

from kontor_chassis.bus import Bus
from kontor_chassis.errors import DomainError, ErrorKind
from kontor_chassis.events import event_type
from kontor_chassis.outbox import OutboxEvent

log = structlog.get_logger(__name__)

M = TypeVar("M", bound=Message)

WAITING = 1000
"""Events one subscriber may fall behind; then its stream ends and the client connects anew."""
REMEMBERED = 2000
"""Event ids remembered per subject, so that an event published twice is heard once."""


class Subscription(Generic[M]):
    """A subscriber's events: `async with live.subscribe(...) as events: async for event in events`.

    Listening begins when the block is entered (or the subscription is awaited, or first iterated), and not before the
    server has confirmed it: what is published after that is not missed.
    """

    def __init__(self, topic: _Topic, matching: Callable[[Any], bool]) -> None:
        self._topic = topic
        self._matching = matching
        self._queue: asyncio.Queue[M | None] = asyncio.Queue(WAITING + 1)
        self._lost: DomainError | None = None

    def offer(self, event: Any) -> None:
        """Hand over an event if it is wanted."""
        if self._lost is not None or not self._matching(event):
            return
        if self._queue.qsize() < WAITING:
            self._queue.put_nowait(event)
        else:
            self._end(_overrun())

    def interrupt(self) -> None:
        """End after what is waiting: events may have been missed."""
        if self._lost is None:
            self._end(_interrupted())

    def _end(self, why: DomainError) -> None:
        self._lost = why
        self._queue.put_nowait(None)  # there is room for one more than events; wakes who waits for the next

    async def open(self) -> Self:
        """Begin to listen."""
        self._topic.subscribers.add(self)
        try:
            await self._topic.listen()
        except BaseException:  # cancelled while NATS is away, or refused: nobody would ever read what is offered
            self.close()
            raise
        return self

    def close(self) -> None:
        """Stop listening."""
        self._topic.subscribers.discard(self)

    def __await__(self) -> Generator[Any, None, Self]:
        return self.open().__await__()

    async def __aenter__(self) -> Self:
        return await self.open()

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def __aiter__(self) -> Self:
        return self

    async def __anext__(self) -> M:
        if self not in self._topic.subscribers:
            await self.open()
        try:
            event = await self._queue.get()
        except asyncio.CancelledError:
            self.close()
            raise
        if event is None:
            self.close()
            raise self._lost or _interrupted()
        return event


class _Topic:
    """One event type and its subscribers in this process."""

    def __init__(self, bus: Bus, message_class: type[Message]) -> None:
        self._bus = bus
        self._class = message_class
        self._subject = event_type(message_class)
        self._heard: OrderedDict[str, None] = OrderedDict()
        self._listening: asyncio.Task[None] | None = None
        self.subscribers: set[Subscription[Any]] = set()

    async def listen(self) -> None:
        """Subscribe on the server, once per process; a failed attempt is repeated by the next subscriber."""
        if self._listening is None or (self._listening.done() and self._listening.exception() is not None):
            self._listening = asyncio.create_task(self._subscribe(), name=f"live {self._subject}")
        await asyncio.shield(self._listening)

    async def _subscribe(self) -> None:
        client = await self._bus.client()
        await client.subscribe(self._subject, cb=self._hear)
        try:
            await client.flush(timeout=2)
        except (nats.errors.Error, TimeoutError):
            log.warning("live_subscription_unconfirmed", subject=self._subject)

    async def _hear(self, message: Msg) -> None:
        self.take((message.headers or {}).get("ce-id", ""), message.data)

    def take(self, event_id: str, payload: bytes) -> None:
        """Hand an event to the subscribers, unless they have it already."""
        if event_id in self._heard:
            return
        self._heard[event_id] = None
        if len(self._heard) > REMEMBERED:
            self._heard.popitem(last=False)
        try:
            event = self._class.FromString(payload)
        except DecodeError:
            log.error("live_event_unreadable", subject=self._subject)
            return
        for subscriber in tuple(self.subscribers):
            subscriber.offer(event)


class LiveEvents:
    """Fans events out to the streaming RPCs of one process."""

    def __init__(self, bus: Bus) -> None:
        self._bus = bus
        self._topics: dict[str, _Topic] = {}
        bus.on_gap(self.interrupt)

    def interrupt(self) -> None:
        """End all subscriptions, because NATS may have told of events that did not get here."""
        for topic in self._topics.values():
            for subscriber in tuple(topic.subscribers):
                subscriber.interrupt()

    def subscribe(self, event_class: type[M], *, matching: Callable[[M], bool]) -> Subscription[M]:
        """Return a subscription to the events of a class that satisfy `matching`."""
        name = event_type(event_class)
        topic = self._topics.get(name)
        if topic is None:
            topic = self._topics[name] = _Topic(self._bus, event_class)
        return Subscription(topic, matching)

    def tell(self, events: Sequence[OutboxEvent]) -> None:
        """Let this process's own subscribers hear what it has just committed."""
        for event in events:
            topic = self._topics.get(event.type)
            if topic is not None:
                topic.take(str(event.id), event.payload)


def _overrun() -> DomainError:
    return DomainError(
        ErrorKind.UNAVAILABLE, "STREAM_OVERRUN", "Die Verbindung war zu langsam. Sie wird neu aufgebaut."
    )


def _interrupted() -> DomainError:
    return DomainError(
        ErrorKind.UNAVAILABLE, "STREAM_INTERRUPTED", "Die Verbindung war unterbrochen. Sie wird neu aufgebaut."
    )
