"""Wraps customers' data keys under a key-encryption key that never leaves its place."""

from __future__ import annotations

import base64
import binascii
import os
from pathlib import Path

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from kontor_vault.keys import KeyUnusableError

_KEY_BYTES = 32
_NONCE_BYTES = 12


class KeyFile:
    """A key-encryption key in a file: 32 bytes, raw, hexadecimal or base64. AES-256-GCM, random nonce."""

    def __init__(self, path: Path) -> None:
        self._cipher = AESGCM(_read_key(path))

    async def wrap(self, data_key: bytes, bound_to: bytes) -> bytes:
        """Return nonce and ciphertext."""
        nonce = os.urandom(_NONCE_BYTES)
        return nonce + self._cipher.encrypt(nonce, data_key, bound_to)

    async def unwrap(self, wrapped: bytes, bound_to: bytes) -> bytes:
        """Return the data key; raises KeyUnusableError."""
        try:
            return self._cipher.decrypt(wrapped[:_NONCE_BYTES], wrapped[_NONCE_BYTES:], bound_to)
        except (InvalidTag, ValueError) as error:
            raise KeyUnusableError("wrapped under another key-encryption key") from error


def _read_key(path: Path) -> bytes:
    content = path.read_bytes()
    if len(content) == _KEY_BYTES:
        return content
    text = content.strip()
    for decode in (binascii.unhexlify, base64.b64decode, base64.urlsafe_b64decode):
        try:
            key = decode(text)
        except (binascii.Error, ValueError):
            continue
        if len(key) == _KEY_BYTES:
            return key
    raise ValueError(f"{path} holds no 32-byte key")
