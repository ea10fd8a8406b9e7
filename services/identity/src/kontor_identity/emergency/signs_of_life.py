"""What counts as a sign of life outside of the pages of emergency access: signing in, a chat message, an upload.

An access token lives ten minutes and is renewed while its person works, so whoever uses his account during a waiting
period of three hours or more is noticed by the renewal at the latest.
"""

from __future__ import annotations

from datetime import UTC, datetime
from uuid import UUID

from kontor.chat.v1 import events_pb2 as chat
from kontor.identity.v1.emergency_pb2 import EmergencyActor as Actor
from kontor.vault.v1 import events_pb2 as vault
from kontor_chassis.database import Transaction
from kontor_chassis.events import EventMeta
from sqlalchemy import ColumnElement, and_, select

from kontor_identity.emergency.requests import note_sign_of_life
from kontor_identity.emergency.tables import EmergencyRequest
from kontor_identity.tables import Customer


async def account_was_used(tx: Transaction, account_id: UUID) -> None:
    """Count new tokens of an account as a sign of life of every customer whose own account it is."""
    await note_sign_of_life(tx, _own(account_id), Actor.EMERGENCY_ACTOR_SIGN_IN, tx.now)


async def message_posted(tx: Transaction, event: chat.MessagePosted, meta: EventMeta) -> None:
    """Count a message that the customer himself wrote, not somebody of his household."""
    if event.sender_is_customer:
        at = event.post_time.ToDatetime(UTC)
        await _alive(tx, event.customer_id, event.sender_account_id, Actor.EMERGENCY_ACTOR_CHAT, at)


async def document_stored(tx: Transaction, event: vault.DocumentStored, meta: EventMeta) -> None:
    """Count a document that the customer himself stored."""
    if event.by_customer:
        await _alive(tx, event.customer_id, event.account_id, Actor.EMERGENCY_ACTOR_UPLOAD, meta.time)


async def _alive(tx: Transaction, customer_id: str, account_id: str, actor: Actor.ValueType, at: datetime) -> None:
    if account_id:
        whose = and_(EmergencyRequest.customer_id == UUID(customer_id), _own(UUID(account_id)))
        await note_sign_of_life(tx, whose, actor, at)


def _own(account_id: UUID) -> ColumnElement[bool]:
    """Return whether a request is about the customer whose own account this is."""
    own = select(Customer.customer_id).where(
        Customer.customer_id == EmergencyRequest.customer_id, Customer.account_id == account_id
    )
    return own.exists()
