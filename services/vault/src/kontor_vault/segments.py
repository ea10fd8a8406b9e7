"""The segments of an encrypted file: Tink's wire format "AES-GCM-HKDF streaming AEAD", AES-256, SHA-256, 1 MB segments.

Written and read here by the published format, because Tink's Python binding can only read from the start and copies
each byte several times, which costs more than the encryption; the tests let Tink read what is written here and write
what is read.

An object is ``header ‖ segment 0 ‖ segment 1 ‖ …``; the header (length byte, salt, nonce prefix) lies inside the first
1 MB, so segment *i* always occupies bytes ``[i MB, (i+1) MB)`` of the object. The key of the segments is derived from
the object's key, a random salt and what the object is bound to; the nonce is prefix ‖ number ‖ whether it is the last.
"""

from __future__ import annotations

import os

from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

KEY_BYTES = 32
SEGMENT_BYTES = 1 << 20
TAG_BYTES = 16
_SALT_BYTES = 32
_NONCE_PREFIX_BYTES = 7
HEADER_BYTES = 1 + _SALT_BYTES + _NONCE_PREFIX_BYTES
FIRST_PLAIN = SEGMENT_BYTES - TAG_BYTES - HEADER_BYTES
PLAIN = SEGMENT_BYTES - TAG_BYTES


def segment_of(offset: int) -> int:
    """Return the number of the segment that holds a byte of the plaintext."""
    return 0 if offset < FIRST_PLAIN else 1 + (offset - FIRST_PLAIN) // PLAIN


def last_segment(size_bytes: int) -> int:
    """Return the number of the last segment of a plaintext."""
    return segment_of(max(size_bytes - 1, 0))


def sealed_bytes(size_bytes: int) -> int:
    """Return the size of the object that a plaintext becomes."""
    return HEADER_BYTES + size_bytes + TAG_BYTES * (last_segment(size_bytes) + 1)


def new_header() -> bytes:
    """Return the header of a new object."""
    return bytes([HEADER_BYTES]) + os.urandom(HEADER_BYTES - 1)


class SegmentCipher:
    """Encrypts and decrypts single segments of one object."""

    def __init__(self, key: bytes, bound_to: bytes, header: bytes) -> None:
        salt = header[1 : 1 + _SALT_BYTES]
        self._cipher = AESGCM(HKDF(SHA256(), KEY_BYTES, salt=salt, info=bound_to).derive(key))
        self._nonce_prefix = header[1 + _SALT_BYTES :]

    def seal(self, number: int, plain: memoryview, into: memoryview, *, is_last: bool) -> None:
        """Encrypt a segment into a buffer that is `TAG_BYTES` longer. Each number is to be used once per header."""
        self._cipher.encrypt_into(self._nonce(number, is_last), plain, None, into)

    def open(self, number: int, sealed: memoryview, into: memoryview, *, is_last: bool) -> memoryview:
        """Decrypt a segment into a buffer; return the part of it that holds the plaintext.

        Raises InvalidTag or ValueError for anything but what was written at this place.
        """
        plain = into[: len(sealed) - TAG_BYTES]
        self._cipher.decrypt_into(self._nonce(number, is_last), sealed, None, plain)
        return plain

    def _nonce(self, number: int, is_last: bool) -> bytes:
        return self._nonce_prefix + number.to_bytes(4, "big") + (b"\x01" if is_last else b"\x00")
