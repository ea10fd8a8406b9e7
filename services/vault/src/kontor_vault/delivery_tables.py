"""Tables of deliveries with legal effect; both are append-only."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from kontor_chassis.database import Base
from sqlalchemy import BigInteger, DateTime, LargeBinary, SmallInteger, Text
from sqlalchemy.orm import Mapped, mapped_column

_Time = DateTime(timezone=True)


class Delivery(Base):
    """What was delivered, by which consent."""

    __tablename__ = "document_deliveries"

    delivery_id: Mapped[UUID] = mapped_column(primary_key=True)
    tenant_id: Mapped[UUID]
    customer_id: Mapped[UUID]
    document_id: Mapped[UUID]
    number: Mapped[int]
    title: Mapped[str] = mapped_column(Text)
    file_name: Mapped[str] = mapped_column(Text)
    size_bytes: Mapped[int] = mapped_column(BigInteger)
    sha256: Mapped[bytes] = mapped_column(LargeBinary)
    e_post_entry_id: Mapped[UUID]
    consent_version: Mapped[int]
    consent_time: Mapped[datetime] = mapped_column(_Time)


class DeliveryStep(Base):
    """A stage that a delivery has reached, and the entry of the sight ledger that tells of it."""

    __tablename__ = "document_delivery_steps"

    delivery_id: Mapped[UUID] = mapped_column(primary_key=True)
    stage: Mapped[int] = mapped_column(SmallInteger, primary_key=True)
    tenant_id: Mapped[UUID]
    customer_id: Mapped[UUID]
    time: Mapped[datetime] = mapped_column(_Time)
    account_id: Mapped[UUID | None]
    account_name: Mapped[str] = mapped_column(Text)
    sequence: Mapped[int] = mapped_column(BigInteger)
    hash: Mapped[bytes] = mapped_column(LargeBinary)
