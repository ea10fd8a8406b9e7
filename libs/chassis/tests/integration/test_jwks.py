"""The provider's keys over HTTP: fetched once, again for a new key, and not at the whim of forgers."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from kontor.common.v1.access_pb2 import Role
from kontor_chassis.errors import DomainError
from kontor_chassis.jwks import JwksKeys
from kontor_chassis.testing.tokens import IssuerForTests
from kontor_chassis.tokens import TokenVerifier


class Provider:
    """The identity provider's key endpoint, as it is seen from here: it counts how often it is asked."""

    def __init__(self, issuer: IssuerForTests) -> None:
        self.issuer = issuer
        self.asked = 0
        self.status = 200
        provider = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                provider.asked += 1
                self.send_response(provider.status)
                self.end_headers()
                self.wfile.write(provider.issuer.jwks_file.read_bytes())

            def log_message(self, format: str, *args: object) -> None:
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}/oauth/jwks.json"

    def verifier(self, minimum_interval: float, maximum_age: float = 300.0) -> TokenVerifier:
        """A verifier that asks this provider."""
        keys = JwksKeys(self.url, minimum_interval=minimum_interval, maximum_age=maximum_age)
        return TokenVerifier(self.issuer.issuer, keys, self.issuer.folder / "certificates")

    def token(self) -> str:
        """A fresh token of an employee."""
        return self.issuer.token(roles=[Role.ROLE_STAFF])


@pytest.fixture
def provider(tmp_path: Path) -> Iterator[Provider]:
    """A provider on a free port."""
    provider = Provider(IssuerForTests(tmp_path))
    thread = threading.Thread(target=provider.server.serve_forever)
    thread.start()
    yield provider
    provider.server.shutdown()
    thread.join()
    provider.server.server_close()


async def test_keys_are_fetched_once(provider: Provider) -> None:
    """However many people sign in at the same moment."""
    verifier = provider.verifier(minimum_interval=60)
    await asyncio.gather(*(verifier.verify(provider.token()) for _ in range(20)))
    assert provider.asked == 1


async def test_new_key_is_found(provider: Provider) -> None:
    """The provider rotates; the next token names a key that is not here yet, and is accepted."""
    verifier = provider.verifier(minimum_interval=0)
    await verifier.verify(provider.token())
    provider.issuer.rotate()
    verified = await verifier.verify(provider.token())
    assert verified.principal.is_staff
    assert provider.asked == 2


async def test_forged_key_names_do_not_hammer_the_provider(provider: Provider, tmp_path: Path) -> None:
    """A hundred tokens with unknown keys within the minimum interval cause no further fetch."""
    verifier = provider.verifier(minimum_interval=60)
    await verifier.verify(provider.token())
    forger = IssuerForTests(tmp_path / "forger")
    for _ in range(100):
        forger.rotate()
        with pytest.raises(DomainError):
            await verifier.verify(forger.token(roles=[Role.ROLE_OPERATOR]))
    assert provider.asked == 1


async def test_old_keys_serve_while_the_provider_is_down(provider: Provider) -> None:
    """Its outage signs nobody out: the keys here go on being used, and it is asked again later."""
    verifier = provider.verifier(minimum_interval=0, maximum_age=0)
    await verifier.verify(provider.token())
    provider.status = 503
    verified = await verifier.verify(provider.token())
    assert verified.principal.is_staff
    assert provider.asked == 2
