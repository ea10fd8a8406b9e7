"""Lists: newest first, paged by keyset on the UUIDv7 keys, which sort by time."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from kontor_chassis.database import Transaction
from kontor_chassis.paging import cursor_int, decode_cursor, encode_cursor, page_size
from sqlalchemy import select, tuple_

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
    if cursor := decode_cursor(token, UUID):
        statement = statement.where(table.agreement_id < cursor[0])
    rows = list(await tx.session.scalars(statement))
    return rows[:limit], encode_cursor(rows[limit - 1].agreement_id) if len(rows) > limit else ""


async def list_ledger_entries(
    tx: Transaction, *, invoice_id: UUID, size: int, token: str
) -> tuple[list[tuple[tables.LedgerEntry, datetime]], str]:
    """Return a page of an invoice's ledger entries, each with its moment, in the order of posting."""
    entry, transaction = tables.LedgerEntry, tables.LedgerTransaction
    limit = page_size(size, default=100)
    statement = (
        select(entry, transaction.posted_at)
        .join(transaction, transaction.transaction_id == entry.transaction_id)
        .where(transaction.invoice_id == invoice_id)
        .order_by(entry.transaction_id, entry.position)
        .limit(limit + 1)
    )
    if after := decode_cursor(token, UUID, cursor_int):
        statement = statement.where(tuple_(entry.transaction_id, entry.position) > after)
    rows = [(row, posted_at) for row, posted_at in await tx.session.execute(statement)]
    last = rows[limit - 1][0] if len(rows) > limit else None
    return rows[:limit], encode_cursor(last.transaction_id, last.position) if last else ""


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
    if cursor := decode_cursor(token, UUID):
        statement = statement.where(table.invoice_id < cursor[0])
    rows = list(await tx.session.scalars(statement))
    return rows[:limit], encode_cursor(rows[limit - 1].invoice_id) if len(rows) > limit else ""
