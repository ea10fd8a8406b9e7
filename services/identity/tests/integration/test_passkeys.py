"""Passkeys over real HTTP and gRPC, with an authenticator in software; a real browser's is in tests/e2e/browser."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import timedelta
from uuid import UUID

import httpx
import pytest
from kontor.identity.v1 import account_security_pb2 as pb
from kontor.identity.v1 import tenants_pb2
from kontor.identity.v1.brand_pb2 import DOMAIN_STATE_VERIFIED
from kontor_chassis.ids import new_id
from kontor_chassis.principal import Principal
from kontor_identity.brand_tables import FirmDomain
from sqlalchemy import text

from services.identity.tests.authenticator import SoftPasskey
from services.identity.tests.identity_office import Browser, Platform, add_operator
from services.identity.tests.integration.test_second_factor import OPERATOR, claims_of, finished, refusal

pytestmark = pytest.mark.integration

FRAUKE = "frauke@nordwind.example"
COLLEAGUE = "kollegin@kontor.example"


async def register(platform: Platform, token: str, passkey: SoftPasskey, name: str = "iPhone") -> pb.Passkey:
    """Register a passkey for the account of a token."""
    account = platform.identity.account_security(token)
    begun = await account.BeginPasskey(pb.BeginPasskeyRequest())
    made = passkey.make(begun.options_json)
    wanted = pb.CreatePasskeyRequest(ceremony_id=begun.ceremony_id, credential_json=made, name=name)
    return await account.CreatePasskey(wanted)


async def sign_in(browser: Browser, passkey: SoftPasskey) -> httpx.Response:
    """Prove a passkey on the sign-in page, as its script does."""
    start = await browser.http.get("/oauth/authorize", params=browser.authorization())
    page = await browser.http.get(start.headers["location"])
    asked = (await browser.http.post("/login/passkey/options")).json()
    proof = passkey.prove(asked["options"])
    return await browser.send(page, "/login/passkey", ceremony=asked["ceremony"], credential=proof)


async def test_a_passkey_signs_in_without_name_or_password(platform: Platform) -> None:
    """Section 7 ID: several passkeys with names; each alone makes a strong session (user verification is required)."""
    tokens = await platform.browser().tokens(OPERATOR)
    phone, key = SoftPasskey(), SoftPasskey()
    made = await register(platform, tokens["access_token"], phone)
    assert (made.name, made.synced) == ("iPhone", True)
    browser = platform.browser()
    entered = claims_of((await finished(browser, await sign_in(browser, phone)))["access_token"])
    assert (entered["acr"], entered["sub"]) == ("2", claims_of(tokens["access_token"])["sub"])
    home = platform.browser()
    strong = (await finished(home, await sign_in(home, phone)))["access_token"]
    await register(platform, strong, key, "YubiKey")
    account = platform.identity.account_security(strong)
    listed = (await account.ListPasskeys(pb.ListPasskeysRequest(page_size=1))).passkeys
    assert [(one.name, one.HasField("last_used_time")) for one in listed] == [("iPhone", True)]
    renamed = await account.RenamePasskey(pb.RenamePasskeyRequest(passkey_id=made.passkey_id, name="Altes iPhone"))
    assert renamed.name == "Altes iPhone"
    await account.DeletePasskey(pb.DeletePasskeyRequest(passkey_id=made.passkey_id))
    refused = await sign_in(platform.browser(), phone)
    assert (refused.status_code, "nicht anmelden" in refused.text) == (400, True)
    other = platform.browser()
    await finished(other, await sign_in(other, key))


async def test_a_challenge_works_once_and_not_for_long(platform: Platform) -> None:
    """WebAuthn 13.4.3: the challenge is kept by the service, used up by the first answer, gone after five minutes."""
    tokens = await platform.browser().tokens(OPERATOR)
    passkey = SoftPasskey()
    await register(platform, tokens["access_token"], passkey)
    browser = platform.browser()
    page = await browser.http.get("/login")
    asked = (await browser.http.post("/login/passkey/options")).json()
    proof = {"ceremony": asked["ceremony"], "credential": passkey.prove(asked["options"])}
    assert (await browser.send(page, "/login/passkey", **proof)).status_code == 303
    assert (await platform.browser().http.get("/login")).status_code == 200
    assert (await browser.send(page, "/login/passkey", **proof)).status_code == 400
    asked = (await browser.http.post("/login/passkey/options")).json()
    platform.identity.clock.advance(timedelta(minutes=6))
    proof = {"ceremony": asked["ceremony"], "credential": passkey.prove(asked["options"])}
    assert (await browser.send(page, "/login/passkey", **proof)).status_code == 400


@pytest.mark.parametrize("fault", ["origin", "unverified", "key", "counter"])
async def test_a_wrong_proof_opens_nothing(platform: Platform, fault: str) -> None:
    """WebAuthn 7.2: another origin, no user verification, another key, a counter that went back (a copied key)."""
    tokens = await platform.browser().tokens(OPERATOR)
    passkey = SoftPasskey(count=7)
    await register(platform, tokens["access_token"], passkey)
    false = {
        "origin": replace(passkey, origin="http://localhost:8080.evil.example"),
        "unverified": replace(passkey, verifies=False),
        "key": replace(passkey, key=SoftPasskey().key),
        "counter": replace(passkey, count=3),
    }[fault]
    refused = await sign_in(platform.browser(), false)
    assert (refused.status_code, "office_browser" in refused.headers.get("set-cookie", "")) == (400, False)


async def test_a_registration_is_bound_to_its_account_and_challenge(platform: Platform) -> None:
    """WebAuthn 7.1: another person's ceremony and an answer used twice are refused."""
    await add_operator(platform.identity.service, COLLEAGUE)
    tokens = await platform.browser().tokens(OPERATOR)
    stranger = platform.identity.account_security((await platform.browser().tokens(COLLEAGUE))["access_token"])
    account = platform.identity.account_security(tokens["access_token"])
    begun = await account.BeginPasskey(pb.BeginPasskeyRequest())
    passkey = SoftPasskey()
    made = passkey.make(begun.options_json)
    wanted = pb.CreatePasskeyRequest(ceremony_id=begun.ceremony_id, credential_json=made, name="Mein Gerät")
    assert (await refusal(stranger.CreatePasskey(wanted))).reason == "PASSKEY_NOT_MADE"
    await account.CreatePasskey(wanted)
    browser = platform.browser()
    strong = (await finished(browser, await sign_in(browser, passkey)))["access_token"]
    again = platform.identity.account_security(strong).CreatePasskey(wanted)
    assert (await refusal(again)).reason == "PASSKEY_NOT_MADE"


async def test_nobody_touches_anothers_passkey(platform: Platform) -> None:
    """ARCHITECTURE 5: what is not one's own does not exist."""
    await add_operator(platform.identity.service, COLLEAGUE)
    tokens = await platform.browser().tokens(OPERATOR)
    made = await register(platform, tokens["access_token"], SoftPasskey())
    stranger = platform.identity.account_security((await platform.browser().tokens(COLLEAGUE))["access_token"])
    for call in (
        stranger.RenamePasskey(pb.RenamePasskeyRequest(passkey_id=made.passkey_id, name="meins")),
        stranger.DeletePasskey(pb.DeletePasskeyRequest(passkey_id=made.passkey_id)),
    ):
        assert (await refusal(call)).reason == "NOT_FOUND"


async def test_a_firms_domains_have_passkeys_of_their_own(platform: Platform) -> None:
    """F79: a passkey made under one of a firm's domains opens all of them and not the platform, nor the reverse."""
    token = (await platform.browser().tokens(OPERATOR))["access_token"]
    first, second = "buero.nordwind.example", "nordwind.example"
    await _own_domains(platform, token, first, second)
    account, there = platform.identity.account_security(token), SoftPasskey()
    begun = await account.BeginPasskey(pb.BeginPasskeyRequest(host=second))
    assert json.loads(begun.options_json)["rp"]["id"] == first
    made = replace(there, origin=f"http://{second}:8080").make(begun.options_json)
    wanted = pb.CreatePasskeyRequest(ceremony_id=begun.ceremony_id, credential_json=made, name="Nordwind")
    assert (await account.CreatePasskey(wanted)).host == first
    there.user_handle = UUID(claims_of(token)["sub"]).bytes

    related = await _under(platform, first).http.get("/.well-known/webauthn")
    assert related.json() == {"origins": [f"http://{first}:8080", f"http://{second}:8080"]}
    assert (await _under(platform, second).http.get("/.well-known/webauthn")).status_code == 404
    assert (await platform.browser().http.get("/.well-known/webauthn")).status_code == 404

    for number, (host, opens) in enumerate({first: 303, second: 303, "localhost": 400}.items(), start=1):
        browser = _under(platform, host)
        page = await browser.http.get("/login")
        asked = (await browser.http.post("/login/passkey/options")).json()
        proof = replace(there, origin=f"http://{host}:8080", count=number).prove(asked["options"])
        sent = await browser.send(page, "/login/passkey", ceremony=asked["ceremony"], credential=proof)
        assert (host, sent.status_code) == (host, opens)


def _under(platform: Platform, host: str) -> Browser:
    """Return a browser that came to the platform under another name."""
    browser = platform.browser()
    browser.http.headers["Host"] = f"{host}:8080"
    return browser


async def _own_domains(platform: Platform, token: str, *hosts: str) -> None:
    """Give a firm white label and domains that it has proved, in this order."""
    wanted = tenants_pb2.NewTenant(
        name="Nordwind", slug="nordwind", contact_name="Frauke Nordwind", contact_email=FRAUKE
    )
    registered = await platform.identity.with_token("").RegisterTenant(tenants_pb2.RegisterTenantRequest(tenant=wanted))
    tenant_id = registered.tenant_id
    await platform.identity.with_token(token).ActivateTenant(tenants_pb2.ActivateTenantRequest(tenant_id=tenant_id))
    async with platform.identity.service.platform.work.work(Principal.of_service("identity")) as tx:
        label = "UPDATE tenants SET white_label = true WHERE tenant_id = :tenant"
        await tx.session.execute(text(label), {"tenant": tenant_id})
        for number, host in enumerate(hosts):
            proved = tx.now + timedelta(seconds=number)
            row = FirmDomain(
                domain_id=new_id(),
                tenant_id=UUID(tenant_id),
                host=host,
                proof="",
                state=int(DOMAIN_STATE_VERIFIED),
                created_at=proved,
                verified_at=proved,
            )
            tx.session.add(row)
        await tx.commit()
