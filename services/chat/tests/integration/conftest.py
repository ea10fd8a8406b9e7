"""Chat and identity served in the test's process on real PostgreSQL and NATS, with people who may call them."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any
from uuid import UUID

import asyncpg
import grpc
import pytest
from kontor.chat.v1 import chat_pb2 as pb
from kontor.chat.v1 import events_pb2
from kontor.chat.v1.chat_pb2_grpc import ChatServiceStub
from kontor.common.v1.access_pb2 import Right, Role
from kontor.identity.v1 import accounts_pb2, people_pb2
from kontor_chassis.ids import new_id
from kontor_chassis.testing.plugin import ServiceDatabase, ServiceDatabases
from kontor_chassis.testing.server import Running, running
from kontor_chassis.testing.tokens import token_for
from kontor_tools.embedded.nats import EmbeddedNats

from tests.with_identity import accept_invitation, administrator_of, new_customer, new_firm
from tests.with_identity import identity as identity

if TYPE_CHECKING:  # the generated stubs know these names only for type checkers
    from kontor.chat.v1.chat_pb2_grpc import ChatServiceAsyncStub
    from kontor.identity.v1.identity_pb2_grpc import IdentityServiceAsyncStub


@dataclass
class Person:
    """Somebody who calls chat; `stub` carries his token."""

    account_id: UUID
    stub: ChatServiceAsyncStub
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

    def __init__(self, call: grpc.aio.UnaryStreamCall[pb.WatchChatsRequest, pb.WatchChatsResponse]) -> None:
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
        heard: pb.Message = await self.next()
        while heard.message_id != message.message_id:
            assert heard.number < message.number
            heard = await self.next()
        return heard

    async def _next(self) -> pb.WatchChatsResponse:
        async with asyncio.timeout(10):
            heard = await self.call.read()
        assert isinstance(heard, pb.WatchChatsResponse), "the stream has ended"
        return heard


@dataclass
class Firm:
    """One firm's people. They are invited and accept with identity, so it knows who looks after whom."""

    service: Running
    identity: Running
    tenant_id: UUID
    administrator_invitation_id: str
    _tokens: dict[UUID, str] = field(default_factory=dict)

    async def administrator(self) -> Person:
        """Return the firm's administrator; call it once."""
        account_id = await self._accepted(self.administrator_invitation_id)
        return self._person([Role.ROLE_STAFF, Role.ROLE_ADMINISTRATOR], account_id)

    async def staff(self, *rights: Right.ValueType) -> Person:
        """Return an employee, with the right to chat unless other rights are named."""
        given = rights or (Right.RIGHT_CHAT,)
        email = f"jonas-{new_id().hex[-10:]}@hansen.example"
        request = people_pb2.InviteStaffRequest(display_name="Jonas Peters", email=email, rights=given)
        invitation = await self._office().InviteStaff(request)
        return self._person([Role.ROLE_STAFF], await self._accepted(invitation.invitation_id), rights=given)

    async def customer(self, *responsible: Person) -> Person:
        """Return a customer with active access and these responsible staff, in order."""
        customer_id = await self.customer_without_access()
        request = accounts_pb2.CreateInvitationRequest(customer_id=str(customer_id))
        invitation = await self._office().CreateInvitation(request)
        account_id = await self._accepted(invitation.invitation_id)
        if responsible:
            account_ids = [str(person.account_id) for person in responsible]
            named = people_pb2.SetResponsiblesRequest(customer_id=str(customer_id), account_ids=account_ids)
            await self._office().SetResponsibles(named)
        return self._person([Role.ROLE_CUSTOMER], account_id, customer_id=customer_id)

    async def customer_without_access(self) -> UUID:
        """Return a customer who has not been invited yet."""
        return await new_customer(self.identity, self.tenant_id, email=f"julia-{new_id().hex[-10:]}@mail.example")

    def on(self, service: Running, person: Person) -> Person:
        """Return the same person as connected to another replica."""
        stub = service.stub(ChatServiceStub, self._tokens[person.account_id])
        return Person(person.account_id, stub, person.customer_id)

    def _office(self) -> IdentityServiceAsyncStub:
        return administrator_of(self.identity, self.tenant_id)

    async def _accepted(self, invitation_id: str) -> UUID:
        return await accept_invitation(self.identity, invitation_id)

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


async def a_firm(chat: Running, identity: Running) -> Firm:
    """Return a new firm whose people call this process of chat."""
    firm = await new_firm(identity)
    return Firm(chat, identity, firm.tenant_id, firm.administrator_invitation_id)


@pytest.fixture
def database(service_database: ServiceDatabases) -> ServiceDatabase:
    """A migrated database of chat."""
    return service_database("chat")


@pytest.fixture
async def chat(identity: Running, database: ServiceDatabase, nats: EmbeddedNats) -> AsyncIterator[Running]:
    """Chat that answers calls; events stay in the outbox."""
    async with running(
        "kontor_chat", database_url=database.url, nats_url=nats.url, identity_address=identity.address
    ) as service:
        yield service


@pytest.fixture
async def replicas(
    identity: Running, database: ServiceDatabase, fresh_nats: EmbeddedNats
) -> AsyncIterator[tuple[Running, Running]]:
    """Two whole processes of chat side by side on one database: both serve, both work."""
    settings: dict[str, Any] = {
        "database_url": database.url,
        "nats_url": fresh_nats.url,
        "identity_address": identity.address,
    }
    async with (
        running("kontor_chat", work=True, **settings) as one,
        running("kontor_chat", work=True, **settings) as two,
    ):
        yield one, two


@pytest.fixture
async def firm(chat: Running, identity: Running) -> Firm:
    """One firm."""
    return await a_firm(chat, identity)


@pytest.fixture
async def other_firm(chat: Running, identity: Running) -> Firm:
    """Another firm on the same platform."""
    return await a_firm(chat, identity)


@pytest.fixture
async def live_firm(replicas: tuple[Running, Running], identity: Running) -> Firm:
    """A firm whose people are connected to the first of two replicas."""
    return await a_firm(replicas[0], identity)


@pytest.fixture
async def other_live_firm(replicas: tuple[Running, Running], identity: Running) -> Firm:
    """Another firm, connected likewise."""
    return await a_firm(replicas[0], identity)


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
