"""pytest plugin: tests write into memory where there is plenty of it.

Each test has databases and folders of its own, which live for a second. On a disk a fresh database of identity takes
about 0.4 s of processor time, most of it the kernel's; in memory a tenth.
"""

from __future__ import annotations

import os
import tempfile
from pathlib import Path

MEMORY = Path("/dev/shm")  # noqa: S108 - the system's file system in memory, not a guessable name in it
ENOUGH = 8 * 2**30
"""Bytes that must be free, in the file system and of the machine's memory: what tests write is a fraction of it."""


def pytest_configure() -> None:
    """Make memory the place of temporary files, for child processes, too; who named a place keeps it."""
    if "TMPDIR" not in os.environ and _is_roomy():
        os.environ["TMPDIR"] = tempfile.tempdir = str(MEMORY)


def _is_roomy() -> bool:
    try:
        system = os.statvfs(MEMORY)
        free = int(Path("/proc/meminfo").read_text(encoding="ascii").split("MemAvailable:")[1].split()[0]) * 1024
    except (OSError, IndexError, ValueError):  # not Linux
        return False
    runs_programs = not system.f_flag & os.ST_NOEXEC
    return runs_programs and min(free, system.f_bavail * system.f_frsize) > ENOUGH
