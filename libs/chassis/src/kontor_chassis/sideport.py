"""The side port: /metrics for Prometheus, /healthz and /readyz for probes, served within the process's event loop.

`/healthz` says that the loop turns; `/readyz` that this process wants work and can do it. Never reachable from outside.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping

from prometheus_client import CONTENT_TYPE_LATEST, generate_latest

Check = Callable[[], Awaitable[None]]
"""Raises when the thing it stands for is not usable."""

_REQUEST_SECONDS = 5.0
_CHECK_SECONDS = 2.0
_TEXT = "text/plain; charset=utf-8"


class Readiness:
    """Whether this process should be sent work: after start, before SIGTERM, and while all checks pass."""

    def __init__(self) -> None:
        self.accepting = False
        self.checks: dict[str, Check] = {}

    async def faults(self) -> list[str]:
        """Return the names of what is not ready; nothing when all is."""
        if not self.accepting:
            return ["not accepting"]
        results = await asyncio.gather(*(self._passes(check) for check in self.checks.values()))
        return [name for name, passed in zip(self.checks, results, strict=True) if not passed]

    @staticmethod
    async def _passes(check: Check) -> bool:
        try:
            async with asyncio.timeout(_CHECK_SECONDS):
                await check()
        except Exception:  # whatever a check raises says that it does not pass; /readyz names it
            return False
        return True


class SidePort:
    """A small HTTP/1.1 server for three fixed paths."""

    def __init__(self, readiness: Readiness) -> None:
        self._readiness = readiness
        self._server: asyncio.Server | None = None

    async def start(self, address: str) -> None:
        """Listen on `host:port`."""
        host, _, port = address.rpartition(":")
        self._server = await asyncio.start_server(self._serve, host, int(port), limit=16 * 1024)

    @property
    def port(self) -> int:
        """The port it listens on."""
        if self._server is None:
            raise RuntimeError("not started")
        return int(self._server.sockets[0].getsockname()[1])

    async def stop(self) -> None:
        """Stop listening."""
        if self._server is not None:
            self._server.close()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            async with asyncio.timeout(_REQUEST_SECONDS):
                head = await reader.readuntil(b"\r\n\r\n")
                status, content_type, body = await self._answer(head.split(b"\r\n", 1)[0].decode("latin-1"))
                writer.write(
                    f"HTTP/1.1 {status}\r\nContent-Type: {content_type}\r\nContent-Length: {len(body)}\r\n"
                    "Connection: close\r\n\r\n".encode("latin-1")
                    + body
                )
                await writer.drain()
        except (TimeoutError, ConnectionError, asyncio.IncompleteReadError, asyncio.LimitOverrunError):
            pass  # the asker went away or never asked properly
        finally:
            writer.close()

    async def _answer(self, request_line: str) -> tuple[str, str, bytes]:
        method, _, rest = request_line.partition(" ")
        path = rest.partition(" ")[0].partition("?")[0]
        if method != "GET":
            return "405 Method Not Allowed", _TEXT, b"GET only\n"
        pages: Mapping[str, Callable[[], Awaitable[tuple[str, str, bytes]]]] = {
            "/metrics": self._metrics,
            "/healthz": self._alive,
            "/readyz": self._ready,
        }
        page = pages.get(path)
        return await page() if page else ("404 Not Found", _TEXT, b"not found\n")

    async def _metrics(self) -> tuple[str, str, bytes]:
        return "200 OK", CONTENT_TYPE_LATEST, generate_latest()

    async def _alive(self) -> tuple[str, str, bytes]:
        return "200 OK", _TEXT, b"ok\n"

    async def _ready(self) -> tuple[str, str, bytes]:
        faults = await self._readiness.faults()
        if faults:
            return "503 Service Unavailable", _TEXT, ("not ready: " + ", ".join(faults) + "\n").encode()
        return "200 OK", _TEXT, b"ok\n"
