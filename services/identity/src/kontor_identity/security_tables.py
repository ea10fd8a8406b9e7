"""Tables of how accounts are protected. Only identity itself reads them, never on behalf of a caller (see migrations).

Instants of devices are machine time, like those of sessions; all others are the installation's.
"""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from sqlalchemy.orm import Mapped, mapped_column

from kontor_identity.tables import Base


class Device(Base):
    """A browser from which an account has signed in, by the hash of the secret in its cookie."""

    __tablename__ = "devices"

    device_hash: Mapped[bytes] = mapped_column(primary_key=True)
    account_id: Mapped[UUID] = mapped_column(primary_key=True)
    label: Mapped[str]
    created_at: Mapped[datetime]
    last_used_at: Mapped[datetime]


class TotpSecret(Base):
    """The secret of an account's authenticator app, sealed; it counts once `confirmed_at` is set."""

    __tablename__ = "totp_secrets"

    account_id: Mapped[UUID] = mapped_column(primary_key=True)
    secret_sealed: Mapped[bytes]
    created_at: Mapped[datetime]
    confirmed_at: Mapped[datetime | None]
    last_step: Mapped[int] = mapped_column(default=0)


class RecoveryCode(Base):
    """A recovery code as a keyed hash."""

    __tablename__ = "recovery_codes"

    account_id: Mapped[UUID] = mapped_column(primary_key=True)
    code_hash: Mapped[bytes] = mapped_column(primary_key=True)
    used_at: Mapped[datetime | None]


class Passkey(Base):
    """A registered passkey."""

    __tablename__ = "passkeys"

    passkey_id: Mapped[UUID] = mapped_column(primary_key=True)
    account_id: Mapped[UUID]
    credential_id: Mapped[bytes]
    public_key: Mapped[bytes]
    sign_count: Mapped[int]
    transports: Mapped[list[str]]
    synced: Mapped[bool]
    name: Mapped[str]
    host: Mapped[str] = mapped_column(default="")
    created_at: Mapped[datetime]
    last_used_at: Mapped[datetime | None]


class PasskeyCeremony(Base):
    """A challenge that was handed out, until it is answered. With an account it registers, without one it signs in."""

    __tablename__ = "passkey_ceremonies"

    ceremony_id: Mapped[UUID] = mapped_column(primary_key=True)
    challenge: Mapped[bytes]
    account_id: Mapped[UUID | None]
    host: Mapped[str] = mapped_column(default="")
    expires_at: Mapped[datetime]


class SignInTicket(Base):
    """A sign-in under way, by the hash of the browser's ticket; without an account it never opens."""

    __tablename__ = "sign_in_tickets"

    ticket_id: Mapped[UUID] = mapped_column(primary_key=True)
    ticket_hash: Mapped[bytes]
    account_id: Mapped[UUID | None]
    step: Mapped[int]
    tries: Mapped[int] = mapped_column(default=0)
    created_at: Mapped[datetime]
    expires_at: Mapped[datetime]
    used_at: Mapped[datetime | None]


class EmailChange(Base):
    """A change of an account's e-mail address: open until confirmed, withdrawn or replaced."""

    __tablename__ = "email_changes"

    change_id: Mapped[UUID] = mapped_column(primary_key=True)
    account_id: Mapped[UUID]
    former_email: Mapped[str]
    new_email: Mapped[str]
    created_at: Mapped[datetime]
    expires_at: Mapped[datetime]
    ended_at: Mapped[datetime | None]
    confirmed: Mapped[bool] = mapped_column(default=False)


class EmailChangeToken(Base):
    """A link of a change, as the hash of its token."""

    __tablename__ = "email_change_tokens"

    token_hash: Mapped[bytes] = mapped_column(primary_key=True)
    change_id: Mapped[UUID]


class AccountEvent(Base):
    """Something that happened to an account's security."""

    __tablename__ = "account_events"

    account_event_id: Mapped[UUID] = mapped_column(primary_key=True)
    account_id: Mapped[UUID]
    kind: Mapped[int]
    occurred_at: Mapped[datetime]
    device: Mapped[str] = mapped_column(default="")
    detail: Mapped[str] = mapped_column(default="")
    former_email: Mapped[str] = mapped_column(default="")
