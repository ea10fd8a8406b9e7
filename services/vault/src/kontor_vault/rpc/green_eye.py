"""The calls about releasing what the firm filed (F176): a part of VaultService."""

from __future__ import annotations

from kontor.vault.v1 import vault_pb2 as pb
from kontor.vault.v1.vault_pb2_grpc import VaultServiceServicer
from kontor_chassis.database import UnitOfWork
from kontor_chassis.ids import parse_id
from kontor_chassis.service import Context

from kontor_vault import releases
from kontor_vault.rpc import convert


class GreenEye(VaultServiceServicer):
    """Serves them."""

    _work: UnitOfWork

    async def ReleaseDocument(self, request: pb.ReleaseDocumentRequest, context: Context) -> pb.Document:
        async with self._work.command(request) as tx:
            document = await releases.release_document(
                tx,
                customer_id=parse_id(request.customer_id, "customer_id"),
                document_id=parse_id(request.document_id, "document_id"),
            )
            return await tx.commit(convert.document(document))

    async def ReleaseDocuments(
        self, request: pb.ReleaseDocumentsRequest, context: Context
    ) -> pb.ReleaseDocumentsResponse:
        async with self._work.command(request) as tx:
            released = await releases.release_documents(
                tx, customer_id=parse_id(request.customer_id, "customer_id"), kinds=request.kinds
            )
            return await tx.commit(pb.ReleaseDocumentsResponse(released=released))

    async def GetReleaseRules(self, request: pb.GetReleaseRulesRequest, context: Context) -> pb.ReleaseRules:
        async with self._work.query() as tx:
            return pb.ReleaseRules(kinds=convert.kinds(await releases.release_rules(tx)))

    async def UpdateReleaseRules(self, request: pb.UpdateReleaseRulesRequest, context: Context) -> pb.ReleaseRules:
        async with self._work.command(request) as tx:
            await releases.set_release_rules(tx, request.rules.kinds)
            return await tx.commit(request.rules)
