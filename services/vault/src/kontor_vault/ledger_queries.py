"""Hot reads of the sight ledger: a customer's entries, filtered, with what document or folder are called now."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from typing import Any
from uuid import UUID

from kontor_chassis.database import RowReader
from kontor_chassis.paging import cursor_int, decode_cursor
from kontor_chassis.principal import Principal
from sqlalchemy import BigInteger, Select, SmallInteger, Uuid, any_, bindparam, func, or_, select
from sqlalchemy.dialects.postgresql import ARRAY

from kontor_vault.queries import Rows, page_of
from kontor_vault.tables import Document, EmergencyItem, Folder, Sighting

_BEYOND = (1 << 63) - 1


@dataclass(frozen=True)
class Filter:
    """Which entries are wanted; what is not said does not narrow."""

    document_id: UUID | None = None
    actions: Sequence[int] = ()
    by_others: bool = False
    from_time: datetime | None = None
    before_time: datetime | None = None

    def values(self, principal: Principal) -> dict[str, Any]:
        """Return the values of the conditions that narrow."""
        given = {
            "document_id": self.document_id,
            "actions": list(self.actions) or None,
            "self_id": principal.account_id if self.by_others else None,
            "from_time": self.from_time,
            "before_time": self.before_time,
        }
        return {name: value for name, value in given.items() if value is not None}


async def list_sightings(
    rows: RowReader, principal: Principal, *, customer_id: UUID, wanted: Filter, size: int, page_token: str
) -> tuple[Rows, str]:
    """Return a page of a customer's sight ledger, newest first."""
    cursor = decode_cursor(page_token, cursor_int)
    narrowed = wanted.values(principal)
    given = {"customer_id": customer_id, "size": size + 1, "before": cursor[0] if cursor else _BEYOND, **narrowed}
    found = await rows.rows(_sightings(frozenset(narrowed)), given, principal=principal)
    return page_of(found, size, "sequence")


_CONDITIONS = {
    "document_id": Sighting.document_id == bindparam("document_id", type_=Uuid),
    "actions": Sighting.action == any_(bindparam("actions", type_=ARRAY(SmallInteger))),
    "self_id": or_(Sighting.account_id.is_(None), Sighting.account_id != bindparam("self_id", type_=Uuid)),
    "from_time": Sighting.time >= bindparam("from_time", type_=Sighting.time.type),
    "before_time": Sighting.time < bindparam("before_time", type_=Sighting.time.type),
}


@lru_cache
def _sightings(narrowed_by: frozenset[str]) -> Select[Any]:
    columns = [column for column in Sighting.__table__.columns if column.key not in ("tenant_id", "form", "grant_id")]
    statement = (
        select(*columns, func.coalesce(Document.title, Folder.name, EmergencyItem.title, "").label("subject"))
        .select_from(Sighting)
        .outerjoin(Document, Document.document_id == Sighting.document_id)
        .outerjoin(Folder, Folder.folder_id == Sighting.folder_id)
        .outerjoin(EmergencyItem, EmergencyItem.item_id == Sighting.item_id)
        .where(
            Sighting.customer_id == bindparam("customer_id", type_=Uuid),
            Sighting.sequence < bindparam("before", type_=BigInteger),
            *(_CONDITIONS[name] for name in sorted(narrowed_by)),
        )
    )
    return statement.order_by(Sighting.sequence.desc()).limit(bindparam("size"))
