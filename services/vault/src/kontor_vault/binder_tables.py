"""Binders as SQLAlchemy sees them; constraints and policies stand in the migration."""

from __future__ import annotations

from datetime import date, datetime
from enum import StrEnum
from uuid import UUID

from kontor_chassis.database import Base
from sqlalchemy import Date, DateTime, Integer, Text
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import Mapped, mapped_column


class BinderState(StrEnum):
    """ORDERED → PICKUP_PLANNED → RECEIVED → INDEXED → STORED, then as with originals (drawn in the README)."""

    ORDERED = "ORDERED"
    PICKUP_PLANNED = "PICKUP_PLANNED"
    RECEIVED = "RECEIVED"
    INDEXED = "INDEXED"
    STORED = "STORED"
    RETURN_WANTED = "RETURN_WANTED"
    RETURNED = "RETURNED"
    DESTRUCTION_ALLOWED = "DESTRUCTION_ALLOWED"
    DESTROYED = "DESTROYED"
    CANCELLED = "CANCELLED"


_Time = DateTime(timezone=True)


class BinderOrder(Base):
    """A paper binder that is to be scanned."""

    __tablename__ = "binder_orders"

    binder_order_id: Mapped[UUID] = mapped_column(primary_key=True)
    tenant_id: Mapped[UUID]
    customer_id: Mapped[UUID]
    number: Mapped[str] = mapped_column(Text)
    name: Mapped[str] = mapped_column(Text)
    state: Mapped[str] = mapped_column(Text)
    address: Mapped[str] = mapped_column(Text)
    wish_on: Mapped[date | None] = mapped_column(Date)
    pickup_on: Mapped[date | None] = mapped_column(Date)
    note: Mapped[str] = mapped_column(Text)
    box: Mapped[str] = mapped_column(Text, default="")
    folder_id: Mapped[UUID | None]
    keep_until: Mapped[date | None] = mapped_column(Date)
    creator_account_id: Mapped[UUID]
    create_time: Mapped[datetime] = mapped_column(_Time)
    version: Mapped[int] = mapped_column()
    __mapper_args__ = {"version_id_col": version}  # noqa: RUF012 - SQLAlchemy reads it as declared


class BinderRegister(Base):
    """What lies behind one tab of a binder; its folder is made with its first document."""

    __tablename__ = "binder_registers"

    binder_order_id: Mapped[UUID] = mapped_column(primary_key=True)
    number: Mapped[int] = mapped_column(primary_key=True)
    tenant_id: Mapped[UUID]
    customer_id: Mapped[UUID]
    title: Mapped[str] = mapped_column(Text)
    folder_id: Mapped[UUID | None]
    documents: Mapped[int] = mapped_column(default=0)
    sheets: Mapped[int] = mapped_column(default=0)


class BinderStep(Base):
    """One step in the life of a binder; without an account the platform took it."""

    __tablename__ = "binder_steps"

    binder_order_id: Mapped[UUID] = mapped_column(primary_key=True)
    number: Mapped[int] = mapped_column(primary_key=True)
    tenant_id: Mapped[UUID]
    customer_id: Mapped[UUID]
    state: Mapped[str] = mapped_column(Text)
    account_id: Mapped[UUID | None]
    account_name: Mapped[str] = mapped_column(Text)
    time: Mapped[datetime] = mapped_column(_Time)


class BinderPlace(Base):
    """From which sheets of a binder a document was scanned."""

    __tablename__ = "binder_places"

    document_id: Mapped[UUID] = mapped_column(primary_key=True)
    tenant_id: Mapped[UUID]
    customer_id: Mapped[UUID]
    binder_order_id: Mapped[UUID]
    register: Mapped[int]
    page_sheets: Mapped[list[int]] = mapped_column(ARRAY(Integer))
