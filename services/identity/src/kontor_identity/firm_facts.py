"""What a firm states about itself to the world: homepage, register number, directory entry (F92, F103).

Homepage and number are verified by the operator by hand, on the signed contract; whoever changes one loses its mark.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from typing import Final
from uuid import UUID

from kontor.identity.v1.firms_pb2 import FirmFact
from kontor_chassis.clock import billing_day
from kontor_chassis.database import Transaction
from kontor_chassis.errors import DomainError, ErrorKind, invalid
from kontor_chassis.etags import check_etag

from kontor_identity.staff import own_tenant
from kontor_identity.tables import Tenant
from kontor_identity.waiting_list import firm_for_operator

CHANGEABLE: Final = ("homepage", "ihk_number", "directory_listed", "directory_text")


@dataclass(frozen=True)
class FirmStatement:
    """What a firm states."""

    homepage: str
    ihk_number: str
    directory_listed: bool
    directory_text: str


async def update_own_firm(tx: Transaction, stated: FirmStatement, *, fields: Iterable[str], etag: str) -> Tenant:
    """Change the caller's own firm's statements; a changed fact is unverified from then on."""
    tenant = await own_tenant(tx)
    check_etag(etag, tenant.version)
    for field in fields:
        if field not in CHANGEABLE:
            raise invalid("update_mask", "Diese Angabe lässt sich hier nicht ändern.")
        given = getattr(stated, field)
        value = given.strip() if isinstance(given, str) else given
        if getattr(tenant, field) == value:
            continue
        setattr(tenant, field, value)
        if field == "homepage":
            tenant.homepage_verified_at = tenant.homepage_verified_by = None
        elif field == "ihk_number":
            tenant.ihk_verified_at = tenant.ihk_verified_by = None
    await tx.session.flush()
    return tenant


async def verify_fact(tx: Transaction, tenant_id: UUID, fact: int, value: str) -> Tenant:
    """Mark a fact as checked by the calling operator; raises CONFLICT "FACT_CHANGED" when it is another by now."""
    tenant = await firm_for_operator(tx, tenant_id)
    present = tenant.homepage if fact == FirmFact.FIRM_FACT_HOMEPAGE else tenant.ihk_number
    if present != value.strip():
        raise DomainError(
            ErrorKind.CONFLICT, "FACT_CHANGED", "Die Angabe wurde inzwischen geändert. Bitte prüfen Sie sie erneut."
        )
    by = tx.principal.required_account()
    if fact == FirmFact.FIRM_FACT_HOMEPAGE:
        tenant.homepage_verified_at, tenant.homepage_verified_by = tx.now, by
    else:
        tenant.ihk_verified_at, tenant.ihk_verified_by = tx.now, by
    await tx.session.flush()
    return tenant


async def record_signed_contract(tx: Transaction, tenant_id: UUID, signed_on: str) -> Tenant:
    """Record the day of the signature on paper (F91); raises INVALID for a day that is none or lies ahead."""
    try:
        day = date.fromisoformat(signed_on)
    except ValueError:
        raise invalid("signed_on", "Dieses Datum gibt es nicht.") from None
    if day > date.fromisoformat(billing_day(tx.now)):
        raise invalid("signed_on", "Das Datum liegt in der Zukunft.")
    tenant = await firm_for_operator(tx, tenant_id)
    tenant.contract_signed_on = day
    await tx.session.flush()
    return tenant
