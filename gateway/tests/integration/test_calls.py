"""Calls through a real Envoy: JSON, native gRPC, streams, and what must not be reachable."""

from __future__ import annotations

import asyncio
import json

import grpc
import httpx
import pytest
from google.protobuf import descriptor_pb2
from kontor.chat.v1 import chat_pb2, chat_pb2_grpc
from kontor.common.v1 import access_pb2
from kontor_gateway.contracts import descriptors

from gateway.tests.gateway_stack import Chats, Gateway

pytestmark = [pytest.mark.integration, pytest.mark.timeout(60)]

CUSTOMER = "0192b7a0-0000-7000-8000-000000000001"


async def test_get_becomes_a_call_and_the_answer_json(client: httpx.AsyncClient) -> None:
    """A GET below /v1/ is the RPC that is mapped to it; defaults are written out."""
    answer = await client.get("/v1/chats", params={"pageSize": 2, "pageToken": "abc"})
    assert answer.status_code == 200
    assert answer.headers["content-type"] == "application/json"
    chats = answer.json()["chats"]
    assert [chat["subject"] for chat in chats] == ["abc", "abc"]
    assert chats[0]["archived"] is False
    assert answer.headers["cache-control"] == "no-store"


async def test_post_carries_path_and_body(client: httpx.AsyncClient) -> None:
    """Path parameters and body meet in one request message."""
    answer = await client.post(f"/v1/customers/{CUSTOMER}/chats", json={"subject": "Frage", "text": "Guten Tag"})
    assert answer.json()["customerId"] == CUSTOMER
    assert answer.json()["subject"] == "Frage"


async def test_refusal_is_a_status_with_details(client: httpx.AsyncClient) -> None:
    """A gRPC status arrives as HTTP status and google.rpc.Status JSON with its details."""
    answer = await client.get(f"/v1/chats/{CUSTOMER}")
    assert answer.status_code == 404
    problem = answer.json()
    assert problem["message"] == "Diesen Chat gibt es nicht."
    assert problem["details"][0]["reason"] == "CHAT_NOT_FOUND"


@pytest.mark.parametrize("path", ["/v1/unknown", "/v1/chats?colour=red", "/-/ready", "/grpc.health.v1.Health/Check"])
async def test_what_does_not_exist_is_refused(client: httpx.AsyncClient, path: str) -> None:
    """Unknown paths and parameters are errors of the caller, told as google.rpc.Status."""
    answer = await client.get(path)
    assert answer.status_code in {400, 404}
    assert answer.json()["details"][0]["reason"] in {"REQUEST_INVALID", "NOT_FOUND"}


async def test_native_grpc_is_served_on_the_same_port(gateway: Gateway) -> None:
    """Programs may speak gRPC itself."""
    async with gateway.channel() as channel:
        stub = chat_pb2_grpc.ChatServiceStub(channel)
        answer = await stub.ListChats(chat_pb2.ListChatsRequest(page_size=3))
    assert len(answer.chats) == 3


def internal_methods() -> list[str]:
    """Return the path of every RPC of every internal service."""
    return [
        f"/{file.package}.{service.name}/{method.name}"
        for file in descriptors().file
        for service in file.service
        for method in service.method
        if _is_internal(service)
    ]


def _is_internal(service: descriptor_pb2.ServiceDescriptorProto) -> bool:
    return service.options.Extensions[access_pb2.internal]


@pytest.mark.parametrize("listener", ["public", "internal"])
async def test_internal_rpcs_are_not_reachable(gateway: Gateway, client: httpx.AsyncClient, listener: str) -> None:
    """No RPC marked internal passes the gateway, natively or as a plain POST; the server behind it answers them all."""
    assert internal_methods()
    port = gateway.port if listener == "public" else gateway.internal_port
    async with grpc.aio.insecure_channel(f"127.0.0.1:{port}") as channel:
        for method in internal_methods():
            call: grpc.aio.UnaryUnaryMultiCallable[bytes, bytes] = channel.unary_unary(method)
            with pytest.raises(grpc.aio.AioRpcError) as refused:
                await call(b"")
            assert refused.value.code() == grpc.StatusCode.UNIMPLEMENTED, method
    for method in internal_methods():
        assert (await client.post(f"http://127.0.0.1:{port}{method}")).status_code == 404


async def test_first_event_arrives_before_the_stream_ends(client: httpx.AsyncClient, chats: Chats) -> None:
    """A streaming RPC is a stream of server-sent events, each delivered as it happens."""
    chats.finish_stream = asyncio.Event()
    async with client.stream("GET", "/v1/chats:watch", headers={"accept-encoding": "gzip, br"}) as answer:
        assert answer.headers["content-type"].startswith("text/event-stream")
        assert "content-encoding" not in answer.headers
        events = (line async for line in answer.aiter_lines() if line)
        assert _text_of(await anext(events)) == "first"
        chats.finish_stream.set()
        assert _text_of(await anext(events)) == "second"


def _text_of(line: str) -> str:
    assert line.startswith("data: ")
    return str(json.loads(line.removeprefix("data: "))["message"]["text"])


async def test_reads_are_repeated_and_writes_are_not(client: httpx.AsyncClient, chats: Chats) -> None:
    """A replica that says UNAVAILABLE is asked again only where asking twice changes nothing."""
    before = chats.calls
    chats.refuse_next = 1
    assert (await client.get("/v1/chats")).status_code == 200
    assert chats.calls == before + 2
    chats.refuse_next = 1
    assert (await client.post(f"/v1/customers/{CUSTOMER}/chats", json={"text": "x"})).status_code == 503
    assert chats.calls == before + 3


async def test_large_calls_are_refused_and_large_files_are_not(client: httpx.AsyncClient) -> None:
    """Calls end at 6 MB; file content passes without limit and without being held back."""
    large = b"x" * (7 * 1024 * 1024)
    refused = await client.post(f"/v1/customers/{CUSTOMER}/chats", content=b'{"text":"' + large + b'"}')
    assert refused.status_code == 413
    assert refused.json()["details"][0]["reason"] == "REQUEST_TOO_LARGE"
    assert (await client.put("/files/abc", content=large)).json()["received"] == len(large)


async def test_text_is_compressed_and_files_are_not(client: httpx.AsyncClient) -> None:
    """Brotli or gzip for pages and JSON; content below /files/ stays as it is, because of ranges."""
    for encoding in ("br", "gzip"):
        async with client.stream("GET", "/static/large.css", headers={"accept-encoding": encoding}) as answer:
            assert answer.headers["content-encoding"] == encoding
    async with client.stream("GET", "/files/static/large.css", headers={"accept-encoding": "br, gzip"}) as answer:
        assert "content-encoding" not in answer.headers


@pytest.mark.parametrize(
    "path", ["/login", "/logout", "/oauth/token", "/invitation/x", "/password/reset", "/files/x", "/kunde/", "/"]
)
async def test_pages_reach_their_edge(client: httpx.AsyncClient, path: str) -> None:
    """Everything that is not data goes to an edge with its path unchanged."""
    answer = await client.get(path)
    assert answer.json()["path"] == path
