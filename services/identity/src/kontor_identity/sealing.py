"""Secrets at rest: sealed signing keys, hashed links and tokens, blinded counters.

Everything is derived from the key-encryption key (HKDF, one key per purpose), so its file may hold 32 random bytes in
any form.
"""

from __future__ import annotations

import hashlib
import hmac
import os
import secrets
from pathlib import Path

from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

_NONCE_BYTES = 12
_LEAST_KEY_BYTES = 32


class Sealer:
    """Seals and blinds with keys derived from one secret."""

    def __init__(self, secret: bytes) -> None:
        if len(secret) < _LEAST_KEY_BYTES:
            raise ValueError(f"the key-encryption key needs at least {_LEAST_KEY_BYTES} bytes")
        self._cipher = AESGCM(_derive(secret, b"kontor identity signing keys v1"))
        self._blinding_key = _derive(secret, b"kontor identity blinding v1")

    @staticmethod
    def from_file(path: Path) -> Sealer:
        """Return the sealer of a key file; raises ValueError when it is too short."""
        return Sealer(path.read_bytes().strip())

    def seal(self, plain: bytes, label: str) -> bytes:
        """Return `plain` encrypted and bound to `label` (AES-256-GCM, random nonce in front)."""
        nonce = os.urandom(_NONCE_BYTES)
        return nonce + self._cipher.encrypt(nonce, plain, label.encode())

    def unseal(self, sealed: bytes, label: str) -> bytes:
        """Return what was sealed; raises InvalidTag when it was altered, or sealed for another label."""
        return self._cipher.decrypt(sealed[:_NONCE_BYTES], sealed[_NONCE_BYTES:], label.encode())

    def blind(self, *parts: str) -> bytes:
        """Return a keyed hash by which something about a person is counted without being kept."""
        text = "\0".join(parts)
        return hmac.new(self._blinding_key, text.encode(), hashlib.sha256).digest()


def new_token() -> str:
    """Return a secret of 256 random bits for a link, a code or a refresh token."""
    return secrets.token_urlsafe(32)


def token_hash(token: str) -> bytes:
    """Return what is stored of such a secret; it has too much entropy to need salt or stretching."""
    return hashlib.sha256(token.encode()).digest()


def _derive(secret: bytes, purpose: bytes) -> bytes:
    return HKDF(algorithm=SHA256(), length=32, salt=None, info=purpose).derive(secret)
