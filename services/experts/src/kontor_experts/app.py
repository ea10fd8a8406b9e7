"""How the expert network is put together."""

from __future__ import annotations

from kontor.experts.v1 import experts_pb2, internal_pb2
from kontor.experts.v1.experts_pb2_grpc import add_ExpertsServiceServicer_to_server
from kontor.experts.v1.internal_pb2_grpc import add_ExpertsInternalServiceServicer_to_server
from kontor_chassis.service import Platform, Service, servicer, servicer_of

from kontor_experts.adapters.identity import IdentityPeople
from kontor_experts.config import ExpertsSettings
from kontor_experts.consumers import CONSUMERS
from kontor_experts.customer_end import CUSTOMER_END
from kontor_experts.firm_end import FIRM_END
from kontor_experts.rpc import ExpertsRpc
from kontor_experts.rpc.internal import ExpertsInternalRpc


async def compose(_settings: ExpertsSettings, platform: Platform) -> Service:
    """Wire the service."""
    rpc = ExpertsRpc(platform.work, IdentityPeople(platform.callers))
    descriptor = experts_pb2.DESCRIPTOR.services_by_name["ExpertsService"]
    return Service(
        servicers=[
            servicer(add_ExpertsServiceServicer_to_server, rpc, descriptor),
            servicer_of(add_ExpertsInternalServiceServicer_to_server, ExpertsInternalRpc(platform.work), internal_pb2),
        ],
        consumers=CONSUMERS,
        jobs=[FIRM_END.job(), CUSTOMER_END.job()],
    )
