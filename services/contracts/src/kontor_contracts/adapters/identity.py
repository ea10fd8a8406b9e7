"""`customers.Customers` by identity's internal RPCs, in this service's own name."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING
from uuid import UUID

import grpc
from kontor.identity.v1.internal_pb2 import GetCustomerProfileRequest, ImportCustomersRequest, ImportedCustomer
from kontor.identity.v1.internal_pb2_grpc import IdentityInternalServiceStub
from kontor.identity.v1.people_pb2 import Salutation
from kontor.identity.v1.tenants_pb2 import Address
from kontor_chassis.calls import Callers
from kontor_chassis.errors import DomainError, ErrorKind
from kontor_chassis.interceptors.errors import domain_error_of

from kontor_contracts.gdv import PolicyHolder
from kontor_contracts.gdv.model import Salutation as GdvSalutation

if TYPE_CHECKING:  # the generated stub's asyncio face exists for the type checker only
    from kontor.identity.v1.internal_pb2_grpc import IdentityInternalServiceAsyncStub

BATCH = 500
"""Customers per call: half of what identity takes at most."""
LONGEST_PHONE = 40
TIMEOUT_SECONDS = 30.0

_SALUTATIONS: dict[GdvSalutation, Salutation.ValueType] = {
    GdvSalutation.NONE: Salutation.SALUTATION_UNSPECIFIED,
    GdvSalutation.MISTER: Salutation.SALUTATION_HERR,
    GdvSalutation.MISS: Salutation.SALUTATION_FRAU,
    GdvSalutation.COMPANY: Salutation.SALUTATION_FIRMA,
}


class IdentityCustomers:
    """Asks identity in the name of contracts."""

    def __init__(self, callers: Callers) -> None:
        self._callers = callers

    async def require(self, tenant_id: UUID, customer_id: UUID) -> None:
        """Raise NOT_FOUND unless the firm has this customer; UNAVAILABLE when identity does not answer."""
        question = GetCustomerProfileRequest(tenant_id=str(tenant_id), customer_id=str(customer_id))
        try:
            await self._identity(tenant_id).GetCustomer(question)
        except grpc.aio.AioRpcError as error:
            raise refusal_of(error) from error

    async def take_in(self, tenant_id: UUID, import_id: UUID, holders: Sequence[PolicyHolder]) -> Mapping[str, UUID]:
        """Create or update the customers; raises identity's refusal, or UNAVAILABLE when it does not answer."""
        found: dict[str, UUID] = {}
        for start in range(0, len(holders), BATCH):
            batch = holders[start : start + BATCH]
            request = ImportCustomersRequest(
                tenant_id=str(tenant_id), import_id=str(import_id), customers=[_customer(holder) for holder in batch]
            )
            try:
                answer = await self._identity(tenant_id).ImportCustomers(request, timeout=TIMEOUT_SECONDS)
            except grpc.aio.AioRpcError as error:
                raise refusal_of(error) from error
            numbers = [holder.external_number for holder in batch]
            found |= zip(numbers, map(UUID, answer.customer_ids), strict=True)
        return found

    def _identity(self, tenant_id: UUID) -> IdentityInternalServiceAsyncStub:
        return self._callers.as_service("identity", IdentityInternalServiceStub, tenant_id)


def _customer(holder: PolicyHolder) -> ImportedCustomer:
    return ImportedCustomer(
        external_number=holder.external_number,
        salutation=_SALUTATIONS[holder.salutation],
        given_name=holder.given_name,
        family_name=holder.family_name,
        birth_date=holder.birth_date.isoformat() if holder.birth_date else "",
        address=Address(
            street=holder.address.street,
            postal_code=holder.address.postal_code,
            city=holder.address.city,
            country=holder.address.country,
        ),
        email=holder.email,
        phone=holder.phone if len(holder.phone) <= LONGEST_PHONE else "",
    )


def refusal_of(error: grpc.aio.AioRpcError) -> DomainError:
    """Return identity's refusal, or UNAVAILABLE when it did not answer."""
    return domain_error_of(error) or DomainError(
        ErrorKind.UNAVAILABLE,
        "IDENTITY_UNAVAILABLE",
        "Die Kundendaten sind gerade nicht erreichbar. Bitte versuchen Sie es in wenigen Augenblicken erneut.",
    )
