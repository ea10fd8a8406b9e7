"""Tables of what is metered beside the tiers, and of further storage. Amounts are cents of EUR, days German."""

from __future__ import annotations

from datetime import date, datetime
from uuid import UUID

from sqlalchemy import Date, DateTime, ForeignKey, Text
from sqlalchemy.orm import Mapped, mapped_column

from kontor_billing.tables import Base


class UsagePriceRow(Base):
    """What the pool asks for a unit in a tier from a day on; belongs to the platform."""

    __tablename__ = "usage_prices"

    item: Mapped[str] = mapped_column(Text, primary_key=True)
    tier: Mapped[int] = mapped_column(primary_key=True)
    valid_from: Mapped[date] = mapped_column(Date, primary_key=True)
    free_pieces: Mapped[int]
    net_minor: Mapped[int]
    tax_kind: Mapped[str] = mapped_column(Text)


class UsageSurchargeRow(Base):
    """What a firm asks on top for a unit, from a day on (F6)."""

    __tablename__ = "usage_surcharges"

    surcharge_id: Mapped[UUID] = mapped_column(primary_key=True)
    tenant_id: Mapped[UUID]
    item: Mapped[str] = mapped_column(Text)
    tier: Mapped[int]
    net_minor: Mapped[int]
    valid_from: Mapped[date]
    set_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    set_by_account_id: Mapped[UUID]
    replaced_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))


class UsageEntry(Base):
    """One piece of post or one binder that was scanned; never changed."""

    __tablename__ = "usage_entries"

    entry_id: Mapped[UUID] = mapped_column(primary_key=True)
    """What the vault names it by; grows with time."""
    tenant_id: Mapped[UUID]
    customer_id: Mapped[UUID]
    item: Mapped[str] = mapped_column(Text)
    period: Mapped[str] = mapped_column(Text)
    units: Mapped[int]
    counted_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))


class BilledUsage(Base):
    """Units of a month that an invoice charges; never changed."""

    __tablename__ = "billed_usage"

    invoice_id: Mapped[UUID] = mapped_column(ForeignKey("invoices.invoice_id"), primary_key=True)
    period: Mapped[str] = mapped_column(Text, primary_key=True)
    item: Mapped[str] = mapped_column(Text, primary_key=True)
    tenant_id: Mapped[UUID]
    customer_id: Mapped[UUID]
    agreement_id: Mapped[UUID] = mapped_column(ForeignKey("agreements.agreement_id"))
    units: Mapped[int]


class StorageOrder(Base):
    """A change of a customer's further storage with its net prices per block; never changed, the latest counts."""

    __tablename__ = "storage_orders"

    order_id: Mapped[UUID] = mapped_column(primary_key=True)
    tenant_id: Mapped[UUID]
    customer_id: Mapped[UUID]
    agreement_id: Mapped[UUID] = mapped_column(ForeignKey("agreements.agreement_id"))
    blocks: Mapped[int]
    pool_minor: Mapped[int]
    broker_minor: Mapped[int]
    tax_kind: Mapped[str] = mapped_column(Text)
    ordered_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    ordered_on: Mapped[date]
    ordered_by_account_id: Mapped[UUID]
