"""Proposals and learned rules as SQLAlchemy sees them; what they say is sealed under the customer's key."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from uuid import UUID

from kontor_chassis.database import Base
from sqlalchemy import DateTime, LargeBinary, Text
from sqlalchemy.orm import Mapped, mapped_column


class ProposalState(StrEnum):
    """Where a proposal stands: OPEN → CONFIRMED | DISMISSED."""

    OPEN = "OPEN"
    CONFIRMED = "CONFIRMED"
    DISMISSED = "DISMISSED"


class FilingProposal(Base):
    """What was recognised in a document; the proposal itself is made of it when somebody looks."""

    __tablename__ = "filing_proposals"

    document_id: Mapped[UUID] = mapped_column(primary_key=True)
    tenant_id: Mapped[UUID]
    customer_id: Mapped[UUID]
    state: Mapped[str] = mapped_column(Text)
    facts: Mapped[bytes] = mapped_column(LargeBinary)
    create_time: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    update_time: Mapped[datetime] = mapped_column(DateTime(timezone=True))


class FilingRule(Base):
    """What a household does with post of one sender."""

    __tablename__ = "filing_rules"

    filing_rule_id: Mapped[UUID] = mapped_column(primary_key=True)
    tenant_id: Mapped[UUID]
    customer_id: Mapped[UUID]
    lesson: Mapped[bytes] = mapped_column(LargeBinary)
    create_time: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    update_time: Mapped[datetime] = mapped_column(DateTime(timezone=True))
