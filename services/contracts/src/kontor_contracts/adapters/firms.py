"""`firms.Firms` by identity's internal RPCs, in this service's own name."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import TYPE_CHECKING
from uuid import UUID

import grpc
from kontor.identity.v1.firms_internal_pb2 import GetFirmEditPolicyRequest, NameBankAccountsRequest
from kontor.identity.v1.firms_internal_pb2_grpc import FirmInternalServiceStub
from kontor.identity.v1.master_data_pb2 import EditMode
from kontor_chassis.calls import Callers

from kontor_contracts.adapters.identity import refusal_of
from kontor_contracts.firms import EntryMode, NamedAccount

if TYPE_CHECKING:  # the generated stub's asyncio face exists for the type checker only
    from kontor.identity.v1.firms_internal_pb2_grpc import FirmInternalServiceAsyncStub

BATCH = 1000
_MODES = {EditMode.EDIT_MODE_DIRECT: EntryMode.DIRECT, EditMode.EDIT_MODE_OFF: EntryMode.OFF}


class IdentityFirms:
    """Asks identity in the name of contracts."""

    def __init__(self, callers: Callers) -> None:
        self._callers = callers

    async def entry_mode(self, tenant_id: UUID) -> EntryMode:
        """Return the firm's policy; the careful one where it names none."""
        question = GetFirmEditPolicyRequest(tenant_id=str(tenant_id))
        try:
            policy = await self._identity(tenant_id).GetFirmEditPolicy(question)
        except grpc.aio.AioRpcError as error:
            raise refusal_of(error) from error
        return _MODES.get(policy.contracts, EntryMode.REQUEST)

    async def name_accounts(self, tenant_id: UUID, ibans: Collection[str]) -> Mapping[str, NamedAccount]:
        """Return names by IBAN; raises UNAVAILABLE when identity does not answer."""
        wanted, found = sorted(set(ibans)), dict[str, NamedAccount]()
        for start in range(0, len(wanted), BATCH):
            batch = wanted[start : start + BATCH]
            request = NameBankAccountsRequest(tenant_id=str(tenant_id), ibans=batch)
            try:
                answer = await self._identity(tenant_id).NameBankAccounts(request)
            except grpc.aio.AioRpcError as error:
                raise refusal_of(error) from error
            for iban, account in zip(batch, answer.accounts, strict=True):
                if account.reference:
                    found[iban] = NamedAccount(account.reference, account.masked_iban)
        return found

    def _identity(self, tenant_id: UUID) -> FirmInternalServiceAsyncStub:
        return self._callers.as_service("identity", FirmInternalServiceStub, tenant_id)
