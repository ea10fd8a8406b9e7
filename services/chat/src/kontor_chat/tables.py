"""Tables of chat. Every one is under row-level security by firm and customer (see migrations).

A customer sees no archived chat (F188), whatever a query forgets.
"""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from kontor_chassis.database import NAMING
from sqlalchemy import BigInteger, DateTime, ForeignKey, Integer, MetaData, Text
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column


class Base(DeclarativeBase):
    """Chat's own metadata, so that its table names meet no other service's in one process."""

    metadata = MetaData(naming_convention=NAMING)


class Chat(Base):
    """A conversation. Its row is locked by whoever writes into it, so that messages are numbered without gaps."""

    __tablename__ = "chats"

    chat_id: Mapped[UUID] = mapped_column(primary_key=True)
    tenant_id: Mapped[UUID]
    customer_id: Mapped[UUID]
    customer_account_id: Mapped[UUID]
    subject: Mapped[str] = mapped_column(Text)
    operator_account_id: Mapped[UUID | None]
    archived: Mapped[bool]
    last_number: Mapped[int] = mapped_column(BigInteger)
    customer_messages: Mapped[int] = mapped_column(Integer)
    """How many messages the customer has written."""
    firm_messages: Mapped[int] = mapped_column(Integer)
    """How many messages the firm has written."""
    last_message_id: Mapped[UUID]
    last_message_time: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    customer_read_message_id: Mapped[UUID | None]
    customer_read_number: Mapped[int] = mapped_column(BigInteger)
    firm_read_message_id: Mapped[UUID | None]
    firm_read_number: Mapped[int] = mapped_column(BigInteger)
    create_time: Mapped[datetime] = mapped_column(DateTime(timezone=True))


class Message(Base):
    """One message; it never changes."""

    __tablename__ = "messages"

    message_id: Mapped[UUID] = mapped_column(primary_key=True)
    tenant_id: Mapped[UUID]
    customer_id: Mapped[UUID]
    chat_id: Mapped[UUID] = mapped_column(ForeignKey("chats.chat_id"))
    number: Mapped[int] = mapped_column(BigInteger)
    side_number: Mapped[int] = mapped_column(Integer)
    """The how manieth message of its side it is, counted from 1: what unread counters are made of."""
    sender_account_id: Mapped[UUID]
    sender_is_customer: Mapped[bool]
    sender_name: Mapped[str] = mapped_column(Text)
    text: Mapped[str] = mapped_column(Text)
    create_time: Mapped[datetime] = mapped_column(DateTime(timezone=True))


class ReadMark(Base):
    """How far one person has read one chat."""

    __tablename__ = "read_marks"

    chat_id: Mapped[UUID] = mapped_column(ForeignKey("chats.chat_id"), primary_key=True)
    account_id: Mapped[UUID] = mapped_column(primary_key=True)
    tenant_id: Mapped[UUID]
    customer_id: Mapped[UUID]
    number: Mapped[int] = mapped_column(BigInteger)
    other_side_read: Mapped[int] = mapped_column(Integer)
    """How many messages of the other side he has read."""


class DepartedStaff(Base):
    """Somebody who has left the firm."""

    __tablename__ = "departed_staff"

    tenant_id: Mapped[UUID] = mapped_column(primary_key=True)
    account_id: Mapped[UUID] = mapped_column(primary_key=True)
    successor_account_id: Mapped[UUID | None]
    left_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
