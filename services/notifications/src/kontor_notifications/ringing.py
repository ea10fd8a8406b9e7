"""A sentence in one person's bell, in his form of address."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from uuid import UUID

from kontor.notifications.v1.notifications_pb2 import NotificationKind
from kontor_chassis.database import Transaction
from kontor_chassis.events import EventMeta

from kontor_notifications.bell import Ring, ring
from kontor_notifications.wording import Form, Wording


@dataclass(frozen=True)
class Listener:
    """Whose bell it is: an account, in the firm in which it acts."""

    tenant_id: UUID
    account_id: UUID
    form: Form


async def ring_for(
    tx: Transaction,
    meta: EventMeta,
    listener: Listener,
    kind: NotificationKind.ValueType,
    said: Wording,
    link: str,
    subject_id: UUID,
    parameters: Mapping[str, str] | None = None,
) -> None:
    """Ring once for what an event says; `link` is the page to open."""
    text = said.text(listener.form, **(parameters or {}))
    what = Ring(listener.tenant_id, listener.account_id, kind, said.title, text, link, subject_id)
    await ring(tx, meta.event_id, what)
