"""Which events contracts reacts to."""

from __future__ import annotations

from collections.abc import Mapping
from uuid import UUID

from google.protobuf.message import Message
from kontor.identity.v1.events_pb2 import CustomerDeleted, ReleaseRequested, TenantActivated, TenantDeleted
from kontor_chassis.database import Transaction
from kontor_chassis.events import EventMeta, Handler

from kontor_contracts import contracts, lines
from kontor_contracts.customer_end import CUSTOMER_END
from kontor_contracts.firm_end import FIRM_END

CONTRACTS = "CONTRACTS"
"""Category of an invitation's release that means contracts; the others are kinds of documents."""


async def tenant_activated(tx: Transaction, _event: TenantActivated, _meta: EventMeta) -> None:
    """A new firm gets the default tree of lines of business (F72)."""
    await lines.ensure_default_lines(tx)


async def release_requested(tx: Transaction, event: ReleaseRequested, _meta: EventMeta) -> None:
    """An invitation releases the customer's contracts: with everything, or as a category of their own (F171)."""
    if event.everything or CONTRACTS in event.categories:
        await contracts.release_with_invitation(tx, UUID(event.customer_id))


CONSUMERS: Mapping[type[Message], Handler] = {
    TenantActivated: tenant_activated,
    ReleaseRequested: release_requested,
    TenantDeleted: FIRM_END.begin,
    CustomerDeleted: CUSTOMER_END.begin,
}
