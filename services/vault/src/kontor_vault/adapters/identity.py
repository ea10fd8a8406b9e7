"""What the vault asks identity: whether a customer is the firm's, an account its employee's, a release in force."""

from __future__ import annotations

from uuid import UUID

from kontor.common.v1.access_pb2 import Role
from kontor.identity.v1 import emergency_internal_pb2, internal_pb2
from kontor.identity.v1.emergency_internal_pb2_grpc import EmergencyInternalServiceStub
from kontor.identity.v1.internal_pb2_grpc import IdentityInternalServiceStub
from kontor_chassis.calls import Callers
from kontor_chassis.errors import invalid, not_found


class IdentityPeople:
    """Asks identity at the moment of need; keeps nothing."""

    def __init__(self, callers: Callers) -> None:
        self._callers = callers

    async def require_customer(self, tenant_id: UUID, customer_id: UUID) -> None:
        """Raise NOT_FOUND unless the firm has this customer."""
        identity = self._callers.as_service("identity", IdentityInternalServiceStub, tenant_id)
        await identity.GetCustomer(
            internal_pb2.GetCustomerProfileRequest(tenant_id=str(tenant_id), customer_id=str(customer_id))
        )

    async def require_employee(self, tenant_id: UUID, account_id: UUID) -> str:
        """Return the name of an employee of this firm; raises INVALID for anybody else."""
        identity = self._callers.as_service("identity", IdentityInternalServiceStub, tenant_id)
        answer = await identity.BatchGetRecipients(
            internal_pb2.BatchGetRecipientsRequest(account_ids=[str(account_id)], tenant_id=str(tenant_id))
        )
        for recipient in answer.recipients:
            if recipient.tenant_id == str(tenant_id) and Role.ROLE_STAFF in recipient.roles:
                return recipient.display_name
        raise invalid("grant.grantee_account_id", "Diese Person arbeitet nicht für Ihren Makler.")

    async def require_release(self, tenant_id: UUID, customer_id: UUID, account_id: UUID) -> UUID:
        """Return the emergency release through which a trusted person sees something at this moment; else NOT_FOUND."""
        identity = self._callers.as_service("identity", EmergencyInternalServiceStub, tenant_id)
        answer = await identity.CheckEmergencyAccess(
            emergency_internal_pb2.CheckEmergencyAccessRequest(
                tenant_id=str(tenant_id), customer_id=str(customer_id), account_id=str(account_id)
            )
        )
        if not answer.emergency_request_id:
            raise not_found("Der Kunde")
        return UUID(answer.emergency_request_id)
