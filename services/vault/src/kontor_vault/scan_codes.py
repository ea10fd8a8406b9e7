"""The code on a separator sheet: which sheet, until when, and that it is genuine. Knows no database.

`KONTOR1:` and, in base32 without padding, 16 bytes of the sheet's id, 4 bytes of the hour it ends, and 16 bytes of
HMAC-SHA256 over both under a key of its customer's. So a sheet of another installation is never genuine here, and
whoever reads a code learns nothing of the customer.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import secrets
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from uuid import UUID

PREFIX = "KONTOR1:"
DIVIDER = PREFIX + "NEXT"
"""What stands on a sheet that only says where the next document of a binder begins; it leads nowhere."""
PURPOSE = b"kontor.vault.scan-sheet"
_EPOCH = datetime(2020, 1, 1, tzinfo=UTC)
_HOUR = timedelta(hours=1)
_MAC_BYTES = 16
_SIGNED_BYTES = 20
_LETTERS = "23456789ABCDEFGHJKLMNPQRSTUVWXYZ"
_GROUPS, _GROUP = 3, 4


@dataclass(frozen=True)
class SheetCode:
    """What a code says, not yet believed."""

    sheet_id: UUID
    signed: bytes
    mac: bytes


def code_of(sheet_id: UUID, expire_time: datetime, key: bytes) -> str:
    """Return what the QR code of a sheet says."""
    signed = sheet_id.bytes + ((expire_time - _EPOCH) // _HOUR).to_bytes(4, "big")
    return PREFIX + base64.b32encode(signed + _mac(signed, key)).decode().rstrip("=")


def read_code(text: str) -> SheetCode | None:
    """Return what a QR code says; None when it is not of a sheet, or not whole."""
    body = text.removeprefix(PREFIX)
    if body == text:
        return None
    try:
        raw = base64.b32decode(body + "=" * (-len(body) % 8))
    except (binascii.Error, ValueError):
        return None
    if len(raw) != _SIGNED_BYTES + _MAC_BYTES:
        return None
    return SheetCode(UUID(bytes=raw[:16]), raw[:_SIGNED_BYTES], raw[_SIGNED_BYTES:])


def is_genuine(code: SheetCode, expire_time: datetime, key: bytes) -> bool:
    """Whether a code was made for this sheet, with this end, under this key."""
    end = ((expire_time - _EPOCH) // _HOUR).to_bytes(4, "big")
    return code.signed[16:] == end and hmac.compare_digest(code.mac, _mac(code.signed, key))


def new_number() -> str:
    """Return a number for people, 60 bits in letters that nobody mistakes, for example "7K3M-Q2XP-9WTD"."""
    letters = [secrets.choice(_LETTERS) for _ in range(_GROUPS * _GROUP)]
    return _grouped("".join(letters))


def clean_number(text: str) -> str:
    """Return a typed number as it is printed; whatever else was typed stays wrong."""
    return _grouped("".join(letter for letter in text.upper() if letter.isalnum()))


def _grouped(letters: str) -> str:
    return "-".join(letters[at : at + _GROUP] for at in range(0, len(letters), _GROUP))


def _mac(signed: bytes, key: bytes) -> bytes:
    return hmac.new(key, b"sheet" + signed, hashlib.sha256).digest()[:_MAC_BYTES]
