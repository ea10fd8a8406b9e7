"""What a caller sees on the wire: refusals with details, replays, streams, health, metrics, traces."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Iterator
from typing import Any
from uuid import uuid4

import grpc
import pytest
import pytest_asyncio
from google.rpc import error_details_pb2, status_pb2
from grpc_health.v1 import health_pb2, health_pb2_grpc
from kontor.common.v1.access_pb2 import Role
from kontor_chassis.calls import remaining_seconds
from kontor_chassis.errors import DomainError, ErrorKind, FieldProblem, not_found
from kontor_chassis.idempotency import AlreadyAnswered
from kontor_chassis.interceptors.pipeline import UndeclaredAccessError
from kontor_chassis.principal import current_principal
from kontor_chassis.server import servicer
from kontor_chassis.telemetry import TRACER, trace_headers
from kontor_chassis.testing.server import Client, Serving, serving
from kontor_chassis.testing.tokens import service_token_for, token_for
from kontor_chassis.testing.waiting import eventually
from opentelemetry import trace
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from prometheus_client import REGISTRY

from libs.chassis.tests.parcels import (
    SERVICE,
    UNDECLARED,
    Parcel,
    Parcels,
    ParcelStub,
    add_parcels,
    parcel_servicer,
)


def staff() -> str:
    """A fresh token of an employee; tokens made at import would expire in a long run."""
    return token_for(roles=[Role.ROLE_STAFF])


@pytest.fixture
def parcels() -> Parcels:
    """The servicer, whose answer each test chooses."""
    return Parcels()


@pytest_asyncio.fixture
async def client(parcels: Parcels) -> AsyncIterator[Serving]:
    """A client of a server with that servicer."""
    async with serving([parcel_servicer(parcels)]) as client:
        yield client


async def refusal(call: Any) -> grpc.aio.AioRpcError:
    """The status with which a call is refused."""
    with pytest.raises(grpc.aio.AioRpcError) as refused:
        await call
    return refused.value


def details(error: grpc.aio.AioRpcError) -> dict[str, Any]:
    """The google.rpc details of a status, by type name."""
    trailers = dict(error.trailing_metadata() or ())
    status = status_pb2.Status.FromString(trailers["grpc-status-details-bin"])
    assert status.code == error.code().value[0]
    assert status.message == error.details()
    known = (error_details_pb2.ErrorInfo, error_details_pb2.BadRequest, error_details_pb2.LocalizedMessage)
    found = {}
    for detail in status.details:
        for kind in known:
            message = kind()
            if detail.Unpack(message):
                found[kind.__name__] = message
    return found


async def test_domain_error_arrives_with_details(client: Client, parcels: Parcels) -> None:
    """Status, stable reason, figures, field problems and a German sentence."""

    async def full(_request: Any, _context: Any) -> Any:
        raise DomainError(
            ErrorKind.EXHAUSTED,
            "QUOTA_EXCEEDED",
            "Ihr Speicher ist voll.",
            (FieldProblem("size", "Höchstens 5 MB."),),
            {"limit": "5"},
        )

    parcels.answer = full
    error = await refusal(client.stub(ParcelStub, staff()).ForStaff(Parcel()))
    assert error.code() is grpc.StatusCode.RESOURCE_EXHAUSTED
    found = details(error)
    info = found["ErrorInfo"]
    assert (info.reason, info.domain, dict(info.metadata)) == ("QUOTA_EXCEEDED", "kontor", {"limit": "5"})
    assert found["BadRequest"].field_violations[0].field == "size"
    assert found["LocalizedMessage"].locale == "de"
    assert found["LocalizedMessage"].message == "Ihr Speicher ist voll."


async def test_unexpected_error_tells_nothing(
    client: Client, parcels: Parcels, capsys: pytest.CaptureFixture[str]
) -> None:
    """The caller gets a generic sentence and a reference; the cause stands in the log under that reference."""

    async def broken(_request: Any, _context: Any) -> Any:
        raise KeyError("relation kontor_secret does not exist")

    parcels.answer = broken
    error = await refusal(client.stub(ParcelStub, staff()).ForStaff(Parcel()))
    assert error.code() is grpc.StatusCode.INTERNAL
    info = details(error)["ErrorInfo"]
    assert info.reason == "INTERNAL"
    assert "secret" not in str(error.trailing_metadata()) + (error.details() or "")
    log = capsys.readouterr().out
    assert info.metadata["reference"] in log
    assert "kontor_secret" in log


async def test_invalid_request_is_refused_before_the_handler(client: Client, parcels: Parcels) -> None:
    """protovalidate rules become BadRequest with German sentences."""
    parcels.answer = never
    error = await refusal(client.stub(ParcelStub, staff()).ForStaff(Parcel(text="x" * 21)))
    assert error.code() is grpc.StatusCode.INVALID_ARGUMENT
    violation = details(error)["BadRequest"].field_violations[0]
    assert (violation.field, violation.description) == ("text", "Bitte geben Sie höchstens 20 Zeichen ein.")


async def never(_request: Any, _context: Any) -> Any:
    """A handler that must not be reached."""
    raise AssertionError("reached")


@pytest.mark.parametrize(
    ("method", "token", "code"),
    [
        ("ForStaff", str, grpc.StatusCode.UNAUTHENTICATED),
        ("ForStaff", lambda: "forged", grpc.StatusCode.UNAUTHENTICATED),
        ("ForStaff", lambda: token_for(roles=[Role.ROLE_CUSTOMER]), grpc.StatusCode.PERMISSION_DENIED),
        ("ForStaff", lambda: token_for(roles=[Role.ROLE_STAFF], lifetime=-1), grpc.StatusCode.UNAUTHENTICATED),
        ("ForStaff", lambda: service_token_for("chat"), grpc.StatusCode.PERMISSION_DENIED),
        ("ForBilling", staff, grpc.StatusCode.PERMISSION_DENIED),
        ("ForBilling", lambda: service_token_for("chat"), grpc.StatusCode.PERMISSION_DENIED),
    ],
)
async def test_callers_who_may_not(
    client: Client, parcels: Parcels, method: str, token: Callable[[], str], code: grpc.StatusCode
) -> None:
    """Without the declared role nothing of the service runs."""
    parcels.answer = never
    error = await refusal(getattr(client.stub(ParcelStub, token()), method)(Parcel()))
    assert error.code() is code


async def test_streams_are_guarded_too(client: Client) -> None:
    """A server stream is refused like a unary call."""
    with pytest.raises(grpc.aio.AioRpcError) as refused:
        async for _ in client.stub(ParcelStub).Watch(Parcel()):
            pass
    assert refused.value.code() is grpc.StatusCode.UNAUTHENTICATED


async def test_principal_reaches_the_handler(client: Client, parcels: Parcels) -> None:
    """From the header, from the browser's cookie, and from a service; a stale cookie does not hinder the open page."""
    seen = []

    async def look(request: Any, _context: Any) -> Any:
        seen.append(current_principal())
        return request

    parcels.answer = look
    tenant, account = uuid4(), uuid4()
    token = token_for(roles=[Role.ROLE_STAFF], tenant_id=tenant, account_id=account)
    await client.stub(ParcelStub, token).ForStaff(Parcel())
    anonymous = client.stub(ParcelStub)
    await anonymous.ForStaff(Parcel(), metadata=(("cookie", f"a=b; office_access={token}; c=d"),))
    await client.stub(ParcelStub, service_token_for("billing", tenant)).ForBilling(Parcel())
    await anonymous.Open(Parcel())
    stale = token_for(roles=[Role.ROLE_STAFF], lifetime=-1)
    await anonymous.Open(Parcel(), metadata=(("cookie", f"office_access={stale}"),))
    await client.stub(ParcelStub, token).Open(Parcel())
    assert [(who.account_id, who.tenant_id, who.service) for who in seen] == [
        (account, tenant, None),
        (account, tenant, None),
        (None, tenant, "billing"),
        (None, None, None),
        (None, None, None),
        (account, tenant, None),
    ]


async def test_stored_answer_is_given_again(client: Client, parcels: Parcels) -> None:
    """What the unit of work found under the request id is the response, byte for byte."""

    async def replayed(_request: Any, _context: Any) -> Any:
        raise AlreadyAnswered(Parcel(text="zuvor", etag='"1"').SerializeToString())

    parcels.answer = replayed
    answer = await client.stub(ParcelStub, staff()).ForStaff(Parcel(text="jetzt"))
    assert answer == Parcel(text="zuvor", etag='"1"')


async def test_refusal_of_another_service_is_passed_on(client: Client, parcels: Parcels) -> None:
    """Calls between services: NOT_FOUND stays what it was; an unreachable service is UNAVAILABLE, not INTERNAL."""

    async def forward(_request: Any, _context: Any) -> Any:
        return await client.stub(ParcelStub, staff()).ForStrong(Parcel())

    async def missing(_request: Any, _context: Any) -> Any:
        raise not_found("Der Kunde")

    async def relay(request: Any, context: Any) -> Any:
        return await (forward if request.text == "outer" else missing)(request, context)

    parcels.answer = relay
    strong = await refusal(client.stub(ParcelStub, staff()).ForStaff(Parcel(text="outer")))
    assert details(strong)["ErrorInfo"].reason == "STRONGER_LOGIN_REQUIRED"

    async def unreachable(_request: Any, _context: Any) -> Any:
        async with grpc.aio.insecure_channel("127.0.0.1:1") as channel:
            return await ParcelStub(channel).Open(Parcel())

    parcels.answer = unreachable
    away = await refusal(client.stub(ParcelStub, staff()).ForStaff(Parcel()))
    assert away.code() is grpc.StatusCode.UNAVAILABLE
    assert details(away)["ErrorInfo"].reason == "DEPENDENCY_UNAVAILABLE"


async def test_calls_made_while_serving_keep_the_callers_deadline(client: Client, parcels: Parcels) -> None:
    """A caller who waits one second is not served by calls that may last ten; gRPC sends it in steps of 10 ms."""
    budgets = []

    async def budget(request: Any, _context: Any) -> Any:
        budgets.append(remaining_seconds())
        return request

    parcels.answer = budget
    await client.stub(ParcelStub, staff()).ForStaff(Parcel(), timeout=1.0)
    assert 0 < budgets[0] <= 1.01


async def test_stream_delivers_and_server_stop_ends_it(parcels: Parcels) -> None:
    """A stream that waits for events ends with OK when the server stops, so that the client connects elsewhere."""
    async with serving([parcel_servicer(parcels)]) as client:
        call = client.stub(ParcelStub, staff()).Watch(Parcel())
        await parcels.queue.put(Parcel(text="eins"))
        assert (await call.read()).text == "eins"
        reading = asyncio.ensure_future(call.read())
        await client.server.drain(5.0)
        assert await reading is grpc.aio.EOF
        assert await call.code() is grpc.StatusCode.OK


async def test_stream_ends_with_its_token(client: Client) -> None:
    """At the latest when the access token expires (F: sessions can be ended)."""
    call = client.stub(ParcelStub, token_for(roles=[Role.ROLE_STAFF], lifetime=1)).Watch(Parcel())
    assert await call.read() is grpc.aio.EOF
    assert await call.code() is grpc.StatusCode.OK


async def test_health_is_served(client: Client) -> None:
    """Probes ask for the server and for each service, without any token."""
    async with grpc.aio.insecure_channel(client.address) as channel:
        for name in ("", SERVICE):
            answer = await health_pb2_grpc.HealthStub(channel).Check(health_pb2.HealthCheckRequest(service=name))
            assert answer.status == health_pb2.HealthCheckResponse.SERVING


async def test_server_with_an_undeclared_rpc_does_not_start() -> None:
    """An RPC without access option is a mistake that nobody can deploy."""
    forgotten = servicer(lambda instance, server: add_parcels(instance, server, UNDECLARED), Parcels(), UNDECLARED)
    with pytest.raises(UndeclaredAccessError, match=r"UndeclaredService\.Forgotten"):
        async with serving([forgotten]):
            pass


def handled(method: str, code: str) -> float:
    """How many calls of a method ended with a code."""
    labels = {"grpc_service": SERVICE, "grpc_method": method, "grpc_code": code}
    return REGISTRY.get_sample_value("grpc_server_handled_total", labels) or 0.0


def measured(method: str) -> float:
    """How many calls of a method were timed."""
    labels = {"grpc_service": SERVICE, "grpc_method": method}
    return REGISTRY.get_sample_value("grpc_server_handling_seconds_count", labels) or 0.0


async def test_rate_errors_and_duration_are_counted(client: Client) -> None:
    """RED metrics per RPC, refusals by their code."""

    def counted() -> tuple[float, float, float]:
        return handled("ForStaff", "OK"), handled("ForStaff", "UNAUTHENTICATED"), measured("ForStaff")

    before = counted()
    await client.stub(ParcelStub, staff()).ForStaff(Parcel())
    await refusal(client.stub(ParcelStub).ForStaff(Parcel()))
    # A call is counted after its answer is on its way.
    await eventually(lambda: counted() == (before[0] + 1, before[1] + 1, before[2] + 2))
    assert REGISTRY.get_sample_value("grpc_server_in_flight") == 0


@pytest.fixture
def spans(monkeypatch: pytest.MonkeyPatch) -> Iterator[InMemorySpanExporter]:
    """The spans recorded during a test."""
    exporter = InMemorySpanExporter()
    provider = TracerProvider()
    provider.add_span_processor(SimpleSpanProcessor(exporter))
    monkeypatch.setattr(trace, "_TRACER_PROVIDER", provider)
    monkeypatch.setattr(TRACER, "_real_tracer", provider.get_tracer("kontor"), raising=False)
    yield exporter
    provider.shutdown()


async def test_one_trace_runs_through_calls(spans: InMemorySpanExporter) -> None:
    """The caller's trace id is in the span of the call, and in the span of the call that this one makes."""
    parcels = Parcels()
    async with serving([parcel_servicer(parcels)]) as client:

        async def twice(request: Any, _context: Any) -> Any:
            if request.text == "outer":
                await client.stub(ParcelStub).Open(Parcel(text="inner"))
            return Parcel(text=trace_headers()["traceparent"].split("-")[1][:20])

        parcels.answer = twice
        trace_id = "0af7651916cd43dd8448eb211c80319c"
        header = (("traceparent", f"00-{trace_id}-b7ad6b7169203331-01"),)
        answer = await client.stub(ParcelStub).Open(Parcel(text="outer"), metadata=header)
    assert answer.text == trace_id[:20]
    finished = spans.get_finished_spans()
    assert [span.name for span in finished] == [f"{SERVICE}/Open"] * 2
    assert {trace.format_trace_id(span.context.trace_id) for span in finished if span.context} == {trace_id}
    inner, outer = finished
    assert inner.parent is not None
    assert outer.context is not None
    assert inner.parent.span_id == outer.context.span_id
    assert outer.attributes is not None
    assert outer.attributes["rpc.grpc.status_code"] == 0
