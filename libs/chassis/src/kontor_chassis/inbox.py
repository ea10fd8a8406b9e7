"""The inbox: which events this service has applied, written in the transaction of their effect.

Also the dead letters: events given up after their last attempt, kept with payload so that they can be replayed.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum

from google.protobuf.message import Message
from sqlalchemy import text

from kontor_chassis.database import Transaction, UnitOfWork
from kontor_chassis.events import EventMeta, Handler, Subscriptions
from kontor_chassis.principal import Principal
from kontor_chassis.questions import Answers
from kontor_chassis.steps import OnStep, pass_by

HANDLER_SECONDS = 30.0
"""A handler that takes longer has failed this attempt."""

_CLAIM = (
    "INSERT INTO inbox (event_id, source, type, position) VALUES ($1, $2, $3, $4) ON CONFLICT DO NOTHING RETURNING true"
)
_BURY = text(
    "INSERT INTO dead_letters (event_id, source, type, aggregate, tenant_id, position, event_time, payload,"
    " traceparent, attempts, error) VALUES (:id, :source, :type, :aggregate, :tenant, :position, :time, :payload,"
    " :traceparent, :attempts, :error) ON CONFLICT (event_id) DO NOTHING"
)
_OPEN_LETTERS = text(
    "SELECT event_id, source, type, aggregate, tenant_id, position, event_time, payload FROM dead_letters"
    " WHERE replayed_at IS NULL AND (CAST(:source AS text) IS NULL OR source = :source) ORDER BY source, position"
)
_REPLAYED = text(
    "UPDATE dead_letters SET replayed_at = clock_timestamp()"
    " WHERE event_id = :id AND replayed_at IS NULL RETURNING true"
)


class Outcome(Enum):
    """What became of a delivery."""

    APPLIED = "applied"
    SEEN_BEFORE = "seen_before"


@dataclass(frozen=True)
class Replay:
    """Result of `replay`: how many dead letters were applied, and the types of those that failed again."""

    applied: int
    failed: tuple[str, ...]


class Inbox:
    """Applies events once."""

    def __init__(self, work: UnitOfWork, service: str, *, on_step: OnStep = pass_by) -> None:
        self._work = work
        self._service = service
        self._on_step = on_step

    async def apply(self, message: Message, meta: EventMeta, handler: Handler) -> Outcome:
        """Run the handler and write the inbox row in one transaction; raises what the handler raises.

        What the handler asks other services (`questions`) is asked between transactions.
        """

        async def attempt() -> Outcome:
            async with self._work.work(self._principal(meta)) as tx:
                if not await _claim(tx, meta):
                    return Outcome.SEEN_BEFORE
                self._on_step("consumer.claimed")
                await handler(tx, message, meta)
                self._on_step("consumer.handled")
                await tx.commit()
                self._on_step("consumer.committed")
            return Outcome.APPLIED

        async with asyncio.timeout(HANDLER_SECONDS):
            return await Answers().until_answered(attempt)

    async def bury(self, meta: EventMeta, payload: bytes, traceparent: str, *, attempts: int, error: str) -> None:
        """Keep an event that was given up; from now on it counts as seen."""
        async with self._work.work(self._principal(meta)) as tx:
            if not await _claim(tx, meta):
                return
            await tx.session.execute(
                _BURY,
                {
                    "id": meta.event_id,
                    "source": meta.source,
                    "type": meta.event_type,
                    "aggregate": meta.subject,
                    "tenant": meta.tenant_id,
                    "position": meta.position,
                    "time": meta.time,
                    "payload": payload,
                    "traceparent": traceparent,
                    "attempts": attempts,
                    "error": error[:1000],
                },
            )
            await tx.commit()

    async def open_dead_letters(self) -> int:
        """Return how many events were given up and not replayed."""
        async with self._work.work(Principal.of_service(self._service)) as tx:
            found = await tx.session.execute(text("SELECT count(*) FROM dead_letters WHERE replayed_at IS NULL"))
            return int(found.scalar_one())

    async def replay(self, subscriptions: Subscriptions, source: str | None = None) -> Replay:
        """Run the handlers of all open dead letters (of one producer) again, each in its own transaction."""
        async with self._work.work(Principal.of_service(self._service)) as tx:
            letters = (await tx.session.execute(_OPEN_LETTERS, {"source": source})).all()
        applied, failed = 0, []
        for letter in letters:
            meta = EventMeta(
                letter.event_id,
                letter.type,
                letter.source,
                letter.aggregate,
                letter.tenant_id,
                letter.event_time,
                letter.position,
            )
            try:
                applied += await self._replay_one(subscriptions.by_producer, meta, letter.payload)
            except Exception as error:  # whatever a handler raises: told, and the other letters are tried
                failed.append(f"{letter.type} {letter.event_id}: {type(error).__name__}")
        return Replay(applied, tuple(failed))

    async def _replay_one(
        self,
        by_producer: Mapping[str, Mapping[str, tuple[type[Message], Handler]]],
        meta: EventMeta,
        payload: bytes,
    ) -> bool:
        message_class, handler = by_producer[meta.source][meta.event_type]

        async def attempt() -> bool:
            async with self._work.work(self._principal(meta)) as tx:
                claimed = await tx.session.execute(_REPLAYED, {"id": meta.event_id})
                if not claimed.scalar_one_or_none():
                    return False
                await handler(tx, message_class.FromString(payload), meta)
                await tx.commit()
            return True

        async with asyncio.timeout(HANDLER_SECONDS):
            return await Answers().until_answered(attempt)

    def _principal(self, meta: EventMeta) -> Principal:
        return Principal.of_service(self._service, meta.tenant_id)


async def _claim(tx: Transaction, meta: EventMeta) -> bool:
    """Write the inbox row; False when the event was applied (or given up) before."""
    return bool(await tx.run(_CLAIM, meta.event_id, meta.source, meta.event_type, meta.position))
