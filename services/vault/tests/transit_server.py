"""A Transit engine for tests: implements the documented HTTP API of the calls that the vault makes, and no leniency.

Neither Vault nor OpenBao is among the packages that tests can install, so this stands in for them: real AES-256-GCM
with versions, `vault:v<version>:<base64>` ciphertexts, base64 arguments, errors as `{"errors": […]}` with the
documented status. An unknown path, field, method or token is refused.
"""

from __future__ import annotations

import base64
import json
import os
import threading
from dataclasses import dataclass, field
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

FIELDS = {
    "encrypt": {"plaintext", "associated_data", "context", "key_version", "nonce", "type", "reference"},
    "decrypt": {"ciphertext", "associated_data", "context", "nonce", "reference"},
}
_NONCE_BYTES = 12


class RefusedError(Exception):
    """An answer with an error."""

    def __init__(self, status: HTTPStatus, *errors: str) -> None:
        super().__init__(*errors)
        self.status, self.errors = status, errors


@dataclass
class TransitEngine:
    """Keys of one mount, and the token that may use them."""

    token: str
    mount: str = "transit"
    keys: dict[str, list[bytes]] = field(default_factory=dict)
    min_decryption_version: int = 1
    sealed: bool = False
    calls: list[str] = field(default_factory=list)

    def rotate(self, name: str) -> None:
        """Make a key, or its next version (`POST /v1/{mount}/keys/{name}/rotate`)."""
        self.keys.setdefault(name, []).append(os.urandom(32))

    def answer(self, method: str, path: str, token: str, body: dict[str, Any]) -> dict[str, Any]:
        """Return the `data` of the answer; raises RefusedError."""
        if self.sealed:
            raise RefusedError(HTTPStatus.SERVICE_UNAVAILABLE, "Vault is sealed")
        if token != self.token:
            raise RefusedError(HTTPStatus.FORBIDDEN, "permission denied")
        parts = path.strip("/").split("/")
        if parts[:2] != ["v1", self.mount] or len(parts) != 4:
            raise RefusedError(HTTPStatus.NOT_FOUND, f"no handler for route {path!r}")
        action, name = parts[2:]
        self.calls.append(action)
        versions = self.keys.get(name)
        if action == "keys" and method == "GET":
            if versions is None:
                raise RefusedError(HTTPStatus.NOT_FOUND)
            return {"name": name, "type": "aes256-gcm96", "latest_version": len(versions),
                    "min_decryption_version": self.min_decryption_version}  # fmt: skip
        if action not in FIELDS or method not in ("POST", "PUT"):
            raise RefusedError(HTTPStatus.METHOD_NOT_ALLOWED, "unsupported operation")
        if unknown := body.keys() - FIELDS[action]:
            raise RefusedError(HTTPStatus.BAD_REQUEST, f"unknown fields {sorted(unknown)}")
        if versions is None:
            raise RefusedError(HTTPStatus.BAD_REQUEST, "encryption key not found")
        bound_to = self._decoded(body.get("associated_data", ""))
        if action == "encrypt":
            nonce = os.urandom(_NONCE_BYTES)
            sealed = nonce + AESGCM(versions[-1]).encrypt(nonce, self._decoded(body["plaintext"]), bound_to)
            version = len(versions)
            return {"ciphertext": f"vault:v{version}:{base64.b64encode(sealed).decode()}", "key_version": version}
        return {"plaintext": base64.b64encode(self._opened(versions, str(body["ciphertext"]), bound_to)).decode()}

    def _opened(self, versions: list[bytes], ciphertext: str, bound_to: bytes) -> bytes:
        prefix, _, rest = ciphertext.partition(":v")
        number, _, text = rest.partition(":")
        if prefix != "vault" or not number.isdecimal():
            raise RefusedError(HTTPStatus.BAD_REQUEST, "invalid ciphertext: no prefix")
        if not self.min_decryption_version <= int(number) <= len(versions):
            raise RefusedError(HTTPStatus.BAD_REQUEST, "ciphertext version is disallowed by policy (too old)")
        sealed = self._decoded(text)
        try:
            return AESGCM(versions[int(number) - 1]).decrypt(sealed[:_NONCE_BYTES], sealed[_NONCE_BYTES:], bound_to)
        except InvalidTag:
            raise RefusedError(HTTPStatus.BAD_REQUEST, "cipher: message authentication failed") from None

    @staticmethod
    def _decoded(text: str) -> bytes:
        try:
            return base64.b64decode(text, validate=True)
        except ValueError:
            raise RefusedError(HTTPStatus.BAD_REQUEST, "failed to base64-decode") from None


class TransitServer:
    """The engine behind HTTP on a free port of this machine; a context manager."""

    def __init__(self, engine: TransitEngine) -> None:
        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_GET(self) -> None:
                self._answer({})

            def do_POST(self) -> None:
                self._answer(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))

            def log_message(self, format: str, *args: object) -> None:
                """Stay silent."""

            def _answer(self, body: dict[str, Any]) -> None:
                status, said = HTTPStatus.OK, {}
                try:
                    data = engine.answer(self.command, self.path, self.headers.get("X-Vault-Token", ""), body)
                    said = {"request_id": "", "lease_id": "", "renewable": False, "data": data}
                except RefusedError as refused:
                    status, said = refused.status, {"errors": list(refused.errors)}
                text = json.dumps(said).encode()
                self.send_response(status)
                self.send_header("Content-Type", "application/json")
                self.send_header("Content-Length", str(len(text)))
                self.end_headers()
                self.wfile.write(text)

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self._server.server_port}"

    def __enter__(self) -> TransitServer:
        threading.Thread(target=self._server.serve_forever, daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()
