"""Events the vault acts on: what a service agreement means for storage (F14), what an invitation releases
(F171), what an emergency opens (F73-F76), and the end of a customer or a firm.
"""

from __future__ import annotations

from collections.abc import Mapping
from uuid import UUID

from google.protobuf.message import Message
from kontor.billing.v1 import events_pb2 as billing
from kontor.billing.v1.prices_pb2 import Tier
from kontor.experts.v1 import events_pb2 as experts
from kontor.identity.v1 import events_pb2 as identity
from kontor.notifications.v1 import events_pb2 as notifications
from kontor_chassis.database import Transaction
from kontor_chassis.events import EventMeta, Handler

from kontor_vault.deliveries import note_mail
from kontor_vault.emergency import close_folders, open_folders
from kontor_vault.erasure import erase_as_far_as_allowed
from kontor_vault.firm_end import FIRM_END
from kontor_vault.grantees import order_changed, person_left, trust_changed
from kontor_vault.quotas import set_limit
from kontor_vault.releases import release_with_invitation
from kontor_vault.tiers import TIER_2_BYTES, TIER_3_BYTES


def consumers(default_quota_bytes: int) -> Mapping[type[Message], Handler]:
    """Return the table of events and handlers."""
    limits = {Tier.TIER_2: TIER_2_BYTES, Tier.TIER_3: TIER_3_BYTES}

    async def give_storage(tx: Transaction, event: billing.ServiceAgreementSigned, meta: EventMeta) -> None:
        limit = limits.get(event.tier, default_quota_bytes)
        await set_limit(tx, tenant_id=UUID(event.tenant_id), customer_id=UUID(event.customer_id), limit_bytes=limit)

    async def further_storage(tx: Transaction, event: billing.StorageChanged, meta: EventMeta) -> None:
        limit = limits.get(event.tier, default_quota_bytes) + event.further_bytes
        await set_limit(tx, tenant_id=UUID(event.tenant_id), customer_id=UUID(event.customer_id), limit_bytes=limit)

    async def take_storage(
        tx: Transaction, event: billing.ServiceAgreementWithdrawn | billing.ServiceAgreementEnded, meta: EventMeta
    ) -> None:
        await set_limit(
            tx,
            tenant_id=UUID(event.tenant_id),
            customer_id=UUID(event.customer_id),
            limit_bytes=default_quota_bytes,
        )

    return {
        billing.ServiceAgreementSigned: give_storage,
        billing.StorageChanged: further_storage,
        billing.ServiceAgreementWithdrawn: take_storage,
        billing.ServiceAgreementEnded: take_storage,
        identity.ReleaseRequested: release_with_invitation,
        identity.EmergencyAccessGranted: open_folders,
        identity.EmergencyAccessRevoked: close_folders,
        identity.TenantDeleted: FIRM_END.begin,
        notifications.DeliveryMailSettled: note_mail,
        identity.CustomerDeleted: customer_deleted,
        identity.HouseholdPersonRemoved: person_left,
        identity.TrustedPersonChanged: trust_changed,
        experts.OrderStatusChanged: order_changed,
    }


async def customer_deleted(tx: Transaction, event: identity.CustomerDeleted, _meta: EventMeta) -> None:
    """Destroy the key of a deleted customer, as soon as his firm need not keep anything; `CustomerErased` says when."""
    await erase_as_far_as_allowed(tx, tenant_id=UUID(event.tenant_id), customer_id=UUID(event.customer_id))
