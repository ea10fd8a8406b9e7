"""Customers and firms, asked of identity in this service's own name; nothing is kept here."""

from __future__ import annotations

from typing import TYPE_CHECKING
from uuid import UUID

import grpc
from kontor.identity.v1.internal_pb2 import GetCustomerProfileRequest, GetTenantProfileRequest
from kontor.identity.v1.internal_pb2_grpc import IdentityInternalServiceStub
from kontor.identity.v1.tenants_pb2 import TenantKind
from kontor_chassis.calls import Callers
from kontor_chassis.errors import DomainError, ErrorKind
from kontor_chassis.interceptors.errors import domain_error_of

from kontor_experts.people import CustomerRecord, FirmRecord

if TYPE_CHECKING:  # the generated stub's asyncio face exists for the type checker only
    from kontor.identity.v1.internal_pb2_grpc import IdentityInternalServiceAsyncStub


class IdentityPeople:
    """`people.People` by identity's internal RPCs."""

    def __init__(self, callers: Callers) -> None:
        self._callers = callers

    async def customer(self, tenant_id: UUID, customer_id: UUID) -> CustomerRecord:
        """Return a customer's record; raises identity's refusal, or UNAVAILABLE when it does not answer."""
        question = GetCustomerProfileRequest(tenant_id=str(tenant_id), customer_id=str(customer_id))
        try:
            profile = await self._identity(tenant_id).GetCustomer(question)
        except grpc.aio.AioRpcError as error:
            raise _refusal(error) from error
        return CustomerRecord(
            name=profile.display_name,
            street=profile.address.street,
            postal_code=profile.address.postal_code,
            city=profile.address.city,
            email=profile.email,
            phone=profile.phone,
            birth_date=profile.birth_date,
        )

    async def firm(self, tenant_id: UUID) -> FirmRecord:
        """Return a firm; raises identity's refusal, or UNAVAILABLE when it does not answer."""
        try:
            card = await self._identity(tenant_id).GetTenantProfile(GetTenantProfileRequest(tenant_id=str(tenant_id)))
        except grpc.aio.AioRpcError as error:
            raise _refusal(error) from error
        return FirmRecord(card.name, may_earn_yields=card.kind != TenantKind.TENANT_KIND_ADVISER)

    def _identity(self, tenant_id: UUID) -> IdentityInternalServiceAsyncStub:
        return self._callers.as_service("identity", IdentityInternalServiceStub, tenant_id)


def _refusal(error: grpc.aio.AioRpcError) -> DomainError:
    return domain_error_of(error) or DomainError(
        ErrorKind.UNAVAILABLE,
        "IDENTITY_UNAVAILABLE",
        "Die Kundendaten sind gerade nicht erreichbar. Bitte versuchen Sie es in wenigen Augenblicken erneut.",
    )
