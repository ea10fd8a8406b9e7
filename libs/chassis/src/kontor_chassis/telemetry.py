"""Traces and metrics of a process.

Traces go to an OpenTelemetry collector over OTLP where one is configured; W3C trace context is taken from the metadata
of incoming calls and put into that of outgoing ones. Without a collector all of it costs nothing. Metrics are
Prometheus's, served on the side port (`sideport`); those of RPCs carry the names of go-grpc-prometheus, which
ready-made dashboards know.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from typing import Any

import grpc
from opentelemetry import context as otel_context
from opentelemetry import trace
from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator
from prometheus_client import Counter, Gauge, Histogram
from structlog.typing import EventDict, WrappedLogger

TRACER = trace.get_tracer("kontor")
_PROPAGATOR = TraceContextTextMapPropagator()
_TRACE_HEADERS = frozenset({"traceparent", "tracestate"})
_TRACE_ENVIRON = {"traceparent": "HTTP_TRACEPARENT", "tracestate": "HTTP_TRACESTATE"}

_HANDLED = Counter(
    "grpc_server_handled_total", "RPCs completed, by status code.", ("grpc_service", "grpc_method", "grpc_code")
)
_SECONDS = Histogram(
    "grpc_server_handling_seconds",
    "Time from receiving an RPC to its last byte.",
    ("grpc_service", "grpc_method"),
    buckets=(0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30),
)
IN_FLIGHT = Gauge("grpc_server_in_flight", "RPCs being handled.")


class RpcMetrics:
    """Rate, errors and duration of one RPC; its labels are resolved once."""

    def __init__(self, service: str, method: str) -> None:
        self._names = (service, method)
        self._seconds = _SECONDS.labels(service, method)
        self._handled = {"OK": _HANDLED.labels(service, method, "OK")}

    def observe(self, code: str, seconds: float) -> None:
        """Count one completed call."""
        handled = self._handled.get(code)
        if handled is None:
            handled = self._handled[code] = _HANDLED.labels(*self._names, code)
        handled.inc()
        self._seconds.observe(seconds)


def configure_tracing(service: str, environment: str, endpoint: str | None) -> Callable[[], None]:
    """Send spans to the collector at `endpoint` (`host:port`), if any; return what flushes them before exit."""
    if endpoint is None:
        return lambda: None
    # Loading the SDK takes a tenth of a process's start, and without a collector nobody needs it.
    from opentelemetry.exporter.otlp.proto.grpc.trace_exporter import OTLPSpanExporter
    from opentelemetry.sdk.resources import Resource
    from opentelemetry.sdk.trace import TracerProvider
    from opentelemetry.sdk.trace.export import BatchSpanProcessor

    resource = Resource.create(
        {"service.namespace": "kontor", "service.name": service, "deployment.environment.name": environment}
    )
    provider = TracerProvider(resource=resource)
    provider.add_span_processor(BatchSpanProcessor(OTLPSpanExporter(endpoint=endpoint, insecure=True)))
    trace.set_tracer_provider(provider)
    return provider.shutdown


def tracing_is_on() -> bool:
    """Whether spans are recorded in this process."""
    return not isinstance(trace.get_tracer_provider(), trace.ProxyTracerProvider)


@contextmanager
def server_span(rpc: str, metadata: Iterable[tuple[str, str | bytes]]) -> Iterator[trace.Span]:
    """Record one RPC as a span of the caller's trace and make it current."""
    carrier = {key: value for key, value in metadata if key in _TRACE_HEADERS and isinstance(value, str)}
    service, _, method = rpc.strip("/").partition("/")
    with TRACER.start_as_current_span(
        rpc.strip("/"),
        context=_PROPAGATOR.extract(carrier),
        kind=trace.SpanKind.SERVER,
        attributes={"rpc.system": "grpc", "rpc.service": service, "rpc.method": method},
        record_exception=False,
        set_status_on_exception=False,
    ) as span:
        yield span


def end_span(span: trace.Span, code: grpc.StatusCode) -> None:
    """Note an RPC's status code; only what is the server's fault makes the span an error."""
    span.set_attribute("rpc.grpc.status_code", code.value[0])
    if code in {grpc.StatusCode.INTERNAL, grpc.StatusCode.UNKNOWN, grpc.StatusCode.UNAVAILABLE}:
        span.set_status(trace.StatusCode.ERROR)


def trace_headers() -> dict[str, str]:
    """Return the W3C headers of the current span, {} outside any; for gRPC metadata and for event headers."""
    carrier: dict[str, str] = {}
    _PROPAGATOR.inject(carrier)
    return carrier


@contextmanager
def following(headers: Iterable[tuple[str, str]]) -> Iterator[None]:
    """Continue the trace that the headers of an event name, for the block."""
    token = otel_context.attach(_PROPAGATOR.extract(dict(headers)))
    try:
        yield
    finally:
        otel_context.detach(token)


def add_trace(_logger: WrappedLogger, _method: str, event: EventDict) -> EventDict:
    """Add the current trace's id to a log line; a structlog processor."""
    span = trace.get_current_span().get_span_context()
    if span.is_valid:
        event["trace_id"] = trace.format_trace_id(span.trace_id)
        event["span_id"] = trace.format_span_id(span.span_id)
    return event


@contextmanager
def http_span(environ: dict[str, Any]) -> Iterator[trace.Span]:
    """Record one HTTP request of a WSGI application as a span of the caller's trace and make it current."""
    carrier = {name: environ[key] for name, key in _TRACE_ENVIRON.items() if key in environ}
    method = environ.get("REQUEST_METHOD", "GET")
    with TRACER.start_as_current_span(
        method,
        context=_PROPAGATOR.extract(carrier),
        kind=trace.SpanKind.SERVER,
        attributes={"http.request.method": method},
    ) as span:
        yield span
