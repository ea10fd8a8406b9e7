"""Every RPC, called by everybody, lets in exactly those its proto declares (F96, F194)."""

from __future__ import annotations

import asyncio
import base64
import importlib
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import grpc
import pytest
from google.protobuf.descriptor import MethodDescriptor
from google.protobuf.message_factory import GetMessageClass
from google.rpc import error_details_pb2, status_pb2
from kontor_chassis.interceptors.access import AccessRule
from kontor_chassis.settings import ServiceSettings
from kontor_chassis.testing.plugin import ServiceDatabases
from kontor_chassis.testing.server import Running, running
from kontor_tools.embedded.nats import EmbeddedNats
from kontor_tools.plan import SERVICES

from tests.architecture.contracts import access_of, all_methods
from tests.authorization.callers import Caller, callers

pytestmark = pytest.mark.integration

REFUSED_BY_DECLARATION = {
    "NOT_SIGNED_IN",
    "ROLE_NOT_ALLOWED",
    "VIEW_ONLY",
    "AREA_CLOSED",
    "RIGHT_MISSING",
    "STRONGER_LOGIN_REQUIRED",
    "FRESH_LOGIN_REQUIRED",
    "IDENTITY_LEVEL_REQUIRED",
    "SCOPE_MISSING",
    "SERVICE_NOT_ALLOWED",
}
SIDE_BY_SIDE = 16
STREAM_SECONDS = 1.0
"""A stream that has not been refused by then has let the caller in."""


def settings_for(service: str, folder: Path) -> dict[str, Any]:
    """Return plausible values for the settings that only this service has; nothing is called during the test."""
    key = folder / "key"
    key.write_text(base64.b64encode(bytes(32)).decode(), encoding="ascii")
    known: dict[str, Any] = {
        "object_store_url": folder.joinpath("objects").as_uri(),
        "smtp_host": "127.0.0.1",
        "smtp_port": 1,
        "public_url": "http://localhost:8080",
        "key_encryption_key_file": key,
    }
    module = importlib.import_module(f"kontor_{service}.config")
    own: dict[str, Any] = {}
    for value in vars(module).values():
        if isinstance(value, type) and issubclass(value, ServiceSettings) and value.__module__ == module.__name__:
            for name, field in value.model_fields.items():
                if name in ServiceSettings.model_fields or not (field.is_required() or name in known):
                    continue
                own[name] = known.get(name, "127.0.0.1:1" if name.endswith("_address") else key)
    return own


@asynccontextmanager
async def served(service: str, databases: ServiceDatabases, nats: EmbeddedNats, folder: Path) -> AsyncIterator[Running]:
    async with running(
        f"kontor_{service}",
        database_url=databases(service).url,
        nats_url=nats.url,
        **settings_for(service, folder),
    ) as process:
        yield process


async def refusal(channel: grpc.aio.Channel, method: MethodDescriptor, caller: Caller) -> str:
    """Call with an empty request; return the reason if the declaration refused it, else ''."""
    path = f"/{method.containing_service.full_name}/{method.name}"
    request_class = GetMessageClass(method.input_type)
    answer_class = GetMessageClass(method.output_type)
    kind = channel.unary_stream if method.server_streaming else channel.unary_unary
    stub = kind(path, request_serializer=request_class.SerializeToString, response_deserializer=answer_class.FromString)
    metadata = (("authorization", f"Bearer {caller.token}"),) if caller.token else ()
    call = stub(request_class(), metadata=metadata, timeout=30)
    try:
        await asyncio.wait_for(call.code(), STREAM_SECONDS if method.server_streaming else 30)
    except TimeoutError:
        call.cancel()
        return ""
    return _reason(await call.trailing_metadata())


def _reason(trailers: Any) -> str:
    for key, value in trailers or ():
        if key == "grpc-status-details-bin":
            for detail in status_pb2.Status.FromString(value).details:
                info = error_details_pb2.ErrorInfo()
                if detail.Unpack(info) and info.reason in REFUSED_BY_DECLARATION:
                    return str(info.reason)
    return ""


@pytest.mark.parametrize("service", SERVICES)
async def test_every_rpc_admits_exactly_the_declared_callers(
    service: str, service_database: ServiceDatabases, nats: EmbeddedNats, tmp_path: Path
) -> None:
    """The interceptor and the protos agree for every RPC and every kind of caller (F96, F194)."""
    methods = [m for m in all_methods() if m.containing_service.file.package == f"kontor.{service}.v1"]
    assert methods
    limit = asyncio.Semaphore(SIDE_BY_SIDE)
    wrong: list[str] = []

    async def check(channel: grpc.aio.Channel, method: MethodDescriptor, caller: Caller) -> None:
        async with limit:
            reason = await refusal(channel, method, caller)
        expected = caller.may_call(access_of(method))
        if expected == bool(reason):
            wrong.append(f"{method.full_name} by {caller.name}: {reason or 'let in'}")

    async with (
        served(service, service_database, nats, tmp_path) as process,
        grpc.aio.insecure_channel(process.address) as channel,
    ):
        await asyncio.gather(*(check(channel, method, caller) for method in methods for caller in callers()))
    assert wrong == []


def test_nobody_acts_in_a_role_that_lacks_a_declared_right() -> None:
    """F194: an RPC never takes for staff who lacks a right it asks of staff, whatever else he is."""
    twofold = [caller for caller in callers() if len(caller.roles) > 1]
    for method in all_methods():
        rule = AccessRule.declared_by(method)
        assert rule is not None, method.full_name
        for caller in twofold:
            if caller.may_call(access_of(method)) and not rule.anonymous:
                acting = rule.admit(caller.principal)
                assert acting.roles == caller.acts_as(access_of(method)), f"{method.full_name} by {caller.name}"
