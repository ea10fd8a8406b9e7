"""The service's side of reading: starts the process, feeds it, bounds it, and takes its answer."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import sys
from collections.abc import Iterable
from contextlib import suppress

import structlog

from kontor_vault.reading.results import Reading

log = structlog.get_logger(__name__)

_SECONDS = 120


async def read_text(content: Iterable[bytes], media_type: str, recogniser: str) -> Reading:
    """Return the text of a file that comes in pieces; what takes too much time or memory is unreadable."""
    pipe = asyncio.subprocess.PIPE
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-I", "-m", "kontor_vault.reading"),
        stdin=pipe,
        stdout=pipe,
        stderr=asyncio.subprocess.DEVNULL,
        env={},
        start_new_session=True,
    )
    try:
        async with asyncio.timeout(_SECONDS):
            await _feed(process, content, {"media_type": media_type, "recogniser": recogniser})
            assert process.stdout is not None
            answer = await process.stdout.read()
    except TimeoutError:
        answer = b""
    finally:
        await _end(process)
    if not answer:
        log.warning("reading_ended", media_type=media_type, status=process.returncode)
        return Reading(is_unreadable=True)
    return Reading(**json.loads(answer))


async def _feed(process: asyncio.subprocess.Process, content: Iterable[bytes], job: dict[str, str]) -> None:
    assert process.stdin is not None
    pieces = iter(content)
    with suppress(BrokenPipeError, ConnectionResetError):
        process.stdin.write(json.dumps(job).encode() + b"\n")
        while piece := await asyncio.to_thread(next, pieces, b""):
            process.stdin.write(piece)
            await process.stdin.drain()
        process.stdin.close()


async def _end(process: asyncio.subprocess.Process) -> None:
    """End the process and whatever it started."""
    with suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    await process.wait()
