"""Tables of what customers owe: demands, payments, dunnings. Amounts are cents of EUR; days are German days."""

from __future__ import annotations

from datetime import date, datetime
from uuid import UUID

from sqlalchemy import DateTime, ForeignKey, Text
from sqlalchemy.orm import Mapped, mapped_column

from kontor_billing.tables import Base


class Receivable(Base):
    """The demand of one invoice; its row is locked by whoever pays, cancels or duns."""

    __tablename__ = "receivables"

    invoice_id: Mapped[UUID] = mapped_column(ForeignKey("invoices.invoice_id"), primary_key=True)
    tenant_id: Mapped[UUID]
    customer_id: Mapped[UUID]
    due_on: Mapped[date]
    gross_minor: Mapped[int]
    paid_minor: Mapped[int]
    state: Mapped[str] = mapped_column(Text)


class Payment(Base):
    """A payment that arrived; never changed."""

    __tablename__ = "payments"

    payment_id: Mapped[UUID] = mapped_column(primary_key=True)
    tenant_id: Mapped[UUID]
    customer_id: Mapped[UUID]
    invoice_id: Mapped[UUID] = mapped_column(ForeignKey("receivables.invoice_id"))
    amount_minor: Mapped[int]
    paid_on: Mapped[date]
    recorded_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    recorder_account_id: Mapped[UUID]


class Dunning(Base):
    """The dunning of an overdue invoice; at most one per invoice."""

    __tablename__ = "dunnings"

    dunning_id: Mapped[UUID] = mapped_column(primary_key=True)
    tenant_id: Mapped[UUID]
    customer_id: Mapped[UUID]
    invoice_id: Mapped[UUID] = mapped_column(ForeignKey("receivables.invoice_id"))
    started_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    ended_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    end_reason: Mapped[str | None] = mapped_column(Text)
    note: Mapped[str] = mapped_column(Text)
