"""Keyset paging (AIP-158): a page token is the sort key of the last row, opaque to the caller.

A token is not signed: it only says where to go on, and what may be seen is decided by the query, not by the token.
Whoever reads one says of which parts it consists; whatever else is in it, is INVALID_ARGUMENT at `page_token`.
"""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any, TypeVar, overload
from uuid import UUID

from kontor_chassis.errors import invalid

A = TypeVar("A")
B = TypeVar("B")
C = TypeVar("C")


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


@overload
def decode_cursor(token: str, first: Callable[[str], A], /) -> tuple[A] | None: ...
@overload
def decode_cursor(token: str, first: Callable[[str], A], second: Callable[[str], B], /) -> tuple[A, B] | None: ...
@overload
def decode_cursor(
    token: str, first: Callable[[str], A], second: Callable[[str], B], third: Callable[[str], C], /
) -> tuple[A, B, C] | None: ...
def decode_cursor(token: str, *parts: Callable[[str], Any]) -> tuple[Any, ...] | None:
    """Return the sort key in a token, or None for the first page (empty token).

    Each part is how the text of one value is read: `str`, `UUID`, `cursor_time`, `cursor_int`, `cursor_bigint`. A
    foreign or forged token raises INVALID "INVALID_PAGE_TOKEN" at the field `page_token`.
    """
    if not token:
        return None
    try:
        texts = json.loads(base64.b64decode(token + "=" * (-len(token) % 4), altchars=b"-_", validate=True))
        if not isinstance(texts, list):
            raise ValueError("a sort key is a list")
        return tuple(part(_text(value)) for part, value in zip(parts, texts, strict=True))
    except (binascii.Error, ValueError, OverflowError, RecursionError):
        raise invalid(
            "page_token", "Diese Seite gibt es nicht; bitte beginnen Sie von vorn.", reason="INVALID_PAGE_TOKEN"
        ) from None


def cursor_time(text: str) -> datetime:
    """Return an instant of a page token; raises ValueError for what is none, a time without a zone included."""
    instant = datetime.fromisoformat(text)
    if instant.tzinfo is None:
        raise ValueError("an instant has a time zone")
    return instant.astimezone(UTC)


def cursor_int(text: str) -> int:
    """Return a whole number of a page token; raises ValueError for what an INTEGER cannot hold."""
    return _whole(text, 32)


def cursor_bigint(text: str) -> int:
    """Return a whole number of a page token; raises ValueError for what a BIGINT cannot hold."""
    return _whole(text, 64)


def _whole(text: str, bits: int) -> int:
    number = int(text)
    if not -(1 << (bits - 1)) <= number < 1 << (bits - 1):
        raise ValueError("the number is too large")
    return number


def _text(value: object) -> str:
    """Return a text that PostgreSQL takes: no NUL, no half of a surrogate pair; raises ValueError."""
    if not isinstance(value, str) or "\0" in value:
        raise ValueError("a value is a text without NUL")
    value.encode()  # half of a surrogate pair is a ValueError
    return value
