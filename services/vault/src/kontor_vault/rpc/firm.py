"""What a firm sees of its own storage: proto → use case → proto, no decisions."""

from __future__ import annotations

from kontor.vault.v1 import firm_storage_pb2 as pb
from kontor.vault.v1.firm_storage_pb2_grpc import FirmStorageServiceServicer
from kontor_chassis.database import UnitOfWork
from kontor_chassis.principal import current_principal
from kontor_chassis.service import Context

from kontor_vault.firm_storage import Plans, stored_bytes


class FirmStorageRpc(FirmStorageServiceServicer):
    """FirmStorageService."""

    def __init__(self, work: UnitOfWork, plans: Plans) -> None:
        self._work = work
        self._plans = plans

    async def GetFirmStorage(self, request: pb.GetFirmStorageRequest, context: Context) -> pb.FirmStorage:
        """See firm_storage.proto."""
        allowed = await self._plans.storage(current_principal().required_tenant(), fresh=True)
        async with self._work.query() as tx:
            stored = await stored_bytes(tx)
        limit = allowed.limit_bytes if allowed else None
        return pb.FirmStorage(
            plan_name=allowed.plan_name if allowed else "", limit_bytes=limit or 0, stored_bytes=stored
        )
