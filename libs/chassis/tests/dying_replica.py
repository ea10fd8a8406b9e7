"""A replica that answers identity's internal RPCs, or kills itself with the first call in its hands.

    python -m libs.chassis.tests.dying_replica answers|dies

Prints the port it listens on.
"""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from typing import Any

import grpc
from grpc_health.v1 import health, health_pb2, health_pb2_grpc
from kontor.identity.v1 import internal_pb2 as pb
from kontor.identity.v1.internal_pb2_grpc import (
    IdentityInternalServiceServicer,
    add_IdentityInternalServiceServicer_to_server,
)


class Replica(IdentityInternalServiceServicer):
    """Answers a read and a write."""

    def __init__(self, *, dies: bool) -> None:
        self._dies = dies

    async def GetCustomer(self, _request: Any, _context: Any) -> pb.CustomerProfile:  # noqa: N802  # named by the proto
        """Answer, or die."""
        self._die()
        return pb.CustomerProfile(number="answered")

    async def ImportCustomers(self, _request: Any, _context: Any) -> pb.ImportCustomersResponse:  # noqa: N802  # the same
        """Answer, or die."""
        self._die()
        return pb.ImportCustomersResponse()

    def _die(self) -> None:
        if self._dies:
            os.kill(os.getpid(), signal.SIGKILL)


async def main(dies: bool) -> None:
    """Serve until killed."""
    server = grpc.aio.server()
    add_IdentityInternalServiceServicer_to_server(Replica(dies=dies), server)  # type: ignore[abstract]  # two RPCs do
    healthy = health.aio.HealthServicer()
    await healthy.set("", health_pb2.HealthCheckResponse.SERVING)
    health_pb2_grpc.add_HealthServicer_to_server(healthy, server)
    port = server.add_insecure_port("127.0.0.1:0")
    await server.start()
    print(port, flush=True)
    await server.wait_for_termination()


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1] == "dies"))
