"""Notifications with the real identity beside it, a mail server that keeps what it takes, and producers of events."""

from __future__ import annotations

import asyncio
import email
import email.policy
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from email.message import EmailMessage
from typing import TYPE_CHECKING, Any, TypeVar
from uuid import UUID

from aiosmtpd.controller import Controller
from google.protobuf.message import Message
from kontor.common.v1.access_pb2 import Role
from kontor.identity.v1 import accounts_pb2, people_pb2
from kontor.identity.v1.account_security_pb2 import SetMailLanguageRequest
from kontor.identity.v1.account_security_pb2_grpc import AccountSecurityServiceStub
from kontor.notifications.v1.notifications_pb2_grpc import NotificationsServiceStub
from kontor_chassis.bus import Bus
from kontor_chassis.clock import FixedClock
from kontor_chassis.database import Database
from kontor_chassis.principal import Principal
from kontor_chassis.relay import Relay
from kontor_chassis.testing.server import Running
from kontor_chassis.testing.tokens import token_for
from kontor_chassis.testing.waiting import eventually

from tests.with_identity import administrator_of, follow_invitation, new_customer, new_firm

if TYPE_CHECKING:  # the generated stubs know these names only for type checkers
    from kontor.notifications.v1.notifications_pb2_grpc import NotificationsServiceAsyncStub

T = TypeVar("T")
LINK = re.compile(r"https?://\S+")


@dataclass
class Mailbox:
    """A mail server that keeps every mail; `answers` are given first, one per mail."""

    mails: list[EmailMessage] = field(default_factory=list)
    answers: list[str] = field(default_factory=list)

    async def handle_DATA(self, _server: Any, _session: Any, envelope: Any) -> str:  # noqa: N802 - aiosmtpd's name
        """Take a mail, or refuse it as the test wants."""
        if self.answers:
            return self.answers.pop(0)
        message = email.message_from_bytes(envelope.original_content, policy=email.policy.default)
        assert isinstance(message, EmailMessage)
        self.mails.append(message)
        return "250 taken"

    def to(self, address: str) -> list[EmailMessage]:
        """Return the mails to an address."""
        return [mail for mail in self.mails if address in str(mail["To"])]


def text_of(mail: EmailMessage) -> str:
    """Return the plain text."""
    part = mail.get_body(("plain",))
    assert part is not None
    return str(part.get_content())


def html_of(mail: EmailMessage) -> str:
    """Return the HTML."""
    part = mail.get_body(("html",))
    assert part is not None
    return str(part.get_content())


@dataclass
class Someone:
    """A person with an account."""

    account_id: UUID
    tenant_id: UUID
    email: str
    customer_id: UUID | None = None


@dataclass
class PostOffice:
    """Everything a test needs."""

    clock: FixedClock
    mailbox: Mailbox
    identity: Running
    notifications: Running
    producers: dict[str, Database]

    async def publish(self, service: str, event: Message, tenant_id: UUID) -> None:
        """Publish an event as `service` does: a row in its outbox, and its relay."""
        work = self.producers[service].work
        async with work.work(Principal.of_service(service, tenant_id)) as tx:
            tx.publish(event, aggregate=getattr(event, "chat_id", "") or tenant_id)
            await tx.commit()

    def bell(self, person: Someone, role: Role.ValueType) -> NotificationsServiceAsyncStub:
        """Return a person's stub."""
        token = token_for(
            roles=[role], tenant_id=person.tenant_id, customer_id=person.customer_id, account_id=person.account_id
        )
        return self.notifications.stub(NotificationsServiceStub, token)

    async def firm(self, name: str, slug: str, email_address: str) -> Someone:
        """Activate a firm and return its administrator, who followed the link in his mail."""
        firm = await new_firm(self.identity, name, slug=slug, contact_email=email_address, phone="040 123456")
        account = await self.accept(email_address)
        return Someone(account, firm.tenant_id, email_address)

    async def customer(self, admin: Someone, given: str, family: str, address: str, *, informal: bool) -> Someone:
        """Create and invite a customer who follows the link in his mail."""
        form = people_pb2.ADDRESS_FORM_DU if informal else people_pb2.ADDRESS_FORM_SIE
        customer_id = await new_customer(
            self.identity,
            admin.tenant_id,
            given_name=given,
            family_name=family,
            email=address,
            salutation=people_pb2.SALUTATION_FRAU,
            form=form,
        )
        await administrator_of(self.identity, admin.tenant_id).CreateInvitation(
            accounts_pb2.CreateInvitationRequest(
                customer_id=str(customer_id),
                form=form,
                release_choice=accounts_pb2.RELEASE_CHOICE_ALL,
            )
        )
        account = await self.accept(address)
        return Someone(account, admin.tenant_id, address, customer_id)

    async def choose_english(self, customer: Someone) -> None:
        """Let a customer choose English for his office."""
        token = token_for(
            roles=[Role.ROLE_CUSTOMER],
            tenant_id=customer.tenant_id,
            customer_id=customer.customer_id,
            account_id=customer.account_id,
        )
        security = self.identity.stub(AccountSecurityServiceStub, token)
        await security.SetMailLanguage(SetMailLanguageRequest(language="en"))

    async def accept(self, address: str) -> UUID:
        """Follow the link in the invitation mail and choose a password."""
        mail = (await eventually(lambda: self.mailbox.to(address)))[-1]
        link = LINK.search(text_of(mail))
        assert link is not None
        return await follow_invitation(self.identity, link.group())


@asynccontextmanager
async def producing(databases: dict[str, Database], nats_url: str) -> AsyncIterator[None]:
    """Run the relays of other services' outboxes."""
    buses = {name: Bus(nats_url, name) for name in databases}
    for bus in buses.values():
        bus.start()
    relays = [asyncio.create_task(Relay(database, buses[name]).run()) for name, database in databases.items()]
    try:
        yield
    finally:
        for relay in relays:
            relay.cancel()
        await asyncio.gather(*relays, return_exceptions=True)
        for bus in buses.values():
            await bus.close()
        for database in databases.values():
            await database.close()


@asynccontextmanager
async def mail_server(mailbox: Mailbox, port: int) -> AsyncIterator[None]:
    """Serve a mailbox by SMTP."""
    controller = Controller(mailbox, hostname="127.0.0.1", port=port, enable_SMTPUTF8=True)
    controller.start()
    try:
        yield
    finally:
        controller.stop()
