"""DeliveryService: proto → use case → proto, no decisions."""

from __future__ import annotations

import asyncio
from uuid import UUID

from google.api.httpbody_pb2 import HttpBody
from kontor.vault.v1 import deliveries_pb2 as pb
from kontor.vault.v1.deliveries_pb2_grpc import DeliveryServiceServicer
from kontor_chassis.database import UnitOfWork
from kontor_chassis.ids import parse_id
from kontor_chassis.paging import decode_cursor, encode_cursor, page_size
from kontor_chassis.principal import current_principal
from kontor_chassis.service import Context

from kontor_vault import deliveries, delivery_proof
from kontor_vault.deliveries import Consents, Delivered
from kontor_vault.rpc import convert

_LAST_ID = UUID(int=(1 << 128) - 1)


class DeliveryRpc(DeliveryServiceServicer):
    """Serves it."""

    def __init__(self, work: UnitOfWork, consents: Consents) -> None:
        self._work = work
        self._consents = consents

    async def DeliverDocument(self, request: pb.DeliverDocumentRequest, context: Context) -> pb.Delivery:
        """See deliveries.proto."""
        customer_id = parse_id(request.customer_id, "customer_id")
        consent = await self._consents.in_force(current_principal().required_tenant(), customer_id)
        async with self._work.command(request) as tx:
            delivered = await deliveries.deliver(
                tx,
                customer_id=customer_id,
                document_id=parse_id(request.document_id, "document_id"),
                consent=consent,
            )
            return await tx.commit(_delivery(delivered))

    async def ListDeliveries(self, request: pb.ListDeliveriesRequest, context: Context) -> pb.ListDeliveriesResponse:
        """See deliveries.proto."""
        size, cursor = page_size(request.page_size), decode_cursor(request.page_token, UUID)
        async with self._work.query() as tx:
            found = await deliveries.list_deliveries(
                tx,
                customer_id=parse_id(request.customer_id, "customer_id"),
                document_id=convert.optional_id(request.document_id, "document_id"),
                before=cursor[0] if cursor else _LAST_ID,
                most=size + 1,
            )
        more = encode_cursor(found[size - 1].delivery.delivery_id) if len(found) > size else ""
        return pb.ListDeliveriesResponse(deliveries=map(_delivery, found[:size]), next_page_token=more)

    async def GetDeliveryProof(self, request: pb.GetDeliveryProofRequest, context: Context) -> HttpBody:
        """See deliveries.proto."""
        customer_id = parse_id(request.customer_id, "customer_id")
        async with self._work.query() as tx:
            found = await deliveries.get_delivery(
                tx, customer_id=customer_id, delivery_id=parse_id(request.delivery_id, "delivery_id")
            )
        parties = await self._consents.parties(found.delivery.tenant_id, customer_id)
        if request.form == pb.DELIVERY_PROOF_FORM_JSON:
            return HttpBody(content_type="application/json", data=delivery_proof.proof_json(found, parties))
        pdf = await asyncio.to_thread(delivery_proof.proof_pdf, found, parties)
        return HttpBody(content_type="application/pdf", data=pdf)


def _delivery(delivered: Delivered) -> pb.Delivery:
    one = delivered.delivery
    return pb.Delivery(
        delivery_id=str(one.delivery_id),
        customer_id=str(one.customer_id),
        document_id=str(one.document_id),
        version=one.number,
        title=one.title,
        file_name=one.file_name,
        size_bytes=one.size_bytes,
        sha256=one.sha256.hex(),
        e_post_entry_id=str(one.e_post_entry_id),
        consent_version=one.consent_version,
        consent_time=convert.timestamp(one.consent_time),
        steps=[
            pb.DeliveryStep(
                stage=pb.DeliveryStage.ValueType(step.stage),
                time=convert.timestamp(step.time),
                account_name=step.account_name,
                ledger_sequence=step.sequence,
                ledger_hash=step.hash.hex(),
            )
            for step in delivered.steps
        ],
    )
