"""Identity and its edge, really served, a browser, and short ways to call them."""

from __future__ import annotations

import asyncio
import base64
import hashlib
import html
import re
import secrets
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs, urlsplit

import httpx
from kontor.common.v1.access_pb2 import Role
from kontor.identity.v1 import internal_pb2, tenants_pb2
from kontor.identity.v1.account_security_pb2_grpc import AccountSecurityServiceStub
from kontor.identity.v1.identity_pb2_grpc import IdentityServiceStub
from kontor.identity.v1.internal_pb2_grpc import IdentityInternalServiceStub
from kontor.identity.v1.signin_pb2_grpc import SignInInternalServiceStub
from kontor.identity.v1.signin_steps_pb2_grpc import SignInStepsInternalServiceStub
from kontor_chassis.clock import FixedClock
from kontor_chassis.testing.server import Running
from kontor_chassis.testing.tokens import IssuerForTests, service_token_for, test_issuer, token_for
from kontor_identity.bootstrap import bootstrap_person
from kontor_identity.config import IdentityHttpSettings
from kontor_identity.http.app import create_app
from kontor_identity.passwords import PasswordVault
from kontor_tools.embedded.process import LOOPBACK
from werkzeug.serving import make_server

if TYPE_CHECKING:  # the generated stubs know these names only for type checkers
    from kontor.identity.v1.account_security_pb2_grpc import AccountSecurityServiceAsyncStub
    from kontor.identity.v1.identity_pb2_grpc import IdentityServiceAsyncStub
    from kontor.identity.v1.internal_pb2_grpc import IdentityInternalServiceAsyncStub
    from kontor.identity.v1.signin_pb2_grpc import SignInInternalServiceAsyncStub
    from kontor.identity.v1.signin_steps_pb2_grpc import SignInStepsInternalServiceAsyncStub

PASSWORD = "Wolke-Besen-Tiger-Mond"
START = datetime(2026, 7, 15, 9, 0, tzinfo=UTC)


@dataclass
class Identity:
    """The running service, its clock, and short ways to call it."""

    service: Running
    clock: FixedClock

    @property
    def public(self) -> IdentityServiceAsyncStub:
        """The public API for nobody in particular."""
        return self.service.stub(IdentityServiceStub)

    def as_person(self, **claims: Any) -> IdentityServiceAsyncStub:
        """The public API with a token of the test run's issuer."""
        return self.service.stub(IdentityServiceStub, token_for(**claims))

    def with_token(self, token: str) -> IdentityServiceAsyncStub:
        """The public API with a given token."""
        return self.service.stub(IdentityServiceStub, token)

    def internal(self, service: str = "notifications", tenant_id: Any = None) -> IdentityInternalServiceAsyncStub:
        """The internal API as another service calls it."""
        return self.service.stub(IdentityInternalServiceStub, service_token_for(service, tenant_id))

    @property
    def sign_in(self) -> SignInInternalServiceAsyncStub:
        """The RPCs of the OpenID edge."""
        return self.service.stub(SignInInternalServiceStub, service_token_for("identity-http"))

    def account_security(self, token: str) -> AccountSecurityServiceAsyncStub:
        """The API of one's own account's security, with a given token."""
        return self.service.stub(AccountSecurityServiceStub, token)

    @property
    def steps(self) -> SignInStepsInternalServiceAsyncStub:
        """The RPCs beyond the password, as notifications calls them."""
        return self.service.stub(SignInStepsInternalServiceStub, service_token_for("notifications"))

    async def link_of(self, invitation_id: str) -> str:
        """Return the token in an invitation's mail."""
        asked = internal_pb2.MintInvitationLinkRequest(invitation_id=invitation_id)
        url = (await self.internal().MintInvitationLink(asked)).url
        return url.rpartition("/")[2]


@dataclass
class Browser:
    """A browser at the edge; follows nothing by itself, so that tests see every step."""

    http: httpx.AsyncClient
    verifier: str = field(default_factory=lambda: secrets.token_urlsafe(48))

    @property
    def challenge(self) -> str:
        """The PKCE challenge of `verifier`."""
        digest = hashlib.sha256(self.verifier.encode()).digest()
        return base64.urlsafe_b64encode(digest).rstrip(b"=").decode()

    def authorization(self, **changes: str | None) -> dict[str, str]:
        """Return the query of an authorization request; None leaves a parameter out."""
        query: dict[str, str | None] = {
            "response_type": "code",
            "client_id": "portal",
            "redirect_uri": "http://localhost:8080/auth/callback",
            "scope": "openid profile email",
            "state": "state-1",
            "nonce": "nonce-1",
            "code_challenge": self.challenge,
            "code_challenge_method": "S256",
        }
        return {name: value for name, value in {**query, **changes}.items() if value is not None}

    async def submit(self, path: str, **fields: str) -> httpx.Response:
        """Load the page at `path`, fill in its form and send it."""
        page = await self.http.get(path)
        action = re.search(r'<form[^>]*action="([^"]+)"', page.text)
        return await self.send(page, action[1] if action else path, **fields)

    async def send(self, page: httpx.Response, action: str, **fields: str) -> httpx.Response:
        """Send a form of a page that is loaded, to `action`."""
        hidden = dict(re.findall(r'<input type="hidden" name="([a-z_]+)" value="([^"]*)">', page.text))
        unescaped = {name: html.unescape(value) for name, value in hidden.items()}
        return await self.http.post(action, data={**unescaped, **fields})

    async def code(self, email: str, password: str = PASSWORD) -> str:
        """Go through sign-in and return the code the portal receives."""
        start = await self.http.get("/oauth/authorize", params=self.authorization())
        assert start.status_code == 303, start.text
        signed_in = await self.submit(start.headers["location"], email=email, password=password)
        assert signed_in.status_code == 303, signed_in.text
        back = await self.http.get(signed_in.headers["location"])
        assert back.status_code == 302, back.text
        answer = parse_qs(urlsplit(back.headers["location"]).query)
        assert answer["state"] == ["state-1"]
        assert answer["iss"] == ["http://localhost:8080"]
        return answer["code"][0]

    async def exchange(self, code: str, **changes: str) -> httpx.Response:
        """Present a code at the token endpoint."""
        data = {
            "grant_type": "authorization_code",
            "code": code,
            "client_id": "portal",
            "redirect_uri": "http://localhost:8080/auth/callback",
            "code_verifier": self.verifier,
        }
        return await self.http.post("/oauth/token", data={**data, **changes})

    async def refresh(self, token: str) -> httpx.Response:
        """Present a refresh token at the token endpoint."""
        data = {"grant_type": "refresh_token", "refresh_token": token, "client_id": "portal"}
        return await self.http.post("/oauth/token", data=data)

    async def tokens(self, email: str, password: str = PASSWORD) -> dict[str, Any]:
        """Go through the whole sign-in and return the token answer."""
        answer = await self.exchange(await self.code(email, password))
        assert answer.status_code == 200, answer.text
        found: dict[str, Any] = answer.json()
        return found


@dataclass
class Platform:
    """Service and edge together; the service trusts the keys that the edge publishes."""

    identity: Identity
    edge_url: str

    def browser(self) -> Browser:
        """Return a browser without cookies."""
        return Browser(httpx.AsyncClient(base_url=self.edge_url, follow_redirects=False))


@contextmanager
def edge(identity_address: str, port: int, key_file: Path, issuer: IssuerForTests | None = None) -> Iterator[None]:
    """Serve the edge; `issuer` says under which address browsers know it, and has its key."""
    known = issuer or test_issuer()
    settings = IdentityHttpSettings(
        environment="test",
        metrics_listen="127.0.0.1:0",
        http_listen=f"{LOOPBACK}:{port}",
        issuer=known.issuer,
        public_url=known.issuer,
        identity_address=identity_address,
        cookie_key_file=key_file,
        service_key_file=known.service_key("identity-http"),
    )
    server = make_server(LOOPBACK, port, create_app(settings), threaded=True)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


async def add_operator(service: Running, email: str = "betrieb@kontor.example") -> None:
    """Make a platform operator, as `bootstrap-operator` does."""
    passwords = PasswordVault()
    await bootstrap_person(
        service.platform.work, passwords, email=email, name="Betrieb", role=Role.ROLE_OPERATOR, password=PASSWORD
    )
    await passwords.close()


def registration(slug: str, **changes: Any) -> tenants_pb2.RegisterTenantRequest:
    """Return a firm's registration."""
    given = {
        "name": f"Firma {slug}",
        "slug": slug,
        "contact_name": "Petra Hansen",
        "contact_email": f"petra@{slug}.example",
    }
    return tenants_pb2.RegisterTenantRequest(tenant=tenants_pb2.NewTenant(**{**given, **changes}))


async def all_of(*calls: Any) -> list[Any]:
    """Run calls at the same time; errors are returned, not raised."""
    return list(await asyncio.gather(*calls, return_exceptions=True))
