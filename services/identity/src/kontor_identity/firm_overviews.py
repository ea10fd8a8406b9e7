"""Reads about many firms at once: the operator's overview, and the public directory (F45, F92).

The operator sees how many customers a firm has, never who they are: counts are made by identity itself. The directory
shows firms that wish to be found, and of their facts only verified ones.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from types import SimpleNamespace
from typing import Any, cast
from uuid import UUID

from kontor.identity.v1.tenants_pb2 import TenantKind, TenantState
from kontor_chassis.database import RowReader
from kontor_chassis.paging import cursor_int, cursor_time, decode_cursor
from sqlalchemy import ARRAY, Integer, Text, Uuid, any_, bindparam, func, or_, select, tuple_
from sqlalchemy.dialects.postgresql import distinct_on
from sqlalchemy.sql import Select

from kontor_identity.directory import DIRECTORY
from kontor_identity.firm_tables import ProcessingAcceptance
from kontor_identity.queries import (
    AFTER_ALL_IDS,
    AFTER_ALL_TIMES,
    BEFORE_ALL_IDS,
    BEFORE_ALL_TIMES,
    text_and_id,
    time_and_id,
)
from kontor_identity.tables import Customer, Membership, Session, Tenant

_IDS = bindparam("tenant_ids", type_=ARRAY(Uuid))
_LIMIT = bindparam("limit", type_=Integer)
_STATE = bindparam("state", type_=Integer)
_NAME_LIKE = func.lower(Tenant.name).op("LIKE")(bindparam("pattern", type_=Text))

_WAITING = (
    select(Tenant.__table__)
    .where(
        Tenant.state == int(TenantState.TENANT_STATE_WAITING),
        _NAME_LIKE,
        tuple_(Tenant.queue_rank, Tenant.created_at, Tenant.tenant_id)
        > tuple_(
            bindparam("rank_after", type_=Integer), bindparam("time_after", type_=Tenant.created_at.type),
            bindparam("id_after", type_=Uuid),
        ),
    )
    .order_by(Tenant.queue_rank, Tenant.created_at, Tenant.tenant_id)
    .limit(_LIMIT)
)  # fmt: skip

_NEWEST = (
    select(Tenant.__table__)
    .where(
        Tenant.kind != int(TenantKind.TENANT_KIND_PLATFORM),
        or_(_STATE == 0, Tenant.state == _STATE),
        _NAME_LIKE,
        tuple_(Tenant.created_at, Tenant.tenant_id)
        < tuple_(bindparam("time_after", type_=Tenant.created_at.type), bindparam("id_after", type_=Uuid)),
    )
    .order_by(Tenant.created_at.desc(), Tenant.tenant_id.desc())
    .limit(_LIMIT)
)

_CONTACTS = (
    select(Customer.tenant_id, func.count().label("value"))
    .where(Customer.tenant_id == any_(_IDS))
    .group_by(Customer.tenant_id)
)
_STAFF = (
    select(Membership.tenant_id, func.count().label("value"))
    .where(Membership.tenant_id == any_(_IDS), Membership.customer_id.is_(None), Membership.ended_at.is_(None))
    .group_by(Membership.tenant_id)
)
_ACTIVITY = (
    select(Membership.tenant_id, func.max(Session.last_used_at).label("value"))
    .join(Session, Session.membership_id == Membership.membership_id)
    .where(Membership.tenant_id == any_(_IDS))
    .group_by(Membership.tenant_id)
)
_ACCEPTED = (
    select(ProcessingAcceptance.tenant_id, ProcessingAcceptance.version, ProcessingAcceptance.accepted_at)
    .where(ProcessingAcceptance.tenant_id == any_(_IDS))
    .order_by(ProcessingAcceptance.tenant_id, ProcessingAcceptance.version.desc())
    .ext(distinct_on(ProcessingAcceptance.tenant_id))
)
_FOLDED_NAME = func.lower(Tenant.name)

_COUNTED: tuple[Any, ...] = (_CONTACTS, _STAFF, _ACTIVITY)
_AGREED: Any = _ACCEPTED
"""Any, because the row reader takes selects of whatever columns."""

_ADVISERS = (
    select(Tenant.__table__)
    .where(
        Tenant.directory_listed,
        or_(Tenant.state == int(TenantState.TENANT_STATE_TRIAL), Tenant.state == int(TenantState.TENANT_STATE_ACTIVE)),
        or_(Tenant.kind == int(TenantKind.TENANT_KIND_BROKER), Tenant.kind == int(TenantKind.TENANT_KIND_ADVISER)),
        _NAME_LIKE,
        or_(
            func.lower(Tenant.city).op("LIKE")(bindparam("place", type_=Text)),
            Tenant.postal_code.op("LIKE")(bindparam("code", type_=Text)),
        ),
        tuple_(_FOLDED_NAME, Tenant.tenant_id)
        > tuple_(bindparam("name_after", type_=Text), bindparam("id_after", type_=Uuid)),
    )
    .order_by(_FOLDED_NAME, Tenant.tenant_id)
    .limit(_LIMIT)
)


@dataclass(frozen=True)
class FirmSize:
    """How large and how alive a firm is, and what it accepted."""

    contacts: int = 0
    staff: int = 0
    last_active_at: datetime | None = None
    processing_version: int = 0
    processing_accepted_at: datetime | None = None


async def firms(rows: RowReader, *, state: int, query: str, page_token: str, limit: int) -> list[Tenant]:
    """Return a page of firms: waiting ones in the order of the waiting list, others newest first."""
    parameters: dict[str, object] = {"pattern": _containing(query.lower()), "limit": limit}
    if state == TenantState.TENANT_STATE_WAITING:
        first = (-1, BEFORE_ALL_TIMES, BEFORE_ALL_IDS)
        rank, time, last = decode_cursor(page_token, cursor_int, cursor_time, UUID) or first
        parameters |= {"rank_after": rank, "time_after": time, "id_after": last}
        return await _tenants(rows, _WAITING, parameters)
    time_after, id_after = time_and_id(page_token, AFTER_ALL_TIMES, AFTER_ALL_IDS)
    parameters |= {"state": state, "time_after": time_after, "id_after": id_after}
    return await _tenants(rows, _NEWEST, parameters)


async def sizes_of(rows: RowReader, tenant_ids: Sequence[UUID]) -> dict[UUID, FirmSize]:
    """Return the size of each firm named."""
    asked = {"tenant_ids": list(tenant_ids)}
    contacts, staff, activity = [
        {row["tenant_id"]: row["value"] for row in await rows.rows(statement, asked, principal=DIRECTORY)}
        for statement in _COUNTED
    ]
    accepted = {row["tenant_id"]: row for row in await rows.rows(_AGREED, asked, principal=DIRECTORY)}
    return {
        one: FirmSize(
            contacts=contacts.get(one, 0),
            staff=staff.get(one, 0),
            last_active_at=activity.get(one),
            processing_version=accepted[one]["version"] if one in accepted else 0,
            processing_accepted_at=accepted[one]["accepted_at"] if one in accepted else None,
        )
        for one in tenant_ids
    }


async def advisers(rows: RowReader, *, query: str, place: str, page_token: str, limit: int) -> list[Tenant]:
    """Return a page of the public directory in order of names; a place is a city or the beginning of a postal code."""
    name_after, id_after = text_and_id(page_token)
    parameters = {
        "pattern": _containing(query.strip().lower()),
        "place": _containing(place.strip().lower()),
        "code": f"{_escaped(place.strip())}%",
        "name_after": name_after,
        "id_after": id_after,
        "limit": limit,
    }
    return await _tenants(rows, _ADVISERS, parameters)


async def _tenants(rows: RowReader, statement: Select[tuple[Tenant]], parameters: dict[str, object]) -> list[Tenant]:
    found = await rows.rows(statement, parameters, principal=DIRECTORY)
    return [cast(Tenant, SimpleNamespace(**row)) for row in found]


def _containing(text: str) -> str:
    return f"%{_escaped(text)}%"


def _escaped(text: str) -> str:
    return text.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")
