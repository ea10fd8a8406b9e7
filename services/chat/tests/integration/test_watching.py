"""The live stream: what happens reaches whoever may see it, on any replica, and nothing is missed."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime
from typing import Any

import pytest
from kontor.chat.v1 import chat_pb2 as pb
from kontor.common.v1.access_pb2 import Role
from kontor_chassis.clock import FixedClock
from kontor_chassis.errors import ErrorKind
from kontor_chassis.ids import new_id
from kontor_chassis.principal import Principal
from kontor_chassis.testing.refusals import refused
from kontor_chassis.testing.server import Running
from kontor_chat.hub import Hub
from kontor_chat.watching import Watching

pytestmark = pytest.mark.integration


async def test_a_message_reaches_the_other_side_on_another_replica(
    live_firm: Any, replicas: tuple[Running, Running]
) -> None:
    """F181, F189: customer on one replica, broker on the other; both directions, with text and read receipt."""
    jonas = await live_firm.staff()
    julia = await live_firm.customer(jonas)
    chat = await julia.start()
    elsewhere = live_firm.on(replicas[1], jonas)
    async with elsewhere.watch() as brokers, julia.watch() as customers:
        sent = await julia.send(chat, "Sind Sie da?")
        assert await brokers.until(sent) == sent
        read = await jonas.read(sent)
        receipt = await customers.next("read")
        assert (receipt.up_to_message_id, receipt.reader_is_customer) == (sent.message_id, False)
        assert read.firm_read_message_id == sent.message_id
        answer = await elsewhere.send(chat, "Ja.")
        assert (await customers.until(answer)).text == "Ja."


async def test_a_stream_shows_only_what_its_caller_may_see(live_firm: Any, other_live_firm: Any) -> None:
    """F194: neither another firm's nor another customer's messages; one chat only on demand."""
    stranger = await other_live_firm.staff()
    jonas, julia, mehmet = await live_firm.staff(), await live_firm.customer(), await live_firm.customer()
    chat, other = await julia.start(), await mehmet.start()
    async with (
        julia.watch() as julias,
        stranger.watch() as strangers,
        jonas.watch(chat_id=chat.chat_id) as of_chat,
    ):
        await mehmet.send(other, "Nur für mich")
        last = await julia.send(chat, "Meins")
        assert [await stream.until(last) for stream in (julias, of_chat)] == [last, last]
        silent = asyncio.create_task(strangers.next())
        assert not (await asyncio.wait({silent}, timeout=0.3))[0]
        silent.cancel()


async def test_a_resumed_stream_misses_nothing(live_firm: Any) -> None:
    """F189: what was sent while the connection was gone comes first, in order, then what is new."""
    jonas, julia = await live_firm.staff(), await live_firm.customer()
    chat = await julia.start("eins")
    seen = chat.last_message
    missed = [await julia.send(chat, text) for text in ("zwei", "drei")]
    async with jonas.watch(after_message_id=seen.message_id) as stream:
        newest = await julia.send(chat, "vier")
        heard = [await stream.next() for _ in range(3)]
        assert heard == [*missed, newest]


async def test_nothing_is_missed_however_resuming_and_sending_meet(live_firm: Any) -> None:
    """F189: while messages keep coming, a client that reconnects after each one sees every message."""
    jonas, julia = await live_firm.staff(), await live_firm.customer()
    chat = await julia.start("0")
    last = chat.last_message.message_id

    async def send_all() -> None:
        for number in range(1, 31):
            await julia.send(chat, str(number))

    sending = asyncio.create_task(send_all())
    seen: list[int] = [1]
    while seen[-1] < 31:
        async with jonas.watch(after_message_id=last) as stream:
            message = await stream.next()
            while message.number in seen:
                message = await stream.next()
            seen.append(message.number)
            last = message.message_id
    await sending
    assert seen == list(range(1, 32))


async def test_changes_of_chats_are_told(live_firm: Any) -> None:
    """F180, F183, F188: started, operator assigned, archived (for the customer: gone)."""
    jonas, julia = await live_firm.staff(), await live_firm.customer()
    async with jonas.watch() as brokers, julia.watch() as customers:
        chat = await julia.start()
        assert (await brokers.next("chat")).chat_id == chat.chat_id
        await jonas.send(chat, "Ich übernehme.")
        while not (assigned := await brokers.next("chat")).operator_account_id:
            pass
        assert assigned.operator_account_id == str(jonas.account_id)
        await jonas.stub.ArchiveChat(pb.ArchiveChatRequest(chat_id=chat.chat_id))
        while not (gone := await customers.next("chat")).archived:
            pass
        assert (gone.chat_id, gone.subject) == (chat.chat_id, "")


async def test_heartbeats_keep_the_connection_alive(chat: Running, firm: Any) -> None:
    """F181: a sign of life comes in silence, again and again."""
    clock = FixedClock(datetime(2026, 7, 22, 10, 0, tzinfo=UTC))
    hub = Hub(chat.platform.live, chat.platform.rows)
    watching = Watching(hub, chat.platform.rows, clock, heartbeat_seconds=0.02)
    staff = Principal(account_id=new_id(), tenant_id=firm.tenant_id, roles=frozenset({Role.ROLE_STAFF}))
    stream = watching.stream(staff, after_message_id=None, chat_id=None)
    async with asyncio.timeout(10):
        beats = [await anext(stream) for _ in range(3)]
    await hub.close()
    await stream.aclose()
    assert {beat.WhichOneof("event") for beat in beats} == {"heartbeat"}
    assert beats[0].heartbeat.time.ToDatetime(tzinfo=UTC) == clock.now()


async def test_only_a_message_can_be_resumed_from(firm: Any) -> None:
    """F189: an id that is none of ours is refused rather than silently ignored."""
    call = (await firm.staff()).stub.WatchChats(
        pb.WatchChatsRequest(after_message_id="6f1c1f8e-8a39-4a55-9d8e-0a6f3b0e3a11")
    )
    assert (await refused(call.read())).kind is ErrorKind.INVALID
