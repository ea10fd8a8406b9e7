"""Which events billing reacts to."""

from __future__ import annotations

from collections.abc import Mapping
from uuid import UUID

from google.protobuf.message import Message
from kontor.billing.v1.events_pb2 import ServiceAgreementWithdrawn
from kontor.identity.v1.events_pb2 import TenantActivated, TenantDeleted
from kontor_chassis.database import Transaction
from kontor_chassis.events import EventMeta, Handler

from kontor_billing import invoices, runs
from kontor_billing.firm_end import FIRM_END


async def tenant_activated(tx: Transaction, event: TenantActivated, meta: EventMeta) -> None:
    """A firm takes part from now on: the monthly run looks at it."""
    await runs.note_tenant(tx, UUID(event.tenant_id), meta.time)


async def agreement_withdrawn(tx: Transaction, event: ServiceAgreementWithdrawn, _meta: EventMeta) -> None:
    """A withdrawn agreement counts as never concluded: its invoices are cancelled."""
    await invoices.cancel_invoices(tx, UUID(event.agreement_id))


CONSUMERS: Mapping[type[Message], Handler] = {
    TenantActivated: tenant_activated,
    TenantDeleted: FIRM_END.begin,
    ServiceAgreementWithdrawn: agreement_withdrawn,
}
