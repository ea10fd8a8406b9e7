"""Wraps customers' data keys in the Transit engine of HashiCorp Vault or OpenBao: the key never leaves it.

Speaks the documented HTTP API (`POST /v1/{mount}/encrypt/{key}`, `…/decrypt/{key}`, `GET …/keys/{key}`) with
associated data, so that a wrapped key opens only for the customer it was made for. Rotating (`…/keys/{key}/rotate`),
forgetting old versions (`…/trim`) and the policy of the token are the key service's own business; the policy needs
`update` on encrypt and decrypt and `read` on the key. The token's file is read at every call: an agent may renew it.
"""

from __future__ import annotations

import base64
import ssl
from http import HTTPStatus
from pathlib import Path
from typing import Any

import httpx
import structlog
from kontor_chassis.errors import DomainError, ErrorKind

from kontor_vault.keys import KeyUnusableError, WrappedKey

log = structlog.get_logger(__name__)

_SECONDS = 5.0
_PREFIX = "vault:"


class Transit:
    """One key of a Transit engine in all its versions."""

    kind = "transit"

    def __init__(self, url: str, key: str, token_file: Path, *, mount: str = "transit", ca: Path | None = None) -> None:
        self._key = key
        self._token_file = token_file
        self._base = f"{url.rstrip('/')}/v1/{mount.strip('/')}"
        trusted: ssl.SSLContext | bool = True if ca is None else ssl.create_default_context(cafile=ca)
        self._http = httpx.AsyncClient(
            timeout=_SECONDS, transport=httpx.AsyncHTTPTransport(verify=trusted, retries=1), follow_redirects=False
        )

    async def newest(self) -> str:
        """Return the name of the newest version."""
        return self._name(int((await self._call("GET", "keys"))["latest_version"]))

    async def wrap(self, data_key: bytes, bound_to: bytes) -> WrappedKey:
        """Return Transit's ciphertext, which names its version itself."""
        said = await self._call(
            "POST", "encrypt", {"plaintext": _base64(data_key), "associated_data": _base64(bound_to)}
        )
        ciphertext = str(said["ciphertext"])
        return WrappedKey(self._name(_version_of(ciphertext)), ciphertext.encode())

    async def unwrap(self, key: WrappedKey, bound_to: bytes) -> bytes:
        """Return the data key; raises KeyUnusableError, or UNAVAILABLE when the key service does not answer."""
        asked = {"ciphertext": key.wrapped.decode("ascii", "replace"), "associated_data": _base64(bound_to)}
        return base64.b64decode((await self._call("POST", "decrypt", asked))["plaintext"])

    async def close(self) -> None:
        """Close all connections."""
        await self._http.aclose()

    def _name(self, version: int) -> str:
        return f"{self.kind}:{self._key}:{version}"

    async def _call(self, method: str, action: str, body: dict[str, str] | None = None) -> dict[str, Any]:
        headers = {"X-Vault-Token": self._token_file.read_text().strip(), "X-Vault-Request": "true"}
        try:
            answer = await self._http.request(method, f"{self._base}/{action}/{self._key}", json=body, headers=headers)
        except httpx.HTTPError as error:
            log.warning("key_service_unreachable", error=type(error).__name__)
            raise _unavailable() from error
        if answer.status_code == HTTPStatus.BAD_REQUEST and action == "decrypt":
            raise KeyUnusableError("Transit does not open this key")
        if answer.status_code != HTTPStatus.OK:
            log.error("key_service_refused", action=action, status=answer.status_code)
            raise _unavailable()
        data: dict[str, Any] = answer.json()["data"]
        return data


def _version_of(ciphertext: str) -> int:
    prefix, version, _ = ciphertext.split(":", 2)
    if f"{prefix}:" != _PREFIX or not version.startswith("v"):
        raise KeyUnusableError("not a ciphertext of Transit")
    return int(version[1:])


def _base64(value: bytes) -> str:
    return base64.b64encode(value).decode()


def _unavailable() -> DomainError:
    return DomainError(
        ErrorKind.UNAVAILABLE,
        "KEYS_UNAVAILABLE",
        "Der Schlüsseldienst antwortet gerade nicht. Bitte versuchen Sie es in wenigen Augenblicken erneut.",
    )
