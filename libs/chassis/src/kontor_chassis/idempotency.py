"""The same request id gives the same answer, once.

A command inserts its key at the beginning of its transaction; a concurrent duplicate waits on that row and is then
given the stored answer. Key: caller, request message (each RPC has its own), request id. Rows live seven days.
"""

from __future__ import annotations

import hashlib
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import timedelta
from functools import cache
from uuid import UUID

import asyncpg
from google.protobuf.descriptor import Descriptor, FieldDescriptor
from google.protobuf.message import Message

from kontor_chassis.errors import DomainError, ErrorKind
from kontor_chassis.ids import parse_id
from kontor_chassis.principal import Principal

KEPT = timedelta(days=7)
"""How long an answer can be asked for again (machine time)."""


class AlreadyAnswered(Exception):  # noqa: N818  # an answer, not an error
    """This request was answered before; `answer` is the serialized answer. One interceptor sends it as the response."""

    def __init__(self, answer: bytes) -> None:
        super().__init__("the request was answered before")
        self.answer = answer


@dataclass(frozen=True)
class RequestKey:
    """What makes two requests the same; `digest` tells a repetition from a reuse of the id.

    Fields marked `debug_redact` are no part of the digest: who has stolen a database could guess a password from it.
    """

    caller: str
    method: str
    request_id: UUID
    digest: bytes


_CLAIM = (
    "INSERT INTO idempotency (caller, method, request_id, request_digest)"
    " VALUES ($1, $2, $3, $4) ON CONFLICT DO NOTHING RETURNING true"
)
_STORED = "SELECT request_digest, answer FROM idempotency WHERE caller = $1 AND method = $2 AND request_id = $3"
_STORE = "UPDATE idempotency SET answer = $4 WHERE caller = $1 AND method = $2 AND request_id = $3"

Run = Callable[..., Awaitable[list[asyncpg.Record]]]
"""Runs a statement in the transaction of the command (`Transaction.run`)."""


def request_key(principal: Principal, request: Message) -> RequestKey | None:
    """Return the key of a request that carries a `request_id`, else None; raises INVALID for one that is no UUID."""
    given = str(getattr(request, "request_id", ""))
    if not given:
        return None
    request_id = parse_id(given, "request_id")
    digest = hashlib.sha256(_without_secrets(request).SerializeToString(deterministic=True)).digest()
    return RequestKey(_caller(principal), request.DESCRIPTOR.full_name, request_id, digest)


async def claim(run: Run, key: RequestKey) -> None:
    """Take the key for this transaction.

    Raises AlreadyAnswered when it was answered before (after waiting for a duplicate that is under way), and INVALID
    "REQUEST_ID_REUSED" when the id came with another request.
    """
    if await run(_CLAIM, key.caller, key.method, key.request_id, key.digest):
        return
    [stored] = await run(_STORED, key.caller, key.method, key.request_id)
    if stored["request_digest"] != key.digest:
        raise DomainError(
            ErrorKind.INVALID,
            "REQUEST_ID_REUSED",
            "Diese Anfragenummer wurde bereits für eine andere Anfrage verwendet.",
        )
    raise AlreadyAnswered(stored["answer"])


async def store_answer(run: Run, key: RequestKey, answer: bytes) -> None:
    """Keep the answer with the key, in the transaction of the command's effect."""
    await run(_STORE, key.caller, key.method, key.request_id, answer)


def _caller(principal: Principal) -> str:
    """Return who asks: an account within one membership, a service, or nobody."""
    if principal.service is not None:
        return f"service:{principal.service}:{principal.tenant_id or ''}"
    if principal.account_id is None:
        return "anonymous"
    return f"account:{principal.account_id}:{principal.tenant_id or ''}:{principal.customer_id or ''}"


def _without_secrets(request: Message) -> Message:
    """Return the request, or a copy without its secrets where it has any."""
    if not _secrets_of(request.DESCRIPTOR):
        return request
    copy = type(request)()
    copy.CopyFrom(request)
    for name in _secrets_of(request.DESCRIPTOR):
        copy.ClearField(name)
    return copy


@cache
def _secrets_of(kind: Descriptor) -> tuple[str, ...]:
    """Return the fields of a message that are secret or hold a message with such a field."""
    return tuple(field.name for field in kind.fields if _is_secret(field, frozenset({kind.full_name})))


def _is_secret(field: FieldDescriptor, above: frozenset[str]) -> bool:
    inner = field.message_type
    if field.GetOptions().debug_redact or inner is None:
        return bool(field.GetOptions().debug_redact)
    if inner.full_name in above:
        return False
    return any(_is_secret(each, above | {inner.full_name}) for each in inner.fields)
