"""How full a customer's storage is, asked of the vault with the token of the customer who asks."""

from __future__ import annotations

from uuid import UUID

import grpc
from kontor.vault.v1.vault_pb2 import GetQuotaRequest
from kontor.vault.v1.vault_pb2_grpc import VaultServiceStub
from kontor_chassis.calls import Callers
from kontor_chassis.errors import DomainError, ErrorKind
from kontor_chassis.interceptors.errors import domain_error_of

from kontor_billing.storage import StorageUse


class VaultStorage:
    """`storage.Storage` by the vault's own RPC."""

    def __init__(self, callers: Callers) -> None:
        self._callers = callers

    async def use(self, customer_id: UUID) -> StorageUse:
        """Return limit and use, uploads that run included; raises UNAVAILABLE when the vault does not answer."""
        try:
            stub = self._callers.stub("vault", VaultServiceStub)
            quota = await stub.GetQuota(GetQuotaRequest(customer_id=str(customer_id)))
        except grpc.aio.AioRpcError as error:
            raise domain_error_of(error) or DomainError(
                ErrorKind.UNAVAILABLE,
                "VAULT_UNAVAILABLE",
                "Ihr Speicherplatz lässt sich gerade nicht prüfen. Bitte versuchen Sie es in wenigen Augenblicken "
                "erneut.",
            ) from error
        return StorageUse(quota.limit_bytes, quota.used_bytes + quota.reserved_bytes)
