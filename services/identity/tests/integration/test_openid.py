"""The OpenID provider over real HTTP: code with PKCE, tokens, rotation, logout, and what it refuses."""

from __future__ import annotations

import base64
import json
import re
from typing import Any
from urllib.parse import parse_qs, urlsplit
from uuid import UUID

import grpc
import pytest
from authlib.oauth2.rfc8414 import AuthorizationServerMetadata
from joserfc import jwt
from joserfc.jwk import KeySet
from kontor.common.v1.access_pb2 import Role
from kontor.identity.v1 import accounts_pb2, tenants_pb2
from kontor_chassis.clock import SystemClock
from kontor_chassis.testing.tokens import service_token_for
from kontor_identity.directory import DIRECTORY
from kontor_identity.keys import SigningKeys
from kontor_identity.sealing import Sealer
from kontor_identity.tables import RefreshToken
from sqlalchemy import update

from services.identity.tests.identity_office import PASSWORD, Browser, Platform, registration

pytestmark = pytest.mark.integration

OPERATOR = "betrieb@kontor.example"


def _error_in(location: str) -> dict[str, str]:
    return {name: values[0] for name, values in parse_qs(urlsplit(location).query).items()}


def _claims(token: str) -> dict[str, Any]:
    payload = token.split(".")[1]
    claims: dict[str, Any] = json.loads(base64.urlsafe_b64decode(payload + "=" * (-len(payload) % 4)))
    return claims


async def _keys(browser: Browser) -> KeySet:
    return KeySet.import_key_set((await browser.http.get("/oauth/jwks.json")).json())


async def test_discovery_is_valid_metadata(platform: Platform) -> None:
    """F96, RFC 8414: the document validates and names this origin's endpoints."""
    browser = platform.browser()
    document = (await browser.http.get("/.well-known/openid-configuration")).json()
    AuthorizationServerMetadata(document).validate()
    assert document["issuer"] == "http://localhost:8080"
    assert document["code_challenge_methods_supported"] == ["S256"]
    assert (await browser.http.get("/.well-known/oauth-authorization-server")).json() == document


async def test_a_person_signs_in_with_code_and_pkce(platform: Platform) -> None:
    """F96: tokens are ES256, the id token bears nonce and at_hash, the access token opens the API."""
    browser = platform.browser()
    answer = await browser.tokens(OPERATOR)
    keys = await _keys(browser)
    identity = jwt.decode(answer["id_token"], keys, algorithms=["ES256"])
    access = jwt.decode(answer["access_token"], keys, algorithms=["ES256"])
    assert (identity.claims["aud"], identity.claims["nonce"]) == ("portal", "nonce-1")
    assert (access.header["typ"], access.claims["aud"]) == ("at+jwt", "kontor")
    assert access.claims["roles"] == ["OPERATOR"]
    assert access.claims["exp"] - access.claims["iat"] == 600
    me = await platform.identity.with_token(answer["access_token"]).GetMe(accounts_pb2.GetMeRequest())
    assert (me.email, list(me.roles)) == (OPERATOR, [Role.ROLE_OPERATOR])
    bearer = {"Authorization": f"Bearer {answer['access_token']}"}
    claims = (await browser.http.get("/oauth/userinfo", headers=bearer)).json()
    assert (claims["sub"], claims["email"]) == (identity.claims["sub"], OPERATOR)


async def test_a_firm_is_invited_and_signs_in_as_its_administrator(platform: Platform) -> None:
    """F45, F170: registered, activated with the operator's token, accepted on the page, signed in by OpenID."""
    operator = await platform.browser().tokens(OPERATOR)
    registered = await platform.identity.public.RegisterTenant(registration("hansen"))
    activate = tenants_pb2.ActivateTenantRequest(tenant_id=registered.tenant_id)
    tenant = await platform.identity.with_token(operator["access_token"]).ActivateTenant(activate)
    token = await platform.identity.link_of(tenant.administrator_invitation_id)
    browser = platform.browser()
    page = await browser.http.get(f"/invitation/{token}")
    assert "Guten Tag Petra Hansen" in page.text
    assert "Firma hansen" in page.text
    different = await browser.submit(f"/invitation/{token}", password=PASSWORD, repeated="etwas anderes")
    assert "stimmen nicht überein" in different.text
    short = await browser.submit(f"/invitation/{token}", password="kurz", repeated="kurz")
    assert "mindestens 10 Zeichen" in short.text
    accepted = await browser.submit(f"/invitation/{token}", password=PASSWORD, repeated=PASSWORD)
    assert (accepted.status_code, accepted.headers["location"]) == (303, "/auth/login?firm=hansen")
    back = await browser.http.get("/oauth/authorize", params=browser.authorization(firm="hansen"))
    tokens = (await browser.exchange(_error_in(back.headers["location"])["code"])).json()
    claims = _claims(tokens["access_token"])
    assert UUID(claims["tid"]) == UUID(registered.tenant_id)
    assert sorted(claims["roles"]) == ["ADMINISTRATOR", "STAFF"]
    again = await browser.http.get(f"/invitation/{token}")
    assert (again.status_code, "bereits angenommen" in again.text) == (410, True)


@pytest.mark.parametrize(
    ("changes", "error"),
    [
        ({"response_type": "token"}, "unsupported_response_type"),
        ({"code_challenge": None}, "invalid_request"),
        ({"code_challenge_method": "plain"}, "invalid_request"),
        ({"code_challenge_method": None}, "invalid_request"),
        ({"scope": "openid everything"}, "invalid_scope"),
        ({"prompt": "none"}, "login_required"),
    ],
)
async def test_a_wrong_request_goes_back_with_its_error(
    platform: Platform, changes: dict[str, str | None], error: str
) -> None:
    """RFC 6749 4.1.2.1, RFC 9207: error, state and issuer in the answer."""
    browser = platform.browser()
    answer = await browser.http.get("/oauth/authorize", params=browser.authorization(**changes))
    assert answer.status_code == 302, answer.text
    found = _error_in(answer.headers["location"])
    assert (found["error"], found["state"], found["iss"]) == (error, "state-1", "http://localhost:8080")


@pytest.mark.parametrize("changes", [{"redirect_uri": "http://evil.example/auth/callback"}, {"client_id": "other"}])
async def test_nobody_is_sent_to_an_unknown_address(platform: Platform, changes: dict[str, str | None]) -> None:
    """RFC 6749 4.1.2.1: an unregistered address or client gets a page here, never a redirect."""
    browser = platform.browser()
    answer = await browser.http.get("/oauth/authorize", params=browser.authorization(**changes))
    assert answer.status_code == 400
    assert "location" not in answer.headers
    assert "Das hat nicht geklappt" in answer.text


async def test_a_code_needs_its_verifier_and_works_once(platform: Platform) -> None:
    """RFC 7636 4.6, RFC 6749 4.1.2: a wrong verifier burns the code; a second use ends the session."""
    browser = platform.browser()
    wrong = await browser.exchange(await browser.code(OPERATOR), code_verifier="w" * 43)
    assert (wrong.status_code, wrong.json()["error"]) == (400, "invalid_grant")
    other = platform.browser()
    code = await other.code(OPERATOR)
    moved = await other.exchange(code, redirect_uri="http://localhost:8080/elsewhere")
    assert moved.json()["error"] == "invalid_grant"
    third = platform.browser()
    code = await third.code(OPERATOR)
    tokens = (await third.exchange(code)).json()
    assert (await third.exchange(code)).json()["error"] == "invalid_grant"
    assert (await third.refresh(tokens["refresh_token"])).json()["error"] == "invalid_grant"


async def test_reuse_of_an_old_refresh_token_ends_the_family(platform: Platform) -> None:
    """RFC 9700 4.14.2: once the successor is in use, the old token betrays a thief."""
    browser = platform.browser()
    first = (await browser.tokens(OPERATOR))["refresh_token"]
    second = (await browser.refresh(first)).json()["refresh_token"]
    third = (await browser.refresh(second)).json()["refresh_token"]
    assert (await browser.refresh(first)).json()["error"] == "invalid_grant"
    assert (await browser.refresh(third)).json()["error"] == "invalid_grant"


async def test_two_tabs_may_renew_at_the_same_moment(platform: Platform) -> None:
    """A repetition within ten seconds, the successor unused, renews as well; later it ends the family."""
    browser = platform.browser()
    first = (await browser.tokens(OPERATOR))["refresh_token"]
    one, other = (await browser.refresh(first)).json(), (await browser.refresh(first)).json()
    assert one["refresh_token"] != other["refresh_token"]
    async with platform.identity.service.platform.work.work(DIRECTORY) as tx:
        longer_ago = RefreshToken.used_at - (RefreshToken.expires_at - RefreshToken.issued_at)
        used = update(RefreshToken).where(RefreshToken.used_at.is_not(None))
        await tx.session.execute(used.values(used_at=longer_ago).execution_options(synchronize_session=False))
        await tx.commit()
    assert (await browser.refresh(first)).json()["error"] == "invalid_grant"
    assert (await browser.refresh(other["refresh_token"])).json()["error"] == "invalid_grant"


async def test_unsigned_and_foreign_tokens_open_nothing(platform: Platform) -> None:
    """RFC 8725 3.1: neither alg none nor a key of somebody else's is accepted."""
    browser = platform.browser()
    token = (await browser.tokens(OPERATOR))["access_token"]
    header = base64.urlsafe_b64encode(b'{"alg":"none","typ":"at+jwt"}').rstrip(b"=").decode()
    unsigned = f"{header}.{token.split('.')[1]}."
    for forged in (unsigned, token[:-6] + "AAAAAA"):
        answer = await browser.http.get("/oauth/userinfo", headers={"Authorization": f"Bearer {forged}"})
        assert answer.status_code == 401
        assert 'error="invalid_token"' in answer.headers["www-authenticate"]
        with pytest.raises(grpc.aio.AioRpcError) as refused:
            await platform.identity.with_token(forged).GetMe(accounts_pb2.GetMeRequest())
        assert refused.value.code() is grpc.StatusCode.UNAUTHENTICATED


async def test_introspection_is_for_services_and_revocation_ends_the_session(platform: Platform) -> None:
    """RFC 7662, RFC 7009: facts while the session is open, nothing afterwards, nothing for others."""
    browser = platform.browser()
    tokens = await browser.tokens(OPERATOR)
    service = {"Authorization": f"Bearer {service_token_for('vault')}"}
    for kind in ("access_token", "refresh_token"):
        facts = (await browser.http.post("/oauth/introspect", data={"token": tokens[kind]}, headers=service)).json()
        assert (facts["active"], facts["client_id"], facts["token_type"]) == (True, "portal", kind)
    person = {"Authorization": f"Bearer {tokens['access_token']}"}
    asked = {"token": tokens["refresh_token"]}
    assert (await browser.http.post("/oauth/introspect", data=asked, headers=person)).status_code == 403
    revoked = await browser.http.post("/oauth/revoke", data={**asked, "client_id": "portal"})
    assert revoked.status_code == 200
    for kind in ("access_token", "refresh_token"):
        facts = (await browser.http.post("/oauth/introspect", data={"token": tokens[kind]}, headers=service)).json()
        assert facts == {"active": False}
    assert (await browser.refresh(tokens["refresh_token"])).json()["error"] == "invalid_grant"
    start = await browser.http.get("/oauth/authorize", params=browser.authorization())
    assert start.headers["location"].startswith("/login?")


async def test_logout_needs_a_proof_or_a_confirmation(platform: Platform) -> None:
    """RP-Initiated Logout 1.0: with the id token at once and back, without it after asking."""
    browser = platform.browser()
    tokens = await browser.tokens(OPERATOR)
    query = {"id_token_hint": tokens["id_token"], "post_logout_redirect_uri": "http://localhost:8080/"}
    gone = await browser.http.get("/logout", params=query)
    assert (gone.status_code, gone.headers["location"]) == (302, "http://localhost:8080/")
    assert (await browser.refresh(tokens["refresh_token"])).json()["error"] == "invalid_grant"
    other = platform.browser()
    still = await other.tokens(OPERATOR)
    asked = await other.http.get("/logout")
    assert "Möchten Sie sich abmelden?" in asked.text
    elsewhere = {**query, "id_token_hint": still["id_token"], "post_logout_redirect_uri": "http://evil.example/"}
    signed_out = await other.http.get("/logout", params=elsewhere)
    assert (signed_out.status_code, "Sie sind abgemeldet" in signed_out.text) == (200, True)


async def test_sign_in_does_not_tell_who_has_an_account(platform: Platform) -> None:
    """F96: the same sentence for an unknown address and a wrong password; a form from elsewhere does nothing."""
    browser = platform.browser()
    wrong = await browser.submit("/login", email=OPERATOR, password="falsch-falsch")
    unknown = await browser.submit("/login", email="niemand@kontor.example", password="falsch-falsch")
    sentence = "E-Mail-Adresse oder Passwort stimmen nicht überein."
    assert sentence in wrong.text
    assert sentence in unknown.text
    assert wrong.status_code == unknown.status_code == 400
    forged = await platform.browser().http.post("/login", data={"email": OPERATOR, "password": PASSWORD})
    assert forged.status_code == 400
    assert "office_browser" not in forged.headers.get("set-cookie", "")


async def test_pages_run_nothing(platform: Platform) -> None:
    """Strict CSP: only where passkeys are does the one script file run; the pages are never kept."""
    quiet = await platform.browser().http.get("/password")
    assert "script" not in quiet.headers["content-security-policy"]
    assert "<script" not in quiet.text
    page = await platform.browser().http.get("/login")
    assert "default-src 'none'" in page.headers["content-security-policy"]
    assert page.headers["content-security-policy"].endswith("script-src 'self'; connect-src 'self'")
    assert re.findall("<script[^>]*>", page.text) == ['<script src="/static/js/passkeys.js" type="module">']
    assert page.headers["cache-control"] == "no-store"
    assert "samesite=lax" in page.headers["set-cookie"].lower()


async def test_keys_rotate_without_anybody_noticing(platform: Platform, key_file: Any) -> None:
    """A new key is published before it signs; tokens of the old one stay valid."""
    browser = platform.browser()
    old = (await browser.tokens(OPERATOR))["access_token"]
    keys = SigningKeys(platform.identity.service.platform.work, Sealer.from_file(key_file), SystemClock())
    before = (await keys.ring()).signing.kid
    await keys.rotate()
    ring = await keys.ring(anew=True)
    assert (ring.signing.kid, len(ring.published)) == (before, 2)
    await keys.rotate(at_once=True)
    ring = await keys.ring(anew=True)
    assert ring.signing.kid != before
    assert before in {key["kid"] for key in ring.published}
    assert not any("d" in key for key in ring.published)
    me = await platform.identity.with_token(old).GetMe(accounts_pb2.GetMeRequest())
    assert me.email == OPERATOR
