"""Public RPCs about a firm's partner systems."""

from __future__ import annotations

from datetime import datetime

from kontor.common.v1.access_pb2 import Scope
from kontor.identity.v1 import partner_clients_pb2 as pb
from kontor.identity.v1.partner_clients_pb2_grpc import PartnerClientServiceServicer
from kontor_chassis.clock import Clock
from kontor_chassis.database import UnitOfWork
from kontor_chassis.ids import parse_id
from kontor_chassis.paging import encode_cursor, page_size
from kontor_chassis.principal import current_principal
from kontor_chassis.service import Context

from kontor_identity import queries
from kontor_identity.directory import DIRECTORY
from kontor_identity.partner_tables import PartnerClient
from kontor_identity.partners import create_partner_client, partner_clients, revoke_partner_client, rotate_secret
from kontor_identity.rpc import messages


class PartnerClientRpc(PartnerClientServiceServicer):
    """PartnerClientService. Secrets are identity's own rows; each use case is given the caller's firm and no other."""

    def __init__(self, work: UnitOfWork, token_clock: Clock) -> None:
        self._work = work
        self._token_clock = token_clock

    async def CreatePartnerClient(
        self, request: pb.CreatePartnerClientRequest, context: Context
    ) -> pb.PartnerClientSecret:
        """See partner_clients.proto."""
        caller = current_principal()
        async with self._work.work(DIRECTORY) as tx:
            client, secret = await create_partner_client(
                tx,
                self._token_clock.now(),
                tenant_id=caller.required_tenant(),
                by=caller.required_account(),
                name=request.name,
                scopes=request.scopes,
                rate=request.rate,
            )
            return await tx.commit(pb.PartnerClientSecret(client=_client(client, None), secret=secret))

    async def ListPartnerClients(
        self, request: pb.ListPartnerClientsRequest, context: Context
    ) -> pb.ListPartnerClientsResponse:
        """See partner_clients.proto."""
        size, tenant_id = page_size(request.page_size), current_principal().required_tenant()
        after = queries.time_and_id(request.page_token, queries.BEFORE_ALL_TIMES, queries.BEFORE_ALL_IDS)
        async with self._work.work(DIRECTORY) as tx:
            rows = await partner_clients(tx, tenant_id, after, size + 1)
        page = rows[:size]
        token = encode_cursor(page[-1][0].created_at, page[-1][0].client_id) if len(rows) > size else ""
        clients = [_client(client, used) for client, used in page]
        return pb.ListPartnerClientsResponse(clients=clients, next_page_token=token)

    async def RotatePartnerSecret(
        self, request: pb.RotatePartnerSecretRequest, context: Context
    ) -> pb.PartnerClientSecret:
        """See partner_clients.proto."""
        tenant_id, client_id = current_principal().required_tenant(), parse_id(request.client_id, "client_id")
        async with self._work.work(DIRECTORY) as tx:
            client, secret = await rotate_secret(tx, self._token_clock.now(), tenant_id, client_id)
            return await tx.commit(pb.PartnerClientSecret(client=_client(client, None), secret=secret))

    async def RevokePartnerClient(self, request: pb.RevokePartnerClientRequest, context: Context) -> pb.PartnerClient:
        """See partner_clients.proto."""
        tenant_id, client_id = current_principal().required_tenant(), parse_id(request.client_id, "client_id")
        async with self._work.command(request, acting=DIRECTORY) as tx:
            client = await revoke_partner_client(tx, tenant_id, client_id)
            return await tx.commit(_client(client, None))


def _client(row: PartnerClient, last_used: datetime | None) -> pb.PartnerClient:
    return pb.PartnerClient(
        client_id=str(row.client_id),
        name=row.name,
        scopes=[Scope.ValueType(number) for number in row.scopes],
        rate=pb.PartnerRate.ValueType(row.rate),
        create_time=messages.timestamp(row.created_at),
        last_used_time=messages.timestamp(last_used),
        revoke_time=messages.timestamp(row.revoked_at),
    )
