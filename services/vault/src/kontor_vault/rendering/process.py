"""The edge's side of rendering: starts the process, feeds it, bounds it, and takes its answer."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from threading import BoundedSemaphore, Timer

import structlog
from kontor_chassis.errors import DomainError, ErrorKind

from kontor_vault.rendering.results import Rendered, State

log = structlog.get_logger(__name__)

LARGEST_BYTES = 64 << 20
"""What is parsed at all."""
_AT_ONCE = BoundedSemaphore(2)
_WAIT_SECONDS = 20
_SECONDS = 30


def render(job: Mapping[str, object], *contents: tuple[int, Iterable[bytes]]) -> Rendered:
    """Do a job over contents given as size and pieces; raises EXHAUSTED "RENDERING_BUSY" when too many wait."""
    sizes = [size for size, _ in contents]
    if sum(sizes) > LARGEST_BYTES:
        return Rendered(State.TOO_LARGE)
    with a_place(_AT_ONCE):
        return _run({**job, "sizes": sizes}, [pieces for _, pieces in contents])


def _run(job: Mapping[str, object], contents: Sequence[Iterable[bytes]]) -> Rendered:
    command = [sys.executable, "-I", "-m", "kontor_vault.rendering"]
    pipe = subprocess.PIPE
    with subprocess.Popen(command, stdin=pipe, stdout=pipe, stderr=subprocess.DEVNULL, env={}) as process:  # noqa: S603 - our own module
        deadline = Timer(_SECONDS, process.kill)
        deadline.start()
        try:
            assert process.stdin is not None
            assert process.stdout is not None
            with suppress(BrokenPipeError), process.stdin as into:
                into.write(json.dumps(job).encode() + b"\n")
                for pieces in contents:
                    for piece in pieces:
                        into.write(piece)
            head, content = process.stdout.readline(), process.stdout.read()
        finally:
            deadline.cancel()
            process.kill()
    if not head:  # killed by a limit, or by what it was fed
        log.warning("rendering_ended", what=job["what"], status=process.returncode)
        return Rendered(State.TOO_LARGE)
    said = json.loads(head)
    return Rendered(State(said["state"]), content if len(content) == said["size"] else b"")


@contextmanager
def a_place(places: BoundedSemaphore) -> Iterator[None]:
    """Wait a while for one of few places; raises EXHAUSTED "RENDERING_BUSY"."""
    if not places.acquire(timeout=_WAIT_SECONDS):
        raise DomainError(
            ErrorKind.EXHAUSTED, "RENDERING_BUSY", "Gerade ist viel zu tun. Bitte versuchen Sie es gleich noch einmal."
        )
    try:
        yield
    finally:
        places.release()
