"""A real Envoy with the rendered configuration, in front of a real gRPC server and of small HTTP edges."""

from __future__ import annotations

import threading
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager

import grpc
import httpx
import pytest
from grpc_health.v1 import health_pb2, health_pb2_grpc
from grpc_health.v1.health import aio as health
from kontor.chat.v1 import chat_pb2_grpc
from kontor.common.v1.access_pb2 import Role
from kontor_chassis.testing.tokens import test_issuer
from kontor_tools.embedded.process import LOOPBACK, free_port
from kontor_tools.plan import SERVICES

from gateway.tests.gateway_stack import (
    EDGES,
    Anything,
    Chats,
    Edge,
    EdgeHandler,
    EdgeServer,
    Gateway,
    StartGateway,
    run_gateway,
)


@pytest.fixture(scope="session")
def edge() -> Iterator[Edge]:
    """The HTTP edges."""
    server = EdgeServer((LOOPBACK, 0), EdgeHandler)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    yield Edge(server)
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture(scope="session")
async def chats() -> Chats:
    """What the gRPC server does."""
    return Chats()  # type: ignore[abstract]  # it answers only what the tests call


@pytest.fixture(scope="session")
async def grpc_address(chats: Chats) -> AsyncIterator[str]:
    """The gRPC server that stands for all services."""
    server = grpc.aio.server()
    servicer = health.HealthServicer()
    await servicer.set("", health_pb2.HealthCheckResponse.SERVING)
    health_pb2_grpc.add_HealthServicer_to_server(servicer, server)
    chat_pb2_grpc.add_ChatServiceServicer_to_server(chats, server)
    server.add_generic_rpc_handlers((Anything(),))
    port = server.add_insecure_port(f"{LOOPBACK}:0")
    await server.start()
    yield f"{LOOPBACK}:{port}"
    await server.stop(None)


@pytest.fixture(scope="session")
def start_gateway(edge: Edge, grpc_address: str, tmp_path_factory: pytest.TempPathFactory) -> StartGateway:
    """Starts a gateway of the test's own: `async with start_gateway(user_burst="3") as gateway`."""

    @asynccontextmanager
    async def start(**settings: str) -> AsyncIterator[Gateway]:
        port, internal, admin, metrics = (free_port() for _ in range(4))
        environment = {
            "KONTOR_ENVIRONMENT": "test",
            "KONTOR_ISSUER": test_issuer().issuer,
            "KONTOR_HTTP_LISTEN": f"{LOOPBACK}:{port}",
            "KONTOR_INTERNAL_LISTEN": f"{LOOPBACK}:{internal}",
            "KONTOR_ADMIN_LISTEN": f"{LOOPBACK}:{admin}",
            "KONTOR_METRICS_LISTEN": f"{LOOPBACK}:{metrics}",
            "KONTOR_HEALTH_CHECK_SECONDS": "0.2",
            "KONTOR_WORKER_THREADS": "1",
            **{f"KONTOR_{name.upper()}_ADDRESS": grpc_address for name in SERVICES},
            **{f"KONTOR_{name.upper()}_ADDRESS": edge.address for name in EDGES},
            **{f"KONTOR_{name.upper()}": value for name, value in settings.items()},
        }
        folder = tmp_path_factory.mktemp("gateway")
        process = run_gateway(folder, environment)
        try:
            gateway = Gateway(port, internal, admin, metrics, folder / "log", process, environment)
            await gateway.answers("/static/ready", 200)
            yield gateway
        finally:
            process.terminate()
            process.wait(20)

    return start


@pytest.fixture(scope="session")
async def gateway(start_gateway: StartGateway) -> AsyncIterator[Gateway]:
    """The gateway most tests share; its limits are out of their way."""
    async with start_gateway(address_burst="100000", address_requests_per_second="100000") as running:
        await running.answers("/healthz", 200)
        yield running


@pytest.fixture
async def client(gateway: Gateway) -> AsyncIterator[httpx.AsyncClient]:
    """An HTTP client of the gateway."""
    async with httpx.AsyncClient(base_url=gateway.url) as client:
        yield client


@pytest.fixture
def token() -> str:
    """A valid access token."""
    return test_issuer().token(roles=[Role.ROLE_CUSTOMER])
