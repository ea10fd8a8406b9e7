"""Whether this installation can recognise text in pictures: asked once, when a process starts."""

from __future__ import annotations

import shutil
import subprocess

import structlog
from prometheus_client import Gauge

log = structlog.get_logger(__name__)

_SECONDS = 20
_GERMAN = "deu"

AVAILABLE = Gauge("kontor_vault_text_recognition", "1 where text in pictures can be recognised, else 0")


def find_recogniser(command: str) -> str:
    """Return the path of a tesseract that knows German, or an empty text; says in log and metrics which it is."""
    path = shutil.which(command) if command else None
    missing = "command" if path is None else "" if _knows_german(path) else "German"
    AVAILABLE.set(not missing)
    if missing:
        log.warning("text_recognition_missing", command=command, missing=missing)
        return ""
    return path or ""


def _knows_german(path: str) -> bool:
    try:
        asked = subprocess.run(  # noqa: S603 - the command of the settings
            [path, "--list-langs"], capture_output=True, text=True, timeout=_SECONDS, check=False
        )
    except (OSError, subprocess.TimeoutExpired):
        return False
    return _GERMAN in asked.stdout.split()
