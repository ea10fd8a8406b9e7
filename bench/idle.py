"""Row 4: what the platform costs while nobody uses it, and how fast it is there again."""

from __future__ import annotations

import time
from pathlib import Path

from kontor_tools.embedded.process import free_port
from kontor_tools.installation import Installation
from kontor_tools.plan import Options

from bench.results import Row, limit

SETTLE_SECONDS = 10
"""Time for health checks, jobs and pools to have run once."""


def measure(home: Path) -> list[Row]:
    """Start the platform twice; returns the rows of the second start and of the memory after it has settled."""
    installation = Installation(home, options=Options(port=free_port()))
    installation.up()
    installation.down()
    began = time.monotonic()
    installation.up()
    seconds = time.monotonic() - began
    try:
        time.sleep(SETTLE_SECONDS)
        megabytes = installation.memory() / 1e6
    finally:
        installation.down()
    return [
        limit("second `make up`", seconds, "s", 20),
        limit("memory of the idle platform (proportional set size)", megabytes, "MB", 1500),
    ]
