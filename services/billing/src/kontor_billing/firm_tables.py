"""Tables of what the platform charges firms. Amounts are cents of EUR; days are German days."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import DateTime, ForeignKey, Text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from kontor_billing.tables import Base


class PlanChoice(Base):
    """A plan that a firm chose, as identity told."""

    __tablename__ = "plan_choices"

    tenant_id: Mapped[UUID] = mapped_column(primary_key=True)
    chosen_at: Mapped[datetime] = mapped_column(DateTime(timezone=True), primary_key=True)
    plan: Mapped[int]


class WhiteLabelRow(Base):
    """White label booked or ended, as identity told."""

    __tablename__ = "white_labels"

    tenant_id: Mapped[UUID] = mapped_column(primary_key=True)
    changed_at: Mapped[datetime] = mapped_column(DateTime(timezone=True), primary_key=True)
    white_label: Mapped[bool]


class TrialOrder(Base):
    """A further trial that a firm ordered (F89)."""

    __tablename__ = "trial_orders"

    extension_id: Mapped[UUID] = mapped_column(primary_key=True)
    tenant_id: Mapped[UUID]
    ordered_on: Mapped[date]
    net_minor: Mapped[int]


class AgreedPricesRow(Base):
    """Prices that were agreed with one firm; None: as the plan says."""

    __tablename__ = "agreed_prices"

    tenant_id: Mapped[UUID] = mapped_column(primary_key=True)
    base_minor: Mapped[int | None]
    setup_minor: Mapped[int | None]
    white_label_minor: Mapped[int | None]
    white_label_setup_minor: Mapped[int | None]
    set_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    set_by_account_id: Mapped[UUID]


class IssuerRow(Base):
    """Who issues the invoices to firms; one row."""

    __tablename__ = "issuer"

    single: Mapped[bool] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(Text)
    street: Mapped[str] = mapped_column(Text)
    postal_code: Mapped[str] = mapped_column(Text)
    city: Mapped[str] = mapped_column(Text)
    tax_number: Mapped[str] = mapped_column(Text)
    iban: Mapped[str] = mapped_column(Text)
    email: Mapped[str] = mapped_column(Text)
    set_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))


class PlatformSeries(Base):
    """The last number given to an invoice to a firm in a year."""

    __tablename__ = "platform_series"

    series: Mapped[str] = mapped_column(Text, primary_key=True)
    last_number: Mapped[int]


class FirmInvoice(Base):
    """An invoice of the platform to a firm with everything that is printed on it; never changed."""

    __tablename__ = "firm_invoices"

    firm_invoice_id: Mapped[UUID] = mapped_column(primary_key=True)
    tenant_id: Mapped[UUID]
    number: Mapped[str] = mapped_column(Text)
    period: Mapped[str] = mapped_column(Text)
    issue_date: Mapped[date]
    due_on: Mapped[date]
    lines: Mapped[list[dict[str, Any]]] = mapped_column(JSONB)
    """Title, detail and net amount of each line."""
    net_minor: Mapped[int]
    gross_minor: Mapped[int]
    taxes: Mapped[list[dict[str, Any]]] = mapped_column(JSONB)
    seller: Mapped[dict[str, str]] = mapped_column(JSONB)
    buyer: Mapped[dict[str, str]] = mapped_column(JSONB)
    issued_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))


class FirmBillingRun(Base):
    """A month that is settled for a firm, with an invoice or without."""

    __tablename__ = "firm_billing_runs"

    tenant_id: Mapped[UUID] = mapped_column(primary_key=True)
    period: Mapped[str] = mapped_column(Text, primary_key=True)
    finished_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))


class FirmReceivable(Base):
    """The demand of one invoice to a firm; its row is locked by whoever records a payment."""

    __tablename__ = "firm_receivables"

    firm_invoice_id: Mapped[UUID] = mapped_column(ForeignKey("firm_invoices.firm_invoice_id"), primary_key=True)
    tenant_id: Mapped[UUID]
    due_on: Mapped[date]
    gross_minor: Mapped[int]
    paid_minor: Mapped[int]


class FirmPayment(Base):
    """A payment of a firm that arrived; never changed."""

    __tablename__ = "firm_payments"

    firm_payment_id: Mapped[UUID] = mapped_column(primary_key=True)
    tenant_id: Mapped[UUID]
    firm_invoice_id: Mapped[UUID] = mapped_column(ForeignKey("firm_receivables.firm_invoice_id"))
    amount_minor: Mapped[int]
    paid_on: Mapped[date]
    recorded_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    recorder_account_id: Mapped[UUID]


class FirmPaymentReversal(Base):
    """A payment of a firm that was booked wrongly and taken back; never changed."""

    __tablename__ = "firm_payment_reversals"

    reversal_id: Mapped[UUID] = mapped_column(primary_key=True)
    firm_payment_id: Mapped[UUID] = mapped_column(ForeignKey("firm_payments.firm_payment_id"))
    tenant_id: Mapped[UUID]
    firm_invoice_id: Mapped[UUID]
    note: Mapped[str] = mapped_column(Text)
    reversed_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    reverser_account_id: Mapped[UUID]
