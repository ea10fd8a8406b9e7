"""Mails to a firm's administrators about its trial (F88, decision 10): its end comes near, it is over."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from uuid import UUID

from google.protobuf.timestamp_pb2 import Timestamp
from kontor.identity.v1 import events_pb2 as identity
from kontor_chassis.clock import BILLING_ZONE
from kontor_chassis.database import Transaction
from kontor_chassis.events import EventMeta

from kontor_notifications.deliveries import Planned, plan_mail

_PAGE = "/makler/betrieb"
_DAYS_LEFT = {1: "morgen"}


async def trial_end_announced(tx: Transaction, event: identity.TrialEndAnnounced, meta: EventMeta) -> None:
    """Remind the administrators 7 and 1 days before."""
    parameters = {
        "day": _day(event.trial_end_time),
        "left": _DAYS_LEFT.get(event.days_left, f"in {event.days_left} Tagen"),
        "path": _PAGE,
    }
    await _to_administrators(tx, meta, event.administrator_account_ids, "trial_ending", parameters)


async def tenant_suspended(tx: Transaction, event: identity.TenantSuspended, meta: EventMeta) -> None:
    """Tell the administrators that the trial is over, and until when they can take their data along."""
    parameters = {"day": _day(event.deletion_due_time), "path": _PAGE}
    await _to_administrators(tx, meta, event.administrator_account_ids, "trial_over", parameters)


async def _to_administrators(
    tx: Transaction, meta: EventMeta, account_ids: Iterable[str], template: str, parameters: Mapping[str, str]
) -> None:
    for account_id in account_ids:
        planned = Planned(
            tenant_id=tx.principal.required_tenant(),
            template=template,
            dedup_key=f"{meta.event_id}:{account_id}",
            parameters=parameters,
            account_id=UUID(account_id),
        )
        await plan_mail(tx, planned)


def _day(instant: Timestamp) -> str:
    return instant.ToDatetime(BILLING_ZONE).strftime("%d.%m.%Y")
