"""Requests for a pull consumer's next messages, each handed out the moment it comes.

`fetch` of nats-py returns when its batch is full or its time is over, which delays a single event by up to that time;
this asks for a batch in the same way (NATS JetStream, ADR-13) and hands out what comes while the request is open.
"""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress

import nats.errors
from nats.aio.client import Client
from nats.aio.msg import Msg
from nats.aio.subscription import Subscription
from nats.js.api import Header, StatusCode
from nats.js.errors import APIError

_ENDED = (StatusCode.NO_MESSAGES, StatusCode.REQUEST_TIMEOUT)
ANSWER_SECONDS = 1.0
"""How much later than asked for the server may say that a request is over."""


class Puller:
    """Asks one consumer for messages, one request after the other."""

    def __init__(self, client: Client, subject: str, answers: Subscription) -> None:
        self._client = client
        self._subject = subject
        self._answers = answers

    async def messages(self, at_most: int, *, seconds: float) -> AsyncIterator[Msg]:
        """Yield up to so many messages as they come, until the request has been open so long.

        Raises nats.js.errors.APIError when the consumer, its stream or JetStream is gone.
        """
        request = {"batch": at_most, "expires": int(seconds * 1_000_000_000)}
        await self._client.publish(self._subject, json.dumps(request).encode(), reply=self._answers.subject)
        for _ in range(at_most):
            try:
                message = await self._answers.next_msg(timeout=seconds + ANSWER_SECONDS)
            except TimeoutError:  # nats-py raises its own or asyncio's; the request got lost, or its end did
                return
            status = (message.headers or {}).get(Header.STATUS)
            if status in _ENDED:
                return
            if status:
                raise APIError.from_msg(message)
            yield message


@asynccontextmanager
async def pulling(client: Client, stream: str, consumer: str) -> AsyncIterator[Puller]:
    """Make a puller of one consumer for the time of the block."""
    answers = await client.subscribe(client.new_inbox())
    try:
        yield Puller(client, f"$JS.API.CONSUMER.MSG.NEXT.{stream}.{consumer}", answers)
    finally:
        with suppress(nats.errors.Error):
            await answers.unsubscribe()
