"""The table of customers' deletions; it outlives them."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from sqlalchemy.orm import Mapped, mapped_column

from kontor_identity.tables import Base


class CustomerDeletionRow(Base):
    """One deletion. Without `cancelled_at` at most one per customer."""

    __tablename__ = "customer_deletions"

    customer_deletion_id: Mapped[UUID] = mapped_column(primary_key=True)
    tenant_id: Mapped[UUID]
    customer_id: Mapped[UUID]
    customer_number: Mapped[int]
    by_customer: Mapped[bool]
    planned_at: Mapped[datetime]
    planned_by: Mapped[UUID]
    due_at: Mapped[datetime]
    cancelled_at: Mapped[datetime | None]
    deleted_at: Mapped[datetime | None]
    certificate: Mapped[int | None]
    documents: Mapped[int] = mapped_column(default=0)
    size_bytes: Mapped[int] = mapped_column(default=0)
    keys_digest: Mapped[str] = mapped_column(default="")
    certificate_hash: Mapped[str] = mapped_column(default="")
    erased_at: Mapped[datetime | None]
