"""The vault's tables as SQLAlchemy sees them; constraints, triggers and policies stand in the migrations."""

from __future__ import annotations

from datetime import date, datetime
from enum import StrEnum
from uuid import UUID

from kontor_chassis.database import Base
from sqlalchemy import BigInteger, Date, DateTime, LargeBinary, SmallInteger, Text, Uuid
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import Mapped, mapped_column


class Origin(StrEnum):
    """Who put a document into the folder."""

    CUSTOMER = "CUSTOMER"
    FIRM = "FIRM"


class UploadState(StrEnum):
    """Where an upload stands: RESERVED → RECEIVING → STORED; from the first two also → ABANDONED."""

    RESERVED = "RESERVED"
    RECEIVING = "RECEIVING"
    STORED = "STORED"
    ABANDONED = "ABANDONED"


_Time = DateTime(timezone=True)


class Folder(Base):
    """A folder of a customer's own tree. `path` is the folder and everything above it, root first."""

    __tablename__ = "folders"

    folder_id: Mapped[UUID] = mapped_column(primary_key=True)
    tenant_id: Mapped[UUID]
    customer_id: Mapped[UUID]
    parent_id: Mapped[UUID | None]
    path: Mapped[list[UUID]] = mapped_column(ARRAY(Uuid))
    name: Mapped[str] = mapped_column(Text)
    create_time: Mapped[datetime] = mapped_column(_Time)
    update_time: Mapped[datetime] = mapped_column(_Time)
    version: Mapped[int] = mapped_column()
    __mapper_args__ = {"version_id_col": version}  # noqa: RUF012 - SQLAlchemy reads it as declared


class GranteeKind(StrEnum):
    """In which capacity somebody sees what a customer granted to him."""

    FIRM = "FIRM"
    HOUSEHOLD = "HOUSEHOLD"
    TRUSTED = "TRUSTED"
    EXPERT = "EXPERT"


class Grant(Base):
    """A customer's permission; without an account it is for the whole firm.

    `through_id` is the household person, trusted person or order through which the grantee is one.
    """

    __tablename__ = "grants"

    grant_id: Mapped[UUID] = mapped_column(primary_key=True)
    tenant_id: Mapped[UUID]
    customer_id: Mapped[UUID]
    document_id: Mapped[UUID | None]
    folder_id: Mapped[UUID | None]
    grantee_kind: Mapped[str] = mapped_column(Text, default=GranteeKind.FIRM)
    grantee_account_id: Mapped[UUID | None]
    through_id: Mapped[UUID | None]
    grantee_name: Mapped[str] = mapped_column(Text, default="")
    may_contribute: Mapped[bool]
    expire_time: Mapped[datetime | None] = mapped_column(_Time)
    create_time: Mapped[datetime] = mapped_column(_Time)
    revoke_time: Mapped[datetime | None] = mapped_column(_Time)


class ReleaseRule(Base):
    """A kind of document that a firm's customers see as soon as the firm files it (F176)."""

    __tablename__ = "release_rules"

    tenant_id: Mapped[UUID] = mapped_column(primary_key=True)
    kind: Mapped[int] = mapped_column(SmallInteger, primary_key=True)
    account_id: Mapped[UUID]
    set_time: Mapped[datetime] = mapped_column(_Time)


class EmergencyGrant(Base):
    """What a release of identity's emergency access opened to one trusted person."""

    __tablename__ = "emergency_grants"

    emergency_request_id: Mapped[UUID] = mapped_column(primary_key=True)
    account_id: Mapped[UUID] = mapped_column(primary_key=True)
    tenant_id: Mapped[UUID]
    customer_id: Mapped[UUID]
    folder_ids: Mapped[list[UUID]] = mapped_column(ARRAY(Uuid))
    release_time: Mapped[datetime] = mapped_column(_Time)
    revoke_time: Mapped[datetime | None] = mapped_column(_Time)


class EmergencyItem(Base):
    """A directive, an account or a task of the emergency folder; what it says is encrypted."""

    __tablename__ = "emergency_items"

    item_id: Mapped[UUID] = mapped_column(primary_key=True)
    tenant_id: Mapped[UUID]
    customer_id: Mapped[UUID]
    folder_id: Mapped[UUID | None]
    kind: Mapped[int] = mapped_column(SmallInteger)
    title: Mapped[str] = mapped_column(Text)
    details: Mapped[bytes] = mapped_column(LargeBinary)
    secret: Mapped[bytes | None] = mapped_column(LargeBinary)
    done_name: Mapped[str] = mapped_column(Text)
    done_time: Mapped[datetime | None] = mapped_column(_Time)
    create_time: Mapped[datetime] = mapped_column(_Time)
    update_time: Mapped[datetime] = mapped_column(_Time)
    version: Mapped[int] = mapped_column()
    __mapper_args__ = {"version_id_col": version}  # noqa: RUF012 - SQLAlchemy reads it as declared


class Document(Base):
    """A document; content facts are those of its newest version."""

    __tablename__ = "documents"

    document_id: Mapped[UUID] = mapped_column(primary_key=True)
    tenant_id: Mapped[UUID]
    customer_id: Mapped[UUID]
    folder_id: Mapped[UUID | None]
    title: Mapped[str] = mapped_column(Text)
    kind: Mapped[int] = mapped_column(SmallInteger)
    origin: Mapped[str] = mapped_column(Text)
    contract_id: Mapped[UUID | None]
    file_name: Mapped[str] = mapped_column(Text)
    media_type: Mapped[str] = mapped_column(Text)
    size_bytes: Mapped[int] = mapped_column(BigInteger)
    sha256: Mapped[bytes] = mapped_column(LargeBinary)
    content_version: Mapped[int]
    release_time: Mapped[datetime | None] = mapped_column(_Time)
    trash_time: Mapped[datetime | None] = mapped_column(_Time)
    deliver_time: Mapped[datetime | None] = mapped_column(_Time)
    delivered_version: Mapped[int] = mapped_column(default=0)
    tags: Mapped[list[str]] = mapped_column(ARRAY(Text), default=list)
    note: Mapped[str] = mapped_column(Text, default="")
    concerned_person: Mapped[str] = mapped_column(Text, default="")
    dated_on: Mapped[date | None] = mapped_column(Date)
    due_on: Mapped[date | None] = mapped_column(Date)
    remind_days: Mapped[int] = mapped_column(SmallInteger, default=0)
    remind_on: Mapped[date | None] = mapped_column(Date)
    end_on: Mapped[date | None] = mapped_column(Date)
    end_warn_on: Mapped[date | None] = mapped_column(Date)
    creator_account_id: Mapped[UUID | None]
    create_time: Mapped[datetime] = mapped_column(_Time)
    update_time: Mapped[datetime] = mapped_column(_Time)
    version: Mapped[int] = mapped_column()
    __mapper_args__ = {"version_id_col": version}  # noqa: RUF012 - SQLAlchemy reads it as declared


class Version(Base):
    """One content of a document; `object_id` names its object, or `content_id` where it is empty."""

    __tablename__ = "versions"

    content_id: Mapped[UUID] = mapped_column(primary_key=True)
    document_id: Mapped[UUID]
    tenant_id: Mapped[UUID]
    customer_id: Mapped[UUID]
    number: Mapped[int]
    origin: Mapped[str] = mapped_column(Text)
    file_name: Mapped[str] = mapped_column(Text)
    media_type: Mapped[str] = mapped_column(Text)
    size_bytes: Mapped[int] = mapped_column(BigInteger)
    sha256: Mapped[bytes] = mapped_column(LargeBinary)
    object_id: Mapped[UUID | None]
    reason: Mapped[str] = mapped_column(Text, default="")
    creator_account_id: Mapped[UUID | None]
    creator_name: Mapped[str] = mapped_column(Text, default="")
    restored_from: Mapped[int | None]
    create_time: Mapped[datetime] = mapped_column(_Time)

    @property
    def stored_as(self) -> UUID:
        """The id under which its content lies in the object store."""
        return self.object_id or self.content_id


class Upload(Base):
    """A reserved place for a file; its id becomes the content's id."""

    __tablename__ = "uploads"

    upload_id: Mapped[UUID] = mapped_column(primary_key=True)
    tenant_id: Mapped[UUID]
    customer_id: Mapped[UUID]
    document_id: Mapped[UUID]
    is_new_document: Mapped[bool]
    origin: Mapped[str] = mapped_column(Text)
    state: Mapped[str] = mapped_column(Text)
    size_bytes: Mapped[int] = mapped_column(BigInteger)
    file_name: Mapped[str] = mapped_column(Text)
    title: Mapped[str] = mapped_column(Text)
    kind: Mapped[int] = mapped_column(SmallInteger)
    folder_id: Mapped[UUID | None]
    contract_id: Mapped[UUID | None]
    reason: Mapped[str] = mapped_column(Text, default="")
    creator_account_id: Mapped[UUID]
    create_time: Mapped[datetime] = mapped_column(_Time)
    expire_time: Mapped[datetime] = mapped_column(_Time)


class UploadPart(Base):
    """A stretch of an upload that came by itself; without a size it is on its way, or never arrived."""

    __tablename__ = "upload_parts"

    part_id: Mapped[UUID] = mapped_column(primary_key=True)
    upload_id: Mapped[UUID]
    tenant_id: Mapped[UUID]
    customer_id: Mapped[UUID]
    start_bytes: Mapped[int] = mapped_column(BigInteger)
    size_bytes: Mapped[int | None] = mapped_column(BigInteger)
    create_time: Mapped[datetime] = mapped_column(_Time)


class Quota(Base):
    """A customer's storage; counted by triggers, bounded by a check."""

    __tablename__ = "quotas"

    tenant_id: Mapped[UUID] = mapped_column(primary_key=True)
    customer_id: Mapped[UUID] = mapped_column(primary_key=True)
    limit_bytes: Mapped[int] = mapped_column(BigInteger)
    overhang_bytes: Mapped[int] = mapped_column(BigInteger)
    used_bytes: Mapped[int] = mapped_column(BigInteger)
    reserved_bytes: Mapped[int] = mapped_column(BigInteger)


class FirmStorage(Base):
    """All storage of a firm; counted by triggers at commit, bounded by a check."""

    __tablename__ = "firm_storage"

    tenant_id: Mapped[UUID] = mapped_column(primary_key=True)
    limit_bytes: Mapped[int | None] = mapped_column(BigInteger)
    overhang_bytes: Mapped[int] = mapped_column(BigInteger)
    stored_bytes: Mapped[int] = mapped_column(BigInteger)


class SightHead(Base):
    """The end of a customer's sight ledger; locked while an entry is appended."""

    __tablename__ = "sight_heads"

    tenant_id: Mapped[UUID] = mapped_column(primary_key=True)
    customer_id: Mapped[UUID] = mapped_column(primary_key=True)
    sequence: Mapped[int] = mapped_column(BigInteger)
    hash: Mapped[bytes] = mapped_column(LargeBinary)
    sealed_sequence: Mapped[int] = mapped_column(BigInteger)


class SightSeal(Base):
    """A seal of a ledger's end at one moment."""

    __tablename__ = "sight_seals"

    tenant_id: Mapped[UUID]
    customer_id: Mapped[UUID] = mapped_column(primary_key=True)
    sequence: Mapped[int] = mapped_column(BigInteger, primary_key=True)
    hash: Mapped[bytes] = mapped_column(LargeBinary)
    time: Mapped[datetime] = mapped_column(_Time)
    seal: Mapped[bytes] = mapped_column(LargeBinary)


class Sighting(Base):
    """One entry of the sight ledger; without an account the platform acted, by a rule or the clock."""

    __tablename__ = "sightings"

    tenant_id: Mapped[UUID]
    customer_id: Mapped[UUID] = mapped_column(primary_key=True)
    sequence: Mapped[int] = mapped_column(BigInteger, primary_key=True)
    form: Mapped[int] = mapped_column(SmallInteger)
    document_id: Mapped[UUID | None]
    folder_id: Mapped[UUID | None]
    grant_id: Mapped[UUID | None]
    item_id: Mapped[UUID | None]
    number: Mapped[int]
    account_id: Mapped[UUID | None]
    account_name: Mapped[str] = mapped_column(Text)
    role: Mapped[int] = mapped_column(SmallInteger)
    action: Mapped[int] = mapped_column(SmallInteger)
    party_account_id: Mapped[UUID | None]
    party_name: Mapped[str] = mapped_column(Text)
    until_time: Mapped[datetime | None] = mapped_column(_Time)
    time: Mapped[datetime] = mapped_column(_Time)
    hash: Mapped[bytes] = mapped_column(LargeBinary)


class CustomerKey(Base):
    """A customer's data key, wrapped by the key-encryption key. Deleting the row destroys his content."""

    __tablename__ = "customer_keys"

    tenant_id: Mapped[UUID] = mapped_column(primary_key=True)
    customer_id: Mapped[UUID] = mapped_column(primary_key=True)
    wrapped_key: Mapped[bytes] = mapped_column(LargeBinary)
    wrapped_under: Mapped[str] = mapped_column(Text)
    create_time: Mapped[datetime] = mapped_column(_Time)


class Erasure(Base):
    """A certificate that keys were destroyed: a customer's, or without one those of a deleted firm."""

    __tablename__ = "erasures"

    sequence: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    of_tenant_id: Mapped[UUID]
    of_customer_id: Mapped[UUID | None]
    keys: Mapped[int]
    keys_digest: Mapped[bytes] = mapped_column(LargeBinary)
    documents: Mapped[int] = mapped_column(BigInteger)
    size_bytes: Mapped[int] = mapped_column(BigInteger)
    time: Mapped[datetime] = mapped_column(_Time)
    hash: Mapped[bytes] = mapped_column(LargeBinary)
