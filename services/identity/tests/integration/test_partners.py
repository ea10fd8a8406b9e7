"""Partner systems over real HTTP and gRPC: let in by an administrator, tokens by client credentials, scopes, limits."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from kontor.common.v1.access_pb2 import Scope
from kontor.identity.v1 import partner_clients_pb2 as pb
from kontor.identity.v1 import people_pb2, tenants_pb2
from kontor.identity.v1.partner_clients_pb2_grpc import PartnerClientServiceStub
from kontor_identity.directory import DIRECTORY
from kontor_identity.partner_tables import PartnerSecret
from sqlalchemy import select, update

from services.identity.tests.identity_office import PASSWORD, Platform, registration
from services.identity.tests.integration.test_second_factor import OPERATOR, claims_of, refusal

pytestmark = pytest.mark.integration

READ, WRITE = Scope.SCOPE_CUSTOMERS_READ, Scope.SCOPE_CUSTOMERS_WRITE


async def administrator(platform: Platform, slug: str) -> str:
    """Activate a firm; returns its administrator's token."""
    operator = (await platform.browser().tokens(OPERATOR))["access_token"]
    registered = await platform.identity.public.RegisterTenant(registration(slug))
    activate = tenants_pb2.ActivateTenantRequest(tenant_id=registered.tenant_id)
    tenant = await platform.identity.with_token(operator).ActivateTenant(activate)
    link = await platform.identity.link_of(tenant.administrator_invitation_id)
    browser = platform.browser()
    await browser.submit(f"/invitation/{link}", password=PASSWORD, repeated=PASSWORD)
    back = await browser.http.get("/oauth/authorize", params=browser.authorization(firm=slug))
    code = back.headers["location"].partition("code=")[2].partition("&")[0]
    token: str = (await browser.exchange(code)).json()["access_token"]
    return token


def partners_api(platform: Platform, token: str) -> Any:
    return platform.identity.service.stub(PartnerClientServiceStub, token)


async def let_in(platform: Platform, token: str, *scopes: Scope.ValueType) -> pb.PartnerClientSecret:
    wanted = pb.CreatePartnerClientRequest(name="Vergleichsrechner", scopes=scopes, rate=pb.PARTNER_RATE_SMALL)
    made: pb.PartnerClientSecret = await partners_api(platform, token).CreatePartnerClient(wanted)
    return made


async def ask(platform: Platform, made: pb.PartnerClientSecret, **changes: str) -> Any:
    """Ask for a token with id and secret in the header (RFC 6749 2.3.1)."""
    secret = changes.pop("secret", made.secret)
    credentials = (made.client.client_id, secret)
    data = {"grant_type": "client_credentials", **changes}
    return await platform.browser().http.post("/oauth/token", data=data, auth=credentials)


async def test_a_partner_reaches_what_its_scopes_name(platform: Platform) -> None:
    """F95, RFC 6749 4.4: customers.read lists the firm's customers and opens nothing else."""
    admin = await administrator(platform, "hansen")
    await platform.identity.with_token(admin).CreateCustomer(
        people_pb2.CreateCustomerRequest(customer=people_pb2.Customer(family_name="Brandt"))
    )
    made = await let_in(platform, admin, READ)
    answer = await ask(platform, made)
    assert answer.status_code == 200, answer.text
    body = answer.json()
    assert (body["scope"], body["token_type"], "refresh_token" in body) == ("customers.read", "Bearer", False)
    claims = claims_of(body["access_token"])
    assert (claims["sub"], claims["client_id"], claims["limit"]) == (made.client.client_id,) * 2 + ("small",)
    api = platform.identity.with_token(body["access_token"])
    listed = (await api.ListCustomers(people_pb2.ListCustomersRequest())).customers
    assert [one.family_name for one in listed] == ["Brandt"]
    for call in (
        api.CreateCustomer(people_pb2.CreateCustomerRequest(customer=people_pb2.Customer(family_name="Neu"))),
        partners_api(platform, body["access_token"]).ListPartnerClients(pb.ListPartnerClientsRequest()),
    ):
        assert (await refusal(call)).reason == "SCOPE_MISSING"


async def test_a_partner_asks_for_less_but_never_for_more(platform: Platform) -> None:
    """RFC 6749 3.3: fewer scopes on request; one that was not granted is invalid_scope."""
    made = await let_in(platform, await administrator(platform, "hansen"), READ, WRITE)
    assert (await ask(platform, made)).json()["scope"] == "customers.read customers.write"
    assert (await ask(platform, made, scope="customers.read")).json()["scope"] == "customers.read"
    refused = await ask(platform, made, scope="contracts.read")
    assert (refused.status_code, refused.json()["error"]) == (400, "invalid_scope")


async def test_wrong_secrets_and_foreign_grants_are_refused(platform: Platform) -> None:
    """RFC 6749 5.2: invalid_client; a partner gets no codes, the portal no client credentials."""
    made = await let_in(platform, await administrator(platform, "hansen"), READ)
    wrong = await ask(platform, made, secret="falsch")
    assert (wrong.status_code, wrong.json()["error"]) == (401, "invalid_client")
    http = platform.browser().http
    posted = {"client_id": made.client.client_id, "client_secret": made.secret}
    assert (await http.post("/oauth/token", data={**posted, "grant_type": "client_credentials"})).status_code == 200
    code = await http.post("/oauth/token", data={**posted, "grant_type": "authorization_code", "code": "x"})
    assert code.status_code in (400, 401)
    portal = await http.post("/oauth/token", data={"grant_type": "client_credentials", "client_id": "portal"})
    assert portal.json()["error"] in ("invalid_client", "unauthorized_client")


async def test_a_rotated_secret_works_another_day(platform: Platform) -> None:
    """F95: the former secret works until the partner has taken over the new one, at most a day; then no more."""
    admin = await administrator(platform, "hansen")
    made = await let_in(platform, admin, READ)
    rotate = pb.RotatePartnerSecretRequest(client_id=made.client.client_id)
    renewed = await partners_api(platform, admin).RotatePartnerSecret(rotate)
    assert renewed.secret != made.secret
    assert (await ask(platform, made)).status_code == 200
    assert (await ask(platform, renewed)).status_code == 200
    async with platform.identity.service.platform.work.work(DIRECTORY) as tx:
        former = update(PartnerSecret).where(PartnerSecret.expires_at.is_not(None))
        await tx.session.execute(former.values(expires_at=PartnerSecret.expires_at - timedelta(days=1)))
        kept = (await tx.session.execute(select(PartnerSecret.secret_hash))).scalars().all()
        await tx.commit()
    assert (await ask(platform, made)).status_code == 401
    assert (await ask(platform, renewed)).status_code == 200
    assert not any(renewed.secret.encode() in stored for stored in kept)


async def test_a_revoked_partner_stays_out(platform: Platform) -> None:
    """F95: no token any more; the list remembers it."""
    admin = await administrator(platform, "hansen")
    made = await let_in(platform, admin, READ)
    await ask(platform, made)
    api = partners_api(platform, admin)
    await api.RevokePartnerClient(pb.RevokePartnerClientRequest(client_id=made.client.client_id))
    assert (await ask(platform, made)).status_code == 401
    assert (
        await refusal(api.RotatePartnerSecret(pb.RotatePartnerSecretRequest(client_id=made.client.client_id)))
    ).reason == "PARTNER_CLIENT_REVOKED"
    [listed] = (await api.ListPartnerClients(pb.ListPartnerClientsRequest())).clients
    assert (listed.HasField("revoke_time"), listed.HasField("last_used_time")) == (True, True)


async def test_another_firms_partners_do_not_exist(platform: Platform) -> None:
    """ARCHITECTURE 5: neither seen nor changed, and a partner's token sees its own firm only."""
    made = await let_in(platform, await administrator(platform, "hansen"), READ)
    stranger = partners_api(platform, await administrator(platform, "alpenblick"))
    assert not (await stranger.ListPartnerClients(pb.ListPartnerClientsRequest())).clients
    for call in (
        stranger.RotatePartnerSecret(pb.RotatePartnerSecretRequest(client_id=made.client.client_id)),
        stranger.RevokePartnerClient(pb.RevokePartnerClientRequest(client_id=made.client.client_id)),
    ):
        assert (await refusal(call)).reason == "NOT_FOUND"
    assert UUID(made.client.client_id)
