"""Lists: newest first, paged by keyset on the UUIDv7 keys, which sort by time."""

from __future__ import annotations

from uuid import UUID

from kontor_chassis.database import Transaction
from kontor_chassis.ids import parse_id
from kontor_chassis.paging import decode_cursor, encode_cursor, page_size
from sqlalchemy import select

from kontor_billing import tables


async def list_agreements(
    tx: Transaction, *, customer_id: UUID | None, size: int, token: str
) -> tuple[list[tables.Agreement], str]:
    """Return a page of agreements of one customer, or of the firm, and the next page's token."""
    table = tables.Agreement
    limit = page_size(size)
    statement = select(table).order_by(table.agreement_id.desc()).limit(limit + 1)
    if customer_id is not None:
        statement = statement.where(table.customer_id == customer_id)
    if cursor := decode_cursor(token):
        statement = statement.where(table.agreement_id < parse_id(cursor[0], "page_token"))
    rows = list(await tx.session.scalars(statement))
    return rows[:limit], encode_cursor(rows[limit - 1].agreement_id) if len(rows) > limit else ""


async def list_invoices(
    tx: Transaction, *, customer_id: UUID | None, period: str, size: int, token: str
) -> tuple[list[tables.Invoice], str]:
    """Return a page of invoices of one customer, or of the firm, and the next page's token."""
    table = tables.Invoice
    limit = page_size(size)
    statement = select(table).order_by(table.invoice_id.desc()).limit(limit + 1)
    if customer_id is not None:
        statement = statement.where(table.customer_id == customer_id)
    if period:
        statement = statement.where(table.period == period)
    if cursor := decode_cursor(token):
        statement = statement.where(table.invoice_id < parse_id(cursor[0], "page_token"))
    rows = list(await tx.session.scalars(statement))
    return rows[:limit], encode_cursor(rows[limit - 1].invoice_id) if len(rows) > limit else ""
