"""What the present run of an installation was started with, for the commands that look at it from outside."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Self


@dataclass(frozen=True)
class RunState:
    """One run, from `make up` to `make down`."""

    options: dict[str, Any]
    """Fields of `plan.Options`."""
    issuer: str
    """The public base URL."""
    ports: dict[str, int]
    """Internal listeners by name."""
    ready: dict[str, str]
    """Where to ask each process whether it is ready, by process name."""

    @classmethod
    def load(cls, file: Path) -> Self | None:
        """Read the state; None when nothing runs."""
        try:
            return cls(**json.loads(file.read_text(encoding="utf-8")))
        except (FileNotFoundError, ValueError, TypeError):
            return None  # also what a full disk or an older version left behind

    def save(self, file: Path) -> None:
        """Write the state for other commands."""
        file.write_text(json.dumps(asdict(self), indent=2), encoding="utf-8")
