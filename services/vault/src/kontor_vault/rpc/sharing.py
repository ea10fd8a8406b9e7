"""SharingService: proto → sharing → proto, no decisions."""

from __future__ import annotations

from kontor.vault.v1 import sharing_pb2 as pb
from kontor.vault.v1.sharing_pb2_grpc import SharingServiceServicer
from kontor_chassis.ids import parse_id
from kontor_chassis.paging import page_size
from kontor_chassis.principal import current_principal
from kontor_chassis.service import Context

from kontor_vault.rpc import convert
from kontor_vault.sharing import Sharing


class SharingRpc(SharingServiceServicer):
    """SharingService."""

    def __init__(self, sharing: Sharing) -> None:
        self._sharing = sharing

    async def ListOrderDocuments(
        self, request: pb.ListOrderDocumentsRequest, context: Context
    ) -> pb.ListOrderDocumentsResponse:
        """See sharing.proto."""
        shared = await self._sharing.through_order(current_principal(), parse_id(request.order_id, "order_id"))
        if shared is None:
            return pb.ListOrderDocumentsResponse()
        found, token = await self._sharing.documents(
            shared, size=page_size(request.page_size), page_token=request.page_token
        )
        return pb.ListOrderDocumentsResponse(documents=map(convert.document_row, found), next_page_token=token)
