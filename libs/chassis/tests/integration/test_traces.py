"""Traces really arrive at a collector: one trace id from the caller through the RPC to its SQL."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import grpc
import pytest
from kontor_chassis.testing.plugin import ServiceDatabase
from kontor_tools.embedded.nats import EmbeddedNats
from opentelemetry.proto.collector.trace.v1 import trace_service_pb2, trace_service_pb2_grpc
from opentelemetry.proto.trace.v1.trace_pb2 import Span

from libs.chassis.tests.offices import environment, staff, started
from libs.chassis.tests.parcels import SERVICE, Parcel

pytestmark = pytest.mark.integration


class Collector(trace_service_pb2_grpc.TraceServiceServicer):
    """An OTLP receiver that keeps what it gets."""

    def __init__(self) -> None:
        self.spans: list[Span] = []
        self.services: set[str] = set()

    async def Export(self, request: Any, context: Any) -> Any:  # noqa: N802 - named by OTLP
        """Take in spans."""
        for resource in request.resource_spans:
            attributes = {item.key: item.value.string_value for item in resource.resource.attributes}
            self.services.add(attributes["service.name"])
            self.spans += [span for scope in resource.scope_spans for span in scope.spans]
        return trace_service_pb2.ExportTraceServiceResponse()


@pytest.fixture
async def collector() -> AsyncIterator[tuple[Collector, str]]:
    """A collector and its address."""
    receiver, server = Collector(), grpc.aio.server()
    add_to_server: Any = trace_service_pb2_grpc.add_TraceServiceServicer_to_server  # generated without types
    add_to_server(receiver, server)
    port = server.add_insecure_port("127.0.0.1:0")
    await server.start()
    yield receiver, f"127.0.0.1:{port}"
    await server.stop(None)


async def test_one_trace_reaches_the_collector(
    collector: tuple[Collector, str], sender_database: ServiceDatabase, nats: EmbeddedNats, tmp_path: Path
) -> None:
    """The spans of the RPC and of its statements belong to the caller's trace, and hold no values of the request."""
    receiver, address = collector
    env = environment(sender_database, nats.url, tmp_path) | {"KONTOR_OTLP_ENDPOINT": address}
    trace_id = "0af7651916cd43dd8448eb211c80319c"
    metadata = (
        ("authorization", f"Bearer {staff()}"),
        ("traceparent", f"00-{trace_id}-b7ad6b7169203331-01"),
    )
    async with started("serve", env) as service, service.stub() as stub:
        await stub.ForStaff(Parcel(text="Julia Brandt"), metadata=metadata)
        await service.stop()
    mine = [span for span in receiver.spans if span.trace_id.hex() == trace_id]
    calls = [span for span in mine if span.name == f"{SERVICE}/ForStaff"]
    statements = [span for span in mine if span.name.startswith("SQL ")]
    assert receiver.services == {"sender"}
    assert len(calls) == 1
    assert calls[0].parent_span_id.hex() == "b7ad6b7169203331"
    assert {span.parent_span_id for span in statements} == {calls[0].span_id}
    assert any("INSERT INTO visits" in str(span.attributes) for span in statements)
    assert "Julia" not in str(receiver.spans)
