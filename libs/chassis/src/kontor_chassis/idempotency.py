"""The same request id gives the same answer, once.

A command inserts its key at the beginning of its transaction; a concurrent duplicate waits on that row and is then
given the stored answer. Key: caller, request message (each RPC has its own), request id. Rows live seven days.

Secrets are not kept: an answer that holds one (a field marked `debug_redact`) can be had only once.
"""

from __future__ import annotations

import hashlib
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from functools import cache
from typing import Any
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

_WITHHELD = b"\x00"
"""Stands for an answer that is not kept; no message is written like that, because fields are numbered from 1."""

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
    if stored["answer"] == _WITHHELD:
        raise DomainError(
            ErrorKind.PRECONDITION,
            "ANSWER_SHOWN_ONCE",
            "Das ist bereits geschehen. Was dabei entstand, wird nur einmal gezeigt; bitte fordern Sie es neu an.",
        )
    raise AlreadyAnswered(stored["answer"])


async def store_answer(run: Run, key: RequestKey, answer: Message | None) -> None:
    """Keep the answer with the key, in the transaction of the effect; of one with secrets only that there was one."""
    kept = b"" if answer is None else _WITHHELD if _holds_secret(answer) else answer.SerializeToString()
    await run(_STORE, key.caller, key.method, key.request_id, kept)


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


def _holds_secret(answer: Message) -> bool:
    """Whether a secret is set anywhere in an answer."""
    held = _secrets_of(answer.DESCRIPTOR)
    return any(field.name in held and _is_set_secret(field, value) for field, value in answer.ListFields())


def _is_set_secret(field: FieldDescriptor, value: Any) -> bool:
    if field.GetOptions().debug_redact:
        return True
    within = value.values() if isinstance(value, Mapping) else value if field.is_repeated else (value,)
    return any(_holds_secret(each) for each in within if isinstance(each, Message))


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
