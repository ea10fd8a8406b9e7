"""What the gateway keeps away: bad tokens, foreign pages, forged headers, too many requests."""

from __future__ import annotations

import json
from uuid import uuid4

import grpc
import httpx
import pytest
from joserfc import jwt
from joserfc.jwk import ECKey
from kontor.chat.v1 import chat_pb2, chat_pb2_grpc
from kontor.common.v1.access_pb2 import Role
from kontor_chassis.testing.tokens import test_issuer

from gateway.tests.gateway_stack import Chats, Gateway, StartGateway

pytestmark = [pytest.mark.integration, pytest.mark.timeout(60)]

CHATS = "/v1/customers/0192b7a0-0000-7000-8000-000000000001/chats"


@pytest.mark.parametrize("way", ["header", "cookie"])
async def test_valid_token_passes(client: httpx.AsyncClient, chats: Chats, token: str, way: str) -> None:
    """A token is taken from the Authorization header or from the cookie, and reaches the service unchanged."""
    sent = {"authorization": f"Bearer {token}"} if way == "header" else {"cookie": f"office_access={token}"}
    assert (await client.get("/v1/chats", headers=sent)).status_code == 200
    name, value = next(iter(sent.items()))
    assert chats.metadata[name] == value


def bad_tokens() -> dict[str, str]:
    """Return tokens that must not pass."""
    foreign = ECKey.generate_key("P-256")
    claims = {"iss": test_issuer().issuer, "aud": "kontor", "sub": "x", "exp": 4_000_000_000}
    return {
        "expired": test_issuer().token(roles=[Role.ROLE_CUSTOMER], lifetime=-120),
        "foreign key": jwt.encode({"alg": "ES256", "kid": "x"}, claims, foreign),
        "other audience": test_issuer().token(roles=[Role.ROLE_CUSTOMER], aud="kontor-internal"),
        "other issuer": test_issuer().token(roles=[Role.ROLE_CUSTOMER], iss="http://elsewhere.example"),
        "no token at all": "nonsense",
    }


@pytest.mark.parametrize("way", ["header", "cookie"])
@pytest.mark.parametrize("kind", bad_tokens())
async def test_bad_token_is_refused(client: httpx.AsyncClient, kind: str, way: str) -> None:
    """A token that is there but not valid is 401 with a machine-readable reason."""
    value = bad_tokens()[kind]
    sent = {"authorization": f"Bearer {value}"} if way == "header" else {"cookie": f"office_access={value}"}
    answer = await client.get("/v1/chats", headers=sent)
    assert answer.status_code == 401
    assert answer.json()["details"][0]["reason"] == "TOKEN_INVALID"
    assert answer.json()["code"] == 16


async def test_bad_token_is_unauthenticated_for_grpc(gateway: Gateway) -> None:
    """The same, told in gRPC's way."""
    async with gateway.channel() as channel:
        stub = chat_pb2_grpc.ChatServiceStub(channel)
        with pytest.raises(grpc.aio.AioRpcError) as refused:
            await stub.ListChats(chat_pb2.ListChatsRequest(), metadata=(("authorization", "Bearer nonsense"),))
    assert refused.value.code() == grpc.StatusCode.UNAUTHENTICATED
    assert "{" not in str(refused.value.details())


async def test_no_token_is_the_services_business(client: httpx.AsyncClient, chats: Chats) -> None:
    """Each RPC declares who may call it, so a call without a token reaches it."""
    assert (await client.get("/v1/chats")).status_code == 200
    assert "authorization" not in chats.metadata


async def test_pages_open_with_an_expired_cookie(client: httpx.AsyncClient) -> None:
    """The portal renews a session that has run out; a 401 would lock people out of it."""
    expired = test_issuer().token(roles=[Role.ROLE_CUSTOMER], lifetime=-120)
    assert (await client.get("/kunde/", headers={"cookie": f"office_access={expired}"})).status_code == 200


@pytest.mark.parametrize("origin", ["https://evil.example", "null", None])
@pytest.mark.parametrize("path", [CHATS, "/kunde/nachrichten", "/login"])
async def test_foreign_origin_is_refused(client: httpx.AsyncClient, token: str, path: str, origin: str | None) -> None:
    """A foreign page cannot make a browser that is signed in change anything."""
    headers = {"cookie": f"office_access={token}"} | ({"origin": origin} if origin else {})
    answer = await client.post(path, json={"text": "x"}, headers=headers)
    assert answer.status_code == 403
    assert answer.json()["details"][0]["reason"] == "FOREIGN_ORIGIN"


async def test_own_origin_and_programs_pass(gateway: Gateway, client: httpx.AsyncClient, token: str) -> None:
    """Our own pages, callers with an Authorization header and native gRPC are not hindered."""
    cookie = {"cookie": f"office_access={token}"}
    own = await client.post(CHATS, json={"text": "x"}, headers={**cookie, "origin": gateway.url})
    assert own.status_code == 200
    program = await client.post(CHATS, json={"text": "x"}, headers={"authorization": f"Bearer {token}"})
    assert program.status_code == 200
    reading = await client.get("/v1/chats", headers={**cookie, "origin": "https://evil.example"})
    assert reading.status_code == 200
    assert "access-control-allow-origin" not in reading.headers


async def test_callers_cannot_speak_for_the_gateway(client: httpx.AsyncClient, chats: Chats) -> None:
    """x-kontor-* of a caller is dropped, and the last address that edges see is none he claims."""
    forged = {"x-kontor-user": "somebody", "X-Kontor-Tenant": "other", "x-forwarded-for": "203.0.113.9"}
    assert (await client.get("/v1/chats", headers=forged)).status_code == 200
    assert not [name for name in chats.metadata if name.startswith("x-kontor-")]
    seen = (await client.get("/kunde/", headers=forged)).json()["headers"]
    names = {name.lower(): value for name, value in seen.items()}
    assert not [name for name in names if name.startswith("x-kontor-")]
    assert names["x-forwarded-for"].split(",")[-1].strip() != "203.0.113.9"


@pytest.mark.parametrize("path", ["/v1/chats", "/kunde/", "/v1/unknown", "/healthz", "/login"])
async def test_security_headers_are_on_every_answer(client: httpx.AsyncClient, path: str) -> None:
    """Also on answers of the gateway itself; HSTS only where the installation is reached by https."""
    headers = (await client.get(path)).headers
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["referrer-policy"] == "same-origin"
    assert headers["cross-origin-opener-policy"] == "same-origin"
    assert "camera=(self)" in headers["permissions-policy"]
    assert "strict-transport-security" not in headers
    assert not [name for name in headers if name.startswith("x-envoy-")]


async def test_one_person_cannot_ask_too_much(start_gateway: StartGateway) -> None:
    """Each signed-in person has his own bucket; what others do does not count."""
    first, second = (test_issuer().token(roles=[Role.ROLE_CUSTOMER]) for _ in range(2))
    async with start_gateway(user_burst="3", user_requests_per_second="1") as gateway:
        await gateway.answers("/healthz", 200)
        async with httpx.AsyncClient(base_url=gateway.url) as client:
            heavy = [await client.get("/v1/chats", headers=_bearer(first)) for _ in range(10)]
            other = await client.get("/v1/chats", headers=_bearer(second))
    statuses = [answer.status_code for answer in heavy]
    assert statuses[:3] == [200, 200, 200]
    refused = next(answer for answer in heavy if answer.status_code == 429)
    assert refused.json()["details"][0]["reason"] == "TOO_MANY_REQUESTS"
    assert refused.headers["retry-after"] == "1"
    assert other.status_code == 200


async def test_each_partner_has_the_limit_its_token_names(start_gateway: StartGateway) -> None:
    """F95: a partner system with a small limit is held to it, one with a large limit and people are not."""
    small, large = (
        test_issuer().token(roles=[], account_id=client, client_id=str(client), scope="customers.read", limit=limit)
        for client, limit in ((uuid4(), "small"), (uuid4(), "large"))
    )
    person = test_issuer().token(roles=[Role.ROLE_CUSTOMER])
    refused = {}
    async with start_gateway() as gateway:
        await gateway.answers("/healthz", 200)
        async with httpx.AsyncClient(base_url=gateway.url) as client:
            for name, token in (("small", small), ("large", large), ("person", person)):
                forged = _bearer(token) | {"x-kontor-limit": "large"}
                answers = [await client.get("/v1/chats", headers=forged) for _ in range(60)]
                refused[name] = [answer.status_code for answer in answers].count(429)
    assert refused["small"] > 20
    assert (refused["large"], refused["person"]) == (0, 0)


async def test_one_address_cannot_ask_too_much(start_gateway: StartGateway, token: str) -> None:
    """Who is not signed in is counted by address; the portal's own listener counts people only."""
    async with start_gateway(address_burst="20", address_requests_per_second="1") as gateway:
        async with httpx.AsyncClient(base_url=gateway.url) as client:
            statuses = [(await client.get("/kunde/")).status_code for _ in range(40)]
            assert 429 in statuses
            assert (await client.get("/v1/chats", headers=_bearer(token))).status_code == 200
        async with grpc.aio.insecure_channel(f"127.0.0.1:{gateway.internal_port}") as channel:
            stub = chat_pb2_grpc.ChatServiceStub(channel)
            for _ in range(40):
                await stub.ListChats(chat_pb2.ListChatsRequest())


async def test_access_log_holds_no_secrets(gateway: Gateway, client: httpx.AsyncClient) -> None:
    """One JSON line per request, without queries, addresses, one-time links or user agents."""
    await client.get("/oauth/authorize?code=secret-code", headers={"user-agent": "secret-agent"})
    await client.get("/invitation/secret-link")
    await client.get("/v1/chats?pageToken=secret-token")
    await client.get("/kunde/last-line")
    lines: list[dict[str, object]] = []
    while not any(line.get("path") == "/kunde/last-line" for line in lines):
        text = gateway.log.read_text(encoding="utf-8")
        lines = [json.loads(line) for line in text.splitlines() if line.startswith("{") and line.endswith("}")]
    assert "secret" not in text
    assert "127.0.0.1" not in json.dumps([line for line in lines if line.get("event") == "request"])
    assert any(line.get("path") == "/kontor.chat.v1.ChatService/ListChats" for line in lines)


def _bearer(token: str) -> dict[str, str]:
    return {"authorization": f"Bearer {token}"}
