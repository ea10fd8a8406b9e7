"""What an expert sees of a customer through an order (F3): asked for in the customer's firm, in the expert's name.

An expert belongs to another firm. Row-level security shows him the grants that name him, wherever they are; from one of
them follow the firm and the customer within which he is let look, still as the expert that he is. The expert network is
asked anew at every look whether the order is running, because the event that it is closed may be late: what he sees
both must say.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any
from uuid import UUID

from kontor.common.v1.access_pb2 import Role
from kontor_chassis.database import RowReader
from kontor_chassis.errors import not_found
from kontor_chassis.paging import cursor_time, decode_cursor
from kontor_chassis.principal import Principal
from sqlalchemy import Select, Uuid, bindparam, exists, or_, select, tuple_
from sqlalchemy.orm import InstrumentedAttribute

from kontor_vault.grantees import Orders
from kontor_vault.queries import Rows, Viewer, page_of, visible_documents
from kontor_vault.tables import Document, Folder, Grant, GranteeKind
from kontor_vault.visibility import in_force, reaches

_ACCOUNT = bindparam("account_id", type_=Uuid)


@dataclass(frozen=True)
class Shared:
    """An order through which a customer shares something with the caller, and as whom he looks at it."""

    order_id: UUID
    viewer: Principal


class Sharing:
    """Lets experts look."""

    def __init__(self, rows: RowReader, orders: Orders) -> None:
        self._rows = rows
        self._orders = orders

    async def through_order(self, caller: Principal, order_id: UUID) -> Shared | None:
        """Return what is shared with the caller through a running order; None when nothing is."""
        return await self._first_running(caller, await self._grants(caller, _THROUGH_ORDER, order_id=order_id))

    async def with_document(self, caller: Principal, document_id: UUID) -> Shared:
        """Return the running order through which the caller sees a document; raises NOT_FOUND."""
        grants = await self._grants(caller, _WITH_DOCUMENT, document_id=document_id)
        shared = await self._first_running(caller, grants)
        if shared is None:
            raise not_found("Das Dokument")
        return shared

    async def documents(self, shared: Shared, *, size: int, page_token: str) -> tuple[Rows, str]:
        """Return a page of the documents that come with an order, newest first, and the next page's token."""
        cursor = decode_cursor(page_token, cursor_time, UUID)
        given: dict[str, Any] = {"order_id": shared.order_id, "size": size + 1}
        given |= {"account_id": shared.viewer.account_id, "customer_id": shared.viewer.customer_id}
        if cursor:
            given["time"], given["id"] = cursor
        statement = _FURTHER_DOCUMENTS if cursor else _DOCUMENTS
        found = await self._rows.rows(statement, given, principal=shared.viewer)
        return page_of(found, size, "create_time", "document_id")

    async def _grants(self, caller: Principal, statement: Select[Any], **given: UUID) -> Rows:
        expert = replace(caller, roles=frozenset({Role.ROLE_EXPERT}), customer_id=None)
        return await self._rows.rows(statement, {"account_id": caller.account_id, **given}, principal=expert)

    async def _first_running(self, caller: Principal, grants: Sequence[Any]) -> Shared | None:
        for grant in grants:
            expert = await self._orders.expert_of(grant["tenant_id"], grant["through_id"], grant["customer_id"])
            if expert is not None and expert.account_id == caller.account_id:
                viewer = replace(
                    caller,
                    tenant_id=grant["tenant_id"],
                    customer_id=grant["customer_id"],
                    roles=frozenset({Role.ROLE_EXPERT}),
                    display_name=expert.name,
                )
                return Shared(grant["through_id"], viewer)
        return None


def _given_through() -> Select[Any]:
    """Return orders through which something is granted to the account, each once."""
    whose: tuple[InstrumentedAttribute[Any], ...] = (Grant.tenant_id, Grant.customer_id, Grant.through_id)
    return select(*whose).distinct().where(reaches(_ACCOUNT, GranteeKind.EXPERT), in_force())


_THROUGH_ORDER = _given_through().where(Grant.through_id == bindparam("order_id", type_=Uuid))
_OF_ORDER = (
    in_force(),
    reaches(_ACCOUNT, GranteeKind.EXPERT),
    Grant.through_id == bindparam("order_id", type_=Uuid),
)
_PLACE = select(Document.folder_id).where(Document.document_id == bindparam("document_id", type_=Uuid))
_WITH_DOCUMENT = _given_through().where(
    or_(
        Grant.document_id == bindparam("document_id", type_=Uuid),
        exists().where(Folder.folder_id == _PLACE.scalar_subquery(), Grant.folder_id == Folder.path.any_()),
    )
)
_BY_ORDER = or_(
    exists().where(Grant.document_id == Document.document_id, *_OF_ORDER),
    exists()
    .where(Folder.folder_id == Document.folder_id, Grant.folder_id == Folder.path.any_(), *_OF_ORDER)
    .correlate(Document),
)
_NEWEST_FIRST = (Document.create_time.desc(), Document.document_id.desc())
_MATCHING = visible_documents(Viewer.EXPERT).where(
    Document.customer_id == bindparam("customer_id", type_=Uuid), _BY_ORDER
)
_DOCUMENTS = _MATCHING.order_by(*_NEWEST_FIRST).limit(bindparam("size"))
_LAST = tuple_(bindparam("time", type_=Document.create_time.type), bindparam("id", type_=Document.document_id.type))
_FURTHER_DOCUMENTS = (
    _MATCHING.where(tuple_(Document.create_time, Document.document_id) < _LAST)
    .order_by(*_NEWEST_FIRST)
    .limit(bindparam("size"))
)
