"""Closed-loop HTTP/1.1 clients in a process of their own, as thin as Python allows, so that the server is the limit.

`python -m bench.http_load` reads a `Load` as JSON from standard input and prints a `LoadResult` as JSON. Each client
keeps one connection and sends the next request when the answer to the last is complete.
"""

from __future__ import annotations

import asyncio
import json
import subprocess
import sys
import time
from dataclasses import asdict, dataclass
from itertools import cycle
from statistics import quantiles
from typing import cast

import uvloop

MOST_SECONDS = 180
_END_OF_HEAD = b"\r\n\r\n"
_LENGTH = b"\r\ncontent-length: "
_LAST_CHUNK = b"\r\n0\r\n\r\n"


@dataclass(frozen=True)
class Load:
    """What to ask: `requests` in all, by `clients` at a time, going round the targets (path and header line)."""

    port: int
    targets: list[tuple[str, str]]
    clients: int = 16
    requests: int = 4000
    least_bytes: int = 1000
    """Answers shorter than this are wrong answers."""


@dataclass(frozen=True)
class LoadResult:
    """How it went."""

    per_second: float
    p50_ms: float
    p95_ms: float
    p99_ms: float
    answer_bytes: int


class _Counter:
    """The requests that all clients have left, and how long each took."""

    def __init__(self, load: Load) -> None:
        self._requests = cycle([_request(load.port, path, header) for path, header in load.targets])
        self._left = load.requests
        self._open = load.clients
        self.least_bytes = load.least_bytes
        self.seconds: list[float] = []
        self.bytes = 0
        self.finished: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    def next_request(self) -> bytes | None:
        if self._left == 0:
            self._open -= 1
            if self._open == 0 and not self.finished.done():
                self.finished.set_result(None)
            return None
        self._left -= 1
        return next(self._requests)

    def fail(self, reason: str) -> None:
        if not self.finished.done():
            self.finished.set_exception(RuntimeError(reason))


class _Client(asyncio.Protocol):
    """One connection."""

    def __init__(self, counter: _Counter) -> None:
        self._counter = counter
        self._received = b""
        self._began = 0.0
        self._transport: asyncio.Transport

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)  # uvloop's is one in all but name
        self._send()

    def data_received(self, data: bytes) -> None:
        self._received = self._received + data if self._received else data
        if not _is_complete(self._received):
            return
        counter, answer = self._counter, self._received
        if not answer.startswith(b"HTTP/1.1 200 ") or len(answer) < counter.least_bytes:
            counter.fail(answer[:600].decode(errors="replace"))
            return
        counter.seconds.append(time.perf_counter() - self._began)
        counter.bytes += len(answer)
        self._received = b""
        self._send()

    def connection_lost(self, exc: Exception | None) -> None:
        self._counter.fail(f"the gateway closed a connection: {exc}")

    def _send(self) -> None:
        request = self._counter.next_request()
        if request is not None:
            self._began = time.perf_counter()
            self._transport.write(request)


def _is_complete(received: bytes) -> bool:
    end = received.find(_END_OF_HEAD)
    if end < 0:
        return False
    at = received.find(_LENGTH, 0, end)
    if at < 0:
        return received.endswith(_LAST_CHUNK)
    start = at + len(_LENGTH)
    length = int(received[start : received.index(b"\r\n", start)])
    return len(received) >= end + len(_END_OF_HEAD) + length


def _request(port: int, path: str, header: str) -> bytes:
    head = (f"GET {path} HTTP/1.1", f"Host: localhost:{port}", header, "Accept: */*")
    return "\r\n".join((*head, "", "")).encode("ascii")


async def _ask(load: Load) -> LoadResult:
    counter = _Counter(load)
    loop = asyncio.get_running_loop()
    began = time.perf_counter()
    for _ in range(load.clients):
        await loop.create_connection(lambda: _Client(counter), "127.0.0.1", load.port)
    await counter.finished
    took = time.perf_counter() - began
    cuts = quantiles(counter.seconds, n=100)
    return LoadResult(
        per_second=load.requests / took,
        p50_ms=cuts[49] * 1000,
        p95_ms=cuts[94] * 1000,
        p99_ms=cuts[98] * 1000,
        answer_bytes=counter.bytes // load.requests,
    )


def run(load: Load) -> LoadResult:
    """Send the load from a process of its own; raises RuntimeError when an answer was not what it should be."""
    done = subprocess.run(
        [sys.executable, "-m", "bench.http_load"],
        input=json.dumps(asdict(load)),
        capture_output=True,
        text=True,
        check=False,
        timeout=MOST_SECONDS,
    )
    if done.returncode != 0:
        raise RuntimeError(done.stderr.strip()[-2000:])
    return LoadResult(**json.loads(done.stdout))


if __name__ == "__main__":
    given = Load(**json.load(sys.stdin))
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        print(json.dumps(asdict(runner.run(_ask(given)))))
