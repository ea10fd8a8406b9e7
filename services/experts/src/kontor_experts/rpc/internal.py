"""ExpertsInternalService: what other services ask about orders."""

from __future__ import annotations

from dataclasses import dataclass

from kontor.experts.v1 import internal_pb2 as pb
from kontor.experts.v1.internal_pb2_grpc import ExpertsInternalServiceServicer
from kontor_chassis.database import UnitOfWork
from kontor_chassis.errors import not_found
from kontor_chassis.ids import parse_id
from kontor_chassis.principal import Principal
from kontor_chassis.service import Context

from kontor_experts import tables
from kontor_experts.states import RUNNING_STATES, OrderState


@dataclass(frozen=True)
class ExpertsInternalRpc(ExpertsInternalServiceServicer):
    """ExpertsInternalService."""

    work: UnitOfWork

    async def CheckOrder(self, request: pb.CheckOrderRequest, _context: Context) -> pb.CheckOrderResponse:
        """See internal.proto."""
        firm = Principal.of_service("experts", parse_id(request.tenant_id, "tenant_id"))
        async with self.work.work(firm) as tx:
            order = await tx.session.get(tables.Order, parse_id(request.order_id, "order_id"))
        if order is None or order.tenant_id != firm.tenant_id:
            raise not_found("Dieser Auftrag")
        return pb.CheckOrderResponse(
            running=OrderState(order.state) in RUNNING_STATES,
            customer_id=str(order.customer_id),
            expert_account_id=str(order.expert_account_id),
            expert_name=order.expert_name,
            expert_firm_name=order.expert_firm_name,
        )
