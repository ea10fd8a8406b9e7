"""Many files: 1,000 small ones one after the other, and 200 slow ones at the same time.

The small files go through gateway, file edge and encryption, eight at a time, each reserved first as the pages do it;
the peer writes the same bytes into files, eight at a time, and flushes each with its folder. The slow uploads send for
ten seconds each; meanwhile the file edge must stay ready, and its memory is looked at twice a second.
"""

from __future__ import annotations

import asyncio
import http.client
import json
import os
import time
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, suppress
from pathlib import Path

from kontor_tools.readiness import is_ready
from kontor_tools.supervision import memory_of

from bench.office import Office
from bench.results import Row, limit, share
from tests.e2e.journey import Guest

SMALL_FILES = 1000
SMALL_BYTES = 20_000
CLIENTS = 8
SLOW_UPLOADS = 200
SLOW_BYTES = 2_000_000
SLOW_SECONDS = 10.0
SLOW_PIECES = 20


def measure(office: Office, folder: Path) -> list[Row]:
    """Upload the small files, then the slow ones; returns a row for each kind."""
    office.sign_in_again()
    return [_small(office, folder), asyncio.run(_slow(office))]


def _small(office: Office, folder: Path) -> Row:
    content = os.urandom(SMALL_BYTES)
    plain = folder / "plain"
    plain.mkdir()

    def through_kontor(client: int) -> None:
        guest = office.guests[client % len(office.guests)]
        with closing(http.client.HTTPConnection("127.0.0.1", office.port)) as connection:
            for _ in range(SMALL_FILES // CLIENTS):
                _put(connection, guest, _reserve(connection, guest, SMALL_BYTES), content)

    def plainly(client: int) -> None:
        for number in range(SMALL_FILES // CLIENTS):
            _write(plain / f"{client}-{number}", content)

    _per_second(through_kontor, range(1))  # warms up
    ours, peers = _per_second(through_kontor, range(CLIENTS)), _per_second(plainly, range(CLIENTS))
    return share(f"{SMALL_FILES:,} files of 20 kB, {CLIENTS} at a time", ours, peers, "files/s", aim=5)


def _per_second(work: Callable[[int], None], clients: Iterable[int]) -> float:
    began = time.perf_counter()
    with ThreadPoolExecutor(CLIENTS) as pool:
        done = len(list(pool.map(work, clients))) * (SMALL_FILES // CLIENTS)
    return done / (time.perf_counter() - began)


def _write(file: Path, content: bytes) -> None:
    file.write_bytes(content)
    for written in (file, file.parent):
        opened = os.open(written, os.O_RDONLY)
        os.fsync(opened)
        os.close(opened)


def _reserve(connection: http.client.HTTPConnection, guest: Guest, size: int) -> str:
    """Reserve an upload; returns the path for its bytes."""
    wanted = json.dumps({"fileName": "klein.bin", "sizeBytes": str(size), "title": "Klein"})
    headers = {**guest.person.headers, "Content-Type": "application/json"}
    connection.request("POST", f"/v1/customers/{guest.customer_id}/uploads", wanted, headers)
    answer = connection.getresponse()
    said = answer.read()
    if answer.status != 200:
        raise RuntimeError(f"reserving ended with {answer.status}: {said[:300]!r}")
    return str(json.loads(said)["uploadPath"])


def _put(connection: http.client.HTTPConnection, guest: Guest, path: str, content: bytes) -> None:
    connection.request("PUT", path, content, guest.person.headers)
    answer = connection.getresponse()
    said = answer.read()
    if answer.status != 201:
        raise RuntimeError(f"an upload ended with {answer.status}: {said[:300]!r}")


async def _slow(office: Office) -> Row:
    edge = office.installation.pid("vault-http")
    ready = office.installation.run_state().ready["gateway"]
    with closing(http.client.HTTPConnection("127.0.0.1", office.port)) as connection:
        guests = [office.guests[number % len(office.guests)] for number in range(SLOW_UPLOADS)]
        reserved = [(guest, _reserve(connection, guest, SLOW_BYTES)) for guest in guests]
    before = memory_of(edge)
    uploads = asyncio.gather(*(_send_slowly(office.port, guest, path) for guest, path in reserved))
    peak = before
    while not uploads.done():
        with suppress(TimeoutError):
            await asyncio.wait_for(asyncio.shield(uploads), 0.5)
        peak = max(peak, memory_of(edge))
        if not await asyncio.to_thread(is_ready, ready):
            raise RuntimeError("the platform was not ready while the slow uploads ran")
    stored = sum(await uploads)
    if stored != SLOW_UPLOADS:
        raise RuntimeError(f"of {SLOW_UPLOADS} slow uploads {stored} were stored")
    return limit(
        f"memory that {SLOW_UPLOADS} slow uploads at once take in the file edge", (peak - before) / 1e6, "MB", 400
    )


async def _send_slowly(port: int, guest: Guest, path: str) -> bool:
    """Upload a file over a slow line; whether it was stored."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    headers = {**guest.person.headers, "Host": "localhost", "Content-Length": str(SLOW_BYTES)}
    head = "".join(f"{name}: {value}\r\n" for name, value in headers.items())
    writer.write(f"PUT {path} HTTP/1.1\r\n{head}\r\n".encode())
    for _ in range(SLOW_PIECES):
        writer.write(bytes(SLOW_BYTES // SLOW_PIECES))
        await writer.drain()
        await asyncio.sleep(SLOW_SECONDS / SLOW_PIECES)
    status = await reader.readline()
    writer.close()
    return b" 201 " in status
