"""Which RPCs serve which contract, for the composition root: firms, their people, their customers' data."""

from __future__ import annotations

from collections.abc import Callable
from types import ModuleType
from typing import Any

from kontor.identity.v1 import firms_pb2, households_pb2, master_data_pb2, staff_pb2
from kontor.identity.v1.firms_pb2_grpc import add_FirmServiceServicer_to_server
from kontor.identity.v1.households_pb2_grpc import add_HouseholdServiceServicer_to_server
from kontor.identity.v1.master_data_pb2_grpc import add_MasterDataServiceServicer_to_server
from kontor.identity.v1.staff_pb2_grpc import add_StaffServiceServicer_to_server
from kontor_chassis.service import Platform, Servicer, servicer

from kontor_identity.rpc.firms import FirmRpc
from kontor_identity.rpc.master_data import MasterDataRpc
from kontor_identity.rpc.staff import HouseholdRpc, StaffRpc
from kontor_identity.sealing import Sealer


def served(add: Callable[[Any, Any], None], rpc: object, contract: ModuleType) -> Servicer:
    """Serve the one service that a contract's file declares."""
    [declared] = contract.DESCRIPTOR.services_by_name.values()
    return servicer(add, rpc, declared)


def office_services(platform: Platform, sealer: Sealer) -> list[Servicer]:
    """Serve the life of firms, their staff, households and master data."""
    work = platform.work
    return [
        served(add_FirmServiceServicer_to_server, FirmRpc(work, platform.rows), firms_pb2),
        served(add_StaffServiceServicer_to_server, StaffRpc(work), staff_pb2),
        served(add_HouseholdServiceServicer_to_server, HouseholdRpc(work), households_pb2),
        served(add_MasterDataServiceServicer_to_server, MasterDataRpc(work, sealer), master_data_pb2),
    ]
