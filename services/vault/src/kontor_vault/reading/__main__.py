"""The reading process: one file from stdin, its text to stdout, within limits that it sets itself first."""

from __future__ import annotations

import json
import os
import resource
import sys
from dataclasses import asdict

MEMORY_BYTES = 1536 << 20
CPU_SECONDS = 90


def main() -> None:
    """Bound the process, read the job, answer with one line of JSON."""
    os.nice(10)  # people who wait come first
    for limit, value in (
        (resource.RLIMIT_AS, MEMORY_BYTES),
        (resource.RLIMIT_CPU, CPU_SECONDS),
        (resource.RLIMIT_FSIZE, 0),
        (resource.RLIMIT_CORE, 0),
        (resource.RLIMIT_NOFILE, 64),
    ):
        resource.setrlimit(limit, (value, value))
    job = json.loads(sys.stdin.buffer.readline())
    content = sys.stdin.buffer.read()
    from kontor_vault.reading import texts  # parsers, after the limits
    from kontor_vault.reading.results import Reading

    try:
        reading = texts.read(content, job["media_type"], job["recogniser"])
    except (MemoryError, OSError, ValueError):
        reading = Reading(is_unreadable=True)
    sys.stdout.buffer.write(json.dumps(asdict(reading)).encode())
    sys.stdout.buffer.flush()


if __name__ == "__main__":
    main()
