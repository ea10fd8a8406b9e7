"""`deliveries.Consents` by identity, asked at the moment of need; nothing is kept."""

from __future__ import annotations

from datetime import UTC
from uuid import UUID

from kontor.identity.v1 import epost_internal_pb2, internal_pb2
from kontor.identity.v1.epost_internal_pb2_grpc import EPostInternalServiceStub
from kontor.identity.v1.internal_pb2_grpc import IdentityInternalServiceStub
from kontor_chassis.calls import Callers

from kontor_vault.deliveries import Consent, Parties


class IdentityConsents:
    """Asks identity."""

    def __init__(self, callers: Callers) -> None:
        self._callers = callers

    async def in_force(self, tenant_id: UUID, customer_id: UUID) -> Consent | None:
        """Return the consent that is in force at this moment; None without one."""
        identity = self._callers.as_service("identity", EPostInternalServiceStub, tenant_id)
        answer = await identity.CheckEPostConsent(
            epost_internal_pb2.CheckEPostConsentRequest(tenant_id=str(tenant_id), customer_id=str(customer_id))
        )
        if not answer.in_force:
            return None
        return Consent(UUID(answer.e_post_entry_id), answer.version, answer.decide_time.ToDatetime(UTC))

    async def parties(self, tenant_id: UUID, customer_id: UUID) -> Parties:
        """Return the firm and its customer by name; raises NOT_FOUND."""
        identity = self._callers.as_service("identity", IdentityInternalServiceStub, tenant_id)
        firm = await identity.GetTenantProfile(internal_pb2.GetTenantProfileRequest(tenant_id=str(tenant_id)))
        customer = await identity.GetCustomer(
            internal_pb2.GetCustomerProfileRequest(tenant_id=str(tenant_id), customer_id=str(customer_id))
        )
        address = firm.address
        place = " ".join(part for part in (address.postal_code, address.city) if part)
        return Parties(
            firm_name=firm.name,
            firm_address=", ".join(part for part in (address.street, place) if part),
            customer_name=customer.display_name,
            customer_number=customer.number,
        )
