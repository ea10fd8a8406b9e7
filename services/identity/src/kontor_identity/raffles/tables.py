"""Tables of raffles, entries and vouchers."""

from __future__ import annotations

from datetime import date, datetime
from uuid import UUID

from sqlalchemy.orm import Mapped, mapped_column

from kontor_identity.tables import Base


class RaffleRow(Base):
    """A raffle of the installation; its seed is sealed, and never leaves before the draw."""

    __tablename__ = "raffles"

    raffle_id: Mapped[UUID] = mapped_column(primary_key=True)
    kind: Mapped[int]
    state: Mapped[int]
    prize: Mapped[str]
    prizes: Mapped[int]
    organiser: Mapped[str]
    conditions: Mapped[str]
    conditions_sha256: Mapped[str]
    last_on: Mapped[date]
    public_source: Mapped[str]
    seed_sealed: Mapped[bytes]
    seed_commitment: Mapped[str]
    list_sha256: Mapped[str] = mapped_column(default="")
    tickets: Mapped[int] = mapped_column(default=0)
    public_value: Mapped[str] = mapped_column(default="")
    created_at: Mapped[datetime]
    created_by: Mapped[UUID]
    opened_at: Mapped[datetime | None]
    closed_at: Mapped[datetime | None]
    drawn_at: Mapped[datetime | None]
    drawn_by: Mapped[UUID | None]


class RaffleEntryRow(Base):
    """A customer's entry."""

    __tablename__ = "raffle_entries"

    raffle_entry_id: Mapped[UUID] = mapped_column(primary_key=True)
    tenant_id: Mapped[UUID]
    customer_id: Mapped[UUID]
    raffle_id: Mapped[UUID]
    account_id: Mapped[UUID]
    ticket_sha256: Mapped[str]
    conditions_sha256: Mapped[str]
    entered_at: Mapped[datetime]
    withdrawn_at: Mapped[datetime | None]
    has_voucher: Mapped[bool] = mapped_column(default=False)
    is_listed: Mapped[bool] = mapped_column(default=False)
    pick: Mapped[int | None]
    passed_over: Mapped[bool] = mapped_column(default=False)


class VoucherRow(Base):
    """A voucher code, sealed; given to one entry and never to another."""

    __tablename__ = "vouchers"

    voucher_id: Mapped[UUID] = mapped_column(primary_key=True)
    raffle_id: Mapped[UUID]
    code_blinded: Mapped[bytes]
    code_sealed: Mapped[bytes]
    added_at: Mapped[datetime]
    raffle_entry_id: Mapped[UUID | None]
    given_at: Mapped[datetime | None]
