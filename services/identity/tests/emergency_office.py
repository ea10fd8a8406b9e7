"""A customer, the people he trusts, and short ways to let all of them act, for the tests of emergency access."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any
from uuid import UUID, uuid4

import grpc
import pytest
from google.protobuf.message import Message
from kontor.common.v1.access_pb2 import Role
from kontor.identity.v1 import accounts_pb2, emergency_internal_pb2, events_pb2, people_pb2, signin_pb2, tenants_pb2
from kontor.identity.v1 import emergency_pb2 as pb
from kontor.identity.v1.emergency_internal_pb2_grpc import EmergencyInternalServiceStub
from kontor.identity.v1.emergency_pb2_grpc import EmergencyAccessServiceStub
from kontor_chassis.interceptors.errors import refused_with
from kontor_chassis.testing.tokens import service_token_for, token_for
from kontor_identity.directory import DIRECTORY
from kontor_identity.emergency.requests import settle_next
from sqlalchemy import text

from services.identity.tests.identity_office import PASSWORD, Identity, registration

if TYPE_CHECKING:  # the generated stubs know these names only for type checkers
    from kontor.identity.v1.emergency_internal_pb2_grpc import EmergencyInternalServiceAsyncStub
    from kontor.identity.v1.emergency_pb2_grpc import EmergencyAccessServiceAsyncStub

REASON = "Mutter liegt seit gestern auf der Intensivstation."


@dataclass
class Trusted:
    """A trusted person who accepted."""

    person_id: str
    email: str
    account_id: UUID
    folder_ids: list[str]


@dataclass
class Household:
    """A customer with an account, and whom he trusts."""

    identity: Identity
    tenant_id: UUID
    customer_id: UUID
    account_id: UUID
    email: str
    trusted: list[Trusted] = field(default_factory=list)

    @property
    def cid(self) -> str:
        """The customer's id as text."""
        return str(self.customer_id)

    @property
    def customer(self) -> EmergencyAccessServiceAsyncStub:
        """The API as the customer calls it."""
        return self._as([Role.ROLE_CUSTOMER], self.account_id)

    def person(self, number: int) -> EmergencyAccessServiceAsyncStub:
        """The API as one of his trusted persons calls it, counted from 0."""
        return self._as([Role.ROLE_TRUSTED_PERSON], self.trusted[number].account_id)

    @property
    def anybody(self) -> EmergencyAccessServiceAsyncStub:
        """The API without any token."""
        return self.identity.service.stub(EmergencyAccessServiceStub)

    def internal(self, service: str = "vault") -> EmergencyInternalServiceAsyncStub:
        """The internal API as another service calls it."""
        return self.identity.service.stub(EmergencyInternalServiceStub, service_token_for(service, self.tenant_id))

    async def invite(self, name: str) -> pb.TrustedPerson:
        """Name a trusted person with a folder of his own."""
        person = pb.TrustedPerson(
            name=name,
            email=f"{name.split(maxsplit=1)[0].lower()}.{uuid4().hex[:8]}@mail.example",
            relation="Tochter",
            folder_ids=[str(uuid4())],
        )
        return await self.customer.CreateTrustedPerson(
            pb.CreateTrustedPersonRequest(customer_id=self.cid, person=person)
        )

    async def link_of(self, person_id: str) -> str:
        """Return the token in the invitation mail of a trusted person."""
        statement = text("SELECT invitation_id FROM trusted_persons WHERE trusted_person_id = :id")
        async with self.identity.service.platform.work.work(DIRECTORY) as tx:
            invitation_id = await tx.session.scalar(statement, {"id": person_id})
        return await self.identity.link_of(str(invitation_id))

    async def trust(self, name: str) -> Trusted:
        """Name a trusted person who accepts."""
        named = await self.invite(name)
        asked = signin_pb2.AcceptInvitationRequest(token=await self.link_of(named.trusted_person_id), password=PASSWORD)
        session = await self.identity.sign_in.AcceptInvitation(asked)
        account_id = UUID(session.account_id)
        found = Trusted(named.trusted_person_id, named.email, account_id, list(named.folder_ids))
        self.trusted.append(found)
        return found

    async def rules(self, *, quorum: int = 1, waiting_hours: int = 3, access_days: int = 30) -> None:
        """Choose the rules."""
        plan = pb.EmergencyPlan(quorum=quorum, waiting_hours=waiting_hours, access_days=access_days)
        await self.customer.UpdateEmergencyPlan(pb.UpdateEmergencyPlanRequest(customer_id=self.cid, plan=plan))

    async def ask(self, number: int = 0) -> pb.EmergencyRequest:
        """Let a trusted person ask for access."""
        asked = pb.CreateEmergencyRequestRequest(customer_id=self.cid, reason=REASON)
        return await self.person(number).CreateEmergencyRequest(asked)

    async def confirm(self, number: int, request: pb.EmergencyRequest) -> pb.EmergencyRequest:
        """Let another trusted person confirm."""
        asked = pb.ConfirmEmergencyRequestRequest(
            customer_id=self.cid, emergency_request_id=request.emergency_request_id
        )
        return await self.person(number).ConfirmEmergencyRequest(asked)

    async def stop(self, request: pb.EmergencyRequest) -> pb.EmergencyRequest:
        """Let the customer stop a request."""
        asked = pb.StopEmergencyRequestRequest(customer_id=self.cid, emergency_request_id=request.emergency_request_id)
        return await self.customer.StopEmergencyRequest(asked)

    async def latest(self) -> pb.EmergencyRequest:
        """Return the newest request as the customer sees it."""
        found = await self.customer.ListEmergencyRequests(pb.ListEmergencyRequestsRequest(customer_id=self.cid))
        return found.requests[0]

    async def opens(self, number: int = 0) -> bool:
        """Whether vault would be told now that this trusted person may see something."""
        asked = emergency_internal_pb2.CheckEmergencyAccessRequest(
            tenant_id=str(self.tenant_id), customer_id=self.cid, account_id=str(self.trusted[number].account_id)
        )
        return bool((await self.internal().CheckEmergencyAccess(asked)).emergency_request_id)

    async def clock_strikes(self) -> int:
        """Do what the job does; returns how many requests it settled."""
        count = 0
        while True:
            async with self.identity.service.platform.work.work(DIRECTORY) as tx:
                if await settle_next(tx) is None:
                    return count
                await tx.commit()
                count += 1

    async def events(self, kind: type[Message]) -> list[Any]:
        """Return the events of a kind about this customer, in order."""
        statement = text("SELECT payload FROM outbox WHERE type LIKE :type ORDER BY position")
        async with self.identity.service.platform.work.work(DIRECTORY) as tx:
            found = (await tx.session.scalars(statement, {"type": f"%{kind.DESCRIPTOR.name}"})).all()
        events = [kind.FromString(bytes(payload)) for payload in found]
        return [event for event in events if getattr(event, "customer_id", "") == self.cid]

    async def steps_told(self) -> list[str]:
        """Return the steps that all involved were told of."""
        told = await self.events(events_pb2.EmergencyRequestChanged)
        return [pb.EmergencyStep.Name(event.step).removeprefix("EMERGENCY_STEP_") for event in told]

    async def history(self) -> list[tuple[str, str, datetime]]:
        """Return step, actor and instant of each line of the history, oldest first."""
        asked = pb.ListEmergencyEntriesRequest(customer_id=self.cid, page_size=100)
        entries = (await self.customer.ListEmergencyEntries(asked)).entries
        return [
            (
                pb.EmergencyStep.Name(entry.step).removeprefix("EMERGENCY_STEP_"),
                pb.EmergencyActor.Name(entry.actor).removeprefix("EMERGENCY_ACTOR_"),
                entry.entry_time.ToDatetime(UTC),
            )
            for entry in reversed(entries)
        ]

    async def stop_link(self) -> str:
        """Return the token of the link in a mail to the customer about the newest request."""
        asked = emergency_internal_pb2.PrepareEmergencyNoticeRequest(
            tenant_id=str(self.tenant_id),
            emergency_request_id=(await self.latest()).emergency_request_id,
            to_customer=True,
        )
        notice = await self.internal("notifications").PrepareEmergencyNotice(asked)
        return notice.stop_url.rpartition("/notfall/")[2]

    def _as(self, roles: list[Role.ValueType], account_id: UUID) -> EmergencyAccessServiceAsyncStub:
        token = token_for(
            roles=roles, tenant_id=self.tenant_id, customer_id=self.customer_id, account_id=account_id, name="Jemand"
        )
        return self.identity.service.stub(EmergencyAccessServiceStub, token)


async def household(identity: Identity, slug: str = "hansen") -> Household:
    """Set up a firm with a customer who has an account."""
    answer = await identity.public.RegisterTenant(registration(slug))
    operator = identity.as_person(roles=[Role.ROLE_OPERATOR], tenant_id=uuid4())
    await operator.ActivateTenant(tenants_pb2.ActivateTenantRequest(tenant_id=answer.tenant_id))
    tenant_id = UUID(answer.tenant_id)
    staff = identity.as_person(roles=[Role.ROLE_STAFF, Role.ROLE_ADMINISTRATOR], tenant_id=tenant_id)
    email = f"julia.brandt@{slug}.example"
    person = people_pb2.Customer(given_name="Julia", family_name="Brandt", email=email)
    created = await staff.CreateCustomer(people_pb2.CreateCustomerRequest(customer=person))
    invitation = await staff.CreateInvitation(accounts_pb2.CreateInvitationRequest(customer_id=created.customer_id))
    token = await identity.link_of(invitation.invitation_id)
    session = await identity.sign_in.AcceptInvitation(
        signin_pb2.AcceptInvitationRequest(token=token, password=PASSWORD)
    )
    return Household(identity, tenant_id, UUID(created.customer_id), UUID(session.account_id), email)


async def refusal(call: Any) -> str:
    """Return the reason with which a call is refused."""
    with pytest.raises(grpc.aio.AioRpcError) as caught:
        await call
    refused = refused_with(caught.value)
    assert refused is not None, caught.value
    return refused.reason
