"""The service's side of reading: starts the process, feeds it, bounds it, and takes its answer."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Iterable
from contextlib import suppress

import structlog

from kontor_vault.reading.results import Reading

log = structlog.get_logger(__name__)

_SECONDS = 120


async def read_text(content: Iterable[bytes], media_type: str, recogniser: str) -> Reading:
    """Return the text of a file that comes in pieces; what takes too much time or memory is unreadable.

    The process is started by `subprocess`, not by the event loop: uvloop forks, and a fork beside gRPC's threads
    crashes now and then before it becomes the program.
    """
    job = json.dumps({"media_type": media_type, "recogniser": recogniser}).encode() + b"\n"
    answer, status = await asyncio.to_thread(_answer_of_process, job, content)
    if not answer:
        log.warning("reading_ended", media_type=media_type, status=status)
        return Reading(is_unreadable=True)
    return Reading(**json.loads(answer))


def _answer_of_process(job: bytes, content: Iterable[bytes]) -> tuple[bytes, int]:
    """Return what the process said, nothing if it did not live to, and how it ended."""
    process = subprocess.Popen(
        [sys.executable, "-I", "-m", "kontor_vault.reading"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        env={},
        start_new_session=True,
    )
    alarm = threading.Timer(_SECONDS, _end, [process])
    alarm.start()
    try:
        assert process.stdin is not None
        assert process.stdout is not None
        with suppress(BrokenPipeError), process.stdin:
            process.stdin.write(job)
            for piece in content:
                process.stdin.write(piece)
        with process.stdout:
            answer = process.stdout.read()
    finally:
        alarm.cancel()
        _end(process)
    return answer, process.wait()


def _end(process: subprocess.Popen[bytes]) -> None:
    """End the process and whatever it started."""
    with suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
