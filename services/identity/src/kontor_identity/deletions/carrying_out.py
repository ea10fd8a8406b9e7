"""Carrying out a customer's deletion in identity: what is deleted, what is made nameless, what stays and why (F94).

Rows that others refer to stay without any personal content; everything else goes. Other services hear
`CustomerDeleted`. A test compares `STATEMENTS` and `KEPT` with the database, so that a new table cannot be forgotten.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final
from uuid import UUID

from kontor.identity.v1.events_pb2 import CustomerDeleted
from kontor_chassis.database import Transaction
from kontor_chassis.jobs import JobContext
from sqlalchemy import select, text

from kontor_identity.deletions.tables import CustomerDeletionRow
from kontor_identity.directory import DIRECTORY
from kontor_identity.firm_deletion import OF_ACCOUNTS

KEPT: Final[Mapping[str, str]] = {
    "customer_deletions": "the proof of the deletion; ids, numbers and instants",
    "emergency_plans": "numbers only",
    "emergency_grants": "ids only",
    "emergency_entries": "ids and instants only",
    "epost_entries": "ids, instants and the hash of a text; proof of what was delivered with consent (decision 8)",
    "raffle_entries": "ids and instants; without them a draw could not be repeated, a voucher be given twice",
    "bulk_invitation_items": "ids only",
}
"""Tables with a customer's rows that are not emptied, and why."""

_ELSEWHERE = (
    "SELECT 1 FROM memberships other WHERE other.account_id = m.account_id AND other.ended_at IS NULL"
    " AND other.customer_id IS DISTINCT FROM :customer"
)
_OF_CUSTOMER = (
    "customer_contacts", "bank_accounts", "change_requests", "customer_changes", "critical_processes",
    "customer_pictures", "customer_views", "access_codes", "bindings", "identity_letters", "identity_proofs",
)  # fmt: skip
_ONLY_HERE = (
    "(SELECT m.account_id FROM memberships m"  # noqa: S608 - constants
    f" WHERE m.customer_id = :customer AND NOT EXISTS ({_ELSEWHERE}))"
)

STATEMENTS: Final[tuple[str, ...]] = (
    *(f"DELETE FROM {table} WHERE customer_id = :customer" for table in _OF_CUSTOMER),  # noqa: S608 - names from above
    *(f"DELETE FROM {table} WHERE account_id IN {_ONLY_HERE}" for table in OF_ACCOUNTS),  # noqa: S608 - likewise
    "UPDATE accounts SET email = 'deleted-' || account_id || '@deleted.invalid'"  # noqa: S608 - a constant
    f" WHERE account_id IN {_ONLY_HERE}",
    "UPDATE sessions SET ended_at = clock_timestamp(), end_reason = 'customer deleted', device = ''"
    " WHERE ended_at IS NULL"
    " AND membership_id IN (SELECT membership_id FROM memberships WHERE customer_id = :customer)",
    "UPDATE memberships SET display_name = '', phone = '', ended_at = coalesce(ended_at, :now)"
    " WHERE customer_id = :customer",
    "UPDATE invitations SET display_name = '', email = '', letter_greeting = '',"
    " state = CASE WHEN state = 1 THEN 3 ELSE state END WHERE customer_id = :customer",
    "UPDATE trusted_persons SET name = '', email = trusted_person_id::text, phone = '', relation = ''"
    " WHERE customer_id = :customer",
    "UPDATE emergency_requests SET reason = '', version = version + 1,"
    " ended_at = CASE WHEN state IN (1, 2, 3) THEN CAST(:now AS timestamptz) ELSE ended_at END,"
    " state = CASE WHEN state IN (1, 2) THEN 5 WHEN state = 3 THEN 8 ELSE state END WHERE customer_id = :customer",
    "UPDATE customers SET external_number = NULL, title = '', given_name = '', family_name = '–', birth_date = NULL,"
    " marital_status = 0, marital_since = NULL, email = '', phone = '', street = '', postal_code = '', city = '',"
    " country = '', account_id = NULL, access_state = 1, responsible_account_ids = '{}', sort_name = '',"
    " search_text = '', updated_at = :now, deleted_at = :now, version = version + 1 WHERE customer_id = :customer",
)
"""In this order: accounts are found by their memberships, which must still be in force."""

_ACCOUNTS = text(
    "SELECT DISTINCT m.account_id FROM memberships m"  # noqa: S608 - constants
    f" WHERE m.customer_id = :customer AND NOT EXISTS ({_ELSEWHERE} AND other.tenant_id = m.tenant_id)"
)


async def carry_out_due(context: JobContext) -> None:
    """Delete every customer whose time to think is over, each in a transaction of his own."""
    row = CustomerDeletionRow
    async with context.work.work(DIRECTORY) as tx:
        due = select(row.customer_deletion_id).where(
            row.cancelled_at.is_(None), row.deleted_at.is_(None), row.due_at <= tx.now
        )
        deletions = (await tx.session.scalars(due.order_by(row.due_at))).all()
    for deletion_id in deletions:
        async with context.work.work(DIRECTORY) as tx:
            await carry_out(tx, deletion_id)
            await tx.commit()


async def carry_out(tx: Transaction, deletion_id: UUID) -> None:
    """Delete or make nameless everything of one customer and tell the others, unless it was taken back meanwhile."""
    row = await tx.session.get_one(CustomerDeletionRow, deletion_id, with_for_update=True)
    if row.cancelled_at is not None or row.deleted_at is not None:
        return
    accounts = (await tx.session.scalars(_ACCOUNTS, {"customer": row.customer_id})).all()
    for statement in STATEMENTS:
        now = {"now": tx.now} if ":now" in statement else {}
        await tx.session.execute(text(statement), {"customer": row.customer_id, **now})
    row.deleted_at = tx.now
    await tx.session.flush()
    event = CustomerDeleted(
        tenant_id=str(row.tenant_id),
        customer_id=str(row.customer_id),
        customer_deletion_id=str(deletion_id),
        account_ids=[str(account_id) for account_id in accounts],
    )
    tx.publish(event, aggregate=row.customer_id, tenant_id=row.tenant_id)
