"""The identity provider's public keys: fetched when first needed, kept, and fetched again when a key is unknown.

Rotation needs nothing else: a token signed with a new key names a `kid` that is not here yet, and the set is fetched
once more, at most every few seconds however many such tokens arrive.
"""

from __future__ import annotations

import asyncio
import http.client
import json
import time
from pathlib import Path
from typing import Protocol
from urllib.parse import unquote, urlsplit

import structlog
from joserfc.errors import JoseError
from joserfc.jwk import ECKey, KeySet

from kontor_chassis.errors import DomainError, ErrorKind

log = structlog.get_logger(__name__)

MINIMUM_INTERVAL_SECONDS = 10.0
"""Between two fetches for an unknown key, so that forged `kid`s cannot make us hammer the provider."""
MAXIMUM_AGE_SECONDS = 300.0
"""After which the set is fetched again in any case, so that a withdrawn key stops being accepted."""
_RETRY_SECONDS = 0.5  # while there are no keys at all, as when the provider starts after us
_TIMEOUT_SECONDS = 5.0
_LARGEST_DOCUMENT = 256 * 1024


class KeySource(Protocol):
    """Gives the public key for a `kid`."""

    async def find(self, kid: str) -> ECKey | None:
        """Return the key, or None when the provider has no such key; raises UNAVAILABLE when it cannot be asked."""
        ...


class JwksKeys:
    """Keys from a JWKS document at an http(s) or file URL."""

    def __init__(
        self, url: str, *, minimum_interval: float = MINIMUM_INTERVAL_SECONDS, maximum_age: float = MAXIMUM_AGE_SECONDS
    ) -> None:
        self._url = url
        self._minimum_interval = minimum_interval
        self._maximum_age = maximum_age
        self._keys: dict[str, ECKey] | None = None
        self._tried_at = float("-inf")
        self._fetched_at = float("-inf")
        self._fetching = asyncio.Lock()

    async def find(self, kid: str) -> ECKey | None:
        """Return the key named `kid`, fetching the set again where it is unknown or old."""
        if self._keys is None or kid not in self._keys or time.monotonic() - self._fetched_at > self._maximum_age:
            await self._refresh()
        if self._keys is None:
            raise DomainError(
                ErrorKind.UNAVAILABLE,
                "KEYS_UNAVAILABLE",
                "Die Anmeldung kann gerade nicht geprüft werden. Bitte versuchen Sie es gleich noch einmal.",
            )
        return self._keys.get(kid)

    async def _refresh(self) -> None:
        asked_at = time.monotonic()
        async with self._fetching:
            if self._fetched_at >= asked_at:
                return  # another call fetched while this one waited
            pause = self._minimum_interval if self._keys is not None else _RETRY_SECONDS
            if time.monotonic() - self._tried_at < pause:
                return
            self._tried_at = time.monotonic()
            try:
                document = await asyncio.to_thread(fetch, self._url)
                self._keys = parse_keys(document)
                self._fetched_at = time.monotonic()
            except (OSError, http.client.HTTPException, ValueError, JoseError) as error:
                log.warning("jwks_fetch_failed", error_type=type(error).__name__, kept=self._keys is not None)


def parse_keys(document: bytes) -> dict[str, ECKey]:
    """Return the elliptic-curve keys of a JWKS document by `kid`; raises ValueError or JoseError."""
    keys = KeySet.import_key_set(json.loads(document)).keys
    return {key.kid: key for key in keys if isinstance(key, ECKey) and key.kid}


def fetch(url: str) -> bytes:
    """Return the document at an http(s) or file URL; raises OSError or HTTPException. Blocks: call it in a thread."""
    parts = urlsplit(url)
    if parts.scheme == "file":
        return Path(unquote(parts.path)).read_bytes()
    connect = http.client.HTTPSConnection if parts.scheme == "https" else http.client.HTTPConnection
    connection = connect(parts.netloc, timeout=_TIMEOUT_SECONDS)
    try:
        connection.request("GET", parts.path or "/", headers={"Accept": "application/json"})
        response = connection.getresponse()
        if response.status != http.client.OK:
            raise http.client.HTTPException(f"status {response.status}")
        return response.read(_LARGEST_DOCUMENT)
    finally:
        connection.close()
