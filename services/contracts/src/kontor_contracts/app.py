"""How contracts is put together."""

from __future__ import annotations

from kontor.contracts.v1 import contracts_pb2
from kontor.contracts.v1.contracts_pb2_grpc import add_ContractsServiceServicer_to_server
from kontor_chassis.service import Platform, Service, servicer

from kontor_contracts.adapters.firms import IdentityFirms
from kontor_contracts.adapters.identity import IdentityCustomers
from kontor_contracts.config import ContractsSettings
from kontor_contracts.consumers import CONSUMERS
from kontor_contracts.customer_end import CUSTOMER_END
from kontor_contracts.firm_end import FIRM_END
from kontor_contracts.rpc import ContractsRpc


async def compose(_settings: ContractsSettings, platform: Platform) -> Service:
    """Wire the service."""
    rpc = ContractsRpc(
        platform.work, platform.rows, IdentityCustomers(platform.callers), IdentityFirms(platform.callers)
    )
    return Service(
        servicers=[
            servicer(
                add_ContractsServiceServicer_to_server,
                rpc,
                contracts_pb2.DESCRIPTOR.services_by_name["ContractsService"],
            )
        ],
        consumers=CONSUMERS,
        jobs=[FIRM_END.job(), CUSTOMER_END.job()],
    )
