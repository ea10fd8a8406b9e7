"""Tables of retention: a firm's own rules, and erasures that wait for them."""

from __future__ import annotations

from datetime import date, datetime
from uuid import UUID

from kontor_chassis.database import Base
from sqlalchemy import Date, DateTime, SmallInteger, Text
from sqlalchemy.orm import Mapped, mapped_column

_Time = DateTime(timezone=True)


class RetentionRuleRow(Base):
    """Where a firm departs from the defaults."""

    __tablename__ = "retention_rules"

    tenant_id: Mapped[UUID] = mapped_column(primary_key=True)
    kind: Mapped[int] = mapped_column(SmallInteger, primary_key=True)
    protect_years: Mapped[int] = mapped_column(SmallInteger)
    end_years: Mapped[int] = mapped_column(SmallInteger)
    basis: Mapped[str] = mapped_column(Text)
    account_id: Mapped[UUID]
    set_time: Mapped[datetime] = mapped_column(_Time)


class PendingErasure(Base):
    """A deleted customer whose firm must keep some of his documents until a day."""

    __tablename__ = "pending_erasures"

    tenant_id: Mapped[UUID] = mapped_column(primary_key=True)
    customer_id: Mapped[UUID] = mapped_column(primary_key=True)
    due_on: Mapped[date] = mapped_column(Date)
    create_time: Mapped[datetime] = mapped_column(_Time)
