"""Tables of billing. Amounts are cents of EUR; days are German calendar days; instants are UTC.

Every table is under row-level security (see migrations). Catalogue, tax rates and agreement texts belong to the
platform and are read by everybody; all else belongs to one firm.
"""

from __future__ import annotations

from datetime import date, datetime
from typing import Any
from uuid import UUID

from kontor_chassis.database import NAMING
from sqlalchemy import Date, DateTime, ForeignKey, Integer, MetaData, Text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column


class Base(DeclarativeBase):
    """Billing's own metadata, so that its table names meet no other service's in one process."""

    metadata = MetaData(naming_convention=NAMING)


class CatalogueComponent(Base):
    """A component of a tier's price as the pool recommends it (F10), from a day until a day."""

    __tablename__ = "catalogue_components"

    component_id: Mapped[UUID] = mapped_column(primary_key=True)
    tier: Mapped[int]
    position: Mapped[int]
    code: Mapped[str] = mapped_column(Text)
    name: Mapped[str] = mapped_column(Text)
    payee: Mapped[str] = mapped_column(Text)
    net_minor: Mapped[int]
    tax_kind: Mapped[str] = mapped_column(Text)
    valid_from: Mapped[date]
    valid_until: Mapped[date | None]


class TaxRate(Base):
    """Rate of a tax kind from a day on, in basis points."""

    __tablename__ = "tax_rates"

    tax_kind: Mapped[str] = mapped_column(Text, primary_key=True)
    valid_from: Mapped[date] = mapped_column(Date, primary_key=True)
    basis_points: Mapped[int]


class AgreementText(Base):
    """A version of the service agreement's text, offered from a day on."""

    __tablename__ = "agreement_texts"

    version: Mapped[str] = mapped_column(Text, primary_key=True)
    valid_from: Mapped[date]
    title: Mapped[str] = mapped_column(Text)
    body: Mapped[str] = mapped_column(Text)
    withdrawal_information: Mapped[str] = mapped_column(Text)


class KnownTenant(Base):
    """A firm that has been activated, so that the monthly run knows whom to bill."""

    __tablename__ = "known_tenants"

    tenant_id: Mapped[UUID] = mapped_column(primary_key=True)
    activated_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))


class DeletedFirm(Base):
    """A firm that has been deleted (see `kontor_chassis.firm_end`); it is billed no more."""

    __tablename__ = "deleted_firms"

    tenant_id: Mapped[UUID] = mapped_column(primary_key=True)


class BrokerShare(Base):
    """A firm's own share of a tier from a day on (F6)."""

    __tablename__ = "broker_shares"

    share_id: Mapped[UUID] = mapped_column(primary_key=True)
    tenant_id: Mapped[UUID]
    tier: Mapped[int]
    net_minor: Mapped[int]
    valid_from: Mapped[date]
    set_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    set_by_account_id: Mapped[UUID]
    replaced_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))


class PriceVersion(Base):
    """A price that a customer has signed; named by its content."""

    __tablename__ = "price_versions"

    tenant_id: Mapped[UUID] = mapped_column(primary_key=True)
    price_version: Mapped[str] = mapped_column(Text, primary_key=True)
    tier: Mapped[int]
    components: Mapped[list[dict[str, Any]]] = mapped_column(JSONB)
    """The components in order, as `prices.PriceComponent` names them."""


class Agreement(Base):
    """A signed service agreement."""

    __tablename__ = "agreements"

    agreement_id: Mapped[UUID] = mapped_column(primary_key=True)
    tenant_id: Mapped[UUID]
    customer_id: Mapped[UUID]
    tier: Mapped[int]
    state: Mapped[str] = mapped_column(Text)
    text_version: Mapped[str] = mapped_column(Text, ForeignKey("agreement_texts.version"))
    price_version: Mapped[str] = mapped_column(Text)
    signed_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    signed_on: Mapped[date]
    """German day of signing; billing and the time for withdrawal count from it."""
    signed_by_account_id: Mapped[UUID]
    ends_on: Mapped[date | None]
    withdrawn_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    end_told_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    """When others were told that it has ended."""
    version: Mapped[int] = mapped_column(Integer, default=1)

    __mapper_args__ = {"version_id_col": version}  # noqa: RUF012 - SQLAlchemy reads it as a plain class attribute


class NumberSeries(Base):
    """The last invoice number given in a series; locked while an invoice is written, so there are no gaps."""

    __tablename__ = "number_series"

    tenant_id: Mapped[UUID] = mapped_column(primary_key=True)
    series: Mapped[str] = mapped_column(Text, primary_key=True)
    last_number: Mapped[int]


class Invoice(Base):
    """An issued document with everything that is printed on it; never changed."""

    __tablename__ = "invoices"

    invoice_id: Mapped[UUID] = mapped_column(primary_key=True)
    tenant_id: Mapped[UUID]
    customer_id: Mapped[UUID]
    agreement_id: Mapped[UUID] = mapped_column(ForeignKey("agreements.agreement_id"))
    kind: Mapped[str] = mapped_column(Text)
    number: Mapped[str] = mapped_column(Text)
    period: Mapped[str] = mapped_column(Text)
    issue_date: Mapped[date]
    service_from: Mapped[date]
    service_to: Mapped[date]
    tier: Mapped[int]
    net_minor: Mapped[int]
    gross_minor: Mapped[int]
    taxes: Mapped[list[dict[str, Any]]] = mapped_column(JSONB)
    """Tax per kind as `prices.TaxAmount` names it."""
    lines: Mapped[list[dict[str, Any]]] = mapped_column(JSONB)
    """Positions as `usage_rules.Position` names them; none on old documents."""
    seller: Mapped[dict[str, str]] = mapped_column(JSONB)
    buyer: Mapped[dict[str, str]] = mapped_column(JSONB)
    cancels_invoice_id: Mapped[UUID | None]
    cancels_number: Mapped[str] = mapped_column(Text, default="")
    due_on: Mapped[date | None]
    """Last day to pay without delay; None on a cancellation."""
    issued_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))


class LedgerTransaction(Base):
    """One balanced transaction of the ledger."""

    __tablename__ = "ledger_transactions"

    transaction_id: Mapped[UUID] = mapped_column(primary_key=True)
    tenant_id: Mapped[UUID]
    customer_id: Mapped[UUID | None]
    invoice_id: Mapped[UUID | None] = mapped_column(ForeignKey("invoices.invoice_id"))
    payment_id: Mapped[UUID | None]
    """Set on the posting of a payment on the invoice."""
    firm_invoice_id: Mapped[UUID | None]
    """Set, instead of customer and invoice, on postings about the platform's invoice to the firm."""
    event_id: Mapped[UUID | None]
    """The fee, the reversal, or the firm's payment that it is of; None on those of documents and payments."""
    posted_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))


class LedgerEntry(Base):
    """One side of a transaction; debit positive, credit negative."""

    __tablename__ = "ledger_entries"

    entry_id: Mapped[UUID] = mapped_column(primary_key=True)
    transaction_id: Mapped[UUID] = mapped_column(ForeignKey("ledger_transactions.transaction_id"))
    tenant_id: Mapped[UUID]
    position: Mapped[int]
    account: Mapped[str] = mapped_column(Text)
    payee: Mapped[str | None] = mapped_column(Text)
    component_code: Mapped[str] = mapped_column(Text)
    amount_minor: Mapped[int]


class Unbilled(Base):
    """A month of an agreement that cannot be billed any more; final."""

    __tablename__ = "unbilled"

    agreement_id: Mapped[UUID] = mapped_column(ForeignKey("agreements.agreement_id"), primary_key=True)
    period: Mapped[str] = mapped_column(Text, primary_key=True)
    tenant_id: Mapped[UUID]
    customer_id: Mapped[UUID]
    reason: Mapped[str] = mapped_column(Text)
    noted_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))


class BillingRun(Base):
    """A month that was billed completely for a firm, so that the job does not look at it again."""

    __tablename__ = "billing_runs"

    tenant_id: Mapped[UUID] = mapped_column(primary_key=True)
    period: Mapped[str] = mapped_column(Text, primary_key=True)
    finished_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
