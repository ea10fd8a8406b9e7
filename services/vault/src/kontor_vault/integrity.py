"""Reads every content anew, a little at a time, and repairs what is no longer what was stored.

A content is sound when all of it decrypts and has the SHA-256 that its version says. With a second store each sound
content is copied there if it is missing, and a damaged one comes back from there. What cannot be repaired is remembered
until it can: its document says so, and an alert tells the operator how many there are, not which.
"""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

import structlog
from kontor_chassis.database import Transaction, UnitOfWork
from kontor_chassis.principal import Principal
from prometheus_client import Counter, Gauge
from sqlalchemy import delete, exists, func, or_, select
from sqlalchemy.dialects.postgresql import insert

from kontor_vault.content import CorruptContentError, SealedReader, associated_data, object_path
from kontor_vault.keeping_rounds import advance, count_repaired, current_round
from kontor_vault.keeping_tables import DamagedObject, KeepingRound
from kontor_vault.keys import CustomerKeys, KeyUnusableError
from kontor_vault.objects import Objects, copy_object, is_there
from kontor_vault.tables import Version

log = structlog.get_logger(__name__)

TASK = "integrity"
_BATCH = 50
_DAMAGE = frozenset({"damaged", "missing"})
_SERVICE = Principal.of_service("vault")

CHECKED = Counter("kontor_vault_checked_objects_total", "Contents read anew, by what was found", ["outcome"])
ROUND_END = Gauge("kontor_vault_integrity_round_end_seconds", "When the last round through all contents ended (Unix)")
DAMAGED = Gauge("kontor_vault_damaged_objects", "Contents that cannot be read and wait for repair")


@dataclass(frozen=True)
class _Content:
    content_id: UUID
    document_id: UUID
    tenant_id: UUID
    customer_id: UUID
    object_id: UUID
    size_bytes: int
    sha256: bytes
    key: bytes | None
    """None: it cannot be unwrapped now, which says nothing about the object."""

    @property
    def path(self) -> str:
        """Where its object lies."""
        return object_path(self.tenant_id, self.customer_id, self.object_id)


class IntegrityCheck:
    """Checks contents of the vault; `replica` is the second store, if there is one."""

    def __init__(self, work: UnitOfWork, keys: CustomerKeys, objects: Objects, replica: Objects | None) -> None:
        self._work = work
        self._keys = keys
        self._objects = objects
        self._replica = replica

    async def check(self, most_bytes: int) -> None:
        """Check about so many bytes, from where the round is; those that are damaged are looked at again first."""
        await self._again()
        done = 0
        while done < most_bytes:
            async with self._work.work(_SERVICE) as tx:
                current = await current_round(tx, TASK)
                if current is None:
                    break
                batch = await self._batch(tx, UUID(current.position) if current.position else UUID(int=0))
            outcomes = [await self._settle(content) for content in batch]
            size = sum(content.size_bytes for content in batch)
            async with self._work.work(_SERVICE) as tx:
                current = await current_round(tx, TASK)
                if current is not None:
                    position = str(batch[-1].content_id) if len(batch) == _BATCH else ""
                    found, repaired = sum(map(_DAMAGE.__contains__, outcomes)), outcomes.count("repaired")
                    counts = {"objects": len(batch), "size_bytes": size, "found": found, "repaired": repaired}
                    advance(tx, current, position, **counts)
                    if current.end_time is not None:
                        ROUND_END.set(current.end_time.timestamp())
                await tx.commit()
            done += max(size, 1)
            if len(batch) < _BATCH:
                break
        await self._count()

    async def _again(self) -> None:
        """Look again at what was damaged: the replica may have it now, or somebody brought it back."""
        known = select(DamagedObject.object_id).limit(_BATCH)
        async with self._work.work(_SERVICE) as tx:
            ids = (await tx.session.scalars(known)).all()
            wanted = or_(Version.content_id.in_(ids), Version.object_id.in_(ids))
            batch = await self._contents(tx, (await tx.session.scalars(select(Version).where(wanted))).all())
            gone = set(ids) - {content.object_id for content in batch}
            await tx.session.execute(delete(DamagedObject).where(DamagedObject.object_id.in_(gone)))
            await tx.commit()
        repaired = [await self._settle(content) for content in batch].count("repaired")
        async with self._work.work(_SERVICE) as tx:
            last = await tx.session.get(KeepingRound, TASK, with_for_update=True)
            if last is not None and repaired:
                count_repaired(last, repaired)
            await tx.commit()

    async def _batch(self, tx: Transaction, after: UUID) -> list[_Content]:
        found = await tx.session.scalars(
            select(Version)
            .where(Version.content_id > after, Version.restored_from.is_(None))
            .order_by(Version.content_id)
            .limit(_BATCH)
        )
        return await self._contents(tx, found.all())

    async def _contents(self, tx: Transaction, versions: Sequence[Version]) -> list[_Content]:
        return [
            _Content(
                version.content_id,
                version.document_id,
                version.tenant_id,
                version.customer_id,
                version.stored_as,
                version.size_bytes,
                version.sha256,
                await self._key(tx, version),
            )
            for version in versions
        ]

    async def _key(self, tx: Transaction, version: Version) -> bytes | None:
        try:
            return await self._keys.content_key(tx, version.tenant_id, version.customer_id, version.stored_as)
        except KeyUnusableError:
            log.error("integrity_key_unusable", content_id=str(version.content_id))
            return None

    async def _settle(self, content: _Content) -> str:
        """Check a content, repair it where possible, remember or forget that it is damaged; return what was found."""
        if content.key is None:
            CHECKED.labels("key_unusable").inc()
            return "key_unusable"
        outcome = await asyncio.to_thread(self._outcome, content, content.key)
        CHECKED.labels(outcome).inc()
        is_damaged = outcome in _DAMAGE
        async with self._work.work(_SERVICE) as tx:
            if is_damaged:
                await _remember(tx, content, is_missing=outcome == "missing")
            else:
                await tx.session.execute(delete(DamagedObject).where(DamagedObject.object_id == content.object_id))
            await tx.commit()
        if is_damaged:
            log.error("content_damaged", object_path=content.path, outcome=outcome)
        return outcome

    def _outcome(self, content: _Content, key: bytes) -> str:
        if _is_sound(self._objects, content, key):
            if self._replica is not None and not is_there(self._replica, content.path):
                copy_object(content.path, self._objects, self._replica)
            return "sound"
        if self._replica is not None and _is_sound(self._replica, content, key):
            copy_object(content.path, self._replica, self._objects)
            if _is_sound(self._objects, content, key):
                log.warning("content_repaired", object_path=content.path)
                return "repaired"
        return "damaged" if is_there(self._objects, content.path) else "missing"

    async def _count(self) -> None:
        async with self._work.work(_SERVICE) as tx:
            DAMAGED.set(int(await tx.session.scalar(select(func.count()).select_from(DamagedObject)) or 0))


def _is_sound(objects: Objects, content: _Content, key: bytes) -> bool:
    bound_to = associated_data(content.tenant_id, content.customer_id, content.object_id)
    digest = hashlib.sha256()
    try:
        with SealedReader(objects, content.path, key, bound_to, content.size_bytes) as reader:
            for piece in reader.read_views(0, content.size_bytes):
                digest.update(piece)
    except (CorruptContentError, FileNotFoundError):
        return False
    return digest.digest() == content.sha256


async def _remember(tx: Transaction, content: _Content, *, is_missing: bool) -> None:
    """Mark a content as damaged, unless its document was destroyed meanwhile."""
    if not await tx.session.scalar(select(exists().where(Version.content_id == content.content_id))):
        return
    row = {
        "object_id": content.object_id,
        "document_id": content.document_id,
        "tenant_id": content.tenant_id,
        "customer_id": content.customer_id,
        "is_missing": is_missing,
        "find_time": tx.now,
    }
    await tx.session.execute(insert(DamagedObject).values(**row).on_conflict_do_nothing())
