"""Rows to protos: no decisions, only the spelling."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

import asyncpg
from google.protobuf.timestamp_pb2 import Timestamp
from kontor.chat.v1 import chat_pb2 as pb
from kontor.chat.v1.events_pb2 import ChatRead
from sqlalchemy import RowMapping

from kontor_chat.tables import Message

Row = Mapping[str, Any] | RowMapping | asyncpg.Record


def message(row: Row) -> pb.Message:
    """Return a message as callers see it."""
    return pb.Message(
        message_id=str(row["message_id"]),
        chat_id=str(row["chat_id"]),
        number=row["number"],
        sender_account_id=str(row["sender_account_id"]),
        sender_is_customer=row["sender_is_customer"],
        sender_name=row["sender_name"],
        text=row["text"],
        create_time=timestamp(row["create_time"]),
    )


def written_message(written: Message) -> pb.Message:
    """Return a message that was just written."""
    return message({column.key: getattr(written, column.key) for column in written.__mapper__.column_attrs})


def chat(row: Row) -> pb.Chat:
    """Return a chat with its newest message as its caller sees it."""
    last_message = pb.Message(
        message_id=str(row["last_message_id"]),
        chat_id=str(row["chat_id"]),
        number=row["number"],
        sender_account_id=str(row["sender_account_id"]),
        sender_is_customer=row["sender_is_customer"],
        sender_name=row["sender_name"],
        text=row["text"],
        create_time=timestamp(row["last_message_time"]),
    )
    return pb.Chat(
        chat_id=str(row["chat_id"]),
        customer_id=str(row["customer_id"]),
        subject=row["subject"],
        operator_account_id=_id(row["operator_account_id"]),
        archived=row["archived"],
        unread_count=row["unread_count"],
        last_message=last_message,
        create_time=timestamp(row["create_time"]),
        customer_read_message_id=_id(row["customer_read_message_id"]),
        firm_read_message_id=_id(row["firm_read_message_id"]),
    )


def receipt(event: ChatRead) -> pb.ReadReceipt:
    """Return a read receipt as a stream delivers it."""
    return pb.ReadReceipt(
        chat_id=event.chat_id,
        reader_account_id=event.reader_account_id,
        reader_is_customer=event.reader_is_customer,
        up_to_message_id=event.up_to_message_id,
    )


def timestamp(instant: datetime) -> Timestamp:
    """Return an instant as protos hold it."""
    stamp = Timestamp()
    stamp.FromDatetime(instant)
    return stamp


def _id(given: UUID | None) -> str:
    return str(given or "")
