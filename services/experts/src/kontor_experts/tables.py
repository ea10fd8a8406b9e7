"""Tables of the expert network. Amounts are cents of EUR, instants UTC.

`tenant_id` is always the firm a row belongs to: of a listing the expert's, of everything about an order the client's.
What an expert may see of an order names his firm in `expert_tenant_id`. The customer's data are in `order_contents`
alone, which exists only once an order is placed.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from kontor_chassis.database import NAMING
from sqlalchemy import DateTime, MetaData, Text
from sqlalchemy.dialects.postgresql import ARRAY, JSONB
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column


class Base(DeclarativeBase):
    """The expert network's own metadata, so that its table names meet no other service's in one process."""

    metadata = MetaData(naming_convention=NAMING)


_Instant = DateTime(timezone=True)
_Texts = ARRAY(Text)


class Listing(Base):
    """A service that an expert offers."""

    __tablename__ = "listings"

    service_id: Mapped[UUID] = mapped_column(primary_key=True)
    tenant_id: Mapped[UUID]
    expert_account_id: Mapped[UUID]
    expert_name: Mapped[str] = mapped_column(Text)
    expert_firm_name: Mapped[str] = mapped_column(Text)
    title: Mapped[str] = mapped_column(Text)
    description: Mapped[str] = mapped_column(Text)
    category: Mapped[str] = mapped_column(Text)
    compensation_kind: Mapped[str] = mapped_column(Text)
    compensation_minor: Mapped[int]
    transaction_fee_minor: Mapped[int]
    form_schema: Mapped[str] = mapped_column(Text)
    consent_template: Mapped[str] = mapped_column(Text)
    customer_fields: Mapped[list[str]] = mapped_column(_Texts)
    state: Mapped[str] = mapped_column(Text)
    rejection_reason: Mapped[str] = mapped_column(Text)
    created_at: Mapped[datetime] = mapped_column(_Instant)
    published_at: Mapped[datetime | None] = mapped_column(_Instant)
    version: Mapped[int] = mapped_column()

    __mapper_args__ = {"version_id_col": version}  # noqa: RUF012 - SQLAlchemy reads it as a plain class attribute


class Order(Base):
    """An order with what was agreed about the listing; nothing about the customer but his id."""

    __tablename__ = "orders"

    order_id: Mapped[UUID] = mapped_column(primary_key=True)
    tenant_id: Mapped[UUID]
    customer_id: Mapped[UUID]
    client_account_id: Mapped[UUID]
    client_firm_name: Mapped[str] = mapped_column(Text)
    expert_tenant_id: Mapped[UUID]
    expert_account_id: Mapped[UUID]
    expert_name: Mapped[str] = mapped_column(Text)
    expert_firm_name: Mapped[str] = mapped_column(Text)
    service_id: Mapped[UUID]
    service_version: Mapped[int]
    """Version of the listing that the order was saved with; a changed listing must be looked at again."""
    service_title: Mapped[str] = mapped_column(Text)
    category: Mapped[str] = mapped_column(Text)
    compensation_kind: Mapped[str] = mapped_column(Text)
    compensation_minor: Mapped[int]
    transaction_fee_minor: Mapped[int]
    state: Mapped[str] = mapped_column(Text)
    cancellation_reason: Mapped[str] = mapped_column(Text)
    created_at: Mapped[datetime] = mapped_column(_Instant)
    updated_at: Mapped[datetime] = mapped_column(_Instant)
    placed_at: Mapped[datetime | None] = mapped_column(_Instant)
    closed_at: Mapped[datetime | None] = mapped_column(_Instant)
    version: Mapped[int] = mapped_column()

    __mapper_args__ = {"version_id_col": version}  # noqa: RUF012 - SQLAlchemy reads it as a plain class attribute


class OrderForm(Base):
    """The client's side of an order: the form as it was when last saved, and the answers so far."""

    __tablename__ = "order_forms"

    order_id: Mapped[UUID] = mapped_column(primary_key=True)
    tenant_id: Mapped[UUID]
    form_schema: Mapped[str] = mapped_column(Text)
    consent_template: Mapped[str] = mapped_column(Text)
    customer_fields: Mapped[list[str]] = mapped_column(_Texts)
    answers: Mapped[dict[str, Any]] = mapped_column(JSONB)


class Consent(Base):
    """One consent request: what was shown to the customer and what he said."""

    __tablename__ = "consents"

    consent_id: Mapped[UUID] = mapped_column(primary_key=True)
    order_id: Mapped[UUID]
    tenant_id: Mapped[UUID]
    customer_id: Mapped[UUID]
    text: Mapped[str] = mapped_column(Text)
    customer_fields: Mapped[list[str]] = mapped_column(_Texts)
    answers: Mapped[list[dict[str, str]]] = mapped_column(JSONB)
    state: Mapped[str] = mapped_column(Text)
    requested_at: Mapped[datetime] = mapped_column(_Instant)
    answered_at: Mapped[datetime | None] = mapped_column(_Instant)
    answered_by_account_id: Mapped[UUID | None]


class OrderContent(Base):
    """What the expert received, and all he received, with a placed order."""

    __tablename__ = "order_contents"

    order_id: Mapped[UUID] = mapped_column(primary_key=True)
    tenant_id: Mapped[UUID]
    expert_tenant_id: Mapped[UUID]
    answers: Mapped[list[dict[str, str]]] = mapped_column(JSONB)
    customer_data: Mapped[list[dict[str, str]]] = mapped_column(JSONB)


class OrderMessage(Base):
    """A message between client and expert on a placed order."""

    __tablename__ = "order_messages"

    message_id: Mapped[UUID] = mapped_column(primary_key=True)
    order_id: Mapped[UUID]
    tenant_id: Mapped[UUID]
    expert_tenant_id: Mapped[UUID]
    sender_side: Mapped[str] = mapped_column(Text)
    sender_account_id: Mapped[UUID]
    sender_name: Mapped[str] = mapped_column(Text)
    body: Mapped[str] = mapped_column(Text)
    sent_at: Mapped[datetime] = mapped_column(_Instant)


class HistoryEntry(Base):
    """One step of an order; never changed."""

    __tablename__ = "order_history"

    entry_id: Mapped[UUID] = mapped_column(primary_key=True)
    order_id: Mapped[UUID]
    tenant_id: Mapped[UUID]
    expert_tenant_id: Mapped[UUID]
    step: Mapped[str] = mapped_column(Text)
    actor_account_id: Mapped[UUID]
    actor_name: Mapped[str] = mapped_column(Text)
    happened_at: Mapped[datetime] = mapped_column(_Instant)
    detail: Mapped[str] = mapped_column(Text)


class Rating(Base):
    """A client's rating of a completed order; never changed."""

    __tablename__ = "ratings"

    order_id: Mapped[UUID] = mapped_column(primary_key=True)
    tenant_id: Mapped[UUID]
    service_id: Mapped[UUID]
    stars: Mapped[int]
    comment: Mapped[str] = mapped_column(Text)
    client_firm_name: Mapped[str] = mapped_column(Text)
    rated_at: Mapped[datetime] = mapped_column(_Instant)
