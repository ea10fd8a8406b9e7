"""Tables of proofs of identity, their letters, and consent to electronic delivery."""

from __future__ import annotations

from datetime import date, datetime
from uuid import UUID

from sqlalchemy.orm import Mapped, mapped_column

from kontor_identity.tables import Base


class IdentityProofRow(Base):
    """A proof, for the account that the customer had then; one at a time is in force."""

    __tablename__ = "identity_proofs"

    identity_proof_id: Mapped[UUID] = mapped_column(primary_key=True)
    tenant_id: Mapped[UUID]
    customer_id: Mapped[UUID]
    account_id: Mapped[UUID]
    method: Mapped[int]
    document: Mapped[int]
    seen_on: Mapped[date | None]
    proved_at: Mapped[datetime]
    proved_by: Mapped[UUID | None]
    proved_name: Mapped[str]
    ended_at: Mapped[datetime | None]
    ended_by: Mapped[UUID | None]
    ended_name: Mapped[str] = mapped_column(default="")
    end_reason: Mapped[str] = mapped_column(default="")


class IdentityLetterRow(Base):
    """A letter with an identity code, kept as a keyed hash; one at a time is under way."""

    __tablename__ = "identity_letters"

    identity_letter_id: Mapped[UUID] = mapped_column(primary_key=True)
    tenant_id: Mapped[UUID]
    customer_id: Mapped[UUID]
    account_id: Mapped[UUID]
    state: Mapped[int]
    created_at: Mapped[datetime]
    requested_at: Mapped[datetime | None]
    printed_at: Mapped[datetime | None]
    printed_by: Mapped[UUID | None]
    expires_at: Mapped[datetime | None]
    code_hash: Mapped[bytes | None]
    attempts: Mapped[int] = mapped_column(default=0)


class EPostEntryRow(Base):
    """One word of a customer on electronic delivery; never changed."""

    __tablename__ = "epost_entries"

    epost_entry_id: Mapped[UUID] = mapped_column(primary_key=True)
    tenant_id: Mapped[UUID]
    customer_id: Mapped[UUID]
    decision: Mapped[int]
    version: Mapped[int]
    sha256: Mapped[str]
    decided_at: Mapped[datetime]
    account_id: Mapped[UUID]
