"""The peer of the hot list: ListDocuments as a bare grpc.aio handler on asyncpg.

Same statement, same rows to the same messages, a pool of the same size, uvloop; but nobody is authenticated,
authorized or validated, no transaction is opened, and row-level security does not apply (it connects as superuser).

`python -m bench.bare_vault PORT` serves until it is ended; BENCH_DATABASE_URL says where the rows are.
"""

from __future__ import annotations

import asyncio
import os
import sys
from typing import Any
from uuid import UUID

import asyncpg
import grpc
import uvloop
from grpc_health.v1 import health, health_pb2_grpc
from kontor.vault.v1 import vault_pb2 as pb
from kontor_chassis.paging import encode_cursor
from kontor_chassis.rows import compile_select
from kontor_vault.queries import Viewer, documents_newest_first
from kontor_vault.rpc.convert import document_row

CONNECTIONS = 4
SERVICE = "kontor.vault.v1.VaultService"


class BareVault:
    """Answers one RPC."""

    def __init__(self, pool: asyncpg.Pool) -> None:
        self._pool = pool
        self._statement = compile_select(documents_newest_first(Viewer.CUSTOMER))

    async def list_documents(self, request: pb.ListDocumentsRequest, context: Any) -> pb.ListDocumentsResponse:
        """Return the first page of a customer's documents, as he sees them."""
        size = request.page_size or 20
        given = {"customer_id": UUID(request.customer_id), "size": size + 1}
        found = await self._pool.fetch(self._statement.text, *self._statement.arguments(given))
        token = encode_cursor(found[size]["create_time"], found[size]["document_id"]) if len(found) > size else ""
        return pb.ListDocumentsResponse(documents=map(document_row, found[:size]), next_page_token=token)


async def _no_reset(_connection: Any) -> None:
    """Spare the bare handler the query with which asyncpg resets a connection."""


async def serve(port: int) -> None:
    """Serve until cancelled."""
    pool = await asyncpg.create_pool(
        os.environ["BENCH_DATABASE_URL"], min_size=CONNECTIONS, max_size=CONNECTIONS, reset=_no_reset
    )
    server = grpc.aio.server()
    handlers = {
        "ListDocuments": grpc.unary_unary_rpc_method_handler(
            BareVault(pool).list_documents,
            pb.ListDocumentsRequest.FromString,
            pb.ListDocumentsResponse.SerializeToString,
        )
    }
    server.add_generic_rpc_handlers((grpc.method_handlers_generic_handler(SERVICE, handlers),))
    server.add_registered_method_handlers(SERVICE, handlers)
    health_pb2_grpc.add_HealthServicer_to_server(health.aio.HealthServicer(), server)
    server.add_insecure_port(f"127.0.0.1:{port}")
    await server.start()
    await server.wait_for_termination()


if __name__ == "__main__":
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(serve(int(sys.argv[1])))
