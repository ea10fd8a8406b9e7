"""Tables of bulk invitations, access codes of letters, and bindings; invitations themselves are in `tables`."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from sqlalchemy.orm import Mapped, mapped_column

from kontor_identity.tables import Base


class BulkInvitation(Base):
    """Many invitations that are made one batch after the other."""

    __tablename__ = "bulk_invitations"

    bulk_invitation_id: Mapped[UUID] = mapped_column(primary_key=True)
    tenant_id: Mapped[UUID]
    created_by: Mapped[UUID]
    created_at: Mapped[datetime]
    form: Mapped[int]
    release_choice: Mapped[int]
    release_categories: Mapped[list[str]]
    worked_at: Mapped[datetime]
    finished_at: Mapped[datetime | None]


class BulkInvitationItem(Base):
    """One customer of a bulk invitation."""

    __tablename__ = "bulk_invitation_items"

    bulk_invitation_id: Mapped[UUID] = mapped_column(primary_key=True)
    customer_id: Mapped[UUID] = mapped_column(primary_key=True)
    tenant_id: Mapped[UUID]
    outcome: Mapped[int]
    invitation_id: Mapped[UUID | None]


class AccessCode(Base):
    """The code of a printed letter, as a keyed hash; one at a time for an invitation."""

    __tablename__ = "access_codes"

    code_hash: Mapped[bytes] = mapped_column(primary_key=True)
    tenant_id: Mapped[UUID]
    customer_id: Mapped[UUID]
    invitation_id: Mapped[UUID]
    created_at: Mapped[datetime]
    expires_at: Mapped[datetime]


class Binding(Base):
    """Somebody with an account asks to be a firm's customer."""

    __tablename__ = "bindings"

    binding_id: Mapped[UUID] = mapped_column(primary_key=True)
    tenant_id: Mapped[UUID]
    account_id: Mapped[UUID]
    tenant_name: Mapped[str]
    email: Mapped[str]
    display_name: Mapped[str]
    state: Mapped[int]
    customer_id: Mapped[UUID | None]
    created_at: Mapped[datetime]
    decided_at: Mapped[datetime | None]
    decided_by: Mapped[UUID | None]
