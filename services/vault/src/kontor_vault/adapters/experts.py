"""What the vault asks the expert network: whether an order is running, for whom, and who its expert is."""

from __future__ import annotations

from uuid import UUID

import grpc
from kontor.experts.v1 import internal_pb2
from kontor.experts.v1.internal_pb2_grpc import ExpertsInternalServiceStub
from kontor_chassis.calls import Callers

from kontor_vault.grants import Grantee
from kontor_vault.tables import GranteeKind


class NetworkOrders:
    """`grantees.Orders` by the experts service; asked at the moment of need, nothing is kept."""

    def __init__(self, callers: Callers) -> None:
        self._callers = callers

    async def expert_of(self, tenant_id: UUID, order_id: UUID, customer_id: UUID) -> Grantee | None:
        """Return the expert of a running order of this customer; None when there is no such order."""
        experts = self._callers.as_service("experts", ExpertsInternalServiceStub, tenant_id)
        asked = internal_pb2.CheckOrderRequest(tenant_id=str(tenant_id), order_id=str(order_id))
        try:
            order = await experts.CheckOrder(asked)
        except grpc.aio.AioRpcError as error:
            if error.code() is grpc.StatusCode.NOT_FOUND:
                return None
            raise
        if not order.running or order.customer_id != str(customer_id):
            return None
        name = f"{order.expert_name}, {order.expert_firm_name}"
        return Grantee(GranteeKind.EXPERT, UUID(order.expert_account_id), order_id, name)
