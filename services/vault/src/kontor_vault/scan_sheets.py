"""Separator sheets of a customer: made, printed, revoked; and what was scanned for him (F15).

A sheet is signed with a key derived from the customer's own, so it ends with him, and none of another installation's
is genuine here.
"""

from __future__ import annotations

from datetime import timedelta
from uuid import UUID

from kontor_chassis.clock import billing_day
from kontor_chassis.database import Transaction
from kontor_chassis.errors import DomainError, ErrorKind, not_found
from kontor_chassis.ids import new_id
from sqlalchemy import func, select

from kontor_vault.keys import CustomerKeys
from kontor_vault.quotas import quota_of
from kontor_vault.scan_codes import PURPOSE, code_of, new_number
from kontor_vault.scan_tables import Original, ScanSheet
from kontor_vault.visibility import require_customer_scope

VALID_FOR = timedelta(days=365)
"""How long a sheet leads post to its customer."""


async def create_sheet(tx: Transaction, *, customer_id: UUID, label: str, default_limit: int) -> ScanSheet:
    """Make a sheet; raises PRECONDITION "NO_SCANS" where the customer's tier has no storage (F7)."""
    require_customer_scope(tx.principal, customer_id)
    await require_scans(tx, customer_id, default_limit)
    sheet = ScanSheet(
        sheet_id=new_id(),
        tenant_id=tx.principal.required_tenant(),
        customer_id=customer_id,
        number=new_number(),
        label=" ".join(label.split()),
        creator_account_id=tx.principal.required_account(),
        create_time=tx.now,
        expire_time=tx.now + VALID_FOR,
    )
    tx.session.add(sheet)
    await tx.session.flush()
    return sheet


async def list_sheets(tx: Transaction, *, customer_id: UUID, before: UUID | None, size: int) -> list[ScanSheet]:
    """Return sheets of a customer, the newest first, from below `before` on."""
    require_customer_scope(tx.principal, customer_id)
    mine = select(ScanSheet).where(ScanSheet.customer_id == customer_id)
    if before is not None:
        mine = mine.where(ScanSheet.sheet_id < before)
    return list(await tx.session.scalars(mine.order_by(ScanSheet.sheet_id.desc()).limit(size)))


async def get_sheet(tx: Transaction, *, customer_id: UUID, sheet_id: UUID) -> ScanSheet:
    """Return a sheet of a customer; raises NOT_FOUND."""
    require_customer_scope(tx.principal, customer_id)
    found = await tx.session.scalar(
        select(ScanSheet).where(ScanSheet.sheet_id == sheet_id, ScanSheet.customer_id == customer_id)
    )
    if found is None:
        raise not_found("Das Trennblatt")
    return found


async def printed_code(tx: Transaction, keys: CustomerKeys, sheet: ScanSheet) -> str:
    """Return what the code of a sheet says; raises PRECONDITION "SHEET_INVALID" for one that leads nowhere."""
    if not sheet.is_valid(tx.now):
        raise sheet_invalid()
    key = await keys.purpose_key(tx, sheet.tenant_id, sheet.customer_id, PURPOSE)
    return code_of(sheet.sheet_id, sheet.expire_time, key)


async def revoke_sheet(tx: Transaction, *, customer_id: UUID, sheet_id: UUID) -> ScanSheet:
    """Make a sheet worthless; twice changes nothing."""
    sheet = await get_sheet(tx, customer_id=customer_id, sheet_id=sheet_id)
    if sheet.revoke_time is None:
        sheet.revoke_time = tx.now
        await tx.session.flush()
    return sheet


async def usage_of(tx: Transaction, *, customer_id: UUID, period: str) -> tuple[str, int, int]:
    """Return the month, the current one unless named, and how many pieces and sheets were scanned in it."""
    require_customer_scope(tx.principal, customer_id)
    month = period or billing_day(tx.now)[:7]
    counted = select(func.count(), func.coalesce(func.sum(Original.sheets), 0)).where(
        Original.customer_id == customer_id, Original.period == month
    )
    pieces, sheets = (await tx.session.execute(counted)).one()
    return month, int(pieces), int(sheets)


async def require_scans(tx: Transaction, customer_id: UUID, default_limit: int) -> None:
    """Raise PRECONDITION "NO_SCANS" where the customer's tier has no storage, and so no scanning (F7)."""
    if not (await quota_of(tx, customer_id, default_limit)).limit_bytes:
        raise DomainError(
            ErrorKind.PRECONDITION,
            "NO_SCANS",
            "In dieser Servicestufe ist das Scannen von Post nicht enthalten. Es beginnt mit der Stufe 2.",
        )


def sheet_invalid() -> DomainError:
    """Return the refusal of a sheet that leads nowhere any more."""
    return DomainError(
        ErrorKind.PRECONDITION,
        "SHEET_INVALID",
        "Dieses Trennblatt ist abgelaufen oder gesperrt. Bitte drucken Sie ein neues.",
    )
