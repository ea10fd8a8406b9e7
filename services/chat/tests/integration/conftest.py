"""Chat served in the test's process on real PostgreSQL and NATS, with people who may call it.

Identity is played by a peer that answers the one internal RPC chat asks as its proto says.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

import asyncpg
import grpc
import pytest
from kontor.chat.v1 import chat_pb2 as pb
from kontor.chat.v1 import events_pb2
from kontor.chat.v1.chat_pb2_grpc import ChatServiceStub
from kontor.common.v1.access_pb2 import Right, Role
from kontor.identity.v1 import internal_pb2 as identity_pb
from kontor.identity.v1.internal_pb2_grpc import (
    IdentityInternalServiceServicer,
    add_IdentityInternalServiceServicer_to_server,
)
from kontor_chassis.errors import DomainError
from kontor_chassis.ids import new_id
from kontor_chassis.interceptors.errors import domain_error_of
from kontor_chassis.server import servicer
from kontor_chassis.testing.plugin import ServiceDatabase, ServiceDatabases
from kontor_chassis.testing.server import Running, running, serving
from kontor_chassis.testing.tokens import service_token_for, token_for
from kontor_tools.embedded.nats import EmbeddedNats


class IdentityPeer(IdentityInternalServiceServicer):
    """Says who looks after a customer."""

    def __init__(self) -> None:
        self.responsible: dict[str, list[UUID]] = {}
        self.accounts: dict[str, UUID] = {}
        self.administrators: list[UUID] = []

    async def ResolveResponsible(  # noqa: N802  # named by the proto
        self, request: identity_pb.ResolveResponsibleRequest, _context: object
    ) -> identity_pb.ResolveResponsibleResponse:
        """Return responsible staff, administrators and the customer's account."""
        return identity_pb.ResolveResponsibleResponse(
            responsible_account_ids=map(str, self.responsible.get(request.customer_id, [])),
            administrator_account_ids=map(str, self.administrators),
            customer_account_id=str(self.accounts.get(request.customer_id, "")),
        )


async def _never_asked(*_call: object) -> None:
    """Stand for the RPCs that chat never calls; a call of one fails the test."""
    raise NotImplementedError


for _rpc in identity_pb.DESCRIPTOR.services_by_name["IdentityInternalService"].methods:
    if _rpc.name not in vars(IdentityPeer):
        setattr(IdentityPeer, _rpc.name, _never_asked)


@dataclass
class Person:
    """Somebody who calls chat; `stub` carries his token."""

    account_id: UUID
    stub: ChatServiceStub
    customer_id: UUID | None = None

    async def start(self, text: str = "Guten Tag", *, customer_id: UUID | None = None, **request: str) -> pb.Chat:
        """Start a chat: with himself as the customer, or with `customer_id`."""
        named = str(customer_id or self.customer_id)
        return await self.stub.StartChat(pb.StartChatRequest(customer_id=named, text=text, **request))

    async def send(self, chat: pb.Chat, text: str, **request: str) -> pb.Message:
        """Send a message."""
        return await self.stub.SendMessage(pb.SendMessageRequest(chat_id=chat.chat_id, text=text, **request))

    async def read(self, message: pb.Message) -> pb.Chat:
        """Mark everything up to a message as read."""
        request = pb.MarkReadRequest(chat_id=message.chat_id, up_to_message_id=message.message_id)
        return await self.stub.MarkRead(request)

    async def get(self, chat: pb.Chat) -> pb.Chat:
        """Return a chat as he sees it now."""
        return await self.stub.GetChat(pb.GetChatRequest(chat_id=chat.chat_id))

    async def chats(self, **request: Any) -> list[str]:
        """Return the ids of the chats he sees, in order."""
        return [chat.chat_id for chat in (await self.stub.ListChats(pb.ListChatsRequest(**request))).chats]

    async def unread(self) -> tuple[int, int]:
        """Return his unread messages and the chats that hold them."""
        count = await self.stub.GetUnreadCount(pb.GetUnreadCountRequest())
        return count.messages, count.chats

    def watch(self, **request: str) -> Watch:
        """Open a stream."""
        return Watch(self.stub.WatchChats(pb.WatchChatsRequest(**request)))


class Watch:
    """An open stream: `async with person.watch() as stream`; entered once nothing can be missed any more."""

    def __init__(self, call: Any) -> None:
        self.call = call

    async def __aenter__(self) -> Watch:
        first = await self._next()
        assert first.WhichOneof("event") == "heartbeat"
        return self

    async def __aexit__(self, *_raised: object) -> None:
        self.call.cancel()

    async def next(self, kind: str = "message") -> Any:
        """Return the next event of a kind, passing others by; fails after ten seconds."""
        while (event := await self._next()).WhichOneof("event") != kind:
            pass
        return getattr(event, kind)

    async def until(self, message: pb.Message) -> pb.Message:
        """Return the message as the stream delivers it, passing earlier ones by."""
        while (heard := await self.next()).message_id != message.message_id:
            assert heard.number < message.number
        return heard

    async def _next(self) -> pb.WatchChatsResponse:
        async with asyncio.timeout(10):
            return await self.call.read()


@dataclass
class Firm:
    """One firm's people."""

    service: Running
    identity: IdentityPeer
    tenant_id: UUID = field(default_factory=new_id)

    def customer(self, *responsible: Person, customer_id: UUID | None = None) -> Person:
        """Return a customer with active access and these responsible staff, in order."""
        chosen, account_id = customer_id or new_id(), new_id()
        self.identity.accounts[str(chosen)] = account_id
        self.identity.responsible[str(chosen)] = [person.account_id for person in responsible]
        return self._person([Role.ROLE_CUSTOMER], account_id, customer_id=chosen)

    def staff(self, *rights: Right.ValueType) -> Person:
        """Return an employee, with the right to chat unless other rights are named."""
        return self._person([Role.ROLE_STAFF], new_id(), rights=rights or (Right.RIGHT_CHAT,))

    def administrator(self) -> Person:
        """Return an administrator whom identity knows as one."""
        person = self._person([Role.ROLE_STAFF, Role.ROLE_ADMINISTRATOR], new_id())
        self.identity.administrators.append(person.account_id)
        return person

    def on(self, service: Running, person: Person) -> Person:
        """Return the same person as connected to another replica."""
        return Person(
            person.account_id, service.stub(ChatServiceStub, self._tokens[person.account_id]), person.customer_id
        )

    def __post_init__(self) -> None:
        self._tokens: dict[UUID, str] = {}

    def _person(
        self,
        roles: list[Role.ValueType],
        account_id: UUID,
        *,
        customer_id: UUID | None = None,
        rights: tuple[Right.ValueType, ...] = (),
    ) -> Person:
        token = token_for(
            roles=roles,
            tenant_id=self.tenant_id,
            customer_id=customer_id,
            account_id=account_id,
            rights=rights,
            name="Julia Brandt" if customer_id else "Jonas Peters",
        )
        self._tokens[account_id] = token
        return Person(account_id, self.service.stub(ChatServiceStub, token), customer_id)


@pytest.fixture
def identity() -> IdentityPeer:
    """The peer that plays identity."""
    return IdentityPeer()


@pytest.fixture
def database(service_database: ServiceDatabases) -> ServiceDatabase:
    """A migrated database of chat."""
    return service_database("chat")


@asynccontextmanager
async def chat_with(
    identity: IdentityPeer, database: ServiceDatabase, nats_url: str, *, work: bool
) -> AsyncIterator[Running]:
    """Serve chat and the peer."""
    descriptor = identity_pb.DESCRIPTOR.services_by_name["IdentityInternalService"]
    service_token_for("chat")  # makes the key that the peer is to accept
    async with AsyncExitStack() as stack:
        peer = await stack.enter_async_context(
            serving([servicer(add_IdentityInternalServiceServicer_to_server, identity, descriptor)])
        )
        yield await stack.enter_async_context(
            running(
                "kontor_chat", database_url=database.url, nats_url=nats_url, work=work, identity_address=peer.address
            )
        )


@pytest.fixture
async def chat(identity: IdentityPeer, database: ServiceDatabase, nats: EmbeddedNats) -> AsyncIterator[Running]:
    """Chat that answers calls; events stay in the outbox."""
    async with chat_with(identity, database, nats.url, work=False) as service:
        yield service


@pytest.fixture
async def replicas(
    identity: IdentityPeer, database: ServiceDatabase, fresh_nats: EmbeddedNats
) -> AsyncIterator[tuple[Running, Running]]:
    """Two whole processes of chat side by side on one database: both serve, both work."""
    async with (
        chat_with(identity, database, fresh_nats.url, work=True) as one,
        chat_with(identity, database, fresh_nats.url, work=True) as two,
    ):
        yield one, two


@pytest.fixture
def firm(chat: Running, identity: IdentityPeer) -> Firm:
    """One firm."""
    return Firm(chat, identity)


@pytest.fixture
def other_firm(chat: Running, identity: IdentityPeer) -> Firm:
    """Another firm on the same platform."""
    return Firm(chat, identity)


@pytest.fixture
def live_firm(replicas: tuple[Running, Running], identity: IdentityPeer) -> Firm:
    """A firm whose people are connected to the first of two replicas."""
    return Firm(replicas[0], identity)


@dataclass
class Outbox:
    """What chat has published, oldest first."""

    url: str

    async def events(self, kind: str) -> list[Any]:
        """Return the events of one type, for example "MessagePosted"."""
        connection = await asyncpg.connect(self.url)
        try:
            wanted = f"kontor.chat.v1.{kind}"
            rows = await connection.fetch("SELECT payload FROM outbox WHERE type = $1 ORDER BY position", wanted)
        finally:
            await connection.close()
        return [getattr(events_pb2, kind).FromString(row["payload"]) for row in rows]


@pytest.fixture
def outbox(database: ServiceDatabase) -> Outbox:
    """The outbox of chat."""
    return Outbox(database.owner_url)


Refused = Callable[[Awaitable[object]], Awaitable[DomainError]]


@pytest.fixture
def refused() -> Refused:
    """`await refused(call)` is the refusal that the call ends with."""

    async def refusal(call: Awaitable[object]) -> DomainError:
        with pytest.raises(grpc.aio.AioRpcError) as raised:
            await call
        error = domain_error_of(raised.value)
        assert error is not None, raised.value
        return error

    return refusal
