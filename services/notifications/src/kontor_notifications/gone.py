"""An event about somebody or something that is gone meanwhile is no defect: there is nobody left to tell."""

from __future__ import annotations

from collections.abc import Mapping
from functools import wraps

import structlog
from google.protobuf.message import Message
from kontor_chassis.database import Transaction
from kontor_chassis.events import EventMeta, Handler

from kontor_notifications.people import NotWantedError

log = structlog.get_logger(__name__)


def skipping_the_gone(table: Mapping[type[Message], Handler]) -> Mapping[type[Message], Handler]:
    """Return the same reactions, which end quietly when identity knows of no such person or thing any more."""
    return {event: _skipping(handler) for event, handler in table.items()}


def _skipping(handler: Handler) -> Handler:
    @wraps(handler)
    async def handle(tx: Transaction, event: Message, meta: EventMeta) -> None:
        try:
            await handler(tx, event, meta)
        except NotWantedError as gone:
            log.info("event_about_the_gone", event_id=str(meta.event_id), event_type=meta.event_type, reason=str(gone))

    return handle
