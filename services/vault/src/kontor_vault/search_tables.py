"""What is read of documents, as SQLAlchemy sees it; the words themselves only two functions of the database reach."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from uuid import UUID

from kontor_chassis.database import Base
from sqlalchemy import DateTime, LargeBinary, SmallInteger, Text
from sqlalchemy.orm import Mapped, mapped_column


class TextState(StrEnum):
    """What became of reading a document: WAITING → one of the others; a new version waits again."""

    WAITING = "WAITING"
    READ = "READ"
    NO_TEXT = "NO_TEXT"
    NO_RECOGNITION = "NO_RECOGNITION"
    UNREADABLE = "UNREADABLE"


class DocumentText(Base):
    """The text of a document's newest version; its row comes and goes with the document, by triggers."""

    __tablename__ = "document_texts"

    document_id: Mapped[UUID] = mapped_column(primary_key=True)
    tenant_id: Mapped[UUID]
    customer_id: Mapped[UUID]
    number: Mapped[int]
    state: Mapped[str] = mapped_column(Text)
    attempts: Mapped[int] = mapped_column(SmallInteger)
    next_time: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    pages: Mapped[int]
    sealed_text: Mapped[bytes | None] = mapped_column(LargeBinary)
