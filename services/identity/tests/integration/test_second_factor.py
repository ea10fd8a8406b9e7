"""The second factor over real HTTP and gRPC: enrolment, sign-in, step-up, recovery codes, and what is refused."""

from __future__ import annotations

import base64
import json
from typing import Any
from urllib.parse import parse_qs, urlsplit

import grpc
import httpx
import pyotp
import pytest
from kontor.identity.v1 import account_security_pb2 as pb
from kontor_chassis.clock import SystemClock
from kontor_chassis.errors import DomainError
from kontor_chassis.interceptors.errors import refused_with
from kontor_identity.directory import DIRECTORY
from kontor_identity.security_tables import RecoveryCode, TotpSecret
from sqlalchemy import select, update

from services.identity.tests.identity_office import PASSWORD, Browser, Platform

pytestmark = pytest.mark.integration

OPERATOR = "betrieb@kontor.example"
Kind = pb.AccountEventKind


def claims_of(token: str) -> dict[str, Any]:
    payload = token.split(".")[1]
    claims: dict[str, Any] = json.loads(base64.urlsafe_b64decode(payload + "=" * (-len(payload) % 4)))
    return claims


async def refusal(call: Any) -> DomainError:
    with pytest.raises(grpc.aio.AioRpcError) as caught:
        await call
    refused = refused_with(caught.value)
    assert refused is not None
    return refused


def code_of(secret: str, steps_ahead: int = 0) -> str:
    """What the app shows now, or in so many half minutes (a phone's clock may be off by one)."""
    return pyotp.TOTP(secret).generate_otp(int(SystemClock().now().timestamp()) // 30 + steps_ahead)


async def enrol(platform: Platform, token: str) -> tuple[str, list[str]]:
    """Switch the second factor on; returns its secret and the recovery codes."""
    account = platform.identity.account_security(token)
    begun = await account.BeginTotp(pb.BeginTotpRequest())
    codes = await account.ConfirmTotp(pb.ConfirmTotpRequest(code=code_of(begun.secret, -1)))
    return begun.secret, list(codes.codes)


async def with_password(browser: Browser, **asked: str) -> httpx.Response:
    """Go as far as the password takes one; returns where that is."""
    start = await browser.http.get("/oauth/authorize", params=browser.authorization(**asked))
    return await browser.submit(start.headers["location"], email=OPERATOR, password=PASSWORD)


async def finished(browser: Browser, step: httpx.Response) -> dict[str, Any]:
    """Follow a completed step back to the client and fetch the tokens."""
    assert step.status_code == 303, step.text
    back = await browser.http.get(step.headers["location"])
    code = parse_qs(urlsplit(back.headers["location"]).query)["code"][0]
    found: dict[str, Any] = (await browser.exchange(code)).json()
    return found


async def test_a_second_factor_makes_sessions_strong(platform: Platform) -> None:
    """Section 7 ID: once it is on, the password alone opens nothing; with the app's code the session is strong."""
    browser = platform.browser()
    first = await browser.tokens(OPERATOR)
    assert claims_of(first["access_token"])["acr"] == "1"
    secret, codes = await enrol(platform, first["access_token"])
    assert len(set(codes)) == 10
    renewed = (await browser.refresh(first["refresh_token"])).json()
    assert claims_of(renewed["access_token"])["acr"] == "2"

    other = platform.browser()
    asked = await with_password(other)
    assert asked.headers["location"].startswith("/login/second-factor?")
    assert "office_browser" not in other.http.cookies
    wrong = await other.submit(asked.headers["location"], code="000000")
    assert (wrong.status_code, "nicht richtig" in wrong.text) == (400, True)
    tokens = await finished(other, await other.submit(asked.headers["location"], code=code_of(secret)))
    assert claims_of(tokens["access_token"])["acr"] == claims_of(tokens["id_token"])["acr"] == "2"


async def test_a_code_works_once(platform: Platform) -> None:
    """RFC 6238 5.2: a code seen over somebody's shoulder is worth nothing once it was used."""
    tokens = await platform.browser().tokens(OPERATOR)
    secret, _ = await enrol(platform, tokens["access_token"])
    code = code_of(secret, 1)
    first, second = platform.browser(), platform.browser()
    await finished(first, await first.submit((await with_password(first)).headers["location"], code=code))
    refused = await second.submit((await with_password(second)).headers["location"], code=code)
    assert refused.status_code == 400


async def test_recovery_codes_replace_the_app_once_each(platform: Platform) -> None:
    """Section 7 ID: stored as keyed hashes, each opens once, typed in any case and without the hyphen."""
    tokens = await platform.browser().tokens(OPERATOR)
    _, codes = await enrol(platform, tokens["access_token"])
    for typed, opens in ((codes[0].upper().replace("-", " "), True), (codes[0], False), (codes[1], True)):
        browser = platform.browser()
        step = await browser.submit((await with_password(browser)).headers["location"], code=typed)
        assert (step.status_code == 303) is opens
    account = platform.identity.account_security((await finished(browser, step))["access_token"])
    assert (await account.GetAccountSecurity(pb.GetAccountSecurityRequest())).recovery_codes_left == 8
    events = (await account.ListAccountEvents(pb.ListAccountEventsRequest())).events
    assert [event.kind for event in events].count(Kind.ACCOUNT_EVENT_KIND_RECOVERY_CODE_USED) == 2
    renewed = await account.RenewRecoveryCodes(pb.RenewRecoveryCodesRequest())
    assert not set(renewed.codes) & set(codes)
    async with platform.identity.service.platform.work.work(DIRECTORY) as tx:
        kept = (await tx.session.execute(select(RecoveryCode.code_hash))).scalars().all()
    assert not any(code.encode() in stored for code in renewed.codes for stored in kept)


async def test_guessing_codes_is_slowed_across_tickets(platform: Platform) -> None:
    """F96: five tries a ticket, and a new ticket gives no new tries; a known device keeps its own."""
    home = platform.browser()
    tokens = await home.tokens(OPERATOR)
    secret, _ = await enrol(platform, tokens["access_token"])
    thief = platform.browser()
    page = (await with_password(thief)).headers["location"]
    for _ in range(5):
        assert (await thief.submit(page, code="000000")).status_code == 400
    page = (await with_password(thief)).headers["location"]
    slowed = await thief.submit(page, code="000000")
    assert (slowed.status_code, "warten Sie noch" in slowed.text) == (429, True)
    back = await home.submit("/login?again=1", email=OPERATOR, password=PASSWORD)
    assert (await home.submit(back.headers["location"], code=code_of(secret))).status_code == 303


async def test_an_old_session_is_made_strong_on_request(platform: Platform) -> None:
    """RFC 9470: `acr_values=2` asks for the code alone and gives the same session a stronger token."""
    weak, strong = platform.browser(), platform.browser()
    before = claims_of((await weak.tokens(OPERATOR))["access_token"])
    secret, _ = await enrol(platform, (await strong.tokens(OPERATOR))["access_token"])
    asked = await weak.http.get("/oauth/authorize", params=weak.authorization(acr_values="2"))
    assert "level=2" in asked.headers["location"]
    page = await weak.http.get(asked.headers["location"])
    tokens = await finished(weak, await weak.submit(page.headers["location"], code=code_of(secret)))
    after = claims_of(tokens["access_token"])
    assert (after["acr"], after["sid"]) == ("2", before["sid"])
    assert after["auth_time"] == before["auth_time"]


async def test_without_a_second_factor_the_page_says_how_to_get_one(platform: Platform) -> None:
    """A person who has none is not sent in circles."""
    browser = platform.browser()
    await browser.tokens(OPERATOR)
    asked = await browser.http.get("/oauth/authorize", params=browser.authorization(acr_values="2"))
    page = await browser.http.get(asked.headers["location"])
    assert (page.status_code, "Jetzt einrichten" in page.text) == (403, True)


async def test_changes_need_a_strong_and_fresh_login(platform: Platform) -> None:
    """Known failure "e-mail address changed without re-authentication": weak or old sessions change nothing."""
    weak = (await platform.browser().tokens(OPERATOR))["access_token"]
    home = platform.browser()
    first = await home.tokens(OPERATOR)
    secret, _ = await enrol(platform, first["access_token"])
    account = platform.identity.account_security(weak)
    for call in (
        account.DisableTotp(pb.DisableTotpRequest()),
        account.RenewRecoveryCodes(pb.RenewRecoveryCodesRequest()),
        account.BeginPasskey(pb.BeginPasskeyRequest()),
        account.ChangePassword(pb.ChangePasswordRequest(password="Kaktus-Nebel-Hafen-Uhr")),
        account.RequestEmailChange(pb.RequestEmailChangeRequest(email="dieb@mail.example")),
    ):
        refused = await refusal(call)
        assert (refused.reason, refused.metadata["acr_values"]) == ("STRONGER_LOGIN_REQUIRED", "2")
    async with platform.identity.service.platform.work.work(DIRECTORY) as tx:
        await tx.session.execute(update(TotpSecret).values(last_step=0))
        await tx.commit()
    strong = platform.browser()
    step = await strong.submit((await with_password(strong)).headers["location"], code=code_of(secret))
    tokens = await finished(strong, step)
    off = await platform.identity.account_security(tokens["access_token"]).DisableTotp(pb.DisableTotpRequest())
    assert not off.totp_enabled
    assert claims_of((await platform.browser().tokens(OPERATOR))["access_token"])["acr"] == "1"


async def test_signing_in_again_renews_the_session(platform: Platform) -> None:
    """OpenID Connect Core 3.1.2.1: max_age=0 asks for the password and says why, not for the address; same session."""
    browser = platform.browser()
    before = claims_of((await browser.tokens(OPERATOR))["access_token"])
    asked = await browser.http.get("/oauth/authorize", params=browser.authorization(max_age="0"))
    page = (await browser.http.get(asked.headers["location"])).text
    assert f'value="{OPERATOR}"' in page
    assert "Zu Ihrer Sicherheit fragen wir hier noch einmal" in page
    again = await with_password(browser, max_age="0")
    after = claims_of((await finished(browser, again))["access_token"])
    assert after["sid"] == before["sid"]
    assert after["auth_time"] >= before["auth_time"]
