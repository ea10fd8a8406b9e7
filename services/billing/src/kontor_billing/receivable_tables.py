"""Tables of what customers owe: demands, payments, dunnings. Amounts are cents of EUR; days are German days."""

from __future__ import annotations

from datetime import date, datetime
from enum import StrEnum
from uuid import UUID

from sqlalchemy import DateTime, ForeignKey, Text
from sqlalchemy.orm import Mapped, mapped_column

from kontor_billing.tables import Base


class ReceivableState(StrEnum):
    """What became of a demand."""

    OPEN = "OPEN"
    PAID = "PAID"
    CANCELLED = "CANCELLED"


class Receivable(Base):
    """The demand of one invoice; its row is locked by whoever pays, cancels or duns."""

    __tablename__ = "receivables"

    invoice_id: Mapped[UUID] = mapped_column(ForeignKey("invoices.invoice_id"), primary_key=True)
    tenant_id: Mapped[UUID]
    customer_id: Mapped[UUID]
    due_on: Mapped[date]
    gross_minor: Mapped[int]
    paid_minor: Mapped[int]
    fee_minor: Mapped[int] = mapped_column(default=0)
    """Fee of the dunning; owed beside the gross amount."""
    state: Mapped[str] = mapped_column(Text)
    paused_until: Mapped[date | None]
    """Last day on which the dunning rests."""


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


class PaymentReversal(Base):
    """A payment that was booked wrongly and taken back; never changed."""

    __tablename__ = "payment_reversals"

    reversal_id: Mapped[UUID] = mapped_column(primary_key=True)
    payment_id: Mapped[UUID] = mapped_column(ForeignKey("payments.payment_id"))
    tenant_id: Mapped[UUID]
    customer_id: Mapped[UUID]
    invoice_id: Mapped[UUID] = mapped_column(ForeignKey("receivables.invoice_id"))
    note: Mapped[str] = mapped_column(Text)
    reversed_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    reverser_account_id: Mapped[UUID]


class DunningTerm(Base):
    """When a level of dunning comes after the one before, and its fee, from a day on; belongs to the platform."""

    __tablename__ = "dunning_terms"

    level: Mapped[int] = mapped_column(primary_key=True)
    valid_from: Mapped[date] = mapped_column(primary_key=True)
    days: Mapped[int]
    fee_minor: Mapped[int]


class DunningFee(Base):
    """A fee of a dunning, or with a negative amount its waiver; never changed."""

    __tablename__ = "dunning_fees"

    fee_id: Mapped[UUID] = mapped_column(primary_key=True)
    tenant_id: Mapped[UUID]
    customer_id: Mapped[UUID]
    invoice_id: Mapped[UUID] = mapped_column(ForeignKey("receivables.invoice_id"))
    dunning_id: Mapped[UUID] = mapped_column(ForeignKey("dunnings.dunning_id"))
    amount_minor: Mapped[int]
    noted_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))


class DunningPause(Base):
    """A pause of an invoice's dunning as a clerk set or ended it; never changed, the latest counts."""

    __tablename__ = "dunning_pauses"

    pause_id: Mapped[UUID] = mapped_column(primary_key=True)
    tenant_id: Mapped[UUID]
    customer_id: Mapped[UUID]
    invoice_id: Mapped[UUID] = mapped_column(ForeignKey("receivables.invoice_id"))
    until_on: Mapped[date | None]
    note: Mapped[str] = mapped_column(Text)
    set_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    set_by_account_id: Mapped[UUID]


class Dunning(Base):
    """The dunning of an overdue invoice; at most one runs, an earlier one may have ended with a payment taken back."""

    __tablename__ = "dunnings"

    dunning_id: Mapped[UUID] = mapped_column(primary_key=True)
    tenant_id: Mapped[UUID]
    customer_id: Mapped[UUID]
    invoice_id: Mapped[UUID] = mapped_column(ForeignKey("receivables.invoice_id"))
    started_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    level: Mapped[int] = mapped_column(default=1)
    level_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    """When it came to a level above the first."""
    ended_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    end_reason: Mapped[str | None] = mapped_column(Text)
    note: Mapped[str] = mapped_column(Text)
