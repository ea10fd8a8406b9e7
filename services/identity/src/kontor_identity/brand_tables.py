"""Tables of a firm's face (designs in versions, pictures, domains) and of views of it by staff; see `tables`, too."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy.orm import Mapped, mapped_column

from kontor_identity.tables import Base


class BrandVersion(Base):
    """A design (`BrandDesign` as bytes). Number 0 is the draft; the highest number is what customers see."""

    __tablename__ = "brand_versions"

    tenant_id: Mapped[UUID] = mapped_column(primary_key=True)
    number: Mapped[int] = mapped_column(primary_key=True)
    design: Mapped[bytes]
    author: Mapped[str]
    saved_at: Mapped[datetime]
    published_at: Mapped[datetime | None]
    version: Mapped[int] = mapped_column(default=1)
    __mapper_args__: dict[str, Any] = {"version_id_col": version}  # noqa: RUF012  # SQLAlchemy's documented hook


class BrandPicture(Base):
    """A picture or film of a firm; never changed, because designs of the past show it."""

    __tablename__ = "brand_pictures"

    picture_id: Mapped[UUID] = mapped_column(primary_key=True)
    tenant_id: Mapped[UUID]
    content: Mapped[bytes]
    media_type: Mapped[str]
    created_at: Mapped[datetime]


class FirmDomain(Base):
    """A host name that a firm wants to be reached by, and the secret word in its TXT record."""

    __tablename__ = "firm_domains"

    domain_id: Mapped[UUID] = mapped_column(primary_key=True)
    tenant_id: Mapped[UUID]
    host: Mapped[str]
    proof: Mapped[str]
    state: Mapped[int]
    created_at: Mapped[datetime]
    verified_at: Mapped[datetime | None]
    version: Mapped[int] = mapped_column(default=1)
    __mapper_args__: dict[str, Any] = {"version_id_col": version}  # noqa: RUF012  # SQLAlchemy's documented hook


class CustomerView(Base):
    """A member of staff looked at the office as a customer."""

    __tablename__ = "customer_views"

    view_id: Mapped[UUID] = mapped_column(primary_key=True)
    tenant_id: Mapped[UUID]
    customer_id: Mapped[UUID]
    account_id: Mapped[UUID]
    viewer_name: Mapped[str]
    reason: Mapped[str]
    started_at: Mapped[datetime]
    expires_at: Mapped[datetime]


class CustomerPicture(Base):
    """A customer's own picture of something, for example of the car behind a contract."""

    __tablename__ = "customer_pictures"

    picture_id: Mapped[UUID] = mapped_column(primary_key=True)
    tenant_id: Mapped[UUID]
    customer_id: Mapped[UUID]
    subject: Mapped[str]
    content: Mapped[bytes]
    media_type: Mapped[str]
    created_at: Mapped[datetime]
