"""Reads: lists as Core selects compiled once, run straight on asyncpg within row-level security."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from typing import Any
from uuid import UUID

import asyncpg
from kontor_chassis.database import RowReader
from kontor_chassis.paging import cursor_int, cursor_time, decode_cursor, encode_cursor
from kontor_chassis.principal import Principal
from sqlalchemy import Integer, SmallInteger, String, Uuid, and_, any_, bindparam, or_, select
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.sql import Select

from kontor_contracts.tables import Contract, LineOfBusiness, PortfolioImport, Status

Rows = list[asyncpg.Record]

_LINE_NAME = select(LineOfBusiness.name).where(LineOfBusiness.line_of_business_id == Contract.line_of_business_id)
_CONTRACTS = select(
    *(column for column in Contract.__table__.columns if column.name not in ("tenant_id", "import_key")),
    _LINE_NAME.scalar_subquery().label("line_name"),
)
"""The name is looked up for the page's contracts alone: joined, a large firm's would all be joined and sorted first."""


async def list_lines(rows: RowReader, principal: Principal, *, size: int, page_token: str) -> tuple[Rows, str]:
    """Return a page of the firm's lines, parents before their children, and the next page's token."""
    given: dict[str, Any] = {"size": size + 1}
    cursor = decode_cursor(page_token, cursor_int, UUID)
    if cursor:
        given["position"], given["last"] = cursor
    found = await rows.rows(_lines(further=bool(cursor)), given, principal=principal)
    return _page(found, size, "position", "line_of_business_id")


@lru_cache
def _lines(*, further: bool) -> Select[Any]:
    statement = select(LineOfBusiness)
    if further:
        position, last = bindparam("position", type_=Integer), bindparam("last", type_=Uuid)
        behind = or_(
            LineOfBusiness.position > position,
            and_(LineOfBusiness.position == position, LineOfBusiness.line_of_business_id > last),
        )
        statement = statement.where(behind)
    in_order = statement.order_by(LineOfBusiness.position, LineOfBusiness.line_of_business_id)
    return in_order.limit(bindparam("size"))


async def find_contract(
    rows: RowReader, principal: Principal, *, customer_id: UUID, contract_id: UUID
) -> asyncpg.Record | None:
    """Return one contract with its line's name, if the caller may see it."""
    given = {"customer_id": customer_id, "contract_id": contract_id}
    found = await rows.rows(_one_contract(principal.is_customer), given, principal=principal)
    return found[0] if found else None


@lru_cache
def _one_contract(released_only: bool) -> Select[Any]:
    statement = _CONTRACTS.where(
        Contract.contract_id == bindparam("contract_id", type_=Uuid),
        Contract.customer_id == bindparam("customer_id", type_=Uuid),
    )
    return statement.where(Contract.released) if released_only else statement


async def list_contracts(
    rows: RowReader,
    principal: Principal,
    *,
    customer_id: UUID,
    statuses: Sequence[Status],
    size: int,
    page_token: str,
) -> tuple[Rows, str]:
    """Return a page of a customer's contracts, offers on top (F178), and the next page's token."""
    given: dict[str, Any] = {"customer_id": customer_id, "size": size + 1}
    if statuses:
        given["statuses"] = [str(status) for status in statuses]
    cursor = decode_cursor(page_token, cursor_int, UUID)
    if cursor:
        given["rank"], given["last"] = cursor
    statement = _customers_contracts(
        released_only=principal.is_customer, by_status=bool(statuses), further=bool(cursor)
    )
    found = await rows.rows(statement, given, principal=principal)
    return _page(found, size, "rank", "contract_id")


@lru_cache
def _customers_contracts(*, released_only: bool, by_status: bool, further: bool) -> Select[Any]:
    statement = _CONTRACTS.where(Contract.customer_id == bindparam("customer_id", type_=Uuid))
    if released_only:
        statement = statement.where(Contract.released)
    if by_status:
        statement = statement.where(_one_of_statuses())
    if further:
        rank, last = bindparam("rank", type_=SmallInteger), bindparam("last", type_=Uuid)
        behind = or_(Contract.rank > rank, and_(Contract.rank == rank, Contract.contract_id < last))
        statement = statement.where(behind)
    return statement.order_by(Contract.rank, Contract.contract_id.desc()).limit(bindparam("size"))


async def list_portfolio(
    rows: RowReader,
    principal: Principal,
    *,
    only_unreleased: bool,
    statuses: Sequence[Status],
    size: int,
    page_token: str,
) -> tuple[Rows, str]:
    """Return a page of the whole firm's contracts, newest first, and the next page's token."""
    given: dict[str, Any] = {"size": size + 1}
    if statuses:
        given["statuses"] = [str(status) for status in statuses]
    cursor = decode_cursor(page_token, UUID)
    if cursor:
        (given["last"],) = cursor
    statement = _firms_contracts(hidden_only=only_unreleased, by_status=bool(statuses), further=bool(cursor))
    found = await rows.rows(statement, given, principal=principal)
    return _page(found, size, "contract_id")


@lru_cache
def _firms_contracts(*, hidden_only: bool, by_status: bool, further: bool) -> Select[Any]:
    statement = _CONTRACTS
    if hidden_only:
        statement = statement.where(~Contract.released)
    if by_status:
        statement = statement.where(_one_of_statuses())
    if further:
        statement = statement.where(Contract.contract_id < bindparam("last", type_=Uuid))
    return statement.order_by(Contract.contract_id.desc()).limit(bindparam("size"))


async def find_import(rows: RowReader, principal: Principal, *, import_id: UUID) -> asyncpg.Record | None:
    """Return one import of the firm."""
    found = await rows.rows(_ONE_IMPORT, {"import_id": import_id}, principal=principal)
    return found[0] if found else None


_ONE_IMPORT = select(PortfolioImport).where(PortfolioImport.import_id == bindparam("import_id", type_=Uuid))


async def list_imports(rows: RowReader, principal: Principal, *, size: int, page_token: str) -> tuple[Rows, str]:
    """Return a page of the firm's imports, newest first, and the next page's token."""
    given: dict[str, Any] = {"size": size + 1}
    cursor = decode_cursor(page_token, cursor_time, UUID)
    if cursor:
        given["time"], given["last"] = cursor
    found = await rows.rows(_imports(further=bool(cursor)), given, principal=principal)
    return _page(found, size, "create_time", "import_id")


@lru_cache
def _imports(*, further: bool) -> Select[Any]:
    statement = select(PortfolioImport)
    if further:
        time, last = bindparam("time", type_=PortfolioImport.create_time.type), bindparam("last", type_=Uuid)
        older = or_(
            PortfolioImport.create_time < time,
            and_(PortfolioImport.create_time == time, PortfolioImport.import_id < last),
        )
        statement = statement.where(older)
    newest_first = statement.order_by(PortfolioImport.create_time.desc(), PortfolioImport.import_id.desc())
    return newest_first.limit(bindparam("size"))


def _one_of_statuses() -> Any:
    return Contract.status == any_(bindparam("statuses", type_=ARRAY(String)))


def _page(found: Rows, size: int, *key: str) -> tuple[Rows, str]:
    shown = found[:size]
    return shown, encode_cursor(*(shown[-1][name] for name in key)) if len(found) > size else ""
