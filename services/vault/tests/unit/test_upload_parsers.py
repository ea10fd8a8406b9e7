"""What strangers send beside their files, fuzzed: headers of uploads, file names, first bytes."""

from __future__ import annotations

import base64
from contextlib import suppress

from flask import Flask
from hypothesis import given, settings
from hypothesis import strategies as st
from kontor_chassis.errors import DomainError
from kontor_vault.file_names import LONGEST, clean_file_name, content_disposition
from kontor_vault.http import tus
from kontor_vault.media_types import sniff_media_type
from werkzeug.exceptions import HTTPException

_HEADERS = st.text(st.characters(min_codepoint=32, max_codepoint=255), max_size=80)
_BASE64 = st.binary(max_size=30).map(lambda content: base64.b64encode(content).decode())
_SAID = st.lists(st.tuples(st.sampled_from(["filename", "title", "customer_id", ""]), st.one_of(_BASE64, _HEADERS)))
_STARTS = [b"", b"%PDF-", b"PK\x03\x04", b"\xff\xd8\xff", b"\x00\x00\x00\x18ftypheic", b"<?xml"]
few = settings(max_examples=60, deadline=None)


@few
@given(st.one_of(_HEADERS, _SAID.map(lambda pairs: ",".join(f"{name} {value}" for name, value in pairs))))
def test_metadata_of_an_upload_is_read_or_refused(header: str) -> None:
    """F1: whatever stands in Upload-Metadata, texts come of it or a refusal."""
    with Flask("fuzz").test_request_context(headers={"Upload-Metadata": header}), suppress(DomainError):
        assert all(isinstance(value, str) for value in tus._metadata().values())


@few
@given(_HEADERS, _HEADERS)
def test_numbers_and_checksums_are_read_or_refused(number: str, checksum: str) -> None:
    """F1: lengths are bounded whole numbers, digests are base64 of a known kind; all else is refused."""
    given_headers = {"Upload-Length": number, "Upload-Checksum": checksum}
    with Flask("fuzz").test_request_context(headers=given_headers):
        with suppress(HTTPException):
            assert 0 <= tus._number("Upload-Length") <= tus.LARGEST_BYTES
        with suppress(HTTPException):
            tus._Checksum.of_request()


@few
@given(st.text(max_size=400))
def test_a_name_is_safe_to_keep_and_to_offer(name: str) -> None:
    """F1: nothing leads out of a folder or breaks a header, cleaning twice changes nothing."""
    clean = clean_file_name(name)
    assert 0 < len(clean) <= LONGEST
    assert not set('/\\\x00\n\r"') & set(clean)
    assert clean not in {".", ".."}
    assert clean_file_name(clean) == clean
    assert content_disposition("attachment", clean).isascii()


@few
@given(
    st.sampled_from([b"", b"%PDF-", b"PK\x03\x04", b"\xff\xd8\xff", b"\x00\x00\x00\x18ftypheic", b"<?xml"]), st.binary()
)
def test_any_first_bytes_have_a_type(start: bytes, rest: bytes) -> None:
    """F1: the type is told from the bytes, whatever they are."""
    assert "/" in sniff_media_type(start + rest)
