"""Which events billing reacts to."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC
from uuid import UUID

from google.protobuf.message import Message
from kontor.billing.v1.events_pb2 import ServiceAgreementWithdrawn
from kontor.identity.v1.events_pb2 import (
    CustomerDeleted,
    PlanSelected,
    TenantActivated,
    TenantDeleted,
    TrialExtended,
    WhiteLabelChanged,
)
from kontor.vault.v1.events_pb2 import BinderScanned, PieceScanned
from kontor_chassis.database import Transaction
from kontor_chassis.events import EventMeta, Handler

from kontor_billing import firm_invoices, invoices, runs, usage
from kontor_billing.customer_end import CUSTOMER_END
from kontor_billing.firm_end import FIRM_END
from kontor_billing.periods import Period
from kontor_billing.usage_rules import Item


async def tenant_activated(tx: Transaction, event: TenantActivated, meta: EventMeta) -> None:
    """A firm takes part from now on: the monthly run looks at it."""
    await runs.note_tenant(tx, UUID(event.tenant_id), meta.time)


async def plan_selected(tx: Transaction, event: PlanSelected, _meta: EventMeta) -> None:
    """The platform charges a firm for its plan from then on (F82–F84)."""
    await firm_invoices.note_plan(tx, UUID(event.tenant_id), event.plan, event.select_time.ToDatetime(UTC))


async def trial_extended(tx: Transaction, event: TrialExtended, meta: EventMeta) -> None:
    """The platform charges a further trial with the month (F89)."""
    tenant_id, extension_id = UUID(event.tenant_id), UUID(event.extension_id)
    await firm_invoices.note_trial(tx, tenant_id, extension_id, event.net.minor_units, meta.time)


async def white_label_changed(tx: Transaction, event: WhiteLabelChanged, _meta: EventMeta) -> None:
    """The platform charges white label from then on, or no more (F79)."""
    since = event.change_time.ToDatetime(UTC)
    await firm_invoices.note_white_label(tx, UUID(event.tenant_id), event.white_label, since)


async def agreement_withdrawn(tx: Transaction, event: ServiceAgreementWithdrawn, _meta: EventMeta) -> None:
    """A withdrawn agreement counts as never concluded: its invoices are cancelled."""
    await invoices.cancel_invoices(tx, UUID(event.agreement_id))


async def piece_scanned(tx: Transaction, event: PieceScanned, meta: EventMeta) -> None:
    """A piece of post counts, with its sheets, in the month in which it was scanned (F15)."""
    await usage.note_use(
        tx,
        entry_id=UUID(event.original_id),
        tenant_id=UUID(event.tenant_id),
        customer_id=UUID(event.customer_id),
        item=Item.SCANNED_SHEET,
        period=Period.parse(event.period),
        units=event.sheets,
        at=meta.time,
    )


async def binder_scanned(tx: Transaction, event: BinderScanned, meta: EventMeta) -> None:
    """A binder counts once, however much is in it (F16)."""
    await usage.note_use(
        tx,
        entry_id=UUID(event.binder_order_id),
        tenant_id=UUID(event.tenant_id),
        customer_id=UUID(event.customer_id),
        item=Item.SCANNED_BINDER,
        period=Period.parse(event.period),
        units=1,
        at=meta.time,
    )


CONSUMERS: Mapping[type[Message], Handler] = {
    TenantActivated: tenant_activated,
    TenantDeleted: FIRM_END.begin,
    CustomerDeleted: CUSTOMER_END.begin,
    PlanSelected: plan_selected,
    TrialExtended: trial_extended,
    WhiteLabelChanged: white_label_changed,
    ServiceAgreementWithdrawn: agreement_withdrawn,
    PieceScanned: piece_scanned,
    BinderScanned: binder_scanned,
}
