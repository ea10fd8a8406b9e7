"""What a file is, told from its first bytes. The uploader's own claim is never believed."""

from __future__ import annotations

import codecs

SNIFFED_BYTES = 4096

_OCTETS = "application/octet-stream"

_SIGNATURES: tuple[tuple[int, bytes, str], ...] = (
    (0, b"%PDF-", "application/pdf"),
    (0, b"\x89PNG\r\n\x1a\n", "image/png"),
    (0, b"\xff\xd8\xff", "image/jpeg"),
    (0, b"GIF87a", "image/gif"),
    (0, b"GIF89a", "image/gif"),
    (8, b"WEBP", "image/webp"),
    (0, b"II*\x00", "image/tiff"),
    (0, b"MM\x00*", "image/tiff"),
    (0, b"{\\rtf", "application/rtf"),
    (0, b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "application/x-ole-storage"),
    (0, b"\x1f\x8b", "application/gzip"),
)

_HEIF_BRANDS = {
    b"heic": "image/heic",
    b"heix": "image/heic",
    b"hevc": "image/heic",
    b"mif1": "image/heif",
    b"msf1": "image/heif",
    b"avif": "image/avif",
    b"isom": "video/mp4",
    b"mp41": "video/mp4",
    b"mp42": "video/mp4",
    b"qt  ": "video/quicktime",
}

_OFFICE = {
    b"word/": "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
    b"xl/": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    b"ppt/": "application/vnd.openxmlformats-officedocument.presentationml.presentation",
}

SHOWN_INLINE = frozenset(
    {"application/pdf", "image/png", "image/jpeg", "image/gif", "image/webp", "image/avif", "text/plain"}
)
"""Media types that a browser may show in place; everything else is always offered as a file."""


def sniff_media_type(start: bytes) -> str:
    """Return the media type of a file that begins with `start` (4 KB suffice).

    Knows PDF, the usual images, Office and OpenDocument files, ZIP, XML and plain text; the rest is
    application/octet-stream. HTML and SVG are deliberately called text or XML, which no browser executes.
    """
    for offset, signature, media_type in _SIGNATURES:
        if start[offset : offset + len(signature)] == signature:
            return media_type
    if start[4:8] == b"ftyp":
        return _HEIF_BRANDS.get(start[8:12], _OCTETS)
    if start.startswith((b"PK\x03\x04", b"PK\x05\x06")):
        return _sniff_zip(start)
    return _sniff_text(start)


def _sniff_zip(start: bytes) -> str:
    if start[30:38] == b"mimetype":  # OpenDocument and EPUB write their type first and uncompressed
        length = int.from_bytes(start[22:26], "little")
        declared = start[38 : 38 + length].decode("ascii", "replace")
        if declared.startswith("application/vnd.oasis.opendocument."):
            return declared
    if b"[Content_Types].xml" in start or b"_rels/.rels" in start:
        for folder, media_type in _OFFICE.items():
            if folder in start:
                return media_type
    return "application/zip"


def _sniff_text(start: bytes) -> str:
    text = start.removeprefix(b"\xef\xbb\xbf")
    if not text or any(byte < 32 and byte not in b"\t\n\r\x0c" for byte in text):
        return _OCTETS
    if text.lstrip().startswith(b"<?xml"):
        return "application/xml"
    try:
        codecs.getincrementaldecoder("utf-8")().decode(text)  # incremental: a character may be cut at the end
    except UnicodeDecodeError:
        latin1 = not any(0x7F <= byte <= 0x9F for byte in text)
        return "text/plain" if latin1 else _OCTETS
    return "text/plain"
