"""What notifications asks identity, at the moment of need: who somebody is, how to reach him, how a firm appears."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from datetime import datetime
from typing import TYPE_CHECKING
from uuid import UUID

import grpc
from google.protobuf.timestamp_pb2 import Timestamp
from kontor.common.v1.access_pb2 import Role
from kontor.identity.v1 import emergency_internal_pb2 as emergency_pb
from kontor.identity.v1 import internal_pb2 as pb
from kontor.identity.v1 import signin_steps_pb2 as steps_pb
from kontor.identity.v1.emergency_internal_pb2_grpc import EmergencyInternalServiceStub
from kontor.identity.v1.internal_pb2_grpc import IdentityInternalServiceStub
from kontor.identity.v1.people_pb2 import AddressForm
from kontor.identity.v1.signin_steps_pb2_grpc import SignInStepsInternalServiceStub
from kontor_chassis.calls import Callers
from kontor_chassis.clock import BILLING_ZONE

from kontor_notifications.mails import Addressee, Firm
from kontor_notifications.people import (
    AccountNotice,
    DirectoryError,
    EmergencyNotice,
    Link,
    NotWantedError,
    Person,
    SignInCode,
    TrustedPersonNotice,
)
from kontor_notifications.wording import Form, Side

if TYPE_CHECKING:
    from kontor.identity.v1.emergency_internal_pb2_grpc import EmergencyInternalServiceAsyncStub
    from kontor.identity.v1.internal_pb2_grpc import IdentityInternalServiceAsyncStub
    from kontor.identity.v1.signin_steps_pb2_grpc import SignInStepsInternalServiceAsyncStub
    from kontor.identity.v1.tenants_pb2 import Address

_GONE = frozenset({grpc.StatusCode.NOT_FOUND, grpc.StatusCode.FAILED_PRECONDITION})

_SIDES = (
    (Role.ROLE_CUSTOMER, Side.CUSTOMER),
    (Role.ROLE_EXPERT, Side.EXPERT),
    (Role.ROLE_STAFF, Side.STAFF),
    (Role.ROLE_ADMINISTRATOR, Side.STAFF),
    (Role.ROLE_NETWORK, Side.NETWORK),
    (Role.ROLE_OPERATOR, Side.OPERATOR),
    (Role.ROLE_TRUSTED_PERSON, Side.TRUSTED),
)


@contextmanager
def _asking() -> Iterator[None]:
    """Turn refusals and failures of identity into this module's errors, which name no person."""
    try:
        yield
    except grpc.aio.AioRpcError as error:
        if error.code() in _GONE:
            raise NotWantedError(error.code().name) from error
        raise DirectoryError(error.code().name) from error


class IdentityDirectory:
    """The directory of people, asked from identity; keeps nothing."""

    def __init__(self, callers: Callers) -> None:
        self._callers = callers

    async def people(self, tenant_id: UUID, account_ids: Sequence[str]) -> list[Person]:
        """Return the people behind accounts, preferring what they are in this firm; unknown ones are left out."""
        if not account_ids:
            return []
        request = pb.BatchGetRecipientsRequest(account_ids=account_ids, tenant_id=str(tenant_id))
        with _asking():
            answer = await self._identity(tenant_id).BatchGetRecipients(request)
        return [_person(recipient) for recipient in answer.recipients]

    async def customer(self, tenant_id: UUID, customer_id: UUID) -> tuple[UUID | None, Addressee]:
        """Return a customer's account, if his access is active, and how to reach him; raises NotWantedError."""
        request = pb.GetCustomerProfileRequest(tenant_id=str(tenant_id), customer_id=str(customer_id))
        with _asking():
            profile = await self._identity(tenant_id).GetCustomer(request)
        account_id = UUID(profile.account_id) if profile.account_id else None
        form, language = _form(profile.form), profile.language or "de"
        return account_id, Addressee(profile.email, profile.display_name, profile.letter_greeting, form, language)

    async def responsible(self, tenant_id: UUID, customer_id: UUID) -> list[Person]:
        """Return who looks after a customer today; raises NotWantedError for one who is gone."""
        request = pb.ResolveResponsibleRequest(tenant_id=str(tenant_id), customer_id=str(customer_id))
        with _asking():
            found = await self._identity(tenant_id).ResolveResponsible(request)
        return await self.people(tenant_id, found.responsible_account_ids[:1] or found.administrator_account_ids)

    async def firm(self, tenant_id: UUID) -> Firm:
        """Return how a firm appears in its mails."""
        request = pb.GetTenantProfileRequest(tenant_id=str(tenant_id))
        with _asking():
            card = await self._identity(tenant_id).GetTenantProfile(request)
        address, color = _one_line(card.address), card.brand.primary_color
        return Firm(card.name, card.email, card.phone, address, color, card.origin)

    async def invitation_link(self, tenant_id: UUID, invitation_id: str) -> Link:
        """Make the link of an open invitation; raises NotWantedError when it is not open."""
        request = pb.MintInvitationLinkRequest(invitation_id=invitation_id)
        with _asking():
            answer = await self._identity(tenant_id).MintInvitationLink(request)
        addressee = Addressee(answer.email, answer.display_name, answer.letter_greeting, _form(answer.form))
        is_customer = bool(answer.customer_id)
        return Link(answer.url, _in_german(answer.expire_time), addressee, is_customer, answer.trusted_by)

    async def password_link(self, tenant_id: UUID, reset_id: str) -> Link:
        """Make the link of an open password request; raises like `invitation_link`."""
        with _asking():
            answer = await self._identity(tenant_id).MintPasswordResetLink(
                pb.MintPasswordResetLinkRequest(reset_id=reset_id)
            )
        person = await self._holder(tenant_id, answer.account_id)
        return Link(answer.url, _in_german(answer.expire_time), person.addressee, person.side is Side.CUSTOMER)

    async def email_link(self, tenant_id: UUID, change_id: str) -> Link:
        """Make the link of an open change of address, for the new address; raises like `invitation_link`."""
        with _asking():
            answer = await self._steps(tenant_id).MintEmailChangeLink(
                steps_pb.MintEmailChangeLinkRequest(change_id=change_id)
            )
        person = await self._holder(tenant_id, answer.account_id)
        addressee = replace(person.addressee, email=answer.new_email)
        return Link(answer.url, _in_german(answer.expire_time), addressee, person.side is Side.CUSTOMER)

    async def sign_in_code(self, tenant_id: UUID, ticket_id: str) -> SignInCode:
        """Return the one-time code of an open sign-in; raises like `invitation_link`."""
        with _asking():
            answer = await self._steps(tenant_id).MintSignInCode(steps_pb.MintSignInCodeRequest(ticket_id=ticket_id))
        return SignInCode(answer.code, _in_german(answer.expire_time))

    async def account_notice(self, tenant_id: UUID, account_event_id: str) -> AccountNotice:
        """Return what happened to a person's access; raises like `invitation_link`."""
        request = steps_pb.GetAccountEventRequest(account_event_id=account_event_id)
        with _asking():
            answer = await self._steps(tenant_id).GetAccountEvent(request)
        entry = answer.event
        parameters = {"device": entry.device, "detail": entry.detail, "moment": _in_german(entry.event_time)}
        return AccountNotice(parameters, answer.former_email)

    async def emergency_notice(self, tenant_id: UUID, request_id: str, *, to_customer: bool) -> EmergencyNotice:
        """Return what a mail about a request for emergency access says; raises like `invitation_link`."""
        request = emergency_pb.PrepareEmergencyNoticeRequest(
            tenant_id=str(tenant_id), emergency_request_id=request_id, to_customer=to_customer
        )
        with _asking():
            answer = await self._emergency(tenant_id).PrepareEmergencyNotice(request)
        ends = answer.access_end_time
        parameters = {
            "customer": answer.customer_name,
            "requester": answer.requester_name,
            "supporters": " und ".join(answer.supporter_names),
            "reason": answer.reason,
            "release": _in_german(answer.release_time) if answer.HasField("release_time") else "",
            "ends": f" Der Zugriff endet am {_in_german(ends)}." if answer.HasField("access_end_time") else "",
        }
        return EmergencyNotice(parameters, answer.stop_url, tuple(answer.customer_addresses))

    async def trusted_person_notice(self, tenant_id: UUID, person_id: str) -> TrustedPersonNotice:
        """Return what a mail about a trusted person says; raises like `invitation_link`."""
        request = emergency_pb.GetTrustedPersonNoticeRequest(tenant_id=str(tenant_id), trusted_person_id=person_id)
        with _asking():
            answer = await self._emergency(tenant_id).GetTrustedPersonNotice(request)
        greeting = f"Guten Tag {answer.person_name}"
        addressee = Addressee(answer.person_email, answer.person_name, greeting, Form.SIE)
        return TrustedPersonNotice(answer.customer_name, addressee)

    async def _holder(self, tenant_id: UUID, account_id: str) -> Person:
        people = await self.people(tenant_id, [account_id])
        if not people:
            raise NotWantedError("ACCOUNT_GONE")
        return people[0]

    def _steps(self, tenant_id: UUID) -> SignInStepsInternalServiceAsyncStub:
        return self._callers.as_service("identity", SignInStepsInternalServiceStub, tenant_id)

    def _emergency(self, tenant_id: UUID) -> EmergencyInternalServiceAsyncStub:
        return self._callers.as_service("identity", EmergencyInternalServiceStub, tenant_id)

    def _identity(self, tenant_id: UUID) -> IdentityInternalServiceAsyncStub:
        return self._callers.as_service("identity", IdentityInternalServiceStub, tenant_id)


def _person(recipient: pb.Recipient) -> Person:
    side = next((side for role, side in _SIDES if role in recipient.roles), Side.STAFF)
    form, language = _form(recipient.form), recipient.language or "de"
    addressee = Addressee(recipient.email, recipient.display_name, recipient.letter_greeting, form, language)
    return Person(UUID(recipient.account_id), UUID(recipient.tenant_id), side, addressee)


def _form(form: AddressForm.ValueType) -> Form:
    return Form.DU if form == AddressForm.ADDRESS_FORM_DU else Form.SIE


def _one_line(address: Address) -> str:
    place = f"{address.postal_code} {address.city}".strip()
    return ", ".join(part for part in (address.street, place) if part)


def _in_german(instant: Timestamp) -> str:
    local: datetime = instant.ToDatetime(BILLING_ZONE)
    return local.strftime("%d.%m.%Y, %H:%M Uhr")
