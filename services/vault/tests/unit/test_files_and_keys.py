"""What a file is and is called, and how keys are wrapped."""

from __future__ import annotations

import base64
import io
import os
import zipfile
from pathlib import Path

import pytest
from kontor_vault.adapters.kms import KeyFile
from kontor_vault.file_names import clean_file_name, content_disposition, title_of
from kontor_vault.keys import KeyUnusableError
from kontor_vault.media_types import SNIFFED_BYTES, sniff_media_type


def zipped(*names: str) -> bytes:
    """Return a ZIP file with empty members."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for name in names:
            archive.writestr(name, "application/vnd.oasis.opendocument.text" if name == "mimetype" else "")
    return buffer.getvalue()


@pytest.mark.parametrize(
    ("start", "expected"),
    [
        (b"%PDF-1.7", "application/pdf"),
        (b"\x89PNG\r\n\x1a\n....", "image/png"),
        (b"\xff\xd8\xff\xe0", "image/jpeg"),
        (b"\x00\x00\x00\x18ftypheic", "image/heic"),
        (b"RIFF\x00\x00\x00\x00WEBP", "image/webp"),
        (zipped("a.txt"), "application/zip"),
        (
            zipped("[Content_Types].xml", "word/document.xml"),
            "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
        ),
        (zipped("mimetype", "content.xml"), "application/vnd.oasis.opendocument.text"),
        ("Grüße aus München".encode(), "text/plain"),
        ("Grüße aus München".encode("latin-1"), "text/plain"),
        (("ä" * SNIFFED_BYTES).encode()[: SNIFFED_BYTES - 1], "text/plain"),
        (b'<?xml version="1.0"?><Invoice/>', "application/xml"),
        (b"<html><script>", "text/plain"),
        (b"\x00\x01\x02", "application/octet-stream"),
        (b"\x81\x82\x83", "application/octet-stream"),
        (b"", "application/octet-stream"),
    ],
)
def test_type_is_told_from_the_bytes(start: bytes, expected: str) -> None:
    """F1, F67: what is stored is what the bytes are, whatever the name says."""
    assert sniff_media_type(start) == expected


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        ("Police.pdf", "Police.pdf"),
        ("C:\\Users\\Petra\\Police.pdf", "Police.pdf"),
        ("../../etc/passwd", "passwd"),
        ('a"b<c>.pdf', "a_b_c_.pdf"),
        ("rech\u202enungfdp.exe", "rechnungfdp.exe"),
        ("  .. ", "Dokument"),
        ("x" * 300 + ".pdf", "x" * 251 + ".pdf"),
    ],
)
def test_file_names_are_made_safe(given: str, kept: str) -> None:
    """F1: a name can neither leave its folder nor deceive or break a header."""
    assert clean_file_name(given) == kept


def test_titles_and_dispositions() -> None:
    """F146: a title is readable; a header has an ASCII name and the full one."""
    assert title_of("scan_2026_07.pdf") == "scan 2026 07"
    assert title_of(".htaccess") == ".htaccess"
    header = content_disposition("attachment", "Prämie 2026.pdf")
    assert header == "attachment; filename=\"Pramie 2026.pdf\"; filename*=UTF-8''Pr%C3%A4mie%202026.pdf"
    assert content_disposition("inline", "文件") == "inline; filename=\"Dokument\"; filename*=UTF-8''%E6%96%87%E4%BB%B6"


@pytest.mark.parametrize("encode", [bytes, lambda key: key.hex().encode(), base64.b64encode])
async def test_data_keys_are_wrapped(tmp_path: Path, encode: object) -> None:
    """F2: a wrapped key opens only under the same key-encryption key and for the same customer."""
    assert callable(encode)
    file, other = tmp_path / "kek", tmp_path / "other"
    file.write_bytes(encode(os.urandom(32)))
    other.write_bytes(os.urandom(32))
    keys = KeyFile(file)
    wrapped = await keys.wrap(b"k" * 32, b"customer")
    assert b"kkkk" not in wrapped.wrapped
    assert await keys.unwrap(wrapped, b"customer") == b"k" * 32
    assert await KeyFile(file).unwrap(wrapped, b"customer") == b"k" * 32
    for unwrapping, bound in ((keys, b"another"), (KeyFile(other), b"customer")):
        with pytest.raises(KeyUnusableError):
            await unwrapping.unwrap(wrapped, bound)
    other.write_bytes(b"too short")
    with pytest.raises(ValueError, match="32-byte"):
        KeyFile(other)
