"""Ids, page tokens and etags."""

from __future__ import annotations

import base64
import json
import time
from collections.abc import Callable
from datetime import UTC, datetime
from uuid import UUID, uuid4

import pytest
from kontor_chassis.errors import DomainError, ErrorKind
from kontor_chassis.etags import check_etag, etag_of
from kontor_chassis.ids import new_id, parse_id
from kontor_chassis.paging import cursor_bigint, cursor_int, cursor_time, decode_cursor, encode_cursor, page_size


def test_ids_are_version_7_and_ascend() -> None:
    """Ids that are made later sort later, within a millisecond, too, and are never the same."""
    made = [new_id() for _ in range(2000)]
    assert {identifier.version for identifier in made} == {7}
    assert {identifier.variant for identifier in made} == {uuid4().variant}
    assert len(set(made)) == len(made)
    assert made == sorted(made)
    assert abs((made[-1].int >> 80) - time.time_ns() // 1_000_000) < 60_000


def test_malformed_id_names_its_field() -> None:
    """The caller learns which field to correct."""
    assert parse_id("0192c5a0-0000-7000-8000-000000000001", "folder_id") == UUID("0192c5a0000070008000000000000001")
    with pytest.raises(DomainError) as refused:
        parse_id("../etc/passwd", "folder_id")
    assert refused.value.kind is ErrorKind.INVALID
    assert refused.value.fields[0].field == "folder_id"


def _forged(text: str) -> str:
    return base64.urlsafe_b64encode(json.dumps([text]).encode()).rstrip(b"=").decode()


@pytest.mark.parametrize(("requested", "given"), [(0, 20), (1, 1), (100, 100), (101, 100), (10_000, 100)])
def test_page_sizes(requested: int, given: int) -> None:
    """0 means the default, and nobody gets more than 100 rows (AIP-158)."""
    assert page_size(requested) == given


def test_negative_page_size_is_refused() -> None:
    """AIP-158: a negative size is an error."""
    with pytest.raises(DomainError):
        page_size(-1)


def test_cursor_comes_back_as_it_went() -> None:
    """A page token carries the sort key of the last row, whatever its characters."""
    identifier, instant = new_id(), datetime(2026, 7, 31, 12, 30, tzinfo=UTC)
    token = encode_cursor("Müller „&“", instant, identifier)
    assert decode_cursor(token, str, cursor_time, UUID) == ("Müller „&“", instant, identifier)
    assert decode_cursor(encode_cursor(7, 1 << 40), cursor_int, cursor_bigint) == (7, 1 << 40)
    assert token.isascii()
    assert "=" not in token
    assert decode_cursor("", str) is None


@pytest.mark.parametrize("token", ["!", "bm8", "eyJhIjogMX0", "WzFd", "ä", "W10", _forged("a\0b"), _forged("\ud800")])
def test_foreign_page_token_is_refused(token: str) -> None:
    """Anything that is not one of ours, or that no database takes, is INVALID at `page_token`, never a server error."""
    with pytest.raises(DomainError) as refused:
        decode_cursor(token, str)
    assert (refused.value.kind, refused.value.reason) == (ErrorKind.INVALID, "INVALID_PAGE_TOKEN")
    assert refused.value.fields[0].field == "page_token"


@pytest.mark.parametrize(
    ("part", "text"),
    [
        (UUID, "7"),
        (cursor_time, "2026-07-01T10:00:00"),
        (cursor_time, "0001-01-01T00:00:00+14:00"),
        (cursor_int, str(1 << 31)),
        (cursor_bigint, str(1 << 63)),
        (cursor_int, "x"),
    ],
)
def test_token_of_another_list_is_refused(part: Callable[[str], object], text: str) -> None:
    """A part is of its kind and fits its column: an instant has a time zone, a number its bits (F96)."""
    for forged in (encode_cursor(text), encode_cursor("x", text)):
        with pytest.raises(DomainError) as refused:
            decode_cursor(forged, part)
        assert refused.value.fields[0].field == "page_token"


def test_etag_of_another_version_is_a_conflict() -> None:
    """Who changes what he has not seen is told so; who names no etag overwrites knowingly (AIP-154)."""
    check_etag(etag_of(3), 3)
    check_etag("", 3)
    with pytest.raises(DomainError) as refused:
        check_etag(etag_of(2), 3)
    assert (refused.value.kind, refused.value.reason) == (ErrorKind.CONFLICT, "ETAG_MISMATCH")
