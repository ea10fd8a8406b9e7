"""Tables about the working life of staff."""

from __future__ import annotations

from datetime import date, datetime
from uuid import UUID

from sqlalchemy.orm import Mapped, mapped_column

from kontor_identity.tables import Base


class StaffAbsence(Base):
    """Days on which an employee is away; first and last day belong to it."""

    __tablename__ = "staff_absences"

    absence_id: Mapped[UUID] = mapped_column(primary_key=True)
    tenant_id: Mapped[UUID]
    account_id: Mapped[UUID]
    substitute_account_id: Mapped[UUID | None]
    starts_on: Mapped[date]
    ends_on: Mapped[date]
    created_by: Mapped[UUID]
    created_at: Mapped[datetime]
    cancelled_at: Mapped[datetime | None]
