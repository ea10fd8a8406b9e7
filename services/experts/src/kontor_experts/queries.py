"""Lists of the expert network, newest first unless said otherwise, paged by keyset on the UUIDv7 keys."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, TypeVar
from uuid import UUID

from kontor.common.v1.access_pb2 import Role
from kontor_chassis.database import Transaction
from kontor_chassis.paging import decode_cursor, encode_cursor, page_size
from sqlalchemy import ColumnElement, Select, func, or_, select
from sqlalchemy.orm import InstrumentedAttribute

from kontor_experts import tables
from kontor_experts.states import ListingState, Side

T = TypeVar("T")

MOST_ON_A_PAGE = 100


@dataclass(frozen=True)
class Page:
    """What the caller asked for: size (0: default) and the previous page's token."""

    size: int
    token: str


@dataclass(frozen=True)
class Stars:
    """Ratings of a listing: number and mean in hundredths of a star."""

    count: int = 0
    average_hundredths: int = 0


@dataclass(frozen=True)
class OrderFilter:
    """Search criteria of order lists (F121); empty means all."""

    states: Sequence[str] = ()
    service_id: UUID | None = None
    customer_id: UUID | None = None
    search: str = ""


async def list_listings(
    tx: Transaction, page: Page, *, category: str, search: str, own: bool, state: str
) -> tuple[list[tables.Listing], str]:
    """Return the catalogue, or the expert firm's own listings, or any for the network."""
    table = tables.Listing
    statement = select(table)
    if own:
        statement = statement.where(table.tenant_id == tx.principal.required_tenant())
    elif not tx.principal.has(Role.ROLE_NETWORK):
        statement = statement.where(table.state == ListingState.PUBLISHED)
    if state:
        statement = statement.where(table.state == state)
    if category:
        statement = statement.where(table.category == category)
    if search:
        statement = statement.where(_contains(search, table.title, table.description))
    return await _newest(tx, statement, table.service_id, page)


async def stars_of(tx: Transaction, service_ids: Sequence[UUID]) -> dict[UUID, Stars]:
    """Return the ratings of listings (F108)."""
    table = tables.Rating
    rows = await tx.session.execute(
        select(table.service_id, func.count(), func.sum(table.stars))
        .where(table.service_id.in_(service_ids))
        .group_by(table.service_id)
    )
    return {service_id: Stars(count, (200 * total + count) // (2 * count)) for service_id, count, total in rows}


async def list_ratings(tx: Transaction, page: Page, service_id: UUID) -> tuple[list[tables.Rating], str]:
    """Return the ratings of a listing."""
    statement = select(tables.Rating).where(tables.Rating.service_id == service_id)
    return await _newest(tx, statement, tables.Rating.order_id, page)


async def list_orders(tx: Transaction, page: Page, side: Side, criteria: OrderFilter) -> tuple[list[tables.Order], str]:
    """Return the orders of the caller's firm as client or as expert; an expert sees them once they are placed."""
    table = tables.Order
    mine = tx.principal.required_tenant()
    if side is Side.EXPERT:
        statement = select(table).where(table.expert_tenant_id == mine).where(table.placed_at.is_not(None))
        other_firm = table.client_firm_name
    else:
        statement = select(table).where(table.tenant_id == mine)
        other_firm = table.expert_firm_name
        if criteria.customer_id is not None:
            statement = statement.where(table.customer_id == criteria.customer_id)
    if criteria.service_id is not None:
        statement = statement.where(table.service_id == criteria.service_id)
    if criteria.states:
        statement = statement.where(table.state.in_(criteria.states))
    if criteria.search:
        statement = statement.where(_contains(criteria.search, table.service_title, other_firm))
    return await _newest(tx, statement, table.order_id, page)


async def list_monitored(tx: Transaction, page: Page, criteria: OrderFilter) -> tuple[list[tables.Order], str]:
    """Return all orders for the network."""
    table = tables.Order
    statement = select(table)
    if criteria.states:
        statement = statement.where(table.state.in_(criteria.states))
    if criteria.search:
        statement = statement.where(
            _contains(criteria.search, table.service_title, table.client_firm_name, table.expert_firm_name)
        )
    return await _newest(tx, statement, table.order_id, page)


async def list_consents(tx: Transaction, page: Page, customer_id: UUID, state: str) -> tuple[list[tables.Consent], str]:
    """Return a customer's consent requests."""
    table = tables.Consent
    statement = select(table).where(table.customer_id == customer_id)
    if state:
        statement = statement.where(table.state == state)
    return await _newest(tx, statement, table.consent_id, page)


async def list_messages(tx: Transaction, page: Page, order_id: UUID) -> tuple[list[tables.OrderMessage], str]:
    """Return the messages of an order, oldest first."""
    table = tables.OrderMessage
    statement = select(table).where(table.order_id == order_id).order_by(table.message_id)
    if cursor := decode_cursor(page.token, UUID):
        statement = statement.where(table.message_id > cursor[0])
    return await _page(tx, statement, table.message_id, page)


async def list_history(tx: Transaction, page: Page, order_id: UUID) -> tuple[list[tables.HistoryEntry], str]:
    """Return the steps of an order, oldest first; all of a usual order on one page."""
    table = tables.HistoryEntry
    statement = select(table).where(table.order_id == order_id).order_by(table.entry_id)
    if cursor := decode_cursor(page.token, UUID):
        statement = statement.where(table.entry_id > cursor[0])
    return await _page(tx, statement, table.entry_id, Page(page.size or MOST_ON_A_PAGE, page.token))


async def _newest(
    tx: Transaction, statement: Select[T], key: InstrumentedAttribute[UUID], page: Page
) -> tuple[list[T], str]:
    if cursor := decode_cursor(page.token, UUID):
        statement = statement.where(key < cursor[0])
    return await _page(tx, statement.order_by(key.desc()), key, page)


async def _page(
    tx: Transaction, statement: Select[T], key: InstrumentedAttribute[UUID], page: Page
) -> tuple[list[T], str]:
    limit = page_size(page.size)
    rows: list[T] = list(await tx.session.scalars(statement.limit(limit + 1)))
    more = len(rows) > limit
    return rows[:limit], encode_cursor(getattr(rows[limit - 1], key.key)) if more else ""


def _contains(words: str, *columns: InstrumentedAttribute[Any]) -> ColumnElement[bool]:
    return or_(*(column.icontains(words, autoescape=True) for column in columns))
