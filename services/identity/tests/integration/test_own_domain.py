"""Sign-in under a firm's own domain (F79): codes go back there, and to no other host."""

from __future__ import annotations

from urllib.parse import urlsplit
from uuid import UUID, uuid4

import httpx
from kontor.identity.v1.brand_pb2 import DomainState
from kontor.identity.v1.tenants_pb2 import TenantState
from kontor_identity.brand_tables import FirmDomain
from kontor_identity.directory import DIRECTORY
from kontor_identity.tables import Tenant

from services.identity.tests.identity_office import Browser, Identity, Platform, registration

HOST = "portal.hansen.example:8080"


async def test_codes_go_back_to_the_firms_domain(platform: Platform) -> None:
    """F79: the sign-in starts under the domain and stays there; the platform's origin is not named."""
    await _domain(platform.identity)
    browser = platform.browser()
    answer = await _authorize(browser, HOST, f"http://{HOST}/auth/callback")
    assert answer.status_code == 303, answer.text
    assert "localhost" not in answer.headers["location"]
    page = await browser.http.get(answer.headers["location"], headers=_at(HOST))
    assert 'name="email"' in page.text
    assert "Firma hansen" in page.text
    assert "kontor" not in page.text.lower()


async def test_no_other_host_receives_a_code(platform: Platform) -> None:
    """RFC 9700 2.1: not the firm's domain from elsewhere, not a host that nobody has proved."""
    await _domain(platform.identity)
    browser = platform.browser()
    for host, target in (
        ("localhost:8080", f"http://{HOST}/auth/callback"),
        ("evil.example:8080", "http://evil.example:8080/auth/callback"),
        (HOST, f"http://{HOST}/auth/other"),
    ):
        answer = await _authorize(browser, host, target)
        assert answer.status_code == 400, (host, target)


def _at(host: str) -> dict[str, str]:
    """Return what the gateway forwards: a firm's domain is always reached by https."""
    return {"Host": host, "X-Forwarded-Proto": "https"}


async def _authorize(browser: Browser, host: str, redirect_uri: str) -> httpx.Response:
    query = browser.authorization(redirect_uri=redirect_uri)
    return await browser.http.get("/oauth/authorize", params=query, headers=_at(host))


async def _domain(identity: Identity) -> None:
    """Make a firm with white label whose domain the operator has confirmed."""
    registered = await identity.public.RegisterTenant(registration("hansen"))
    tenant_id = UUID(registered.tenant_id)
    async with identity.service.platform.work.work(DIRECTORY) as tx:
        tenant = await tx.session.get_one(Tenant, tenant_id)
        tenant.state, tenant.white_label = TenantState.TENANT_STATE_ACTIVE, True
        domain = FirmDomain(
            domain_id=uuid4(),
            tenant_id=tenant_id,
            host=urlsplit(f"//{HOST}").hostname,
            proof="seen",
            state=DomainState.DOMAIN_STATE_VERIFIED,
            created_at=tx.now,
            verified_at=tx.now,
        )
        tx.session.add(domain)
        await tx.commit()
