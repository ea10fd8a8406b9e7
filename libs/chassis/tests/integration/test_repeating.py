"""A replica that dies takes no read with it: another is asked; a write is never sent twice by itself."""

from __future__ import annotations

import asyncio
import signal
import sys
from collections.abc import AsyncIterator, Awaitable
from contextlib import asynccontextmanager
from typing import Any

import grpc
import pytest
from kontor.identity.v1 import internal_pb2 as pb
from kontor.identity.v1.internal_pb2_grpc import IdentityInternalServiceStub
from kontor_chassis.calls import Callers
from kontor_chassis.testing.tokens import test_issuer
from kontor_chassis.testing.waiting import eventually
from kontor_chassis.tokens import ServiceTokens
from kontor_tools.folders import REPOSITORY

pytestmark = pytest.mark.integration

PROGRAM = "libs.chassis.tests.dying_replica"


@asynccontextmanager
async def replica(*arguments: str) -> AsyncIterator[tuple[asyncio.subprocess.Process, str]]:
    """Start a replica of identity's contract; yields it with its address."""
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", PROGRAM, *arguments), cwd=REPOSITORY, stdout=asyncio.subprocess.PIPE
    )
    assert process.stdout is not None
    try:
        yield process, f"127.0.0.1:{(await process.stdout.readline()).decode().strip()}"
    finally:
        if process.returncode is None:
            process.send_signal(signal.SIGKILL)
        await process.wait()


@asynccontextmanager
async def one_dies() -> AsyncIterator[Any]:
    """Yield identity's stub over two replicas, of which one kills itself when it is called."""
    async with replica("dies") as (_, dying), replica("answers") as (_, living):
        tokens = ServiceTokens("chat", test_issuer().service_key("chat"))
        callers = Callers({"identity": f"ipv4:{dying},{living}"}, tokens)
        try:
            yield callers.as_service("identity", IdentityInternalServiceStub, None)
        finally:
            await callers.close()


async def test_a_read_is_asked_of_another_replica() -> None:
    """kill -9 with the call in hand: the caller sees an answer and nothing else."""
    async with one_dies() as identity:
        for _ in range(4):
            assert (await identity.GetCustomer(pb.GetCustomerProfileRequest())).number == "answered"


async def test_a_write_is_not_repeated() -> None:
    """Whether it had its effect is not known; the caller decides."""
    async with one_dies() as identity:
        codes: list[grpc.StatusCode] = []

        async def is_refused() -> bool:
            codes.append(await _outcome_of(identity.ImportCustomers(pb.ImportCustomersRequest())))
            return codes[-1] is not grpc.StatusCode.OK

        await eventually(is_refused)  # the dying replica takes part once the channel has reached it
        codes += [await _outcome_of(identity.ImportCustomers(pb.ImportCustomersRequest())) for _ in range(3)]
    assert codes.count(grpc.StatusCode.UNAVAILABLE) == 1


async def _outcome_of(call: Awaitable[object]) -> grpc.StatusCode:
    try:
        await call
    except grpc.aio.AioRpcError as error:
        return error.code()
    return grpc.StatusCode.OK
