"""Identifiers: UUID version 7, so that keys made later sort later and indexes stay compact."""

from __future__ import annotations

import os
import threading
import time
from uuid import UUID

from kontor_chassis.errors import invalid

_VERSION_7 = 0x7 << 76
_VARIANT = 0x2 << 62
_stepping = threading.Lock()
_last_step = 0


def new_id() -> UUID:
    """Return a new UUIDv7 (RFC 9562); one that this process makes later is greater, also within a millisecond.

    48 bits of the machine's milliseconds, 12 bits of their fraction (RFC 9562, 6.2, method 3), 62 random bits. When two
    fall into the same 0.24 µs, or the machine's time goes back, the later one takes the next step.
    """
    step = _next_step()
    random_bits = int.from_bytes(os.urandom(8), "big") >> 2
    return UUID(int=step >> 12 << 80 | _VERSION_7 | (step & 0xFFF) << 64 | _VARIANT | random_bits)


def _next_step() -> int:
    """Return the time in 4096ths of a millisecond, and never one that was returned before."""
    global _last_step
    with _stepping:
        _last_step = max((time.time_ns() << 12) // 1_000_000, _last_step + 1)
        return _last_step


def parse_id(text: str, field: str) -> UUID:
    """Return the id that a request holds in `field`; raises INVALID naming the field when it is none."""
    try:
        return UUID(text)
    except ValueError:
        raise invalid(field, "Das ist keine gültige Kennung.", reason="INVALID_ID") from None
