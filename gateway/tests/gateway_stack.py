"""What the gateway's tests put behind it, and a gateway that runs: a real gRPC server and small HTTP edges."""

from __future__ import annotations

import asyncio
import json
import os
import subprocess
import sys
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import grpc
import httpx
from google.protobuf import any_pb2
from google.rpc import code_pb2, error_details_pb2, status_pb2
from grpc_status import rpc_status
from kontor.chat.v1 import chat_pb2, chat_pb2_grpc
from kontor_chassis.testing.tokens import test_issuer
from kontor_tools.embedded.process import LOOPBACK

EDGES = ("identity_http", "vault_http", "portal")


class Chats(chat_pb2_grpc.ChatServiceServicer):
    """Answers a few RPCs of the chat contract and remembers what arrived."""

    def __init__(self) -> None:
        self.metadata: dict[str, str] = {}
        self.calls = 0
        self.finish_stream = asyncio.Event()
        self.refuse_next = 0

    async def ListChats(self, request: chat_pb2.ListChatsRequest, context: Any) -> chat_pb2.ListChatsResponse:  # noqa: N802  # named by the proto
        """Answer one chat; named by the page token, so that tests see the request arrive."""
        self._remember(context)
        if self.refuse_next:
            self.refuse_next -= 1
            await context.abort(grpc.StatusCode.UNAVAILABLE, "not now")
        chats = [chat_pb2.Chat(chat_id=str(number), subject=request.page_token) for number in range(request.page_size)]
        return chat_pb2.ListChatsResponse(chats=chats)

    async def GetChat(self, request: chat_pb2.GetChatRequest, context: Any) -> chat_pb2.Chat:  # noqa: N802  # named by the proto
        """Refuse with error details, as the chassis does."""
        self._remember(context)
        detail = any_pb2.Any()
        detail.Pack(error_details_pb2.ErrorInfo(reason="CHAT_NOT_FOUND", domain="chat.kontor"))
        problem = status_pb2.Status(code=code_pb2.NOT_FOUND, message="Diesen Chat gibt es nicht.", details=[detail])
        await context.abort_with_status(rpc_status.to_status(problem))
        raise AssertionError("abort raises")

    async def StartChat(self, request: chat_pb2.StartChatRequest, context: Any) -> chat_pb2.Chat:  # noqa: N802  # named by the proto
        """Answer the chat that was asked for."""
        self._remember(context)
        if self.refuse_next:
            self.refuse_next -= 1
            await context.abort(grpc.StatusCode.UNAVAILABLE, "not now")
        return chat_pb2.Chat(customer_id=request.customer_id, subject=request.subject)

    async def WatchChats(  # noqa: N802  # named by the proto
        self, request: chat_pb2.WatchChatsRequest, context: Any
    ) -> AsyncIterator[chat_pb2.WatchChatsResponse]:
        """Send one event, and the second only once the test says so."""
        self._remember(context)
        yield chat_pb2.WatchChatsResponse(message=chat_pb2.Message(text="first"))
        await self.finish_stream.wait()
        yield chat_pb2.WatchChatsResponse(message=chat_pb2.Message(text="second"))

    def _remember(self, context: Any) -> None:
        self.calls += 1
        self.metadata = {key: value for key, value in context.invocation_metadata() if isinstance(value, str)}


class Anything(grpc.GenericRpcHandler):
    """Answers every RPC that nobody else answers, so that only the gateway can keep one from being reached."""

    def service(self, handler_call_details: grpc.HandlerCallDetails) -> grpc.RpcMethodHandler[bytes, bytes]:
        """Return a handler for whatever was called."""

        async def answer(request: bytes, context: Any) -> bytes:
            return b""

        return grpc.unary_unary_rpc_method_handler(answer)


@dataclass
class Edge:
    """A small HTTP server that stands for all Flask edges and tells what it received."""

    server: EdgeServer

    @property
    def address(self) -> str:
        """Where it listens."""
        return f"{LOOPBACK}:{self.server.server_port}"


class EdgeServer(ThreadingHTTPServer):
    """Does not report connections that the gateway closes when it stops."""

    daemon_threads = True

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Say nothing."""


class EdgeHandler(BaseHTTPRequestHandler):
    """Echoes the request as JSON; publishes the test issuer's keys."""

    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:  # the base class dispatches by this name
        """Answer keys, a large text or an echo."""
        if self.path == "/oauth/jwks.json":
            self._answer(test_issuer().jwks_file.read_bytes(), "application/json")
        elif self.path.startswith("/static/large"):
            self._answer(b"body { color: black }\n" * 1000, "text/css")
        else:
            self._answer(json.dumps({"path": self.path, "headers": dict(self.headers)}).encode(), "application/json")

    def do_POST(self) -> None:  # see above
        """Count the body's bytes."""
        length = int(self.headers.get("Content-Length", 0))
        received = 0
        while received < length:
            received += len(self.rfile.read(min(65536, length - received)))
        self._answer(json.dumps({"path": self.path, "received": received}).encode(), "application/json")

    do_PUT = do_POST  # noqa: N815  # see above

    def log_message(self, format: str, *args: object) -> None:
        """Say nothing."""

    def _answer(self, body: bytes, content_type: str) -> None:
        self.send_response(200)
        self.send_header("Content-Type", content_type)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)


def run_gateway(folder: Path, environment: dict[str, str]) -> subprocess.Popen[bytes]:
    """Start the gateway's process; its log goes to `folder`/log."""
    with (folder / "log").open("wb") as output:
        return subprocess.Popen(
            [sys.executable, "-m", "kontor_gateway", "serve", "--configuration", str(folder / "envoy.json")],
            env={"PATH": os.environ["PATH"], **environment},
            stdout=output,
            stderr=output,
        )


@dataclass
class Gateway:
    """A running gateway."""

    port: int
    internal_port: int
    admin_port: int
    metrics_port: int
    log: Path
    process: subprocess.Popen[bytes]
    environment: dict[str, str] = field(repr=False)

    @property
    def url(self) -> str:
        """The public address."""
        return f"http://{LOOPBACK}:{self.port}"

    def channel(self) -> grpc.aio.Channel:
        """Open a native gRPC channel to the public listener."""
        return grpc.aio.insecure_channel(f"{LOOPBACK}:{self.port}")

    async def answers(self, path: str, status: int) -> None:
        """Wait until a path answers with a status; the test's time limit ends the wait."""
        async with httpx.AsyncClient() as client:
            while True:
                try:
                    if (await client.get(f"{self.url}{path}")).status_code == status:
                        return
                except httpx.TransportError:
                    if self.process.poll() is not None:
                        raise AssertionError(self.log.read_text(encoding="utf-8")) from None
                await asyncio.sleep(0.02)


StartGateway = Callable[..., AbstractAsyncContextManager[Gateway]]
