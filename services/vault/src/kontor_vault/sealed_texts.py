"""Texts in the database that only their owner's key opens: AES-256-GCM, bound to what they belong to."""

from __future__ import annotations

import os

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from kontor_vault.keys import KeyUnusableError

_NONCE_BYTES = 12


def seal_text(text: str, key: bytes, bound_to: bytes) -> bytes:
    """Return nonce and ciphertext."""
    nonce = os.urandom(_NONCE_BYTES)
    return nonce + AESGCM(key).encrypt(nonce, text.encode(), bound_to)


def open_text(sealed: bytes, key: bytes, bound_to: bytes) -> str:
    """Return the text; raises KeyUnusableError when it was sealed with another key or for something else."""
    try:
        return AESGCM(key).decrypt(sealed[:_NONCE_BYTES], sealed[_NONCE_BYTES:], bound_to).decode()
    except InvalidTag as error:
        raise KeyUnusableError("sealed with another key, or for something else") from error
