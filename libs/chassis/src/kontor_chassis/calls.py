"""Calls to other services: one channel per service, the caller's token or our own, deadlines, trace context.

A stub made here is used like any generated stub. Its calls carry what the platform wants every call to carry, and
never outlast the call that is being served.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from contextvars import ContextVar
from typing import Any, TypeVar, cast
from uuid import UUID

import grpc
import structlog

from kontor_chassis.principal import current_principal
from kontor_chassis.repeating import service_config
from kontor_chassis.telemetry import trace_headers
from kontor_chassis.tokens import ServiceTokens

log = structlog.get_logger(__name__)

S = TypeVar("S")

DEFAULT_TIMEOUT_SECONDS = 10.0
LARGEST_MESSAGE_BYTES = 32 * 1024 * 1024
GATEWAY_OPTIONS: tuple[tuple[str, str | int], ...] = (
    ("grpc.max_reconnect_backoff_ms", 2_000),
    ("grpc.initial_reconnect_backoff_ms", 200),
    ("grpc.keepalive_time_ms", 60_000),
    ("grpc.max_receive_message_length", LARGEST_MESSAGE_BYTES),
    ("grpc.max_send_message_length", LARGEST_MESSAGE_BYTES),
)
"""Options of a channel to the gateway, which has no health service of its own."""


def channel_options(service: str) -> tuple[tuple[str, str | int], ...]:
    """Return the options of a channel from service to service."""
    return (*GATEWAY_OPTIONS, ("grpc.service_config", service_config(service)))


_deadline: ContextVar[float | None] = ContextVar("kontor_deadline", default=None)


def set_deadline(remaining_seconds: float | None) -> None:
    """Note how long the call being served may still take; set by the pipeline."""
    _deadline.set(None if remaining_seconds is None else time.monotonic() + remaining_seconds)


def remaining_seconds() -> float:
    """Return how long a call made now may take: the default, but no longer than the call being served."""
    deadline = _deadline.get()
    if deadline is None:
        return DEFAULT_TIMEOUT_SECONDS
    return max(0.0, min(DEFAULT_TIMEOUT_SECONDS, deadline - time.monotonic()))


in_transaction: ContextVar[bool] = ContextVar("kontor_in_transaction", default=False)
"""Whether this task has a database transaction open; set by `database`."""


class CallInTransactionError(RuntimeError):
    """A service asked another one while it held a transaction: its locks and its connection would wait, too."""


class Callers:
    """Stubs for other services; addresses come from the settings' `<service>_address` fields.

    Calling within a transaction is a defect (ask before, or by `questions`): it is logged, and raised where
    `raise_in_transaction` says so, as in tests.
    """

    raise_in_transaction = False

    def __init__(self, addresses: Mapping[str, str], own_tokens: ServiceTokens) -> None:
        self._addresses = addresses
        self._own_tokens = own_tokens
        self._channels: dict[str, SharedChannel] = {}

    def stub(self, service: str, stub_class: Callable[[grpc.aio.Channel], S]) -> S:
        """Return a stub whose calls pass on the token of the person behind the call being served, if any."""
        return self._stub(service, stub_class, lambda: _outside(service, current_principal().bearer))

    def as_service(self, service: str, stub_class: Callable[[grpc.aio.Channel], S], tenant_id: UUID | None) -> S:
        """Return a stub that calls in this service's own name, for one tenant's sake or for none's."""
        return self._stub(service, stub_class, lambda: _outside(service, self._own_tokens.token(tenant_id)))

    async def close(self) -> None:
        """Close all channels."""
        for channel in self._channels.values():
            await channel.channel.close()
        self._channels.clear()

    def _stub(self, service: str, stub_class: Callable[[grpc.aio.Channel], S], token: Callable[[], str]) -> S:
        shared = self._channels.get(service)
        if shared is None:
            address = self._addresses.get(service)
            if address is None:
                raise LookupError(f"the settings have no {service}_address")
            shared = SharedChannel(grpc.aio.insecure_channel(address, options=channel_options(service)))
            self._channels[service] = shared
        return stub_class(cast(grpc.aio.Channel, CallingChannel(shared, token)))


def _outside(service: str, token: str) -> str:
    """Return the token of a call that is to go out now, once it is known that no transaction waits for it."""
    if in_transaction.get():
        log.error("call_in_transaction", called=service, stack_info=True)
        if Callers.raise_in_transaction:
            raise CallInTransactionError(f"{service} is called within a transaction")
    return token


class SharedChannel:
    """A channel and the callables made on it, each made once; `channel` may be an asyncio or a blocking one."""

    def __init__(self, channel: Any) -> None:
        self.channel = channel
        self._callables: dict[str, Any] = {}

    def callable(self, kind: str, path: str, *arguments: Any, **options: Any) -> Any:
        """Return the channel's callable for one RPC."""
        made = self._callables.get(path)
        if made is None:
            made = self._callables[path] = getattr(self.channel, kind)(path, *arguments, **options)
        return made


class CallingChannel:
    """What a generated stub takes for its channel: adds token, deadline and trace context to each call."""

    def __init__(self, shared: SharedChannel, token: Callable[[], str]) -> None:
        self._shared = shared
        self._token = token

    def unary_unary(self, path: str, *arguments: Any, **options: Any) -> Any:
        """Return the callable of a unary RPC."""
        return _Call(self._shared.callable("unary_unary", path, *arguments, **options), self._token, bounded=True)

    def unary_stream(self, path: str, *arguments: Any, **options: Any) -> Any:
        """Return the callable of a server-streaming RPC; it has no deadline of its own."""
        return _Call(self._shared.callable("unary_stream", path, *arguments, **options), self._token, bounded=False)

    def stream_unary(self, path: str, *arguments: Any, **options: Any) -> Any:
        """Return the callable of a client-streaming RPC; it has no deadline of its own."""
        return _Call(self._shared.callable("stream_unary", path, *arguments, **options), self._token, bounded=False)

    def stream_stream(self, path: str, *arguments: Any, **options: Any) -> Any:
        """Return the callable of a bidirectional RPC; it has no deadline of its own."""
        return _Call(self._shared.callable("stream_stream", path, *arguments, **options), self._token, bounded=False)


class _Call:
    """One RPC of a stub."""

    def __init__(self, inner: Any, token: Callable[[], str], *, bounded: bool) -> None:
        self._inner = inner
        self._token = token
        self._bounded = bounded

    def __call__(self, request: Any = None, **options: Any) -> Any:
        return self._inner(request, **self._dressed(**options))

    def future(self, request: Any, **options: Any) -> Any:
        """Begin the call of a blocking channel without waiting for its answer."""
        return self._inner.future(request, **self._dressed(**options))

    def _dressed(self, *, timeout: float | None = None, metadata: Any = (), **options: Any) -> dict[str, Any]:
        """Return the options of a call as it goes out."""
        token = self._token()
        headers = (*metadata, *trace_headers().items())
        if token:
            headers = (*headers, ("authorization", f"Bearer {token}"))
        if timeout is None and self._bounded:
            timeout = remaining_seconds()
        return {"timeout": timeout, "metadata": headers, **options}
