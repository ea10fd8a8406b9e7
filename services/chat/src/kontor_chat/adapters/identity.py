"""`operators.ResponsiblesDirectory` by identity's internal RPCs, in this service's own name; nothing is kept here."""

from __future__ import annotations

from uuid import UUID

import grpc
from kontor.identity.v1.internal_pb2 import ResolveResponsibleRequest
from kontor.identity.v1.internal_pb2_grpc import IdentityInternalServiceStub
from kontor_chassis.calls import Callers
from kontor_chassis.errors import DomainError, ErrorKind
from kontor_chassis.interceptors.errors import domain_error_of

from kontor_chat.operators import Responsibles


class IdentityResponsibles:
    """Asks identity in the name of chat."""

    def __init__(self, callers: Callers) -> None:
        self._callers = callers

    async def resolve(self, tenant_id: UUID, customer_id: UUID) -> Responsibles:
        """Return who looks after the customer; raises identity's refusal, or UNAVAILABLE when it does not answer."""
        question = ResolveResponsibleRequest(tenant_id=str(tenant_id), customer_id=str(customer_id))
        stub = self._callers.as_service("identity", IdentityInternalServiceStub, tenant_id)
        try:
            answer = await stub.ResolveResponsible(question)
        except grpc.aio.AioRpcError as error:
            raise _refusal(error) from error
        return Responsibles(
            responsible=tuple(map(UUID, answer.responsible_account_ids)),
            administrators=tuple(map(UUID, answer.administrator_account_ids)),
            customer_account=UUID(answer.customer_account_id) if answer.customer_account_id else None,
        )


def _refusal(error: grpc.aio.AioRpcError) -> DomainError:
    return domain_error_of(error) or DomainError(
        ErrorKind.UNAVAILABLE,
        "IDENTITY_UNAVAILABLE",
        "Die Zuständigkeit ist gerade nicht zu ermitteln. Bitte versuchen Sie es in wenigen Augenblicken erneut.",
    )
