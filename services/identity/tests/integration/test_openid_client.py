"""The provider before an independent judge: the certified `openid-client` does everything that a client does."""

from __future__ import annotations

import base64
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit
from uuid import uuid4

import httpx
import pytest
from joserfc import jwt
from kontor_chassis.clock import FixedClock, SystemClock
from kontor_chassis.testing.server import Running, running
from kontor_chassis.testing.tokens import IssuerForTests
from kontor_identity.keys import SigningKeys
from kontor_identity.sealing import Sealer
from kontor_tools.embedded.nats import EmbeddedNats
from kontor_tools.embedded.process import LOOPBACK, free_port

from services.identity.tests.identity_office import PASSWORD, START, Browser, add_operator, edge
from tests.openid_client.relying_party import RefusedError, RelyingParty, relying_party

pytestmark = pytest.mark.integration

OPERATOR = "betrieb@kontor.example"


@dataclass
class Stage:
    """The provider at its own address, a client of it, and a way to sign as the provider does."""

    service: Running
    origin: str
    client: RelyingParty
    key_file: Path

    def browser(self) -> Browser:
        """Return a browser without cookies."""
        return Browser(httpx.AsyncClient(base_url=self.origin, follow_redirects=False))

    async def signed(self, token: str, **changes: Any) -> str:
        """Return a token with other claims, signed with the provider's own key."""
        keys = SigningKeys(self.service.platform.work, Sealer.from_file(self.key_file), SystemClock())
        key = (await keys.ring()).signing
        header, claims = (json.loads(base64.urlsafe_b64decode(part + "==")) for part in token.split(".")[:2])
        return jwt.encode(header, claims | changes, key)

    async def arrive(self, browser: Browser, **parameters: str) -> str:
        """Begin with the client, sign in with the browser; returns where the browser is sent back to."""
        started = (await self.client("start", parameters=parameters))["url"]
        answer = await browser.http.get(started)
        if answer.status_code == 303:
            signed_in = await browser.submit(answer.headers["location"], email=OPERATOR, password=PASSWORD)
            answer = await browser.http.get(signed_in.headers["location"])
        assert answer.status_code == 302, answer.text
        return answer.headers["location"]


@asynccontextmanager
async def staged(database_url: str, nats_url: str, key_file: Path, folder: Path) -> AsyncIterator[Stage]:
    port = free_port()
    origin = f"http://{LOOPBACK}:{port}"
    issuer = IssuerForTests(folder, origin)
    settings: dict[str, Any] = {
        "public_url": origin,
        "key_encryption_key_file": key_file,
        "jwks_url": f"{origin}/oauth/jwks.json",
    }
    own: dict[str, Any] = {"clock": FixedClock(START), "issuer": issuer, **settings}
    async with running("kontor_identity", database_url=database_url, nats_url=nats_url, **own) as one:
        await add_operator(one)
        with edge(one.address, port, key_file, issuer):
            async with relying_party(origin, "portal", f"{origin}/auth/callback") as client:
                yield Stage(one, origin, client, key_file)


@pytest.fixture
async def stage(service_database: Any, nats: EmbeddedNats, key_file: Path, tmp_path: Path) -> AsyncIterator[Stage]:
    """A fresh provider and a client that has discovered it."""
    async with staged(service_database("identity").url, nats.url, key_file, tmp_path) as found:
        yield found


async def refusal(call: Any) -> RefusedError:
    with pytest.raises(RefusedError) as caught:
        await call
    return caught.value


async def test_discovery_code_refresh_and_userinfo(stage: Stage) -> None:
    """F96: discovery, code with PKCE, id token, userinfo, refresh with rotation, as the client demands them."""
    metadata = await stage.client("metadata")
    assert metadata["issuer"] == stage.origin
    assert metadata["acr_values_supported"] == ["1", "2"]
    tokens = await stage.client("finish", url=await stage.arrive(stage.browser()))
    assert tokens["claims"]["acr"] == "1"
    subject = tokens["claims"]["sub"]
    person = await stage.client("userinfo", token=tokens["accessToken"], subject=subject)
    assert person["email"] == OPERATOR
    renewed = await stage.client("refresh", token=tokens["refreshToken"])
    assert renewed["refreshToken"] != tokens["refreshToken"]
    again = await stage.client("refresh", token=renewed["refreshToken"])
    assert again["claims"]["sub"] == subject
    reused = await refusal(stage.client("refresh", token=tokens["refreshToken"]))
    assert reused.reason == "invalid_grant"
    ended = await refusal(stage.client("refresh", token=again["refreshToken"]))
    assert ended.reason == "invalid_grant"


async def test_max_age_is_answered_with_auth_time(stage: Stage) -> None:
    """OpenID Connect Core 3.1.2.1: the client itself checks that the sign-in is as fresh as it asked for."""
    browser = stage.browser()
    first = await stage.client("finish", url=await stage.arrive(browser))
    url = await stage.arrive(browser, max_age="0")
    second = await stage.client("finish", url=url, changes={"maxAge": 30})
    assert second["claims"]["auth_time"] >= first["claims"]["auth_time"]


async def test_logout_ends_the_session_and_comes_back(stage: Stage) -> None:
    """RP-Initiated Logout 1.0 with the client's own address; tokens and browser session are over."""
    browser = stage.browser()
    tokens = await stage.client("finish", url=await stage.arrive(browser))
    url = (await stage.client("logout", idToken=tokens["idToken"]))["url"]
    back = await browser.http.get(url)
    assert (back.status_code, back.headers["location"]) == (302, f"{stage.origin}/")
    assert (await refusal(stage.client("refresh", token=tokens["refreshToken"]))).reason == "invalid_grant"
    start = (await stage.client("start"))["url"]
    assert (await browser.http.get(start)).headers["location"].startswith("/login?")


async def test_revocation_ends_the_session(stage: Stage) -> None:
    """RFC 7009, as the client does it."""
    tokens = await stage.client("finish", url=await stage.arrive(stage.browser()))
    await stage.client("revoke", token=tokens["refreshToken"])
    assert (await refusal(stage.client("refresh", token=tokens["refreshToken"]))).reason == "invalid_grant"


async def test_wrong_verifier_and_reused_code(stage: Stage) -> None:
    """RFC 7636 4.6, RFC 6749 4.1.2: a code is worth nothing to whoever only saw it."""
    url = await stage.arrive(stage.browser())
    wrong = await refusal(stage.client("finish", url=url, changes={"pkceCodeVerifier": "w" * 43}))
    assert wrong.reason == "invalid_grant"
    assert (await refusal(stage.client("finish", url=url))).reason == "invalid_grant"
    url = await stage.arrive(stage.browser())
    tokens = await stage.client("finish", url=url)
    assert (await refusal(stage.client("finish", url=url))).reason == "invalid_grant"
    assert (await refusal(stage.client("refresh", token=tokens["refreshToken"]))).reason == "invalid_grant"


async def test_wrong_redirect_address(stage: Stage) -> None:
    """RFC 6749 3.1.2.4, 4.1.3: an unregistered address gets no redirect, another than the code's gets no tokens."""
    elsewhere = f"{stage.origin}/auth/callback2"
    started = (await stage.client("start", parameters={"redirect_uri": elsewhere}))["url"]
    page = await stage.browser().http.get(started)
    assert (page.status_code, "location" in page.headers) == (400, False)
    url = await stage.arrive(stage.browser())
    moved = f"{elsewhere}?{urlsplit(url).query}"
    assert (await refusal(stage.client("finish", url=moved))).reason == "invalid_grant"


async def test_answers_of_others_are_not_taken(stage: Stage) -> None:
    """RFC 9207 and state: the client refuses what is not this provider's answer to this request."""
    url = await stage.arrive(stage.browser())
    for name, value in (("iss", "https://evil.example"), ("state", "another")):
        forged = url.replace(f"{name}={parse_qs(urlsplit(url).query)[name][0]}", f"{name}={value}")
        forged = forged if forged != url else url.replace(httpx.QueryParams({"iss": stage.origin}).__str__(), "iss=x")
        assert forged != url
        assert (await refusal(stage.client("finish", url=forged))).reason.startswith("OAUTH")


@pytest.mark.parametrize("fault", ["alg none", "other signature", "foreign audience", "foreign issuer", "expired"])
async def test_forged_tokens_open_nothing(stage: Stage, fault: str) -> None:
    """RFC 9068 4, RFC 7519 7.2: even with the provider's own key a token for others, or of yesterday, is refused."""
    browser = stage.browser()
    tokens = await stage.client("finish", url=await stage.arrive(browser))
    access, identity = tokens["accessToken"], tokens["idToken"]
    yesterday = int((SystemClock().now() - timedelta(days=1)).timestamp())
    forged, hint = {
        "alg none": (_unsigned(access), _unsigned(identity)),
        "other signature": (access[:-8] + "AAAAAAAA", identity[:-8] + "AAAAAAAA"),
        "foreign audience": (await stage.signed(access, aud="others"), await stage.signed(identity, aud="others")),
        "foreign issuer": (
            await stage.signed(access, iss="https://evil.example"),
            await stage.signed(identity, iss="https://evil.example"),
        ),
        "expired": (await stage.signed(access, exp=yesterday), ""),
    }[fault]
    refused = await refusal(stage.client("userinfo", token=forged, subject=tokens["claims"]["sub"]))
    assert refused.status == 401
    if hint:
        ended = await browser.http.get("/logout", params={"id_token_hint": hint})
        assert ended.status_code in (200, 400)
        assert (await stage.client("refresh", token=tokens["refreshToken"]))["accessToken"]


async def test_an_unknown_token_is_refused(stage: Stage) -> None:
    """A token that nobody issued."""
    refused = await refusal(stage.client("userinfo", token=str(uuid4()), subject="nobody"))
    assert refused.status == 401


def _unsigned(token: str) -> str:
    header = base64.urlsafe_b64encode(json.dumps({"alg": "none", "typ": "JWT"}).encode()).rstrip(b"=").decode()
    return f"{header}.{token.split('.')[1]}."
