"""What comes of a rendering, the same on both sides of the pipe."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class State(StrEnum):
    """How it ended."""

    READY = "READY"
    UNCHANGED = "UNCHANGED"
    """There was nothing to do: the original may be shown as it is."""
    ENCRYPTED = "ENCRYPTED"
    """It opens only with a password that we do not have."""
    BROKEN = "BROKEN"
    """It is not what it begins like, or damaged."""
    TOO_LARGE = "TOO_LARGE"
    """It took more time or memory than it may."""
    UNSUPPORTED = "UNSUPPORTED"
    """Nothing here can read this kind of file."""


@dataclass(frozen=True)
class Rendered:
    """The state, and the bytes where it is READY."""

    state: State
    content: bytes = b""
