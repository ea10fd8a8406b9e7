"""The RPCs of further storage: proto → use case → proto, no decisions."""

from __future__ import annotations

from kontor.billing.v1 import storage_pb2 as pb
from kontor.billing.v1.prices_pb2 import Tier
from kontor.billing.v1.storage_pb2_grpc import StorageServiceServicer
from kontor_chassis.database import UnitOfWork
from kontor_chassis.ids import parse_id
from kontor_chassis.service import Context

from kontor_billing import messages, storage
from kontor_billing.usage_rules import BLOCK_BYTES


class StorageRpc(StorageServiceServicer):
    """StorageService."""

    def __init__(self, work: UnitOfWork, vault: storage.Storage) -> None:
        self._work = work
        self._vault = vault

    async def GetStorageOffers(self, request: pb.GetStorageOffersRequest, _context: Context) -> pb.StorageOffers:
        """See storage.proto."""
        async with self._work.query() as tx:
            customer_id = parse_id(request.customer_id, "customer_id")
            return _offers(await storage.storage_offers(tx, customer_id))

    async def ChangeStorage(self, request: pb.ChangeStorageRequest, _context: Context) -> pb.StorageOffers:
        """Book another size; the vault is asked before anything is locked, and only where it matters."""
        customer_id = parse_id(request.customer_id, "customer_id")
        async with self._work.query() as tx:
            smaller = request.blocks < await storage.booked_blocks(tx, customer_id)
        use = await self._vault.use(customer_id) if smaller else None
        async with self._work.command(request) as tx:
            changed = await storage.change_storage(
                tx, customer_id=customer_id, blocks=request.blocks, shown_price=request.price_version, use=use
            )
            return await tx.commit(_offers(changed))


def _offers(found: storage.Offers) -> pb.StorageOffers:
    return pb.StorageOffers(
        tier=Tier.ValueType(found.tier),
        booked_blocks=found.booked_blocks,
        booked_monthly=messages.totals(found.booked),
        book_time=messages.instant(found.order.ordered_at) if found.order else None,
        offers=[
            pb.StorageOffer(
                blocks=each.blocks,
                further_bytes=each.blocks * BLOCK_BYTES,
                monthly=messages.totals(each.totals),
                price_version=each.version,
            )
            for each in found.offers
        ],
    )
