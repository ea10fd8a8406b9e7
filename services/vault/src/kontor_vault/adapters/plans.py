"""What a firm's plan allows, asked of identity and kept for a minute per process."""

from __future__ import annotations

import time
from uuid import UUID

import grpc
import structlog
from kontor.identity.v1.firms_internal_pb2 import GetFirmLimitsRequest
from kontor.identity.v1.firms_internal_pb2_grpc import FirmInternalServiceStub
from kontor_chassis.calls import Callers

from kontor_vault.firm_storage import PlanStorage

_KEPT_SECONDS = 60.0
_MOST_KEPT = 10_000
log = structlog.get_logger(__name__)


class IdentityPlans:
    """`firm_storage.Plans` by identity; a plan that was just chosen counts within a minute."""

    def __init__(self, callers: Callers) -> None:
        self._callers = callers
        self._known: dict[UUID, tuple[float, PlanStorage]] = {}

    async def storage(self, tenant_id: UUID, *, fresh: bool = False) -> PlanStorage | None:
        """Return what the firm's plan allows; None when identity cannot be asked. `fresh` asks in any case."""
        until, known = self._known.get(tenant_id, (0.0, None))
        if known is not None and until > time.monotonic() and not fresh:
            return known
        stub = self._callers.as_service("identity", FirmInternalServiceStub, tenant_id)
        try:
            limits = await stub.GetFirmLimits(GetFirmLimitsRequest(tenant_id=str(tenant_id)))
        except grpc.aio.AioRpcError as error:
            log.warning("plan_unknown", tenant_id=str(tenant_id), code=error.code().name)
            return None
        found = PlanStorage(limits.plan_name, limits.storage_bytes or None)
        if len(self._known) >= _MOST_KEPT:
            self._known.clear()
        self._known[tenant_id] = (time.monotonic() + _KEPT_SECONDS, found)
        return found
