"""Keyset paging (AIP-158): a page token is the sort key of the last row, opaque to the caller.

A token is not signed: it only says where to go on, and what may be seen is decided by the query, not by the token.
"""

from __future__ import annotations

import base64
import binascii
import json
from datetime import datetime
from uuid import UUID

from kontor_chassis.errors import DomainError, invalid


def page_size(requested: int, default: int = 20, most: int = 100) -> int:
    """Return how many rows to give: `default` when 0 was asked for, never more than `most`; negatives are refused."""
    if requested < 0:
        raise invalid("page_size", "Die Seitengröße darf nicht negativ sein.")
    return min(requested, most) or default


def encode_cursor(*values: str | int | datetime | UUID) -> str:
    """Return the page token for the sort key of the last row of a page."""
    texts = [value.isoformat() if isinstance(value, datetime) else str(value) for value in values]
    raw = json.dumps(texts, separators=(",", ":"), ensure_ascii=False).encode()
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode("ascii")


def decode_cursor(token: str) -> list[str]:
    """Return the sort key as texts, or [] for the first page (empty token); raises INVALID for a foreign token."""
    if not token:
        return []
    try:
        raw = base64.b64decode(token + "=" * (-len(token) % 4), altchars=b"-_", validate=True)
        values = json.loads(raw)
    except (binascii.Error, ValueError):
        raise _unknown_token() from None
    if not isinstance(values, list) or not all(isinstance(value, str) and _storable(value) for value in values):
        raise _unknown_token()
    return values


def cursor_time(text: str) -> datetime:
    """Return an instant of a page token; raises ValueError for what is none, a time without a zone included."""
    instant = datetime.fromisoformat(text)
    if instant.tzinfo is None:
        raise ValueError("an instant has a time zone")
    return instant


def cursor_int(text: str, bits: int = 32) -> int:
    """Return a whole number of a page token; raises ValueError for what a column of so many bits cannot hold."""
    number = int(text)
    if not -(1 << (bits - 1)) <= number < 1 << (bits - 1):
        raise ValueError("the number is too large")
    return number


def _storable(text: str) -> bool:
    """Whether PostgreSQL takes the text: no NUL, no half of a surrogate pair."""
    return "\0" not in text and not any("\ud800" <= character <= "\udfff" for character in text)


def _unknown_token() -> DomainError:
    return invalid("page_token", "Diese Seite gibt es nicht; bitte beginnen Sie von vorn.", reason="INVALID_PAGE_TOKEN")
