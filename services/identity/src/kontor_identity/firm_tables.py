"""Tables about the life of firms: plans, trials, the processing agreement. A plan's terms begin on a day."""

from __future__ import annotations

from datetime import date, datetime
from uuid import UUID

from sqlalchemy import BigInteger
from sqlalchemy.orm import Mapped, mapped_column

from kontor_identity.tables import Base


class PlanRow(Base):
    """Terms of a plan from a day on; None is no limit, or a price on request."""

    __tablename__ = "plans"

    plan: Mapped[int] = mapped_column(primary_key=True)
    valid_from: Mapped[date] = mapped_column(primary_key=True)
    max_contacts: Mapped[int | None]
    storage_bytes: Mapped[int | None] = mapped_column(BigInteger)
    interfaces: Mapped[bool]
    base_net_cents: Mapped[int | None]
    contact_net_cents: Mapped[int]
    setup_net_cents: Mapped[int | None]


class TrialNotice(Base):
    """A reminder of the end of a trial that was sent."""

    __tablename__ = "trial_notices"

    tenant_id: Mapped[UUID] = mapped_column(primary_key=True)
    trial_ends_at: Mapped[datetime] = mapped_column(primary_key=True)
    days_before: Mapped[int] = mapped_column(primary_key=True)


class TrialExtension(Base):
    """A further trial that a firm ordered."""

    __tablename__ = "trial_extensions"

    extension_id: Mapped[UUID] = mapped_column(primary_key=True)
    tenant_id: Mapped[UUID]
    ordered_by: Mapped[UUID]
    ordered_at: Mapped[datetime]
    starts_at: Mapped[datetime]
    ends_at: Mapped[datetime]
    net_cents: Mapped[int]


class ProcessingText(Base):
    """A version of the processing agreement; never changed."""

    __tablename__ = "processing_texts"

    version: Mapped[int] = mapped_column(primary_key=True)
    body: Mapped[str]
    sha256: Mapped[str]
    published_at: Mapped[datetime]
    published_by: Mapped[UUID | None]


class ProcessingAcceptance(Base):
    """Proof that a firm accepted a version: who, when, and the hash of what he read."""

    __tablename__ = "processing_acceptances"

    tenant_id: Mapped[UUID] = mapped_column(primary_key=True)
    version: Mapped[int] = mapped_column(primary_key=True)
    account_id: Mapped[UUID]
    display_name: Mapped[str]
    sha256: Mapped[str]
    accepted_at: Mapped[datetime]
