"""The tables of notifications as SQLAlchemy sees them; constraints and policies stand in the migrations."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from uuid import UUID

from kontor_chassis.database import Base
from sqlalchemy import BigInteger, DateTime, SmallInteger, Text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

_Time = DateTime(timezone=True)


class DeliveryState(StrEnum):
    """What became of a mail: PENDING → SENT, FAILED (given up) or CANCELLED (no longer wanted)."""

    PENDING = "PENDING"
    SENT = "SENT"
    FAILED = "FAILED"
    CANCELLED = "CANCELLED"


class Notification(Base):
    """One entry in a person's bell."""

    __tablename__ = "notifications"

    notification_id: Mapped[UUID] = mapped_column(primary_key=True)
    tenant_id: Mapped[UUID]
    account_id: Mapped[UUID]
    kind: Mapped[int] = mapped_column(SmallInteger)
    title: Mapped[str] = mapped_column(Text)
    text: Mapped[str] = mapped_column(Text)
    link: Mapped[str] = mapped_column(Text)
    subject_id: Mapped[UUID]
    event_id: Mapped[UUID]
    create_time: Mapped[datetime] = mapped_column(_Time)
    read_time: Mapped[datetime | None] = mapped_column(_Time)


class Preferences(Base):
    """How a person wants to be told in one firm; no row means the defaults."""

    __tablename__ = "preferences"

    tenant_id: Mapped[UUID] = mapped_column(primary_key=True)
    account_id: Mapped[UUID] = mapped_column(primary_key=True)
    chat_email: Mapped[bool]
    version: Mapped[int] = mapped_column()
    __mapper_args__ = {"version_id_col": version}  # noqa: RUF012 - SQLAlchemy reads it as declared


class Delivery(Base):
    """One mail and its fate. Its id is the mail's Message-ID, whatever happens."""

    __tablename__ = "deliveries"

    delivery_id: Mapped[UUID] = mapped_column(primary_key=True)
    tenant_id: Mapped[UUID]
    dedup_key: Mapped[str] = mapped_column(Text)
    template: Mapped[str] = mapped_column(Text)
    account_id: Mapped[UUID | None]
    customer_id: Mapped[UUID | None]
    parameters: Mapped[dict[str, str]] = mapped_column(JSONB)
    state: Mapped[str] = mapped_column(Text)
    attempts: Mapped[int]
    due_time: Mapped[datetime] = mapped_column(_Time)
    create_time: Mapped[datetime] = mapped_column(_Time)
    end_time: Mapped[datetime | None] = mapped_column(_Time)
    last_problem: Mapped[str] = mapped_column(Text)
    priority: Mapped[int] = mapped_column(SmallInteger)
    lease_id: Mapped[UUID | None]
    leased_until: Mapped[datetime | None] = mapped_column(_Time)


class UnreadMessage(Base):
    """A chat message that its recipient has not read and has not been mailed about."""

    __tablename__ = "unread_messages"

    chat_id: Mapped[UUID] = mapped_column(primary_key=True)
    account_id: Mapped[UUID] = mapped_column(primary_key=True)
    number: Mapped[int] = mapped_column(BigInteger, primary_key=True)
    tenant_id: Mapped[UUID]
    is_customer: Mapped[bool]
    posted_at: Mapped[datetime] = mapped_column(_Time)
