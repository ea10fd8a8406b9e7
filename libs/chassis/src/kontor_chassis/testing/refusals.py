"""What a refused call says, for tests."""

from __future__ import annotations

from collections.abc import Awaitable

import grpc

from kontor_chassis.errors import DomainError
from kontor_chassis.interceptors.errors import domain_error_of


def refusal(error: grpc.aio.AioRpcError) -> DomainError:
    """Return what a call that failed was refused with; a failure that is no refusal is raised again."""
    refused = domain_error_of(error)
    if refused is None:
        raise error
    return refused


async def refused(call: Awaitable[object]) -> DomainError:
    """Return the refusal that the call ends with; raises AssertionError when it is answered."""
    try:
        await call
    except grpc.aio.AioRpcError as error:
        return refusal(error)
    raise AssertionError("the call was answered")
