"""Tables of identity. Instants are UTC; enums are stored by the numbers of the protos.

Two families: what belongs to a firm (`tenant_id`, row-level security by firm and customer), and what belongs to a
person across firms (accounts, credentials, sessions, tokens), which only identity itself may read (see migrations).
"""

from __future__ import annotations

from datetime import date, datetime
from typing import Any
from uuid import UUID

from kontor_chassis.database import NAMING
from sqlalchemy import DateTime, FetchedValue, LargeBinary, MetaData, SmallInteger, Text, Uuid
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column


class Base(DeclarativeBase):
    """Identity's own metadata."""

    metadata = MetaData(naming_convention=NAMING)
    type_annotation_map = {  # noqa: RUF012  # SQLAlchemy's documented hook
        str: Text,
        datetime: DateTime(timezone=True),
        bytes: LargeBinary,
        list[int]: ARRAY(SmallInteger),
        list[str]: ARRAY(Text),
        list[UUID]: ARRAY(Uuid),
    }


class AddressColumns:
    """A postal address inside a row."""

    street: Mapped[str] = mapped_column(default="")
    postal_code: Mapped[str] = mapped_column(default="")
    city: Mapped[str] = mapped_column(default="")
    country: Mapped[str] = mapped_column(default="")


class Tenant(AddressColumns, Base):
    """A firm."""

    __tablename__ = "tenants"

    tenant_id: Mapped[UUID] = mapped_column(primary_key=True)
    name: Mapped[str]
    slug: Mapped[str]
    kind: Mapped[int]
    state: Mapped[int]
    contact_name: Mapped[str]
    contact_email: Mapped[str]
    email: Mapped[str] = mapped_column(default="")
    phone: Mapped[str] = mapped_column(default="")
    ihk_number: Mapped[str] = mapped_column(default="")
    tier_one_access: Mapped[int] = mapped_column(default=2)
    white_label: Mapped[bool] = mapped_column(default=False)
    last_customer_number: Mapped[int] = mapped_column(default=1000)
    created_at: Mapped[datetime]
    activated_at: Mapped[datetime | None]
    trial_ends_at: Mapped[datetime | None]
    administrator_invitation_id: Mapped[UUID | None]
    channel: Mapped[int] = mapped_column(default=1)
    note: Mapped[str] = mapped_column(default="")
    queue_rank: Mapped[int] = mapped_column(default=0)
    plan: Mapped[int] = mapped_column(default=0)
    plan_chosen_at: Mapped[datetime | None]
    contract_signed_on: Mapped[date | None]
    suspended_at: Mapped[datetime | None]
    deletion_due_at: Mapped[datetime | None]
    deleted_at: Mapped[datetime | None]
    homepage: Mapped[str] = mapped_column(default="")
    homepage_verified_at: Mapped[datetime | None]
    homepage_verified_by: Mapped[UUID | None]
    ihk_verified_at: Mapped[datetime | None]
    ihk_verified_by: Mapped[UUID | None]
    directory_listed: Mapped[bool] = mapped_column(default=False)
    directory_text: Mapped[str] = mapped_column(default="")
    broker_id: Mapped[str] = mapped_column(server_default=FetchedValue())
    version: Mapped[int] = mapped_column(default=1)
    __mapper_args__: dict[str, Any] = {  # noqa: RUF012  # SQLAlchemy's documented hook
        "version_id_col": version,
        "eager_defaults": False,  # nobody reads `broker_id` back whom row-level security does not show the firm
    }


class Brand(Base):
    """How a firm appears; a firm without a row has the platform's neutral look."""

    __tablename__ = "brands"

    tenant_id: Mapped[UUID] = mapped_column(primary_key=True)
    primary_color: Mapped[str]
    accent_color: Mapped[str]
    heading: Mapped[str] = mapped_column(default="")
    greeting: Mapped[str] = mapped_column(default="")
    layout: Mapped[int] = mapped_column(default=1)
    logo: Mapped[bytes | None]
    logo_type: Mapped[str] = mapped_column(default="")
    logo_version: Mapped[int] = mapped_column(default=0)
    closed_areas: Mapped[list[int]]
    """Parts of the office that its customers do not get (F53), as published."""
    version: Mapped[int] = mapped_column(default=1)
    __mapper_args__: dict[str, Any] = {"version_id_col": version}  # noqa: RUF012  # SQLAlchemy's documented hook


class Account(Base):
    """A person who can sign in; the e-mail address is kept in lower case."""

    __tablename__ = "accounts"

    account_id: Mapped[UUID] = mapped_column(primary_key=True)
    email: Mapped[str]
    created_at: Mapped[datetime]
    language: Mapped[str] = mapped_column(server_default="de")
    """In which language mails to him are: "de" or "en"."""


class Credential(Base):
    """An account's password as argon2id."""

    __tablename__ = "credentials"

    account_id: Mapped[UUID] = mapped_column(primary_key=True)
    password_hash: Mapped[str]
    changed_at: Mapped[datetime]


class Membership(Base):
    """What an account is in one firm: a customer (`customer_id`) or staff, expert, organiser, operator (none)."""

    __tablename__ = "memberships"

    membership_id: Mapped[UUID] = mapped_column(primary_key=True)
    account_id: Mapped[UUID]
    tenant_id: Mapped[UUID]
    customer_id: Mapped[UUID | None]
    roles: Mapped[list[int]]
    rights: Mapped[list[int]]
    display_name: Mapped[str]
    phone: Mapped[str] = mapped_column(default="")
    standing: Mapped[int] = mapped_column(default=1)
    created_at: Mapped[datetime]
    ended_at: Mapped[datetime | None]
    version: Mapped[int] = mapped_column(default=1)
    __mapper_args__: dict[str, Any] = {"version_id_col": version}  # noqa: RUF012  # SQLAlchemy's documented hook


class Customer(AddressColumns, Base):
    """A customer of a firm. `sort_name` and `search_text` are folded copies of the name for order and search."""

    __tablename__ = "customers"

    customer_id: Mapped[UUID] = mapped_column(primary_key=True)
    tenant_id: Mapped[UUID]
    number: Mapped[int]
    external_number: Mapped[str | None]
    form: Mapped[int]
    salutation: Mapped[int]
    title: Mapped[str] = mapped_column(default="")
    given_name: Mapped[str] = mapped_column(default="")
    family_name: Mapped[str]
    birth_date: Mapped[date | None]
    marital_status: Mapped[int] = mapped_column(default=0)
    marital_since: Mapped[date | None]
    is_intermediary: Mapped[bool] = mapped_column(default=False)
    email: Mapped[str] = mapped_column(default="")
    phone: Mapped[str] = mapped_column(default="")
    access_state: Mapped[int] = mapped_column(default=1)
    account_id: Mapped[UUID | None]
    responsible_account_ids: Mapped[list[UUID]] = mapped_column(default=list)
    tier: Mapped[int] = mapped_column(default=1)
    import_id: Mapped[UUID | None]
    sort_name: Mapped[str]
    search_text: Mapped[str]
    created_at: Mapped[datetime]
    updated_at: Mapped[datetime]
    version: Mapped[int] = mapped_column(default=1)
    __mapper_args__: dict[str, Any] = {"version_id_col": version}  # noqa: RUF012  # SQLAlchemy's documented hook


class Invitation(Base):
    """An invitation of a customer or of staff."""

    __tablename__ = "invitations"

    invitation_id: Mapped[UUID] = mapped_column(primary_key=True)
    tenant_id: Mapped[UUID]
    customer_id: Mapped[UUID | None]
    display_name: Mapped[str]
    email: Mapped[str]
    letter_greeting: Mapped[str]
    form: Mapped[int]
    roles: Mapped[list[int]]
    rights: Mapped[list[int]]
    standing: Mapped[int] = mapped_column(default=1)
    release_choice: Mapped[int] = mapped_column(default=0)
    release_categories: Mapped[list[str]] = mapped_column(default=list)
    state: Mapped[int]
    created_at: Mapped[datetime]
    expires_at: Mapped[datetime]
    accepted_at: Mapped[datetime | None]
    account_id: Mapped[UUID | None]
    sent_at: Mapped[datetime | None]
    delivered_at: Mapped[datetime | None]
    opened_at: Mapped[datetime | None]
    bounced_at: Mapped[datetime | None]
    lettered_at: Mapped[datetime | None]


class InvitationToken(Base):
    """A link of an invitation, as the hash of its token. Each mail sent has its own."""

    __tablename__ = "invitation_tokens"

    token_hash: Mapped[bytes] = mapped_column(primary_key=True)
    invitation_id: Mapped[UUID]
    created_at: Mapped[datetime]


class PasswordReset(Base):
    """A request for a new password."""

    __tablename__ = "password_resets"

    reset_id: Mapped[UUID] = mapped_column(primary_key=True)
    account_id: Mapped[UUID]
    created_at: Mapped[datetime]
    expires_at: Mapped[datetime]
    used_at: Mapped[datetime | None]


class PasswordResetToken(Base):
    """A link of a password request, as the hash of its token."""

    __tablename__ = "password_reset_tokens"

    token_hash: Mapped[bytes] = mapped_column(primary_key=True)
    reset_id: Mapped[UUID]


class Session(Base):
    """A sign-in; also the family of its refresh tokens. Its instants are machine time, as those of all tokens."""

    __tablename__ = "sessions"

    session_id: Mapped[UUID] = mapped_column(primary_key=True)
    account_id: Mapped[UUID]
    membership_id: Mapped[UUID | None]
    device: Mapped[str] = mapped_column(default="")
    created_at: Mapped[datetime]
    last_used_at: Mapped[datetime]
    expires_at: Mapped[datetime]
    ended_at: Mapped[datetime | None]
    end_reason: Mapped[str] = mapped_column(default="")
    level: Mapped[int] = mapped_column(default=1)
    authenticated_at: Mapped[datetime]


class AuthorizationCode(Base):
    """An authorization code as its hash; used once."""

    __tablename__ = "authorization_codes"

    code_hash: Mapped[bytes] = mapped_column(primary_key=True)
    grant_id: Mapped[UUID]
    session_id: Mapped[UUID]
    client_id: Mapped[str]
    redirect_uri: Mapped[str]
    scope: Mapped[str]
    nonce: Mapped[str]
    code_challenge: Mapped[str]
    expires_at: Mapped[datetime]
    taken_at: Mapped[datetime | None]
    issued_at: Mapped[datetime | None]


class RefreshToken(Base):
    """A refresh token as its hash; used once, then `used_at` says when."""

    __tablename__ = "refresh_tokens"

    token_hash: Mapped[bytes] = mapped_column(primary_key=True)
    session_id: Mapped[UUID]
    client_id: Mapped[str]
    scope: Mapped[str]
    parent_hash: Mapped[bytes | None]
    issued_at: Mapped[datetime]
    expires_at: Mapped[datetime]
    used_at: Mapped[datetime | None]


class SigningKey(Base):
    """An ES256 key; the private half is sealed with the key-encryption key."""

    __tablename__ = "signing_keys"

    kid: Mapped[str] = mapped_column(primary_key=True)
    public_jwk: Mapped[str]
    private_sealed: Mapped[bytes]
    created_at: Mapped[datetime]
    signs_from: Mapped[datetime]
    published_until: Mapped[datetime | None]


class LoginThrottle(Base):
    """Failed sign-ins under one blinded key (account, known device, network address or firm)."""

    __tablename__ = "login_throttles"

    key: Mapped[bytes] = mapped_column(primary_key=True)
    failures: Mapped[int]
    last_attempt_at: Mapped[datetime]
    blocked_until: Mapped[datetime | None]
