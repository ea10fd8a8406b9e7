"""Tables of partner systems: OAuth clients that act for one firm by scopes."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from sqlalchemy.orm import Mapped, mapped_column

from kontor_identity.tables import Base


class PartnerClient(Base):
    """A partner system of a firm."""

    __tablename__ = "partner_clients"

    client_id: Mapped[UUID] = mapped_column(primary_key=True)
    tenant_id: Mapped[UUID]
    name: Mapped[str]
    scopes: Mapped[list[int]]
    rate: Mapped[int]
    created_at: Mapped[datetime]
    created_by: Mapped[UUID]
    revoked_at: Mapped[datetime | None]


class PartnerSecret(Base):
    """A secret of a partner system, as its hash; machine time. Only identity itself reads it."""

    __tablename__ = "partner_secrets"

    secret_hash: Mapped[bytes] = mapped_column(primary_key=True)
    client_id: Mapped[UUID]
    created_at: Mapped[datetime]
    expires_at: Mapped[datetime | None]
    last_used_at: Mapped[datetime | None]
