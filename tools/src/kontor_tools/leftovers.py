"""Processes of an earlier run that nobody supervises any more (its supervisor was killed, or the machine ran out of
memory). They are recognised by a variable in their environment that names the installation."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path

import psutil

MARKER = "INSTALLATION"
"""Environment variable every process of an installation carries; the value is the installation's folder."""


def find(home: Path) -> list[psutil.Process]:
    """Return the living processes that belong to the installation in `home`."""
    found = []
    for process in psutil.process_iter():
        try:
            if process.environ().get(MARKER) == str(home) and process.status() != psutil.STATUS_ZOMBIE:
                found.append(process)
        except (psutil.Error, OSError):
            continue  # somebody else's, or gone meanwhile
    return found


def end(processes: list[psutil.Process], seconds: float = 15) -> None:
    """Ask the processes to end, and kill those that do not."""
    for process in processes:
        with suppress(psutil.NoSuchProcess):
            process.terminate()
    _, stubborn = psutil.wait_procs(processes, timeout=seconds)
    for process in stubborn:
        with suppress(psutil.NoSuchProcess):
            process.kill()
    psutil.wait_procs(stubborn, timeout=5)
