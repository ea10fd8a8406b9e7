"""Tables about customers' master data beside the customer's own row."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy.orm import Mapped, mapped_column

from kontor_identity.tables import Base


class CustomerContact(Base):
    """A further telephone number or e-mail address."""

    __tablename__ = "customer_contacts"

    contact_id: Mapped[UUID] = mapped_column(primary_key=True)
    tenant_id: Mapped[UUID]
    customer_id: Mapped[UUID]
    kind: Mapped[int]
    value: Mapped[str]
    label: Mapped[str]
    created_at: Mapped[datetime]


class BankAccountRow(Base):
    """A bank account; the number is sealed, `iban_blinded` finds it again without opening it."""

    __tablename__ = "bank_accounts"

    bank_account_id: Mapped[UUID] = mapped_column(primary_key=True)
    tenant_id: Mapped[UUID]
    customer_id: Mapped[UUID]
    iban_sealed: Mapped[bytes]
    iban_blinded: Mapped[bytes]
    iban_masked: Mapped[str]
    bic: Mapped[str]
    bank_name: Mapped[str]
    holder: Mapped[str]
    created_at: Mapped[datetime]
    closed_at: Mapped[datetime | None]
    for_commission: Mapped[bool] = mapped_column(default=False)
    """Whether commission goes there; only of a customer who is a broker himself."""


class EditPolicyRow(Base):
    """A firm's edit modes; a firm without a row has the platform's default."""

    __tablename__ = "edit_policies"

    tenant_id: Mapped[UUID] = mapped_column(primary_key=True)
    person: Mapped[int]
    address: Mapped[int]
    contact: Mapped[int]
    bank_account: Mapped[int]
    contracts: Mapped[int]
    version: Mapped[int] = mapped_column(default=1)
    __mapper_args__: dict[str, Any] = {"version_id_col": version}  # noqa: RUF012  # SQLAlchemy's documented hook


class ChangeRequestRow(Base):
    """A wish that somebody decides; its content is sealed."""

    __tablename__ = "change_requests"

    change_request_id: Mapped[UUID] = mapped_column(primary_key=True)
    tenant_id: Mapped[UUID]
    customer_id: Mapped[UUID]
    field_group: Mapped[int]
    content_sealed: Mapped[bytes]
    summary: Mapped[str]
    is_case: Mapped[bool]
    state: Mapped[int]
    reason: Mapped[str] = mapped_column(default="")
    requested_by: Mapped[UUID]
    requested_name: Mapped[str]
    requested_at: Mapped[datetime]
    decided_by: Mapped[UUID | None]
    decided_name: Mapped[str] = mapped_column(default="")
    decided_at: Mapped[datetime | None]


class CustomerChange(Base):
    """One change of one field: who, when, old, new; account numbers masked."""

    __tablename__ = "customer_changes"

    change_id: Mapped[UUID] = mapped_column(primary_key=True)
    tenant_id: Mapped[UUID]
    customer_id: Mapped[UUID]
    field: Mapped[str]
    old_value: Mapped[str]
    new_value: Mapped[str]
    changed_by: Mapped[UUID | None]
    changed_name: Mapped[str]
    by_customer: Mapped[bool]
    changed_at: Mapped[datetime]


class CriticalProcess(Base):
    """A dunning procedure or the like that billing has told of."""

    __tablename__ = "critical_processes"

    process_id: Mapped[UUID] = mapped_column(primary_key=True)
    tenant_id: Mapped[UUID]
    customer_id: Mapped[UUID]
    started_at: Mapped[datetime]
    ended_at: Mapped[datetime | None]
