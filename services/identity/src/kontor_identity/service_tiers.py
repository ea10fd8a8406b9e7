"""What customers of tier 1 may use (F7, decision 2), from what billing tells about their agreements.

A firm that gives tier 1 no portal closes the working parts of the office for those customers: their tokens name them
(ADR 15). What everybody needs stays open: to sign an agreement, to read invoices, to reach the firm, one's own data.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final
from uuid import UUID

from kontor.billing.v1.events_pb2 import ServiceAgreementEnded, ServiceAgreementSigned, ServiceAgreementWithdrawn
from kontor.common.v1.access_pb2 import Area
from kontor.identity.v1.tenants_pb2 import TierOneAccess
from kontor_chassis.database import Transaction
from kontor_chassis.events import EventMeta
from sqlalchemy import update

from kontor_identity.tables import Customer

FREE_TIER: Final = 1
_FROM_TIER_TWO: Final = (Area.AREA_CONTRACTS, Area.AREA_DOCUMENTS, Area.AREA_MESSAGES, Area.AREA_CONSENTS)


def closed_for(tier: int | None, tier_one_access: int, closed_by_firm: Iterable[int]) -> tuple[int, ...]:
    """Return the parts of the office that are closed for a customer of a tier; `None` for who is no customer."""
    closed = set(closed_by_firm)
    if tier == FREE_TIER and tier_one_access == TierOneAccess.TIER_ONE_ACCESS_NONE:
        closed.update(_FROM_TIER_TWO)
    return tuple(sorted(closed))


async def agreement_signed(tx: Transaction, event: ServiceAgreementSigned, _meta: EventMeta) -> None:
    """A customer is in the tier he signed for."""
    await _set_tier(tx, event.customer_id, int(event.tier))


async def agreement_over(
    tx: Transaction, event: ServiceAgreementWithdrawn | ServiceAgreementEnded, _meta: EventMeta
) -> None:
    """A customer is in tier 1 again; billing tells an end before the next signing."""
    await _set_tier(tx, event.customer_id, FREE_TIER)


async def _set_tier(tx: Transaction, customer_id: str, tier: int) -> None:
    changed = update(Customer).where(Customer.customer_id == UUID(customer_id)).values(tier=tier)
    await tx.session.execute(changed.execution_options(synchronize_session=False))
