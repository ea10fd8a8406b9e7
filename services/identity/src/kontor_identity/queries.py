"""Hot reads: Core selects compiled once, read as plain rows under row-level security.

Pages go by keyset; the first page starts before every possible row, so that one statement serves all pages.
"""

from __future__ import annotations

from datetime import UTC, datetime
from types import SimpleNamespace
from typing import Any, cast
from uuid import UUID

from kontor.common.v1.access_pb2 import Role
from kontor.identity.v1.tenants_pb2 import TenantState
from kontor_chassis.database import RowReader
from kontor_chassis.paging import cursor_int, cursor_time, decode_cursor
from kontor_chassis.principal import Principal
from sqlalchemy import ARRAY, DateTime, Integer, Select, Text, Uuid, all_, and_, any_, bindparam, or_, select, tuple_

from kontor_identity.directory import DIRECTORY
from kontor_identity.tables import Account, Brand, Customer, Invitation, Membership, Tenant

BEFORE_ALL_IDS = UUID(int=0)
AFTER_ALL_IDS = UUID(int=2**128 - 1)
BEFORE_ALL_TIMES = datetime(1, 1, 2, tzinfo=UTC)
AFTER_ALL_TIMES = datetime(9999, 12, 30, tzinfo=UTC)

_ID_AFTER = bindparam("id_after", type_=Uuid)
_LIMIT = bindparam("limit", type_=Integer)

_IS_THERE = and_(
    Tenant.state != int(TenantState.TENANT_STATE_WAITING), Tenant.state != int(TenantState.TENANT_STATE_DELETED)
)
"""Others are seen by nobody and worked for by nobody: not yet, or no longer."""

_CUSTOMERS = (
    select(Customer.__table__)
    .where(
        Customer.tenant_id == bindparam("tenant_id", type_=Uuid),
        Customer.search_text.op("LIKE")(all_(bindparam("patterns", type_=ARRAY(Text)))),
        or_(
            bindparam("responsible", type_=Uuid) == BEFORE_ALL_IDS,
            bindparam("responsible", type_=Uuid) == any_(Customer.responsible_account_ids),
        ),
        tuple_(Customer.sort_name, Customer.customer_id) > tuple_(bindparam("name_after", type_=Text), _ID_AFTER),
    )
    .order_by(Customer.sort_name, Customer.customer_id)
    .limit(_LIMIT)
)

_CUSTOMERS_BY_ACCESS = _CUSTOMERS.where(Customer.access_state == bindparam("access_state", type_=Integer))
"""By an index of its own: few of many may have access."""

_CUSTOMERS_BY_ID = select(Customer.__table__).where(
    Customer.tenant_id == bindparam("tenant_id", type_=Uuid),
    Customer.customer_id == any_(bindparam("customer_ids", type_=ARRAY(Uuid))),
)

_MAIL_LANGUAGE = select(Account.__table__.c.language).where(
    Account.account_id == bindparam("account_id", type_=Uuid),
)

_TENANTS = (
    select(Tenant.__table__)
    .where(
        or_(bindparam("state", type_=Integer) == 0, Tenant.state == bindparam("state")),
        tuple_(Tenant.created_at, Tenant.tenant_id)
        > tuple_(bindparam("time_after", type_=DateTime(timezone=True)), _ID_AFTER),
    )
    .order_by(Tenant.created_at, Tenant.tenant_id)
    .limit(_LIMIT)
)

_ACTIVE_TENANTS = (
    select(Tenant.tenant_id).where(_IS_THERE, Tenant.tenant_id > _ID_AFTER).order_by(Tenant.tenant_id).limit(_LIMIT)
)

_STAFF = (
    select(Membership.__table__, Account.email)
    .join(Account, Account.account_id == Membership.account_id)
    .where(
        Membership.tenant_id == bindparam("tenant_id", type_=Uuid),
        Membership.customer_id.is_(None),
        Membership.ended_at.is_(None),
        tuple_(Membership.display_name, Membership.membership_id)
        > tuple_(bindparam("name_after", type_=Text), _ID_AFTER),
    )
    .order_by(Membership.display_name, Membership.membership_id)
    .limit(_LIMIT)
)

_INVITATIONS = (
    select(Invitation.__table__)
    .where(
        Invitation.tenant_id == bindparam("tenant_id", type_=Uuid),
        ~Invitation.roles.contains([int(Role.ROLE_TRUSTED_PERSON)]),  # whom customers trust is no affair of their firm
        or_(bindparam("state", type_=Integer) == 0, Invitation.state == bindparam("state")),
        or_(
            bindparam("customer_id", type_=Uuid) == BEFORE_ALL_IDS,
            Invitation.customer_id == bindparam("customer_id", type_=Uuid),
        ),
        tuple_(Invitation.created_at, Invitation.invitation_id)
        < tuple_(bindparam("time_after", type_=DateTime(timezone=True)), _ID_AFTER),
    )
    .order_by(Invitation.created_at.desc(), Invitation.invitation_id.desc())
    .limit(_LIMIT)
)

_BRAND_COLUMNS = [column for column in Brand.__table__.columns if column.name not in ("logo", "tenant_id")]

_BRAND: Select[Any] = (
    select(Tenant.tenant_id, Tenant.slug, Tenant.name, *_BRAND_COLUMNS)
    .outerjoin_from(Tenant, Brand, Brand.tenant_id == Tenant.tenant_id)
    .where(
        _IS_THERE,
        or_(
            Tenant.slug == bindparam("slug", type_=Text),
            Tenant.tenant_id == bindparam("tenant_id", type_=Uuid),
        ),
    )
)

_LOGO: Select[Any] = (
    select(*[Brand.__table__.c.logo, Brand.__table__.c.logo_type])
    .join(Tenant, Tenant.tenant_id == Brand.tenant_id)
    .where(Tenant.slug == bindparam("slug", type_=Text), Brand.logo.is_not(None))
)


async def customers(
    rows: RowReader, caller: Principal, *, patterns: list[str], access_state: int, responsible: UUID | None,
    page_token: str, limit: int
) -> list[Customer]:  # fmt: skip
    """Return a page of the caller's firm's customers in order of their names."""
    name_after, id_after = text_and_id(page_token)
    parameters = {
        "tenant_id": caller.required_tenant(),
        "patterns": patterns,
        "responsible": responsible or BEFORE_ALL_IDS,
        "name_after": name_after,
        "id_after": id_after,
        "limit": limit,
    }
    statement = _CUSTOMERS
    if access_state:
        statement, parameters["access_state"] = _CUSTOMERS_BY_ACCESS, access_state
    return [cast(Customer, plain_row(row)) for row in await rows.rows(statement, parameters, principal=caller)]


async def customers_by_id(rows: RowReader, caller: Principal, customer_ids: list[UUID]) -> list[Customer]:
    """Return customers of the caller's firm in the order asked for; unknown ones are left out."""
    parameters = {"tenant_id": caller.required_tenant(), "customer_ids": customer_ids}
    found = await rows.rows(_CUSTOMERS_BY_ID, parameters, principal=caller)
    by_id = {row["customer_id"]: cast(Customer, plain_row(row)) for row in found}
    return [by_id[customer_id] for customer_id in customer_ids if customer_id in by_id]


async def mail_language(rows: RowReader, account_id: UUID | None) -> str:
    """Return in which language a person is written to; German where nobody has access yet."""
    if account_id is None:
        return "de"
    found = await rows.rows(_MAIL_LANGUAGE, {"account_id": account_id}, principal=DIRECTORY)
    return str(found[0]["language"]) if found else "de"


async def tenants(rows: RowReader, caller: Principal, *, state: int, page_token: str, limit: int) -> list[Tenant]:
    """Return a page of firms, the longest registered first."""
    time_after, id_after = time_and_id(page_token, BEFORE_ALL_TIMES, BEFORE_ALL_IDS)
    parameters = {"state": state, "time_after": time_after, "id_after": id_after, "limit": limit}
    return [cast(Tenant, plain_row(row)) for row in await rows.rows(_TENANTS, parameters, principal=caller)]


async def active_tenants(rows: RowReader, *, page_token: str, limit: int) -> list[UUID]:
    """Return a page of the ids of activated firms."""
    (id_after,) = decode_cursor(page_token, UUID) or (BEFORE_ALL_IDS,)
    parameters = {"id_after": id_after, "limit": limit}
    found = await rows.rows(_ACTIVE_TENANTS, parameters, principal=DIRECTORY)
    return [row["tenant_id"] for row in found]


async def staff(rows: RowReader, caller: Principal, *, page_token: str, limit: int) -> list[tuple[Membership, str]]:
    """Return a page of the caller's firm's staff with their e-mail addresses, in order of their names."""
    name_after, id_after = text_and_id(page_token)
    parameters = {
        "tenant_id": caller.required_tenant(),
        "name_after": name_after,
        "id_after": id_after,
        "limit": limit,
    }
    found = await rows.rows(_STAFF, parameters, principal=caller)
    return [(cast(Membership, plain_row(row)), str(row["email"])) for row in found]


async def invitations(
    rows: RowReader, caller: Principal, *, customer_id: UUID | None, state: int, page_token: str, limit: int
) -> list[Invitation]:
    """Return a page of the caller's firm's invitations, newest first."""
    time_after, id_after = time_and_id(page_token, AFTER_ALL_TIMES, AFTER_ALL_IDS)
    parameters = {
        "tenant_id": caller.required_tenant(),
        "customer_id": customer_id or BEFORE_ALL_IDS,
        "state": state,
        "time_after": time_after,
        "id_after": id_after,
        "limit": limit,
    }
    return [cast(Invitation, plain_row(row)) for row in await rows.rows(_INVITATIONS, parameters, principal=caller)]


async def brand(rows: RowReader, *, slug: str = "", tenant_id: UUID | None = None) -> SimpleNamespace | None:
    """Return name, slug and brand of an activated firm; brand columns are None where it has not chosen any.

    A brand is public, so it is read for everybody alike.
    """
    parameters = {"slug": slug, "tenant_id": tenant_id or BEFORE_ALL_IDS}
    found = await rows.rows(_BRAND, parameters, principal=DIRECTORY)
    return plain_row(found[0]) if found else None


async def logo(rows: RowReader, slug: str) -> tuple[bytes, str] | None:
    """Return a firm's logo and its media type."""
    found = await rows.rows(_LOGO, {"slug": slug}, principal=DIRECTORY)
    return (found[0]["logo"], found[0]["logo_type"]) if found else None


def text_and_id(page_token: str) -> tuple[str, UUID]:
    """Return the keyset (text, id) that a page token stands for."""
    return decode_cursor(page_token, str, UUID) or ("", BEFORE_ALL_IDS)


def time_and_id(page_token: str, first_time: datetime, first_id: UUID) -> tuple[datetime, UUID]:
    """Return the keyset (instant, id) that a page token stands for."""
    return decode_cursor(page_token, cursor_time, UUID) or (first_time, first_id)


def number_in(page_token: str, first: int) -> int:
    """Return the number that a page token stands for; `first` without one."""
    return (decode_cursor(page_token, cursor_int) or (first,))[0]


def text_in(page_token: str) -> str:
    """Return the text that a page token stands for; none comes before every other."""
    return (decode_cursor(page_token, str) or ("",))[0]


def plain_row(row: Any) -> SimpleNamespace:
    """Return a row with its columns as attributes."""
    return SimpleNamespace(**row)
