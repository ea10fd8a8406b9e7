"""RPCs: message → use case → message, no decisions."""

from __future__ import annotations

from kontor.identity.v1.identity_pb2_grpc import IdentityServiceServicer
from kontor_chassis.clock import Clock
from kontor_chassis.database import RowReader, UnitOfWork

from kontor_identity.rpc.access import AccessRpc
from kontor_identity.rpc.internal import IdentityInternalRpc
from kontor_identity.rpc.people import PeopleRpc
from kontor_identity.rpc.sign_in import SignInParts, SignInRpc
from kontor_identity.rpc.tenants import TenantRpc

__all__ = ["IdentityInternalRpc", "IdentityRpc", "SignInParts", "SignInRpc"]


class IdentityRpc(TenantRpc, PeopleRpc, AccessRpc, IdentityServiceServicer):
    """IdentityService, from its three parts."""

    def __init__(self, work: UnitOfWork, rows: RowReader, token_clock: Clock) -> None:
        self._work = work
        self._rows = rows
        self._token_clock = token_clock
