"""Emergency access (F73-F76): what a release opens to a trusted person, and who has the last word on it.

Identity decides; its events bring grants here and take them away. The events may be late, so identity is asked anew
whenever a trusted person wants something (`People.release_of`): he sees what a grant here names **and** identity
affirms at that moment. Row-level security admits him to nothing but that, and to reading only.
"""

from __future__ import annotations

from datetime import UTC
from uuid import UUID

from kontor.identity.v1 import events_pb2 as identity
from kontor.vault.v1.vault_pb2 import SightingAction
from kontor_chassis.database import Transaction
from kontor_chassis.events import EventMeta
from sqlalchemy import update
from sqlalchemy.dialects.postgresql import insert

from kontor_vault.sightings import Happening, record
from kontor_vault.tables import EmergencyGrant


async def open_folders(tx: Transaction, event: identity.EmergencyAccessGranted, meta: EventMeta) -> None:
    """Open the folders that a release names to one trusted person."""
    row = {
        "emergency_request_id": UUID(event.emergency_request_id),
        "account_id": UUID(event.account_id),
        "tenant_id": UUID(event.tenant_id),
        "customer_id": UUID(event.customer_id),
        "folder_ids": [UUID(folder_id) for folder_id in event.folder_ids],
        "release_time": event.release_time.ToDatetime(UTC),
    }
    opened = insert(EmergencyGrant).values(**row).on_conflict_do_nothing().returning(EmergencyGrant.account_id)
    if await tx.session.scalar(opened) is not None:
        await _record(tx, event, SightingAction.SIGHTING_ACTION_EMERGENCY_OPEN)


async def close_folders(tx: Transaction, event: identity.EmergencyAccessRevoked, meta: EventMeta) -> None:
    """Close them again."""
    in_force = update(EmergencyGrant).where(
        EmergencyGrant.emergency_request_id == UUID(event.emergency_request_id),
        EmergencyGrant.account_id == UUID(event.account_id),
        EmergencyGrant.revoke_time.is_(None),
    )
    closed = in_force.values(revoke_time=tx.now).returning(EmergencyGrant.account_id)
    if await tx.session.scalar(closed) is not None:
        await _record(tx, event, SightingAction.SIGHTING_ACTION_EMERGENCY_CLOSE)


async def _record(
    tx: Transaction, event: identity.EmergencyAccessGranted | identity.EmergencyAccessRevoked, action: int
) -> None:
    happening = Happening(action, party_account_id=UUID(event.account_id))
    await record(tx, UUID(event.tenant_id), UUID(event.customer_id), happening)
