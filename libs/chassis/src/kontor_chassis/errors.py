"""One typed error for everything a caller can do something about.

Use cases raise `DomainError`; one interceptor turns it into a gRPC status with `ErrorInfo`, `BadRequest` and
`LocalizedMessage`. Everything else reaches the caller as INTERNAL with a generic sentence; the cause stays in the log.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum

import grpc

from kontor_chassis.sentences import figures_of, said


class ErrorKind(Enum):
    """What kind of refusal it is; the value is the gRPC code that callers see."""

    INVALID = grpc.StatusCode.INVALID_ARGUMENT
    NOT_FOUND = grpc.StatusCode.NOT_FOUND
    ALREADY_EXISTS = grpc.StatusCode.ALREADY_EXISTS
    FORBIDDEN = grpc.StatusCode.PERMISSION_DENIED
    UNAUTHENTICATED = grpc.StatusCode.UNAUTHENTICATED
    CONFLICT = grpc.StatusCode.ABORTED
    PRECONDITION = grpc.StatusCode.FAILED_PRECONDITION
    EXHAUSTED = grpc.StatusCode.RESOURCE_EXHAUSTED
    UNAVAILABLE = grpc.StatusCode.UNAVAILABLE


@dataclass(frozen=True)
class FieldProblem:
    """One field of the request and what is wrong with it."""

    field: str
    """Path in the request as the proto names it, for example "customer.email"."""
    description: str
    """A sentence for the person who filled it in, in German."""


@dataclass(eq=False)  # not frozen: the interpreter itself attaches tracebacks to exceptions
class DomainError(Exception):
    """A refusal that the caller should understand.

    `reason` is stable and machine-readable (UPPER_SNAKE, for example "QUOTA_EXCEEDED"); `message` is one German
    sentence that says what happened and what to do. Figures in it are written with `said`: they become `metadata`,
    beside what else a client may want to show, so that it can say the sentence in its own words.
    """

    kind: ErrorKind
    reason: str
    message: str
    fields: tuple[FieldProblem, ...] = ()
    metadata: Mapping[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        """Keep the figures of the message, too."""
        self.metadata = {**figures_of(self.message), **self.metadata}

    def __str__(self) -> str:
        return f"{self.reason}: {self.message}"


def invalid(field_name: str, description: str, *, reason: str = "INVALID_FIELD") -> DomainError:
    """Return the error for one field that cannot be accepted."""
    return DomainError(ErrorKind.INVALID, reason, description, (FieldProblem(field_name, description),))


def not_found(what: str) -> DomainError:
    """Return the error for something that does not exist or may not be seen; the two are told apart nowhere."""
    return DomainError(ErrorKind.NOT_FOUND, "NOT_FOUND", said("%(what)s wurde nicht gefunden.", what=what))
