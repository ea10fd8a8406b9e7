"""Secrets of a local installation, made once: key pairs of the services, cookie and key-encryption keys.

Database passwords are made by `embedded.postgres` when it creates the roles. Nothing here is used in production.
"""

from __future__ import annotations

import base64
import os
import secrets
from collections.abc import Iterable
from pathlib import Path

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec

from kontor_tools.embedded.postgres import write_secret
from kontor_tools.folders import Folders

KEY_BYTES = 32


def service_key(folders: Folders, service: str) -> Path:
    """Return the file of a service's private key."""
    return folders.secrets / f"{service}.key.pem"


def random_key(folders: Folders, name: str) -> Path:
    """Return the file of a random 256-bit key (base64 text), made when it is missing."""
    file = folders.secrets / f"{name}.key"
    if not file.exists():
        write_secret(file, base64.b64encode(secrets.token_bytes(KEY_BYTES)).decode("ascii"))
    return file


def create_service_keys(folders: Folders, services: Iterable[str]) -> None:
    """Make the EC P-256 key pair of every service that has none; the public half is what others verify with."""
    for service in services:
        private = service_key(folders, service)
        public = folders.service_certificates / f"{service}.pem"
        if private.exists() and public.exists():
            continue
        key = ec.generate_private_key(ec.SECP256R1())
        write_secret(private, _private_pem(key))
        _replace(public, _public_pem(key))


def _private_pem(key: ec.EllipticCurvePrivateKey) -> str:
    encoding, form = serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8
    return key.private_bytes(encoding, form, serialization.NoEncryption()).decode("ascii").strip()


def _public_pem(key: ec.EllipticCurvePrivateKey) -> str:
    encoding, form = serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
    return key.public_key().public_bytes(encoding, form).decode("ascii")


def _replace(file: Path, text: str) -> None:
    """Write the file so that nobody ever reads half of it."""
    beside = file.with_suffix(".new")
    beside.write_text(text, encoding="ascii")
    os.replace(beside, file)
