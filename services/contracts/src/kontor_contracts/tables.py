"""Tables of contracts. Every one is under row-level security by firm (see migrations).

`contracts` also shows a customer only what was released to him, whatever a query forgets.
"""

from __future__ import annotations

from datetime import date, datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

from kontor_chassis.database import NAMING
from sqlalchemy import BigInteger, Computed, DateTime, ForeignKey, Integer, MetaData, SmallInteger, Text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column


class Base(DeclarativeBase):
    """Contracts' own metadata, so that its table names meet no other service's in one process."""

    metadata = MetaData(naming_convention=NAMING)


class Status(StrEnum):
    """Where a contract stands."""

    ACTIVE = "ACTIVE"
    PREMIUM_FREE = "PREMIUM_FREE"
    SUSPENDED = "SUSPENDED"
    ENDED = "ENDED"
    START = "START"
    """Entered by the customer, not checked yet (F177)."""
    OFFER = "OFFER"
    """An offer of the broker (F178)."""


class Interval(StrEnum):
    """How often the premium is paid."""

    UNSPECIFIED = "UNSPECIFIED"
    YEARLY = "YEARLY"
    HALF_YEARLY = "HALF_YEARLY"
    QUARTERLY = "QUARTERLY"
    MONTHLY = "MONTHLY"
    SINGLE = "SINGLE"
    NONE = "NONE"


class Origin(StrEnum):
    """How a contract came into Kontor."""

    BROKER = "BROKER"
    IMPORT = "IMPORT"
    CUSTOMER = "CUSTOMER"


LIST_ORDER = (
    "CASE status WHEN 'OFFER' THEN 0 WHEN 'START' THEN 1 WHEN 'SUSPENDED' THEN 3 WHEN 'ENDED' THEN 4 ELSE 2 END"
)
"""Rank of a status in a customer's list: offers on top (F178), his own entries, active ones, the rest."""


class LineOfBusiness(Base):
    """A line of business or product in a firm's tree (F71)."""

    __tablename__ = "lines_of_business"

    line_of_business_id: Mapped[UUID] = mapped_column(primary_key=True)
    tenant_id: Mapped[UUID]
    parent_id: Mapped[UUID | None] = mapped_column(ForeignKey("lines_of_business.line_of_business_id"))
    key: Mapped[str] = mapped_column(Text)
    """Names a default line for good, also after a firm renamed it."""
    name: Mapped[str] = mapped_column(Text)
    description: Mapped[str] = mapped_column(Text)
    gdv_key: Mapped[str] = mapped_column(Text)
    position: Mapped[int] = mapped_column(Integer)


class Contract(Base):
    """One contract of one customer."""

    __tablename__ = "contracts"

    contract_id: Mapped[UUID] = mapped_column(primary_key=True)
    tenant_id: Mapped[UUID]
    customer_id: Mapped[UUID]
    line_of_business_id: Mapped[UUID] = mapped_column(ForeignKey("lines_of_business.line_of_business_id"))
    number: Mapped[str] = mapped_column(Text)
    insurer_name: Mapped[str] = mapped_column(Text)
    insurer_number: Mapped[str] = mapped_column(Text)
    import_key: Mapped[str | None] = mapped_column(Text)
    """Insurer, policy and line as portfolio files name them; null for what no file has brought."""
    status: Mapped[str] = mapped_column(Text)
    rank: Mapped[int] = mapped_column(SmallInteger, Computed(LIST_ORDER, persisted=True))
    premium_minor_units: Mapped[int | None] = mapped_column(BigInteger)
    premium_currency: Mapped[str] = mapped_column(Text)
    payment_interval: Mapped[str] = mapped_column(Text)
    begin_day: Mapped[date | None]
    expiry_day: Mapped[date | None]
    description: Mapped[str] = mapped_column(Text)
    account_reference: Mapped[str] = mapped_column(Text, default="")
    """Names the bank account that the insurer draws premiums from, as identity names it; never its number (F156)."""
    account_masked: Mapped[str] = mapped_column(Text, default="")
    credit_account_reference: Mapped[str] = mapped_column(Text, default="")
    """Likewise the account to which claims and benefits are paid; empty where the insurer names none."""
    credit_account_masked: Mapped[str] = mapped_column(Text, default="")
    released: Mapped[bool]
    origin: Mapped[str] = mapped_column(Text)
    version: Mapped[int] = mapped_column(Integer)
    create_time: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    update_time: Mapped[datetime] = mapped_column(DateTime(timezone=True))

    __mapper_args__ = {"version_id_col": version, "eager_defaults": True}  # noqa: RUF012  # SQLAlchemy reads it as a class attribute


class PortfolioImport(Base):
    """One finished import; `report` holds skipped record types and remarks as they were told to the broker."""

    __tablename__ = "portfolio_imports"

    import_id: Mapped[UUID] = mapped_column(primary_key=True)
    tenant_id: Mapped[UUID]
    file_name: Mapped[str] = mapped_column(Text)
    packages: Mapped[int]
    records: Mapped[int]
    customers: Mapped[int]
    contracts: Mapped[int]
    contracts_created: Mapped[int]
    contracts_updated: Mapped[int]
    contracts_unchanged: Mapped[int]
    report: Mapped[dict[str, Any]] = mapped_column(JSONB)
    imported_by_account_id: Mapped[UUID | None]
    create_time: Mapped[datetime] = mapped_column(DateTime(timezone=True))
