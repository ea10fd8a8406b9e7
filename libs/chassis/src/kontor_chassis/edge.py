"""Flask edges: processes where HTTP itself is the protocol (pages, OpenID Connect, file content).

An edge holds no state and reads no database. This module gives it stubs with the visitor's token, one way from an
error to a problem page, metrics and traces, and gunicorn with threads. Nothing connects before the first request, so
the application may be built before gunicorn forks.
"""

from __future__ import annotations

import secrets
import sys
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar, cast
from uuid import UUID

import grpc
import structlog
from flask import Flask, Response, current_app, g, jsonify, request
from flask.typing import ResponseReturnValue
from opentelemetry import trace
from prometheus_client import Counter, Gauge, Histogram
from werkzeug.exceptions import HTTPException
from werkzeug.middleware.proxy_fix import ProxyFix

from kontor_chassis.calls import GATEWAY_OPTIONS, CallingChannel, SharedChannel, channel_options
from kontor_chassis.errors import DomainError, ErrorKind, FieldProblem
from kontor_chassis.gunicorn_runner import run_gunicorn
from kontor_chassis.interceptors.authentication import ACCESS_COOKIE
from kontor_chassis.interceptors.errors import domain_error_of, refused_with
from kontor_chassis.logs import configure_logging
from kontor_chassis.request_bodies import bound_waits
from kontor_chassis.settings import EdgeSettings, SettingsError
from kontor_chassis.telemetry import http_span
from kontor_chassis.tokens import ServiceTokens

S = TypeVar("S")

log = structlog.get_logger(__name__)

READY_PATH = "/-/ready"
"""Answered by every edge before anything else, for the gateway's health checks; the gateway does not let it through."""

GATEWAY = "gateway"
"""Name under which an edge calls the gateway (`gateway_address`)."""
_EXTENSION = "kontor_edge"
_INTERNAL_MESSAGE = "Da ist bei uns etwas schiefgegangen. Bitte versuchen Sie es später noch einmal."
_HTTP_STATUS = {
    ErrorKind.INVALID: 400,
    ErrorKind.NOT_FOUND: 404,
    ErrorKind.ALREADY_EXISTS: 409,
    ErrorKind.FORBIDDEN: 403,
    ErrorKind.UNAUTHENTICATED: 401,
    ErrorKind.CONFLICT: 409,
    ErrorKind.PRECONDITION: 409,
    ErrorKind.EXHAUSTED: 429,
    ErrorKind.UNAVAILABLE: 503,
}
_HTTP_MESSAGES = {
    401: "Diese Anmeldung ist ungültig. Bitte melden Sie sich erneut an.",
    404: "Diese Seite gibt es nicht.",
    405: "Das ist an dieser Adresse nicht möglich.",
    413: "Das ist zu groß.",
    415: "Dieses Format wird hier nicht angenommen.",
    416: "Dieser Abschnitt liegt außerhalb der Datei.",
    429: "Das waren zu viele Anfragen. Bitte warten Sie einen Augenblick.",
}
_OF_GATEWAY = {
    grpc.StatusCode.UNAUTHENTICATED: (401, "TOKEN_INVALID"),
    grpc.StatusCode.RESOURCE_EXHAUSTED: (429, "TOO_MANY_REQUESTS"),
}
"""What the gateway itself refuses, before any service: inside gRPC it gives a status and nothing else."""
_OTHER_MESSAGE = "Diese Anfrage kann nicht bearbeitet werden."
_BODY_HEADERS = frozenset({"content-type", "content-length"})
_REQUESTS = Counter("http_server_requests_total", "HTTP requests completed.", ("method", "route", "status"))
_IN_FLIGHT = Gauge("http_server_in_flight", "HTTP requests being handled.")
_SECONDS = Histogram("http_server_request_seconds", "Time until the response began.", ("method", "route"))


@dataclass(frozen=True)
class Problem:
    """What went wrong with a request, ready to be shown to the visitor."""

    status: int
    reason: str
    message: str
    fields: tuple[FieldProblem, ...] = ()
    reference: str = ""
    """By which the log line with the cause is found; only for faults of ours."""
    metadata: Mapping[str, str] = field(default_factory=dict)
    """Figures that the refusal carries, for example how many seconds to wait."""
    headers: tuple[tuple[str, str], ...] = ()
    """What HTTP wants said beside it, for example `Allow` with 405."""


ShowProblem = Callable[[Problem], ResponseReturnValue]


class Edge:
    """One edge's settings and its calls to gRPC services."""

    def __init__(self, name: str, settings: EdgeSettings) -> None:
        self.name = name
        self.settings = settings
        self._channels: dict[str, SharedChannel] = {}
        key_file: Path | None = getattr(settings, "service_key_file", None)
        self._own_tokens = ServiceTokens(name, key_file) if key_file is not None else None

    def stub(
        self, service: str, stub_class: Callable[[grpc.Channel], S], *, token: Callable[[], str] | None = None
    ) -> S:
        """Return a stub whose calls carry the visitor's token (or what `token` gives at the time of the call)."""
        return stub_class(cast(grpc.Channel, CallingChannel(self._channel(service), token or visitor_token)))

    def as_service(self, service: str, stub_class: Callable[[grpc.Channel], S], tenant_id: UUID | None) -> S:
        """Return a stub that calls in this edge's own name; needs a `service_key_file` in the settings."""
        tokens = self._own_tokens
        if tokens is None:
            raise LookupError("the settings have no service_key_file")
        return stub_class(cast(grpc.Channel, CallingChannel(self._channel(service), lambda: tokens.token(tenant_id))))

    def _channel(self, service: str) -> SharedChannel:
        shared = self._channels.get(service)
        if shared is None:
            address = self.settings.addresses().get(service)
            if address is None:
                raise LookupError(f"the settings have no {service}_address")
            options = GATEWAY_OPTIONS if service == GATEWAY else channel_options(service)
            made = SharedChannel(grpc.insecure_channel(address, options=options))
            shared = self._channels.setdefault(service, made)
        return shared


def current_edge() -> Edge:
    """Return the edge of the Flask application that is handling the request."""
    return cast(Edge, current_app.extensions[_EXTENSION])


def visitor_token() -> str:
    """Return the access token that came with the HTTP request, from the header or the cookie; "" when none did."""
    scheme, _, token = request.headers.get("Authorization", "").partition(" ")
    return token.strip() if scheme.lower() == "bearer" else request.cookies.get(ACCESS_COOKIE, "")


def problem_of(error: Exception) -> Problem:
    """Return what the visitor is told about an exception; logs the cause of what is not his to understand."""
    refused = error if isinstance(error, DomainError) else None
    if isinstance(error, grpc.RpcError):
        call = cast(grpc.Call, error)
        refused = domain_error_of(call) or refused_with(call)
        if refused is None and call.code() in _OF_GATEWAY:
            status, reason = _OF_GATEWAY[call.code()]
            return Problem(status, reason, _HTTP_MESSAGES[status])
    if refused is not None:
        status = _HTTP_STATUS[refused.kind]
        return Problem(status, refused.reason, refused.message, refused.fields, metadata=refused.metadata)
    if isinstance(error, HTTPException):
        return _problem_of_http(error)
    reference = secrets.token_hex(8)
    log.error("http_request_failed", route=_route(), reference=reference, exc_info=error)
    return Problem(500, "INTERNAL", _INTERNAL_MESSAGE, reference=reference)


def _problem_of_http(error: HTTPException) -> Problem:
    status = error.code or 500
    headers = tuple(header for header in error.get_headers() if header[0].lower() not in _BODY_HEADERS)
    reason = error.name.upper().replace(" ", "_")
    return Problem(status, reason, _HTTP_MESSAGES.get(status, _OTHER_MESSAGE), headers=headers)


def problem_json(problem: Problem) -> ResponseReturnValue:
    """Return a problem as RFC 9457 JSON."""
    response = jsonify(
        type="about:blank",
        title=problem.message,
        status=problem.status,
        reason=problem.reason,
        reference=problem.reference,
        fields=[{"field": item.field, "description": item.description} for item in problem.fields],
    )
    response.status_code = problem.status
    response.content_type = "application/problem+json"
    return response


def edge_app(
    name: str,
    settings: EdgeSettings,
    import_name: str,
    *,
    show_problem: ShowProblem = problem_json,
    **flask_options: Any,
) -> Flask:
    """Return a Flask application with the common parts: problems, metrics, traces, the gateway's forwarded headers.

    `show_problem` renders a problem, for example as a page; `flask_options` go to Flask unchanged.
    """
    app = Flask(import_name, **flask_options)
    app.extensions[_EXTENSION] = Edge(name, settings)
    app.before_request(_begin)
    app.after_request(_count)
    app.register_error_handler(Exception, lambda error: _shown(app, show_problem, problem_of(error)))
    inner = app.wsgi_app

    def traced(environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        if environ.get("PATH_INFO") == READY_PATH:
            start_response("200 OK", [("Content-Type", "text/plain"), ("Content-Length", "3")])
            return [b"ok\n"]
        bound_waits(environ, settings.http_stall_seconds)
        with _IN_FLIGHT.track_inprogress(), http_span(environ):
            return inner(environ, start_response)

    app.wsgi_app = ProxyFix(traced, x_for=1, x_proto=1)  # type: ignore[method-assign]  # Flask's documented hook
    return app


def _shown(app: Flask, show_problem: ShowProblem, problem: Problem) -> Response:
    response = app.make_response(show_problem(problem))
    response.headers.extend(problem.headers)
    return response


def run(factory: Callable[[], Flask]) -> None:
    """Serve the edge that `factory` builds under gunicorn until SIGTERM; raises SettingsError before it starts."""
    app = factory()
    edge = cast(Edge, app.extensions[_EXTENSION])
    configure_logging(edge.name, edge.settings.log_level)
    run_gunicorn(app, edge.name, edge.settings)


def main(factory: Callable[[], Flask]) -> None:
    """Run the command line of an edge that is a package of its own: `http` or `check-config`."""
    command = sys.argv[1] if len(sys.argv) == 2 else ""
    try:
        if command == "check-config":
            factory()
            sys.stdout.write("configuration is complete\n")
        elif command == "http":
            run(factory)
        else:
            sys.exit("usage: http | check-config")
    except SettingsError as error:
        sys.stderr.write("".join(f"{fault}\n" for fault in error.faults))
        sys.exit(2)


def _begin() -> None:
    g.kontor_started = time.perf_counter()


def _count(response: Response) -> Response:
    route = _route()
    _REQUESTS.labels(request.method, route, str(response.status_code)).inc()
    _SECONDS.labels(request.method, route).observe(time.perf_counter() - g.kontor_started)
    span = trace.get_current_span()
    span.update_name(f"{request.method} {route}")
    span.set_attribute("http.response.status_code", response.status_code)
    return response


def _route() -> str:
    return request.url_rule.rule if request.url_rule is not None else "unmatched"
