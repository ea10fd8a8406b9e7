"""The tables of what keeps papers for decades: archives, ledgers brought along, soundness of objects."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from uuid import UUID

from kontor_chassis.database import Base
from sqlalchemy import BigInteger, DateTime, LargeBinary, Text
from sqlalchemy.orm import Mapped, mapped_column

_Time = DateTime(timezone=True)


class ExportState(StrEnum):
    """Where an archive stands: WAITING → BUILDING → READY, or FAILED; it goes by deleting its row."""

    WAITING = "WAITING"
    BUILDING = "BUILDING"
    READY = "READY"
    FAILED = "FAILED"


class Export(Base):
    """An archive of everything a customer has; its id is also that of the object."""

    __tablename__ = "exports"

    export_id: Mapped[UUID] = mapped_column(primary_key=True)
    tenant_id: Mapped[UUID]
    customer_id: Mapped[UUID]
    account_id: Mapped[UUID]
    state: Mapped[str] = mapped_column(Text)
    attempts: Mapped[int] = mapped_column(default=0)
    documents: Mapped[int] = mapped_column(default=0)
    damaged_files: Mapped[int] = mapped_column(default=0)
    total_bytes: Mapped[int] = mapped_column(BigInteger, default=0)
    done_bytes: Mapped[int] = mapped_column(BigInteger, default=0)
    size_bytes: Mapped[int] = mapped_column(BigInteger, default=0)
    sha256: Mapped[bytes | None] = mapped_column(LargeBinary)
    create_time: Mapped[datetime] = mapped_column(_Time)
    ready_time: Mapped[datetime | None] = mapped_column(_Time)
    expire_time: Mapped[datetime | None] = mapped_column(_Time)


class ArchiveImport(Base):
    """An archive that was read in."""

    __tablename__ = "archive_imports"

    archive_id: Mapped[UUID] = mapped_column(primary_key=True)
    tenant_id: Mapped[UUID]
    customer_id: Mapped[UUID] = mapped_column(primary_key=True)
    documents: Mapped[int]
    import_time: Mapped[datetime] = mapped_column(_Time)


class EarlierLedger(Base):
    """A sight ledger of a former installation; its entries lie in the object of its id, as they were exported."""

    __tablename__ = "earlier_ledgers"

    ledger_id: Mapped[UUID] = mapped_column(primary_key=True)
    tenant_id: Mapped[UUID]
    customer_id: Mapped[UUID]
    of_tenant_id: Mapped[UUID]
    of_customer_id: Mapped[UUID]
    entries: Mapped[int] = mapped_column(BigInteger)
    hash: Mapped[bytes] = mapped_column(LargeBinary)
    size_bytes: Mapped[int] = mapped_column(BigInteger)
    sha256: Mapped[bytes] = mapped_column(LargeBinary)
    import_time: Mapped[datetime] = mapped_column(_Time)


class EarlierFile(Base):
    """A file of an archive that was read in, kept as it came: what it said, and its proofs of deliveries."""

    __tablename__ = "earlier_files"

    file_id: Mapped[UUID] = mapped_column(primary_key=True)
    tenant_id: Mapped[UUID]
    customer_id: Mapped[UUID]
    archive_id: Mapped[UUID]
    name: Mapped[str] = mapped_column(Text)
    size_bytes: Mapped[int] = mapped_column(BigInteger)
    sha256: Mapped[bytes] = mapped_column(LargeBinary)
    import_time: Mapped[datetime] = mapped_column(_Time)


class ImportState(StrEnum):
    """Where the reading of an archive stands: WAITING → CHECKING → STORING → DONE, or REFUSED, or FAILED."""

    WAITING = "WAITING"
    CHECKING = "CHECKING"
    STORING = "STORING"
    DONE = "DONE"
    REFUSED = "REFUSED"
    FAILED = "FAILED"


class Import(Base):
    """An archive that a customer uploaded as a document and has read in; the document goes when its content is in."""

    __tablename__ = "imports"

    import_id: Mapped[UUID] = mapped_column(primary_key=True)
    tenant_id: Mapped[UUID]
    customer_id: Mapped[UUID]
    account_id: Mapped[UUID]
    document_id: Mapped[UUID]
    title: Mapped[str] = mapped_column(Text)
    state: Mapped[str] = mapped_column(Text)
    attempts: Mapped[int] = mapped_column(default=0)
    total_bytes: Mapped[int] = mapped_column(BigInteger, default=0)
    done_bytes: Mapped[int] = mapped_column(BigInteger, default=0)
    refusal: Mapped[str] = mapped_column(Text, default="")
    refused_path: Mapped[str] = mapped_column(Text, default="")
    archive_id: Mapped[UUID | None]
    documents: Mapped[int] = mapped_column(default=0)
    versions: Mapped[int] = mapped_column(default=0)
    folders: Mapped[int] = mapped_column(default=0)
    items: Mapped[int] = mapped_column(default=0)
    unreadable: Mapped[int] = mapped_column(default=0)
    create_time: Mapped[datetime] = mapped_column(_Time)
    end_time: Mapped[datetime | None] = mapped_column(_Time)


class DamagedObject(Base):
    """A content that cannot be read and that no replica could repair yet."""

    __tablename__ = "damaged_objects"

    object_id: Mapped[UUID] = mapped_column(primary_key=True)
    document_id: Mapped[UUID]
    tenant_id: Mapped[UUID]
    customer_id: Mapped[UUID]
    is_missing: Mapped[bool]
    find_time: Mapped[datetime] = mapped_column(_Time)


class KeepingRound(Base):
    """How far a round through all objects is, and what the one before found."""

    __tablename__ = "keeping_rounds"

    task: Mapped[str] = mapped_column(Text, primary_key=True)
    position: Mapped[str] = mapped_column(Text, default="")
    objects: Mapped[int] = mapped_column(BigInteger, default=0)
    size_bytes: Mapped[int] = mapped_column(BigInteger, default=0)
    found: Mapped[int] = mapped_column(BigInteger, default=0)
    start_time: Mapped[datetime] = mapped_column(_Time)
    end_time: Mapped[datetime | None] = mapped_column(_Time)
    last_objects: Mapped[int] = mapped_column(BigInteger, default=0)
    last_found: Mapped[int] = mapped_column(BigInteger, default=0)
    repaired: Mapped[int] = mapped_column(BigInteger, default=0)
    last_repaired: Mapped[int] = mapped_column(BigInteger, default=0)
