"""Events about what is gone meanwhile."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any, cast

import pytest
from google.protobuf.message import Message
from kontor.billing.v1.events_pb2 import InvoiceIssued
from kontor_chassis.database import Transaction
from kontor_chassis.events import EventMeta
from kontor_chassis.ids import new_id
from kontor_notifications.gone import skipping_the_gone
from kontor_notifications.people import DirectoryError, NotWantedError

META = EventMeta(
    new_id(), "kontor.billing.v1.InvoiceIssued", "billing", "x", new_id(), datetime(2026, 7, 1, tzinfo=UTC), 1
)


async def handled(error: Exception) -> None:
    """Let a reaction fail in a way."""

    async def reaction(_tx: Transaction, _event: Message, _meta: EventMeta) -> None:
        raise error

    table = skipping_the_gone({InvoiceIssued: reaction})
    await table[InvoiceIssued](cast(Any, None), InvoiceIssued(), META)


async def test_a_customer_who_is_gone_is_no_defect() -> None:
    """F142: an invoice of a customer deleted meanwhile tells nobody, and the event is done."""
    await handled(NotWantedError("NOT_FOUND"))


async def test_an_identity_that_cannot_answer_is_asked_again() -> None:
    """F142: what may go better later stays an error, so that the event comes again."""
    with pytest.raises(DirectoryError):
        await handled(DirectoryError("UNAVAILABLE"))
