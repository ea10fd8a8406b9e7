"""Messages of a pull consumer come one by one, the moment they are there."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import nats
import pytest
from kontor_chassis.pulling import pulling
from kontor_tools.embedded.nats import EmbeddedNats
from nats.aio.client import Client
from nats.js.api import AckPolicy, ConsumerConfig
from nats.js.errors import APIError

from libs.chassis.tests.shipping import until

pytestmark = pytest.mark.integration

LONG = 60.0
"""A request that waits for its end before it hands anything out fails in PATIENCE."""
PATIENCE = 30.0


@pytest.fixture
async def client(fresh_nats: EmbeddedNats) -> AsyncIterator[Client]:
    """A client of a server that has a stream with one consumer."""
    connection = await nats.connect(fresh_nats.url)
    jetstream = connection.jetstream()
    await jetstream.add_stream(name="letters", subjects=["letters.>"])
    await jetstream.add_consumer("letters", ConsumerConfig(durable_name="reader", ack_policy=AckPolicy.EXPLICIT))
    yield connection
    await connection.close()


async def test_each_message_comes_while_the_request_is_open(client: Client) -> None:
    """What comes is handed out before the batch is full and long before the request is over."""
    async with pulling(client, "letters", "reader") as puller, asyncio.timeout(PATIENCE):
        messages = puller.messages(5, seconds=LONG)
        for text in (b"first", b"second"):
            await client.jetstream().publish("letters.a", text)
            message = await anext(messages)
            await message.ack()
            assert message.data == text


async def test_a_request_ends_with_its_batch_or_its_time(client: Client) -> None:
    """A full batch ends at once; what is left comes with the next request, and an empty one ends by itself."""
    for text in (b"1", b"2", b"3"):
        await client.jetstream().publish("letters.a", text)
    async with pulling(client, "letters", "reader") as puller, asyncio.timeout(PATIENCE):
        first = [message.data async for message in puller.messages(2, seconds=LONG)]
        then = [message.data async for message in puller.messages(2, seconds=0.2)]
        last = [message.data async for message in puller.messages(2, seconds=0.2)]
    assert (first, then, last) == ([b"1", b"2"], [b"3"], [])


async def test_a_lost_consumer_is_noticed(client: Client) -> None:
    """Whoever waits for a consumer that is deleted, or asks for one that is none, is told."""
    async with pulling(client, "letters", "reader") as puller, asyncio.timeout(PATIENCE):
        waiting = asyncio.ensure_future(anext(puller.messages(1, seconds=LONG)))
        await until(lambda: _is_asked(client))
        await client.jetstream().delete_consumer("letters", "reader")
        with pytest.raises(APIError, match="Consumer Deleted"):
            await waiting
        with pytest.raises(APIError):
            await anext(puller.messages(1, seconds=LONG))


async def _is_asked(client: Client) -> bool:
    return bool((await client.jetstream().consumer_info("letters", "reader")).num_waiting)
