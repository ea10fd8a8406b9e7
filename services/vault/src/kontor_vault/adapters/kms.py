"""Wraps customers' data keys under key-encryption keys in a file."""

from __future__ import annotations

import base64
import binascii
import hashlib
import os
from pathlib import Path

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from kontor_vault.keys import KeyUnusableError, WrappedKey

_KEY_BYTES = 32
_NONCE_BYTES = 12
_NAME_LENGTH = 16


class KeyFile:
    """Key-encryption keys in a file: one of 32 bytes, raw, hexadecimal or base64; or several, one in each line.

    The first key wraps, all open. To rotate, add the new key as the last line everywhere, then move it to the top
    everywhere, rewrap, and take the old line out. The file is read again when it changes. AES-256-GCM, random nonce; a
    key is named by the beginning of its SHA-256.
    """

    kind = "file"

    def __init__(self, path: Path) -> None:
        self._path = path
        self._stamp = (0, 0)
        self._ciphers: dict[str, AESGCM] = {}
        self._current()

    async def newest(self) -> str:
        """Return the name of the first key."""
        return next(iter(self._current()))

    async def wrap(self, data_key: bytes, bound_to: bytes) -> WrappedKey:
        """Return nonce and ciphertext under the first key."""
        name, cipher = next(iter(self._current().items()))
        nonce = os.urandom(_NONCE_BYTES)
        return WrappedKey(name, nonce + cipher.encrypt(nonce, data_key, bound_to))

    async def unwrap(self, key: WrappedKey, bound_to: bytes) -> bytes:
        """Return the data key; raises KeyUnusableError. What was wrapped before keys had names is tried with each."""
        ciphers = self._current()
        fitting = [ciphers[key.under]] if key.under in ciphers else list(ciphers.values()) if not key.under else []
        for cipher in fitting:
            try:
                return cipher.decrypt(key.wrapped[:_NONCE_BYTES], key.wrapped[_NONCE_BYTES:], bound_to)
            except (InvalidTag, ValueError):
                continue
        raise KeyUnusableError("wrapped under another key-encryption key")

    def _current(self) -> dict[str, AESGCM]:
        status = self._path.stat()
        stamp = (status.st_mtime_ns, status.st_size)
        if stamp != self._stamp:
            self._ciphers = {_name(key): AESGCM(key) for key in _read_keys(self._path)}
            self._stamp = stamp
        return self._ciphers


def _name(key: bytes) -> str:
    return f"{KeyFile.kind}:{hashlib.sha256(key).hexdigest()[:_NAME_LENGTH]}"


def _read_keys(path: Path) -> list[bytes]:
    content = path.read_bytes()
    if len(content) == _KEY_BYTES:
        return [content]
    lines = [line.strip() for line in content.splitlines() if line.strip()]
    keys = [key for key in map(_decoded, lines) if key is not None]
    if not keys or len(keys) != len(lines):
        raise ValueError(f"{path} holds no 32-byte key, or a line that is none")
    return keys


def _decoded(text: bytes) -> bytes | None:
    for decode in (binascii.unhexlify, base64.b64decode, base64.urlsafe_b64decode):
        try:
            key = decode(text)
        except (binascii.Error, ValueError):
            continue
        if len(key) == _KEY_BYTES:
            return key
    return None
