"""How the gateway is run: readiness, metrics, draining, traces, replicas."""

from __future__ import annotations

import asyncio
import subprocess
import sys

import grpc
import httpx
import pytest
from google.protobuf import empty_pb2
from kontor.chat.v1 import chat_pb2, chat_pb2_grpc
from kontor_tools.embedded.process import LOOPBACK, free_port

from gateway.tests.gateway_stack import Chats, Gateway, StartGateway

pytestmark = [pytest.mark.integration, pytest.mark.timeout(60)]


async def test_ready_only_when_every_service_is(start_gateway: StartGateway, gateway: Gateway) -> None:
    """/healthz on the public port is ok with all services, and says so when one is missing."""
    async with httpx.AsyncClient() as client:
        assert (await client.get(f"{gateway.url}/healthz")).text == "ok\n"
        async with start_gateway(billing_address=f"{LOOPBACK}:{free_port()}") as incomplete:
            await incomplete.answers("/healthz", 503)
            assert (await client.get(f"{incomplete.url}/v1/chats")).status_code == 200


async def test_unreachable_service_is_told_in_the_callers_way(start_gateway: StartGateway) -> None:
    """Programs get google.rpc.Status, people a page in German."""
    async with start_gateway(chat_address=f"{LOOPBACK}:{free_port()}", vault_http_address="127.0.0.1:9") as gateway:
        async with httpx.AsyncClient(base_url=gateway.url) as client:
            program = await client.get("/v1/chats")
            person = await client.get("/files/x", headers={"accept": "text/html,*/*"})
        async with gateway.channel() as channel:
            stub = chat_pb2_grpc.ChatServiceStub(channel)
            with pytest.raises(grpc.aio.AioRpcError) as refused:
                await stub.ListChats(chat_pb2.ListChatsRequest())
    assert program.status_code == person.status_code == 503
    assert program.json()["code"] == 14
    assert "nicht erreichbar" in program.json()["message"]
    assert person.headers["content-type"].startswith("text/html")
    assert "nicht erreichbar" in person.text
    assert refused.value.code() == grpc.StatusCode.UNAVAILABLE


async def test_replicas_share_the_work(start_gateway: StartGateway, grpc_address: str, chats: Chats) -> None:
    """An address may name several replicas; a dead one among them is not noticed."""
    dead = f"{LOOPBACK}:{free_port()}"
    async with start_gateway(chat_address=f"ipv4:{dead},{grpc_address}") as gateway:
        await gateway.answers("/healthz", 200)
        async with httpx.AsyncClient(base_url=gateway.url) as client:
            statuses = {(await client.get("/v1/chats")).status_code for _ in range(20)}
    assert statuses == {200}


async def test_metrics_are_on_the_side_port(gateway: Gateway) -> None:
    """Prometheus reads the gateway where it reads every other process."""
    async with httpx.AsyncClient(base_url=f"http://{LOOPBACK}:{gateway.metrics_port}") as client:
        assert "envoy_cluster_upstream_rq" in (await client.get("/metrics")).text
        assert (await client.get("/readyz")).status_code == 200
        assert (await client.get("/config_dump")).status_code == 404


async def test_drain_waits_for_requests_in_flight(start_gateway: StartGateway, chats: Chats) -> None:
    """`drain` turns /healthz off and returns once the last request has its answer; nothing is cut off."""
    chats.finish_stream = asyncio.Event()
    async with start_gateway() as gateway, httpx.AsyncClient(base_url=gateway.url) as client:
        await gateway.answers("/healthz", 200)
        async with client.stream("GET", "/v1/chats:watch") as answer:
            events = (line async for line in answer.aiter_lines() if line)
            await anext(events)
            draining = await asyncio.create_subprocess_exec(
                sys.executable, "-m", "kontor_gateway", "drain", env=gateway.environment
            )
            await gateway.answers("/healthz", 503)
            assert draining.returncode is None
            chats.finish_stream.set()
            assert "second" in await anext(events)
        assert await draining.wait() == 0


async def test_traces_are_continued_and_exported(start_gateway: StartGateway, chats: Chats) -> None:
    """Envoy's spans go to the collector, with the trace id that the service receives, and without queries."""
    received: list[bytes] = []
    trace = "0af7651916cd43dd8448eb211c80319c"
    exported = asyncio.Event()

    class Collector(grpc.GenericRpcHandler):
        def service(self, handler_call_details: grpc.HandlerCallDetails) -> grpc.RpcMethodHandler[bytes, bytes]:
            async def export(request: bytes, context: object) -> bytes:
                received.append(request)
                if bytes.fromhex(trace) in request:
                    exported.set()
                return empty_pb2.Empty().SerializeToString()

            return grpc.unary_unary_rpc_method_handler(export)

    collector = grpc.aio.server()
    collector.add_generic_rpc_handlers((Collector(),))
    port = collector.add_insecure_port(f"{LOOPBACK}:0")
    await collector.start()
    try:
        async with start_gateway(otlp_endpoint=f"{LOOPBACK}:{port}") as gateway, httpx.AsyncClient() as client:
            await gateway.answers("/healthz", 200)
            headers = {"traceparent": f"00-{trace}-b7ad6b7169203331-01", "user-agent": "secret-agent"}
            await client.get(f"{gateway.url}/v1/chats?pageToken=secret-token", headers=headers)
            assert trace in chats.metadata["traceparent"]
            await exported.wait()
    finally:
        await collector.stop(None)
    assert b"secret" not in b"".join(received)


def test_incomplete_configuration_names_all_faults() -> None:
    """All faults at once, as every process tells them."""
    done = subprocess.run(
        [sys.executable, "-m", "kontor_gateway", "check-config"],
        env={"KONTOR_ENVIRONMENT": "test", "KONTOR_PORTTAL_ADDRESS": "x:1", "KONTOR_ADMIN_LISTEN": "0.0.0.0:1"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 2
    for fault in ("KONTOR_PORTTAL_ADDRESS: unknown", "KONTOR_HTTP_LISTEN", "KONTOR_CHAT_ADDRESS"):
        assert fault in done.stderr
