"""What a handler asks other services is asked while no transaction is open."""

from __future__ import annotations

from functools import partial
from typing import Any
from uuid import UUID

import pytest
from kontor_chassis.calls import Callers, CallInTransactionError, in_transaction
from kontor_chassis.database import Database, Transaction
from kontor_chassis.events import EventMeta
from kontor_chassis.ids import new_id
from kontor_chassis.inbox import Inbox, Outcome
from kontor_chassis.principal import Principal
from kontor_chassis.questions import answer_to
from kontor_chassis.testing.tokens import test_issuer
from kontor_chassis.tokens import ServiceTokens

from libs.chassis.tests.shipping import NOON, ParcelSent, note, notes

pytestmark = pytest.mark.integration


def meta_of(tenant: UUID) -> EventMeta:
    """The envelope of one event."""
    return EventMeta(new_id(), "kontor.sender.v1.ParcelSent", "sender", "parcel", tenant, NOON, 1)


async def test_a_handler_asks_between_its_transactions(receiver: Database, tenant: UUID) -> None:
    """Each question is asked once, outside; the effect comes once, in the transaction that has all answers."""
    asked: list[str] = []

    async def ask(about: str) -> str:
        assert not in_transaction.get()
        asked.append(about)
        return about.upper()

    async def handle(tx: Transaction, event: Any, meta: EventMeta) -> None:
        await note(tx, event, meta)
        answers = [answer_to(("who", each), partial(ask, each)) for each in ("a", "b", "a")]
        assert answers == ["A", "B", "A"]

    outcome = await Inbox(receiver.work, "receiver").apply(ParcelSent(number=1), meta_of(tenant), handle)
    assert (outcome, asked, await notes(receiver)) == (Outcome.APPLIED, ["a", "b"], [("parcel", 1)])


async def test_the_handler_gets_the_error_of_its_question(receiver: Database, tenant: UUID) -> None:
    """A handler may know what a refusal means; otherwise the event has failed and nothing of it stays."""

    async def refuse() -> str:
        raise LookupError("unknown")

    async def handle(tx: Transaction, event: Any, meta: EventMeta) -> None:
        await note(tx, event, meta)
        if event.number == 1:
            with pytest.raises(LookupError):
                answer_to("who", refuse)
        else:
            answer_to("who", refuse)

    inbox = Inbox(receiver.work, "receiver")
    assert await inbox.apply(ParcelSent(number=1), meta_of(tenant), handle) is Outcome.APPLIED
    with pytest.raises(LookupError):
        await inbox.apply(ParcelSent(number=2), meta_of(tenant), handle)
    assert await notes(receiver) == [("parcel", 1)]


async def test_no_call_leaves_within_a_transaction(receiver: Database) -> None:
    """Whoever calls another service while he holds a transaction is found by any test that comes by there."""
    callers = Callers({"sender": "127.0.0.1:9"}, ServiceTokens("receiver", test_issuer().service_key("receiver")))

    def stub_class(channel: Any) -> Any:
        return channel.unary_unary("/kontor.sender.v1.Sender/Send", request_serializer=ParcelSent.SerializeToString)

    call = callers.as_service("sender", stub_class, None)
    async with receiver.work.work(Principal.of_service("receiver")):
        with pytest.raises(CallInTransactionError):
            call(ParcelSent())
    call(ParcelSent()).cancel()
    await callers.close()
