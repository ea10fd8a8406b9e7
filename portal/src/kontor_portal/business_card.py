"""The firm's card for an address book: vCard 4.0 (RFC 6350) and its QR code (F127)."""

from __future__ import annotations

import io

import segno

from kontor_portal.firms import FirmLook

MEDIA_TYPE = "text/vcard; charset=utf-8"
_LONGEST_LINE = 75
"""Octets in a line before it is folded (RFC 6350, 3.2)."""


def vcard(firm: FirmLook, page_url: str) -> str:
    """Return the card; fields that the firm has not filled are left out."""
    address = firm.address
    lines = [
        "BEGIN:VCARD",
        "VERSION:4.0",
        "KIND:org",
        f"FN:{_escaped(firm.name)}",
        f"ORG:{_escaped(firm.name)}",
        f"EMAIL:{_escaped(firm.email)}" if firm.email else "",
        f"TEL;VALUE=text:{_escaped(firm.phone)}" if firm.phone else "",
        f"ADR:;;{_escaped(address.street)};{_escaped(address.city)};;{_escaped(address.postal_code)};Deutschland"
        if address.city
        else "",
        f"URL:{firm.design.homepage or page_url}",
        "END:VCARD",
    ]
    return "".join(_folded(line) + "\r\n" for line in lines if line)


def qr_code(text: str) -> bytes:
    """Return a QR code as a drawing that takes its colour from the page."""
    drawn = io.BytesIO()
    segno.make(text, error="m").save(
        drawn, kind="svg", border=4, dark="#000000", light="#ffffff", xmldecl=False, omitsize=True
    )
    return drawn.getvalue()


def _escaped(text: str) -> str:
    plain = text.replace("\\", "\\\\").replace("\r", "").replace("\n", "\\n")
    return plain.replace(",", "\\,").replace(";", "\\;")


def _folded(line: str) -> str:
    """Return a line cut into pieces of at most 75 octets, never inside a letter."""
    pieces: list[str] = []
    piece = ""
    for letter in line:
        if len((piece + letter).encode()) > _LONGEST_LINE - (1 if pieces else 0):
            pieces.append(piece)
            piece = ""
        piece += letter
    return "\r\n ".join([*pieces, piece])
