"""Reads of bulk invitations: the firm's own, newest first, and the customers of one in order of their names."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Protocol, cast
from uuid import UUID

from kontor_chassis.database import RowReader, Transaction
from kontor_chassis.principal import Principal
from sqlalchemy import Integer, Text, Uuid, bindparam, or_, select, tuple_

from kontor_identity.invitation_mails import progress_column
from kontor_identity.invitation_tables import BulkInvitation, BulkInvitationItem
from kontor_identity.queries import AFTER_ALL_IDS, AFTER_ALL_TIMES, plain_row, text_and_id, time_and_id
from kontor_identity.tables import Customer, Invitation

_PROGRESS = progress_column().label("progress")

_ITEMS = (
    select(
        Customer.customer_id, Customer.salutation, Customer.title, Customer.given_name, Customer.family_name,
        Customer.email, Customer.street, Customer.postal_code, Customer.city, Customer.sort_name,
        BulkInvitationItem.outcome, BulkInvitationItem.invitation_id, _PROGRESS,
    )
    .join(Customer, Customer.customer_id == BulkInvitationItem.customer_id)
    .outerjoin(Invitation, Invitation.invitation_id == BulkInvitationItem.invitation_id)
    .where(
        BulkInvitationItem.tenant_id == bindparam("tenant_id", type_=Uuid),
        BulkInvitationItem.bulk_invitation_id == bindparam("bulk_id", type_=Uuid),
        or_(bindparam("outcome", type_=Integer) == 0, BulkInvitationItem.outcome == bindparam("outcome")),
        or_(bindparam("progress", type_=Integer) == 0, progress_column() == bindparam("progress")),
        tuple_(Customer.sort_name, Customer.customer_id)
        > tuple_(bindparam("name_after", type_=Text), bindparam("id_after", type_=Uuid)),
    )
    .order_by(Customer.sort_name, Customer.customer_id)
    .limit(bindparam("limit", type_=Integer))
)  # fmt: skip


class ItemRow(Protocol):
    """A customer of a bulk invitation with what became of him."""

    customer_id: UUID
    salutation: int
    title: str
    given_name: str
    family_name: str
    email: str
    street: str
    postal_code: str
    city: str
    sort_name: str
    outcome: int
    invitation_id: UUID | None
    progress: int


async def bulk_invitations(tx: Transaction, page_token: str, limit: int) -> Sequence[BulkInvitation]:
    """Return a page of the caller's firm's bulk invitations, newest first."""
    time_before, id_before = time_and_id(page_token, AFTER_ALL_TIMES, AFTER_ALL_IDS)
    statement = (
        select(BulkInvitation)
        .where(
            BulkInvitation.tenant_id == tx.principal.required_tenant(),
            tuple_(BulkInvitation.created_at, BulkInvitation.bulk_invitation_id) < tuple_(time_before, id_before),
        )
        .order_by(BulkInvitation.created_at.desc(), BulkInvitation.bulk_invitation_id.desc())
        .limit(limit)
    )
    return (await tx.session.scalars(statement)).all()


async def items(
    rows: RowReader, caller: Principal, bulk_id: UUID, *, outcome: int, progress: int, page_token: str, limit: int
) -> list[ItemRow]:
    """Return a page of the customers of a bulk invitation; a foreign one has none."""
    name_after, id_after = text_and_id(page_token)
    parameters: dict[str, Any] = {
        "tenant_id": caller.required_tenant(),
        "bulk_id": bulk_id,
        "outcome": outcome,
        "progress": progress,
        "name_after": name_after,
        "id_after": id_after,
        "limit": limit,
    }
    return [cast(ItemRow, plain_row(row)) for row in await rows.rows(_ITEMS, parameters, principal=caller)]
