"""Row 3: from SendMessage to the other side's server-sent event, through the gateway, at a steady rate.

Customers write in turns, each in his own chat that the broker has taken on; the broker's stream shows every message.
Messages are sent on a schedule, whether or not earlier ones have arrived, and timed from the moment they were due.
"""

from __future__ import annotations

import asyncio
import json
import re
import time
from collections.abc import Sequence
from statistics import quantiles

from bench.office import Office
from bench.results import Row, limit
from tests.e2e import journey

RATE = 50
SECONDS = 20
WARM_UP_SECONDS = 3
PATIENCE_SECONDS = 60
_MARK = re.compile(rb"Messung (\d+)!")


def measure(office: Office) -> list[Row]:
    """Send messages for a bounded time; returns the median's and the 99th percentile's row."""
    office.sign_in_again()
    chats = [(journey.start_chat(guest, "Guten Tag"), guest.person.token) for guest in office.guests]
    for chat_id, _ in chats:
        office.firm.administrator.post(f"/v1/chats/{chat_id}/messages", {"text": "Guten Tag, ich bin für Sie da."})
    seconds = asyncio.run(_Conversation(office.port, office.firm.administrator.token, chats).run())
    cuts = quantiles([1000 * value for value in seconds[RATE * WARM_UP_SECONDS :]], n=100)
    name = f"chat message to the other side's event, {RATE} per second"
    return [limit(f"{name}, p50", cuts[49], "ms", 50), limit(f"{name}, p99", cuts[98], "ms", 50)]


class _Conversation:
    """One run: a sender per chat and one stream that hears all."""

    def __init__(self, port: int, broker_token: str, chats: Sequence[tuple[str, str]]) -> None:
        self._port = port
        self._broker_token = broker_token
        self._chats = chats
        self._due: list[float] = []
        self._arrived: dict[int, float] = {}
        self._heard_all = asyncio.Event()

    async def run(self) -> list[float]:
        """Return how long each message took, in the order sent."""
        count = RATE * (SECONDS + WARM_UP_SECONDS)
        began = time.perf_counter() + 0.5
        self._due = [began + number / RATE for number in range(count)]
        listening = asyncio.create_task(self._listen())
        await asyncio.gather(*(self._send(chat) for chat in range(len(self._chats))))
        async with asyncio.timeout(PATIENCE_SECONDS):
            await self._heard_all.wait()
        listening.cancel()
        return [self._arrived[number] - due for number, due in enumerate(self._due)]

    async def _listen(self) -> None:
        reader, writer = await self._connect()
        writer.write(self._head("GET", "/v1/chats:watch", self._broker_token) + b"Accept: text/event-stream\r\n\r\n")
        while line := await reader.readline():
            now = time.perf_counter()
            for mark in _MARK.finditer(line):
                self._arrived.setdefault(int(mark[1]), now)
            if len(self._arrived) == len(self._due):
                self._heard_all.set()

    async def _send(self, chat: int) -> None:
        """Send every n-th message, on one connection per message in flight."""
        chat_id, token = self._chats[chat]
        idle: list[tuple[asyncio.StreamReader, asyncio.StreamWriter]] = []
        async with asyncio.TaskGroup() as sending:
            for number in range(chat, len(self._due), len(self._chats)):
                await asyncio.sleep(max(0.0, self._due[number] - time.perf_counter()))
                sending.create_task(self._post(idle, chat_id, token, number))

    async def _post(
        self,
        idle: list[tuple[asyncio.StreamReader, asyncio.StreamWriter]],
        chat_id: str,
        token: str,
        number: int,
    ) -> None:
        reader, writer = idle.pop() if idle else await self._connect()
        body = json.dumps({"text": f"Messung {number}!"}).encode()
        head = self._head("POST", f"/v1/chats/{chat_id}/messages", token)
        writer.write(head + b"Content-Type: application/json\r\nContent-Length: %d\r\n\r\n" % len(body) + body)
        answer = await reader.readuntil(b"\r\n\r\n")
        if b" 200 " not in answer.split(b"\r\n", 1)[0]:
            raise RuntimeError(answer.decode())
        length = re.search(rb"content-length: (\d+)", answer)
        await (reader.readexactly(int(length[1])) if length else reader.readuntil(b"0\r\n\r\n"))
        idle.append((reader, writer))

    async def _connect(self) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        return await asyncio.open_connection("127.0.0.1", self._port)

    def _head(self, method: str, path: str, token: str) -> bytes:
        return (
            f"{method} {path} HTTP/1.1\r\nHost: localhost:{self._port}\r\nAuthorization: Bearer {token}\r\n"
        ).encode("ascii")
