"""Seals of the sight ledger, and the check of a ledger against them.

The end of each chain that grew is sealed soon after and kept twice: as a row, and as an object beside the customer's
content, where whoever rewrites the database does not reach. So a chain that was recomputed from an altered entry on
shows, and so does one that was set back to an earlier end.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from kontor_chassis.database import Transaction, UnitOfWork
from kontor_chassis.principal import Principal
from sqlalchemy import func, select

from kontor_vault.content import object_path
from kontor_vault.keys import CustomerKeys
from kontor_vault.ledger import GENESIS, End, Walk, is_sealed, read_sealed, seal_of, sealed_text
from kontor_vault.objects import Objects
from kontor_vault.tables import SightHead, Sighting, SightSeal
from kontor_vault.visibility import require_customer_scope

_BATCH = 1000
_MOST_SEAL_BYTES = 4096


@dataclass(frozen=True)
class Verdict:
    """What a check of a ledger found; `first_broken` is 0 when it is intact."""

    checked: int
    first_broken: int
    sealed_sequence: int = 0
    seal_time: datetime | None = None


class Sealing:
    """Seals ledgers and checks them."""

    def __init__(self, keys: CustomerKeys, objects: Objects) -> None:
        self._keys = keys
        self._objects = objects

    async def seal_some(self, work: UnitOfWork, *, most: int = 100) -> int:
        """Seal ledgers that grew since they were sealed; return how many."""
        async with work.work(Principal.of_service("vault")) as tx:
            found = await tx.session.scalars(
                select(SightHead)
                .where(SightHead.sealed_sequence < SightHead.sequence)
                .order_by(SightHead.customer_id)
                .limit(most)
                .with_for_update(skip_locked=True)
            )
            heads = found.all()
            for head in heads:
                await self._seal(tx, head)
            await tx.commit()
        return len(heads)

    async def verify(self, tx: Transaction, *, tenant_id: UUID, customer_id: UUID) -> Verdict:
        """Recompute the whole chain of a customer and compare it with every seal."""
        require_customer_scope(tx.principal, customer_id)
        head = await tx.session.get(SightHead, (tenant_id, customer_id))
        seals = list(
            await tx.session.scalars(
                select(SightSeal).where(SightSeal.customer_id == customer_id).order_by(SightSeal.sequence)
            )
        )
        kept = await asyncio.to_thread(self._kept_outside, tenant_id, customer_id)
        known = [(_end_of(seal), seal.seal) for seal in seals] + ([kept] if kept else [])
        if head is None:
            return Verdict(0, 1 if known else 0)
        key = await self._keys.ledger_key(tx, tenant_id, customer_id) or b""
        genuine = {end.sequence: end for end, seal in known if is_sealed(end, key, seal)}
        forged = min((end.sequence for end, seal in known if not is_sealed(end, key, seal)), default=0)
        walk, broken = await _walked(tx, head, genuine)
        last = max(genuine.values(), key=lambda end: end.sequence, default=None)
        if last is not None and not broken and last.sequence > walk.checked:
            broken = walk.checked + 1  # the end was cut off
        return Verdict(
            walk.checked, broken or forged, 0 if last is None else last.sequence, None if last is None else last.time
        )

    async def _seal(self, tx: Transaction, head: SightHead) -> None:
        end = End(head.tenant_id, head.customer_id, head.sequence, head.hash, tx.now)
        key = await self._keys.ledger_key(tx, head.tenant_id, head.customer_id, make=True)
        if key is None:
            raise LookupError("the customer has no key")
        seal = seal_of(end, key)
        row = {"tenant_id": end.tenant_id, "customer_id": end.customer_id, "sequence": end.sequence}
        tx.session.add(SightSeal(**row, hash=end.hash, time=end.time, seal=seal))
        head.sealed_sequence = head.sequence
        await tx.session.flush()
        await asyncio.to_thread(self._keep_outside, end, seal)

    def _keep_outside(self, end: End, seal: bytes) -> None:
        sink = self._objects.write(seal_path(end.tenant_id, end.customer_id))
        sink.write(sealed_text(end, seal))
        sink.commit()

    def _kept_outside(self, tenant_id: UUID, customer_id: UUID) -> tuple[End, bytes] | None:
        try:
            source = self._objects.read(seal_path(tenant_id, customer_id))
            try:
                return read_sealed(bytes(source.fetch(0, _MOST_SEAL_BYTES)))
            finally:
                source.close()
        except FileNotFoundError:
            return None


def seal_path(tenant_id: UUID, customer_id: UUID) -> str:
    """Return where a customer's newest seal lies: beside his content, under his own id, so that it goes with it."""
    return object_path(tenant_id, customer_id, customer_id)


async def _walked(tx: Transaction, head: SightHead, sealed: dict[int, End]) -> tuple[Walk, int]:
    """Walk a chain; return how far, and the first entry that is missing, altered, slipped in or not as sealed."""
    walk = Walk()
    while walk.checked < head.sequence:
        entries = await tx.session.scalars(
            select(Sighting)
            .where(
                Sighting.customer_id == head.customer_id,
                Sighting.sequence > walk.checked,
                Sighting.sequence <= head.sequence,
            )
            .order_by(Sighting.sequence)
            .limit(_BATCH)
        )
        batch = entries.all()
        for entry in batch:
            if not walk.fits(entry) or (entry.sequence in sealed and sealed[entry.sequence].hash != entry.hash):
                return walk, walk.checked + (0 if walk.checked == entry.sequence else 1)
            tx.session.expunge(entry)
        if not batch:
            return walk, walk.checked + 1
    if walk.hash != (head.hash if head.sequence else GENESIS):
        return walk, head.sequence
    newest = select(func.coalesce(func.max(Sighting.sequence), 0)).where(Sighting.customer_id == head.customer_id)
    end = select(SightHead.sequence).where(SightHead.customer_id == head.customer_id)
    slipped_in = select(newest.scalar_subquery() > end.scalar_subquery())  # one snapshot: appending changes both
    return walk, head.sequence + 1 if await tx.session.scalar(slipped_in) else 0


def _end_of(seal: SightSeal) -> End:
    return End(seal.tenant_id, seal.customer_id, seal.sequence, seal.hash, seal.time)
