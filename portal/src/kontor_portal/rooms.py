"""An open chat as a page shows it: days, bubbles, what the other side has read."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date

from google.protobuf.timestamp_pb2 import Timestamp
from kontor.chat.v1 import chat_pb2

from kontor_portal import gateway
from kontor_portal.formatting import local
from kontor_portal.reading import next_page, page_token

_PAGE = 50


@dataclass(frozen=True)
class Bubble:
    """One message, seen from one side."""

    message: chat_pb2.Message
    is_mine: bool
    is_read: bool
    """Whether the other side has read it; only said of one's own."""


@dataclass(frozen=True)
class Day:
    """The messages of one day in German time."""

    day: date
    moment: Timestamp
    bubbles: tuple[Bubble, ...]


@dataclass(frozen=True)
class Room:
    """A chat with its messages, oldest first."""

    chat: chat_pb2.Chat
    side: str
    """`customer` or `firm`: whose messages are one's own."""
    days: tuple[Day, ...]
    newest: str
    older_url: str


def room_of(chat: chat_pb2.Chat, *, is_customer: bool) -> Room:
    """Ask for a chat's messages and return the room as one side sees it."""
    answer = gateway.chat().ListMessages(
        chat_pb2.ListMessagesRequest(chat_id=chat.chat_id, page_size=_PAGE, page_token=page_token())
    )
    read_up_to = chat.firm_read_message_id if is_customer else chat.customer_read_message_id
    bubbles = [
        Bubble(message, message.sender_is_customer == is_customer, message.message_id <= read_up_to)
        for message in reversed(answer.messages)
    ]
    return Room(
        chat=chat,
        side="customer" if is_customer else "firm",
        days=_days(bubbles),
        newest=answer.messages[0].message_id if answer.messages else "",
        older_url=next_page(answer.next_page_token),
    )


def _days(bubbles: Iterable[Bubble]) -> tuple[Day, ...]:
    found: dict[date, list[Bubble]] = {}
    for bubble in bubbles:
        found.setdefault(local(bubble.message.create_time).date(), []).append(bubble)
    return tuple(Day(day, own[0].message.create_time, tuple(own)) for day, own in found.items())
