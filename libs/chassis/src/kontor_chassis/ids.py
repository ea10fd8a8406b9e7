"""Identifiers: UUID version 7, so that keys made later sort later and indexes stay compact."""

from __future__ import annotations

import os
import time
from uuid import UUID

from kontor_chassis.errors import invalid

_VERSION_7 = 0x7 << 76
_VARIANT = 0x2 << 62


def new_id() -> UUID:
    """Return a new UUIDv7 (RFC 9562): 48 bits of the machine's milliseconds, then 74 random bits."""
    milliseconds = time.time_ns() // 1_000_000
    random_bits = int.from_bytes(os.urandom(10), "big")
    high = random_bits >> 68  # 12 bits
    low = random_bits & ((1 << 62) - 1)
    return UUID(int=milliseconds << 80 | _VERSION_7 | high << 64 | _VARIANT | low)


def parse_id(text: str, field: str) -> UUID:
    """Return the id that a request holds in `field`; raises INVALID naming the field when it is none."""
    try:
        return UUID(text)
    except ValueError:
        raise invalid(field, "Das ist keine gültige Kennung.", reason="INVALID_ID") from None
