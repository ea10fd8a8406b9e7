"""How the firm's part of the vault is put together: its storage, what it delivers, how long it keeps things."""

from __future__ import annotations

from collections.abc import Sequence

from kontor.vault.v1 import deliveries_pb2, firm_storage_pb2, retention_pb2
from kontor.vault.v1.deliveries_pb2_grpc import add_DeliveryServiceServicer_to_server
from kontor.vault.v1.firm_storage_pb2_grpc import add_FirmStorageServiceServicer_to_server
from kontor.vault.v1.retention_pb2_grpc import add_RetentionServiceServicer_to_server
from kontor_chassis.database import UnitOfWork
from kontor_chassis.service import Servicer, servicer_of

from kontor_vault.deliveries import Consents
from kontor_vault.firm_storage import Plans
from kontor_vault.rpc.deliveries import DeliveryRpc
from kontor_vault.rpc.firm import FirmStorageRpc
from kontor_vault.rpc.retention import RetentionRpc


def firm_servicers(work: UnitOfWork, plans: Plans, consents: Consents) -> Sequence[Servicer]:
    """Return the servicers."""
    return [
        servicer_of(add_FirmStorageServiceServicer_to_server, FirmStorageRpc(work, plans), firm_storage_pb2),
        servicer_of(add_DeliveryServiceServicer_to_server, DeliveryRpc(work, consents), deliveries_pb2),
        servicer_of(add_RetentionServiceServicer_to_server, RetentionRpc(work), retention_pb2),
    ]
