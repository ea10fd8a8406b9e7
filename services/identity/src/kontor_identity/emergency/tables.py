"""Tables of emergency access; constraints and policies stand in migration 0003. Instants are UTC."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from kontor.identity.v1.emergency_pb2 import EmergencyRequestState
from sqlalchemy.orm import Mapped, mapped_column

from kontor_identity.emergency.machine import Course
from kontor_identity.tables import Base


class EmergencyPlan(Base):
    """A customer's rules; without a row the defaults hold."""

    __tablename__ = "emergency_plans"

    customer_id: Mapped[UUID] = mapped_column(primary_key=True)
    tenant_id: Mapped[UUID]
    quorum: Mapped[int]
    waiting_hours: Mapped[int]
    access_days: Mapped[int]
    version: Mapped[int] = mapped_column(default=1)
    __mapper_args__: dict[str, Any] = {"version_id_col": version}  # noqa: RUF012  # SQLAlchemy's documented hook


class TrustedPerson(Base):
    """Somebody whom a customer trusts. `folder_ids` are vault's."""

    __tablename__ = "trusted_persons"

    trusted_person_id: Mapped[UUID] = mapped_column(primary_key=True)
    tenant_id: Mapped[UUID]
    customer_id: Mapped[UUID]
    position: Mapped[int]
    name: Mapped[str]
    email: Mapped[str]
    phone: Mapped[str] = mapped_column(default="")
    relation: Mapped[str] = mapped_column(default="")
    folder_ids: Mapped[list[UUID]] = mapped_column(default=list)
    state: Mapped[int]
    invitation_id: Mapped[UUID]
    invite_expires_at: Mapped[datetime]
    account_id: Mapped[UUID | None]
    membership_id: Mapped[UUID | None]
    created_at: Mapped[datetime]
    answered_at: Mapped[datetime | None]
    removed_at: Mapped[datetime | None]
    version: Mapped[int] = mapped_column(default=1)
    __mapper_args__: dict[str, Any] = {"version_id_col": version}  # noqa: RUF012  # SQLAlchemy's documented hook


class EmergencyRequest(Base):
    """A request; `course` is what decides about it. Rules are those of the moment it was made."""

    __tablename__ = "emergency_requests"

    emergency_request_id: Mapped[UUID] = mapped_column(primary_key=True)
    tenant_id: Mapped[UUID]
    customer_id: Mapped[UUID]
    state: Mapped[int]
    reason: Mapped[str]
    quorum: Mapped[int]
    waiting_hours: Mapped[int]
    access_days: Mapped[int]
    supporter_ids: Mapped[list[UUID]]
    requested_at: Mapped[datetime]
    lapses_at: Mapped[datetime]
    waiting_since: Mapped[datetime | None]
    release_at: Mapped[datetime | None]
    released_at: Mapped[datetime | None]
    access_ends_at: Mapped[datetime | None]
    ended_at: Mapped[datetime | None]
    version: Mapped[int] = mapped_column(default=1)
    __mapper_args__: dict[str, Any] = {"version_id_col": version}  # noqa: RUF012  # SQLAlchemy's documented hook

    @property
    def course(self) -> Course:
        """The request as the machine sees it."""
        return Course(
            quorum=self.quorum,
            waiting=timedelta(hours=self.waiting_hours),
            access=timedelta(days=self.access_days) if self.access_days else None,
            state=EmergencyRequestState.ValueType(self.state),
            supporters=tuple(self.supporter_ids),
            requested_at=self.requested_at,
            lapses_at=self.lapses_at,
            waiting_since=self.waiting_since,
            release_at=self.release_at,
            released_at=self.released_at,
            access_ends_at=self.access_ends_at,
            ended_at=self.ended_at,
        )

    def follow(self, course: Course) -> None:
        """Take over where the machine has brought the request."""
        self.state = course.state
        self.supporter_ids = list(course.supporters)
        self.waiting_since = course.waiting_since
        self.release_at = course.release_at
        self.released_at = course.released_at
        self.access_ends_at = course.access_ends_at
        self.ended_at = course.ended_at


class EmergencyGrant(Base):
    """What a release opened to one trusted person."""

    __tablename__ = "emergency_grants"

    emergency_request_id: Mapped[UUID] = mapped_column(primary_key=True)
    trusted_person_id: Mapped[UUID] = mapped_column(primary_key=True)
    tenant_id: Mapped[UUID]
    customer_id: Mapped[UUID]
    account_id: Mapped[UUID]
    folder_ids: Mapped[list[UUID]]
    revoked_at: Mapped[datetime | None]


class EmergencyEntry(Base):
    """A line of the history; never changed."""

    __tablename__ = "emergency_entries"

    entry_id: Mapped[UUID] = mapped_column(primary_key=True)
    tenant_id: Mapped[UUID]
    customer_id: Mapped[UUID]
    time: Mapped[datetime]
    step: Mapped[int]
    actor: Mapped[int]
    emergency_request_id: Mapped[UUID | None]
    trusted_person_id: Mapped[UUID | None]


class EmergencyLink(Base):
    """A link in a customer's mail that stops a request, as the hash of its token."""

    __tablename__ = "emergency_links"

    token_hash: Mapped[bytes] = mapped_column(primary_key=True)
    emergency_request_id: Mapped[UUID]
    created_at: Mapped[datetime]
