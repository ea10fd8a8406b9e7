"""Firm and customer as printed on an invoice, asked of identity at the moment of issue; nothing is kept here."""

from __future__ import annotations

from typing import TYPE_CHECKING
from uuid import UUID

import grpc
from kontor.identity.v1.firms_internal_pb2 import GetFirmMeasureRequest
from kontor.identity.v1.firms_internal_pb2_grpc import FirmInternalServiceStub
from kontor.identity.v1.firms_pb2 import PlanTerms
from kontor.identity.v1.internal_pb2 import GetCustomerProfileRequest, GetTenantProfileRequest
from kontor.identity.v1.internal_pb2_grpc import IdentityInternalServiceStub
from kontor.identity.v1.tenants_pb2 import Address
from kontor_chassis.calls import Callers
from kontor_chassis.errors import DomainError, ErrorKind
from kontor_chassis.interceptors.errors import domain_error_of

from kontor_billing.firm_charges import PlanPrice
from kontor_billing.firm_runs import Measure
from kontor_billing.parties import Party, Seller
from kontor_billing.periods import Period

if TYPE_CHECKING:  # the generated stub's asyncio face exists for the type checker only
    from kontor.identity.v1.internal_pb2_grpc import IdentityInternalServiceAsyncStub

HOME = "DE"


class IdentityParties:
    """`runs.Parties` by identity's internal RPCs, in billing's own name."""

    def __init__(self, callers: Callers) -> None:
        self._callers = callers

    async def seller(self, tenant_id: UUID) -> Seller:
        """Return the firm; raises identity's refusal, or UNAVAILABLE when it does not answer."""
        try:
            card = await self._identity(tenant_id).GetTenantProfile(GetTenantProfileRequest(tenant_id=str(tenant_id)))
        except grpc.aio.AioRpcError as error:
            raise _refusal(error) from error
        party = _party(card.name, card.address, email=card.email, phone=card.phone)
        return Seller(party, card.slug, card.brand.primary_color)

    async def buyer(self, tenant_id: UUID, customer_id: UUID) -> Party:
        """Return the customer; raises identity's refusal, or UNAVAILABLE when it does not answer."""
        question = GetCustomerProfileRequest(tenant_id=str(tenant_id), customer_id=str(customer_id))
        try:
            profile = await self._identity(tenant_id).GetCustomer(question)
        except grpc.aio.AioRpcError as error:
            raise _refusal(error) from error
        return _party(profile.display_name, profile.address)

    async def firm(self, tenant_id: UUID) -> Party:
        """Return the firm as it is billed by the platform; raises as `seller`."""
        return (await self.seller(tenant_id)).party

    async def measure(self, tenant_id: UUID, period: Period) -> Measure:
        """Return the plans' prices of a month's first day and the firm's contacts at its end; raises as `seller`."""
        question = GetFirmMeasureRequest(tenant_id=str(tenant_id), terms_day=period.first_day.isoformat())
        question.contacts_before_time.FromDatetime(period.end)
        try:
            stub = self._callers.as_service("identity", FirmInternalServiceStub, tenant_id)
            answer = await stub.GetFirmMeasure(question)
        except grpc.aio.AioRpcError as error:
            raise _refusal(error) from error
        return Measure({int(terms.plan): _plan_price(terms) for terms in answer.plans}, answer.contacts)

    def _identity(self, tenant_id: UUID) -> IdentityInternalServiceAsyncStub:
        return self._callers.as_service("identity", IdentityInternalServiceStub, tenant_id)


def _plan_price(terms: PlanTerms) -> PlanPrice:
    return PlanPrice(
        base_minor=terms.base_net.minor_units if terms.HasField("base_net") else None,
        contact_minor=terms.contact_net.minor_units,
        setup_minor=terms.setup_net.minor_units if terms.HasField("setup_net") else None,
    )


def _party(name: str, address: Address, *, email: str = "", phone: str = "") -> Party:
    return Party(
        name=name,
        street=address.street,
        postal_code=address.postal_code,
        city=address.city,
        country=address.country or HOME,
        email=email,
        phone=phone,
    )


def _refusal(error: grpc.aio.AioRpcError) -> DomainError:
    return domain_error_of(error) or DomainError(
        ErrorKind.UNAVAILABLE,
        "IDENTITY_UNAVAILABLE",
        "Die Kundendaten sind gerade nicht erreichbar. Bitte versuchen Sie es in wenigen Augenblicken erneut.",
    )
