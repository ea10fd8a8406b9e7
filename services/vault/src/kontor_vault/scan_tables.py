"""Sheets, batches, pieces and originals of scanned post as SQLAlchemy sees them; policies stand in the migration."""

from __future__ import annotations

from datetime import date, datetime
from enum import StrEnum
from uuid import UUID

from kontor_chassis.database import Base
from sqlalchemy import BigInteger, Date, DateTime, Integer, SmallInteger, Text
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import Mapped, mapped_column


class BatchState(StrEnum):
    """RECEIVING → WAITING → SEPARATED or UNREADABLE; RECEIVING → ABANDONED."""

    RECEIVING = "RECEIVING"
    WAITING = "WAITING"
    SEPARATED = "SEPARATED"
    UNREADABLE = "UNREADABLE"
    ABANDONED = "ABANDONED"


class PieceState(StrEnum):
    """ASSIGNED → FILED, or back to UNASSIGNED for want of room; UNASSIGNED → ASSIGNED by hand, or DISCARDED."""

    ASSIGNED = "ASSIGNED"
    FILED = "FILED"
    UNASSIGNED = "UNASSIGNED"
    DISCARDED = "DISCARDED"


class OriginalState(StrEnum):
    """STORED ⇄ RETURN_WANTED → RETURNED; STORED ⇄ DESTRUCTION_ALLOWED → DESTROYED."""

    STORED = "STORED"
    RETURN_WANTED = "RETURN_WANTED"
    RETURNED = "RETURNED"
    DESTRUCTION_ALLOWED = "DESTRUCTION_ALLOWED"
    DESTROYED = "DESTROYED"


_Time = DateTime(timezone=True)


class ScanSheet(Base):
    """A separator sheet that leads post to one customer."""

    __tablename__ = "scan_sheets"

    sheet_id: Mapped[UUID] = mapped_column(primary_key=True)
    tenant_id: Mapped[UUID]
    customer_id: Mapped[UUID]
    number: Mapped[str] = mapped_column(Text)
    label: Mapped[str] = mapped_column(Text)
    creator_account_id: Mapped[UUID]
    create_time: Mapped[datetime] = mapped_column(_Time)
    expire_time: Mapped[datetime] = mapped_column(_Time)
    revoke_time: Mapped[datetime | None] = mapped_column(_Time)

    def is_valid(self, now: datetime) -> bool:
        """Whether it leads post to its customer."""
        return self.revoke_time is None and now < self.expire_time


class ScanBatch(Base):
    """A pile that was scanned in one go; what it holds is encrypted under a key of its own."""

    __tablename__ = "scan_batches"

    batch_id: Mapped[UUID] = mapped_column(primary_key=True)
    tenant_id: Mapped[UUID]
    box: Mapped[str] = mapped_column(Text)
    duplex: Mapped[bool]
    state: Mapped[str] = mapped_column(Text)
    object_id: Mapped[UUID | None]
    size_bytes: Mapped[int] = mapped_column(BigInteger, default=0)
    pages: Mapped[int] = mapped_column(default=0)
    blank_pages: Mapped[int] = mapped_column(default=0)
    separators: Mapped[int] = mapped_column(default=0)
    attempts: Mapped[int] = mapped_column(SmallInteger, default=0)
    next_time: Mapped[datetime | None] = mapped_column(_Time)
    creator_account_id: Mapped[UUID]
    creator_name: Mapped[str] = mapped_column(Text)
    create_time: Mapped[datetime] = mapped_column(_Time)
    erase_time: Mapped[datetime | None] = mapped_column(_Time)
    binder_order_id: Mapped[UUID | None]
    """The binder of which this is a register (F16)."""
    register: Mapped[int | None]
    first_sheet: Mapped[int] = mapped_column(default=1)
    """Which sheet of the register the pile begins with."""


class ScanPiece(Base):
    """What lay between two sheets; its pages are an object under the batch's key until it is filed or discarded."""

    __tablename__ = "scan_pieces"

    piece_id: Mapped[UUID] = mapped_column(primary_key=True)
    tenant_id: Mapped[UUID]
    batch_id: Mapped[UUID]
    box: Mapped[str] = mapped_column(Text)
    position: Mapped[int]
    first_page: Mapped[int]
    last_page: Mapped[int]
    pages: Mapped[int]
    sheets: Mapped[int]
    state: Mapped[str] = mapped_column(Text)
    problem: Mapped[int] = mapped_column(SmallInteger)
    sheet_id: Mapped[UUID | None]
    sheet_number: Mapped[str] = mapped_column(Text)
    reason: Mapped[str] = mapped_column(Text, default="")
    size_bytes: Mapped[int] = mapped_column(BigInteger)
    create_time: Mapped[datetime] = mapped_column(_Time)
    binder_order_id: Mapped[UUID | None]
    """The binder to whose owner it goes, where no sheet leads it."""
    page_sheets: Mapped[list[int] | None] = mapped_column(ARRAY(Integer))
    """For each page the sheet of the register it was on; only of what was scanned from a binder."""


class Original(Base):
    """The paper of a scanned document: where it is, until when, and what is to become of it."""

    __tablename__ = "originals"

    original_id: Mapped[UUID] = mapped_column(primary_key=True)
    tenant_id: Mapped[UUID]
    customer_id: Mapped[UUID]
    document_id: Mapped[UUID]
    box: Mapped[str] = mapped_column(Text)
    position: Mapped[int]
    pages: Mapped[int]
    sheets: Mapped[int]
    period: Mapped[str] = mapped_column(Text)
    scan_time: Mapped[datetime] = mapped_column(_Time)
    keep_until: Mapped[date] = mapped_column(Date)
    state: Mapped[str] = mapped_column(Text)
    return_address: Mapped[str] = mapped_column(Text, default="")
    version: Mapped[int] = mapped_column()
    __mapper_args__ = {"version_id_col": version}  # noqa: RUF012 - SQLAlchemy reads it as declared


class OriginalStep(Base):
    """One step in the life of an original; without an account the platform took it."""

    __tablename__ = "original_steps"

    original_id: Mapped[UUID] = mapped_column(primary_key=True)
    number: Mapped[int] = mapped_column(primary_key=True)
    tenant_id: Mapped[UUID]
    customer_id: Mapped[UUID]
    state: Mapped[str] = mapped_column(Text)
    account_id: Mapped[UUID | None]
    account_name: Mapped[str] = mapped_column(Text)
    time: Mapped[datetime] = mapped_column(_Time)
