"""The gRPC server of a service: servicers behind the common pipeline, health, reflection; a stop that loses nothing.

Stopping (`drain`): health says NOT_SERVING, callers turn elsewhere, open streams end, calls in hand are finished.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from types import ModuleType
from typing import Any

import grpc
from google.protobuf.descriptor import ServiceDescriptor
from grpc_health.v1 import health, health_pb2, health_pb2_grpc
from grpc_reflection.v1alpha import reflection

from kontor_chassis.calls import LARGEST_MESSAGE_BYTES
from kontor_chassis.interceptors.pipeline import Pipeline
from kontor_chassis.tokens import TokenVerifier

_OPTIONS = (
    ("grpc.max_receive_message_length", LARGEST_MESSAGE_BYTES),
    ("grpc.max_send_message_length", LARGEST_MESSAGE_BYTES),
    ("grpc.so_reuseport", 0),  # a second server on the same port is a mistake, not a replica
    ("grpc.http2.min_ping_interval_without_data_ms", 30_000),
)


@dataclass(frozen=True)
class Servicer:
    """One gRPC service and what implements it."""

    add_to_server: Callable[[Any, Any], None]
    instance: object
    descriptor: ServiceDescriptor


def servicer(
    add_function: Callable[[Any, Any], None], instance: object, service_descriptor: ServiceDescriptor
) -> Servicer:
    """Return the pairing of a generated `add_…Servicer_to_server`, its implementation and its descriptor."""
    return Servicer(add_function, instance, service_descriptor)


def servicer_of(add_function: Callable[[Any, Any], None], instance: object, protos: ModuleType) -> Servicer:
    """Return the same for the one service that a file of protos has, by its generated module."""
    [service] = protos.DESCRIPTOR.services_by_name.values()
    return Servicer(add_function, instance, service)


class RpcServer:
    """Serves servicers on one address."""

    def __init__(self, verifier: TokenVerifier, servicers: Sequence[Servicer]) -> None:
        self._server = grpc.aio.server(options=_OPTIONS)
        self._pipeline = Pipeline(verifier)
        self._health = health.aio.HealthServicer()
        self._names = [item.descriptor.full_name for item in servicers]
        for item in servicers:
            self._pipeline.register(self._server, item.add_to_server, item.instance, item.descriptor)
        health_pb2_grpc.add_HealthServicer_to_server(self._health, self._server)
        reflection.enable_server_reflection([*self._names, health.SERVICE_NAME, reflection.SERVICE_NAME], self._server)

    async def start(self, address: str) -> int:
        """Accept calls on `host:port` (port 0: any free one); return the port. Raises RuntimeError when it is taken."""
        port = self._server.add_insecure_port(address)
        await self._server.start()
        for name in ("", *self._names):
            await self._health.set(name, health_pb2.HealthCheckResponse.SERVING)
        return port

    async def drain(self, seconds: float, *, notice: float = 0.0) -> None:
        """Finish the calls in hand, at most within `seconds`, and stop.

        For the first `notice` seconds calls are still taken, while callers learn from the health service to send theirs
        elsewhere: gRPC would cancel a call that has arrived but was not yet handed to us when the server stops.
        """
        await self._health.enter_graceful_shutdown()
        await asyncio.sleep(notice)
        self._pipeline.streams.stop()
        await self._server.stop(seconds)
