"""Errors on the wire: what a raised exception looks like to the caller, and back again for calls between services.

A `DomainError` becomes its status with `google.rpc` details (ErrorInfo, BadRequest, LocalizedMessage). A refusal by
another service is passed on as it is. Anything else is INTERNAL with one generic sentence and a reference by which the
log line with the cause is found.
"""

from __future__ import annotations

import secrets
from collections.abc import Iterable
from dataclasses import dataclass

import grpc
import structlog
from google.protobuf.message import DecodeError
from google.rpc import error_details_pb2, status_pb2

from kontor_chassis.errors import DomainError, ErrorKind, FieldProblem

log = structlog.get_logger(__name__)

DOMAIN = "kontor"
"""`ErrorInfo.domain` of every refusal of this platform."""
LOCALE = "de"
DETAILS_KEY = "grpc-status-details-bin"
_INTERNAL_MESSAGE = "Da ist bei uns etwas schiefgegangen. Bitte versuchen Sie es später noch einmal."
_KIND_BY_CODE = {kind.value: kind for kind in ErrorKind}
_PASSED_ON = frozenset(_KIND_BY_CODE) - {grpc.StatusCode.UNAUTHENTICATED, grpc.StatusCode.UNAVAILABLE}
_DEPENDENCY_CODES = frozenset({grpc.StatusCode.UNAVAILABLE, grpc.StatusCode.DEADLINE_EXCEEDED})


@dataclass(frozen=True)
class Refusal:
    """A status as it leaves the server."""

    code: grpc.StatusCode
    message: str
    trailers: tuple[tuple[str, bytes], ...]


def refusal_of(error: Exception, rpc: str) -> Refusal:
    """Return what the caller is told about an exception; logs the cause of what is not his to understand."""
    if isinstance(error, grpc.aio.AioRpcError):
        error = domain_error_of(error) or error
    if isinstance(error, DomainError):
        return refusal(error)
    reference = secrets.token_hex(8)
    log.error("rpc_failed", rpc=rpc, reference=reference, exc_info=error)
    return _refusal(
        grpc.StatusCode.INTERNAL,
        _INTERNAL_MESSAGE,
        error_details_pb2.ErrorInfo(reason="INTERNAL", domain=DOMAIN, metadata={"reference": reference}),
    )


def refusal(error: DomainError) -> Refusal:
    """Return the status of a domain error."""
    info = error_details_pb2.ErrorInfo(reason=error.reason, domain=DOMAIN, metadata=dict(error.metadata))
    return _refusal(error.kind.value, error.message, info, error.fields)


def _refusal(
    code: grpc.StatusCode, message: str, info: error_details_pb2.ErrorInfo, fields: tuple[FieldProblem, ...] = ()
) -> Refusal:
    status = status_pb2.Status(code=code.value[0], message=message)
    status.details.add().Pack(info)
    if fields:
        problems = [
            error_details_pb2.BadRequest.FieldViolation(field=problem.field, description=problem.description)
            for problem in fields
        ]
        status.details.add().Pack(error_details_pb2.BadRequest(field_violations=problems))
    status.details.add().Pack(error_details_pb2.LocalizedMessage(locale=LOCALE, message=message))
    return Refusal(code, str(message), ((DETAILS_KEY, status.SerializeToString()),))


def domain_error_of(error: grpc.aio.AioRpcError | grpc.Call) -> DomainError | None:
    """Return the refusal with which another service of this platform answered a call; None when it broke instead.

    A service that cannot be reached, or not in time, gives UNAVAILABLE "DEPENDENCY_UNAVAILABLE". That our own token
    was refused is a fault of the installation and not the caller's, so it gives None, too.
    """
    code = error.code()
    if code in _DEPENDENCY_CODES:
        return DomainError(
            ErrorKind.UNAVAILABLE,
            "DEPENDENCY_UNAVAILABLE",
            "Ein Teil des Dienstes ist gerade nicht erreichbar. Bitte versuchen Sie es gleich noch einmal.",
        )
    if code not in _PASSED_ON:
        return None
    return refused_with(error)


def refused_with(error: grpc.aio.AioRpcError | grpc.Call) -> DomainError | None:
    """Return the domain error that a status carries, of whatever kind; None when it carries none of ours."""
    status = _status_of(error.trailing_metadata() or ())
    kind = _KIND_BY_CODE.get(error.code())
    if status is None or kind is None:
        return None
    info, bad_request = error_details_pb2.ErrorInfo(), error_details_pb2.BadRequest()
    for detail in status.details:
        detail.Unpack(info)
        detail.Unpack(bad_request)
    if info.domain != DOMAIN:
        return None
    fields = tuple(FieldProblem(item.field, item.description) for item in bad_request.field_violations)
    return DomainError(kind, info.reason, status.message, fields, dict(info.metadata))


def _status_of(trailers: Iterable[tuple[str, str | bytes]]) -> status_pb2.Status | None:
    for key, value in trailers:
        if key == DETAILS_KEY and isinstance(value, bytes):
            try:
                return status_pb2.Status.FromString(value)
            except DecodeError:
                return None
    return None
