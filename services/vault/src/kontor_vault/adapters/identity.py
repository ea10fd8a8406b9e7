"""What the vault asks identity: whether a customer is the firm's, an account its employee's, a release in force."""

from __future__ import annotations

from uuid import UUID

import grpc
from kontor.common.v1.access_pb2 import Role
from kontor.identity.v1 import emergency_internal_pb2, grantees_internal_pb2, internal_pb2
from kontor.identity.v1.emergency_internal_pb2_grpc import EmergencyInternalServiceStub
from kontor.identity.v1.grantees_internal_pb2_grpc import GranteeInternalServiceStub
from kontor.identity.v1.households_pb2 import Standing
from kontor.identity.v1.internal_pb2_grpc import IdentityInternalServiceStub
from kontor_chassis.calls import Callers
from kontor_chassis.errors import invalid

from kontor_vault.grants import Grantee
from kontor_vault.tables import GranteeKind


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

    async def email_of(self, tenant_id: UUID, account_id: UUID) -> str:
        """Return the address with which somebody signs in; nothing when it is not known."""
        identity = self._callers.as_service("identity", IdentityInternalServiceStub, tenant_id)
        answer = await identity.BatchGetRecipients(
            internal_pb2.BatchGetRecipientsRequest(account_ids=[str(account_id)], tenant_id=str(tenant_id))
        )
        return next((each.email for each in answer.recipients), "")

    async def require_household_person(self, tenant_id: UUID, customer_id: UUID, person_id: UUID) -> Grantee:
        """Return a person of the customer's household with a reduced view; raises INVALID for anybody else."""
        field = "grant.household_person_id"
        asked = grantees_internal_pb2.ResolveGranteeRequest(
            tenant_id=str(tenant_id), customer_id=str(customer_id), household_person_id=str(person_id)
        )
        person = await self._resolved(tenant_id, asked, field, "Diese Person gehört nicht zu Ihrem Haushalt.")
        if person.standing != Standing.STANDING_INSURED:
            raise invalid(field, "Diese Person handelt für Sie und sieht ohnehin alles.")
        return Grantee(GranteeKind.HOUSEHOLD, UUID(person.account_id), person_id, person.display_name)

    async def require_trusted_person(self, tenant_id: UUID, customer_id: UUID, person_id: UUID) -> Grantee:
        """Return a trusted person of the customer who accepted; raises INVALID for anybody else."""
        asked = grantees_internal_pb2.ResolveGranteeRequest(
            tenant_id=str(tenant_id), customer_id=str(customer_id), trusted_person_id=str(person_id)
        )
        sentence = "Diese Person hat Ihre Einladung als Vertrauensperson noch nicht angenommen."
        person = await self._resolved(tenant_id, asked, "grant.trusted_person_id", sentence)
        return Grantee(GranteeKind.TRUSTED, UUID(person.account_id), person_id, person.display_name)

    async def release_of(self, tenant_id: UUID, customer_id: UUID, account_id: UUID) -> UUID | None:
        """Return the emergency release through which a trusted person sees something at this moment, if any."""
        identity = self._callers.as_service("identity", EmergencyInternalServiceStub, tenant_id)
        answer = await identity.CheckEmergencyAccess(
            emergency_internal_pb2.CheckEmergencyAccessRequest(
                tenant_id=str(tenant_id), customer_id=str(customer_id), account_id=str(account_id)
            )
        )
        return UUID(answer.emergency_request_id) if answer.emergency_request_id else None

    async def _resolved(
        self, tenant_id: UUID, asked: grantees_internal_pb2.ResolveGranteeRequest, field: str, otherwise: str
    ) -> grantees_internal_pb2.ResolveGranteeResponse:
        identity = self._callers.as_service("identity", GranteeInternalServiceStub, tenant_id)
        try:
            return await identity.ResolveGrantee(asked)
        except grpc.aio.AioRpcError as error:
            if error.code() is grpc.StatusCode.NOT_FOUND:
                raise invalid(field, otherwise) from None
            raise
