"""Calls from service to service: whose token they carry, and how an unreachable service looks."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any
from uuid import uuid4

import grpc
import pytest
from kontor.common.v1.access_pb2 import Role
from kontor_chassis.calls import Callers
from kontor_chassis.principal import Principal, current_principal
from kontor_chassis.testing.server import Client, serving
from kontor_chassis.testing.tokens import test_issuer, token_for
from kontor_chassis.tokens import ServiceTokens

from libs.chassis.tests.parcels import Parcel, Parcels, ParcelStub, parcel_servicer


@pytest.fixture
def heard() -> list[Principal]:
    """Who called the service at the end."""
    return []


@pytest.fixture
async def chat(heard: list[Principal]) -> AsyncIterator[Client]:
    """A service that calls `vault`: in the person's name, or in its own when the request says so."""

    async def listen(request: Any, _context: Any) -> Any:
        heard.append(current_principal())
        return request

    async with serving([parcel_servicer(Parcels(listen))]) as vault:
        callers = Callers({"vault": vault.address}, ServiceTokens("chat", test_issuer().service_key("chat")))

        async def forward(request: Any, _context: Any) -> Any:
            if request.text == "own":
                tenant = current_principal().tenant_id
                return await callers.as_service("vault", ParcelStub, tenant).ForAnyService(Parcel())
            return await callers.stub("vault", ParcelStub).ForStaff(Parcel())

        async with serving([parcel_servicer(Parcels(forward))]) as client:
            yield client
        await callers.close()


async def test_person_behind_the_call_stays_the_caller(chat: Client, heard: list[Principal]) -> None:
    """The second service checks the same person's rights again."""
    account = uuid4()
    await chat.stub(ParcelStub, token_for(roles=[Role.ROLE_STAFF], account_id=account)).Open(Parcel())
    assert heard[0].account_id == account


async def test_service_calls_for_itself(chat: Client, heard: list[Principal]) -> None:
    """With its own token, bound to the tenant the call is for."""
    tenant = uuid4()
    await chat.stub(ParcelStub, token_for(roles=[Role.ROLE_STAFF], tenant_id=tenant)).Open(Parcel(text="own"))
    assert (heard[0].service, heard[0].tenant_id, heard[0].account_id) == ("chat", tenant, None)


async def test_nobody_stays_nobody(chat: Client, heard: list[Principal]) -> None:
    """A call without a token does not borrow the service's."""
    with pytest.raises(grpc.aio.AioRpcError) as refused:
        await chat.stub(ParcelStub).Open(Parcel())
    assert heard == []
    assert refused.value.code() is grpc.StatusCode.INTERNAL


async def test_undeclared_service_cannot_be_called() -> None:
    """A service that calls another declares its address in its settings."""
    callers = Callers({}, ServiceTokens("chat", test_issuer().service_key("chat")))
    with pytest.raises(LookupError, match="vault_address"):
        callers.stub("vault", ParcelStub)
