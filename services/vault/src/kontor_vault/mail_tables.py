"""Mailboxes and mails as SQLAlchemy sees them; constraints and policies stand in the migration."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from uuid import UUID

from kontor_chassis.database import Base
from sqlalchemy import BigInteger, DateTime, LargeBinary, Text
from sqlalchemy.orm import Mapped, mapped_column


class MailState(StrEnum):
    """FILED, or HELD → FILED or DESTROYED."""

    HELD = "HELD"
    FILED = "FILED"
    DESTROYED = "DESTROYED"


_Time = DateTime(timezone=True)


class Mailbox(Base):
    """A customer's address for papers; without a local part it is turned off."""

    __tablename__ = "mailboxes"

    customer_id: Mapped[UUID] = mapped_column(primary_key=True)
    tenant_id: Mapped[UUID]
    local_part: Mapped[str | None] = mapped_column(Text)
    create_time: Mapped[datetime] = mapped_column(_Time)


class MailSender(Base):
    """An address from which a customer takes mails."""

    __tablename__ = "mail_senders"

    customer_id: Mapped[UUID] = mapped_column(primary_key=True)
    email: Mapped[str] = mapped_column(Text, primary_key=True)
    tenant_id: Mapped[UUID]
    create_time: Mapped[datetime] = mapped_column(_Time)


class ReceivedMail(Base):
    """A mail that was taken; what it says is kept, sealed, while it waits."""

    __tablename__ = "received_mails"

    mail_id: Mapped[UUID] = mapped_column(primary_key=True)
    tenant_id: Mapped[UUID]
    customer_id: Mapped[UUID]
    state: Mapped[str] = mapped_column(Text)
    said: Mapped[bytes] = mapped_column(LargeBinary)
    receive_time: Mapped[datetime] = mapped_column(_Time)
    expire_time: Mapped[datetime] = mapped_column(_Time)


class MailPart(Base):
    """An attachment of a mail that waits; its id is the content's id."""

    __tablename__ = "mail_parts"

    part_id: Mapped[UUID] = mapped_column(primary_key=True)
    mail_id: Mapped[UUID]
    number: Mapped[int]
    tenant_id: Mapped[UUID]
    customer_id: Mapped[UUID]
    file_name: Mapped[str] = mapped_column(Text)
    size_bytes: Mapped[int] = mapped_column(BigInteger)
    sha256: Mapped[bytes] = mapped_column(LargeBinary)
    media_type: Mapped[str] = mapped_column(Text)
