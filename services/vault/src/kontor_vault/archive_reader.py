"""Reads in what customers bring, one archive after the other, and says how far it is.

The archive lies in the vault as a document. It is read from there as it is, encrypted, piece by piece; when all that is
in it is there, the document goes in the same transaction, so that it never takes room beside its own content. Reading
again after a crash is harmless: nothing of an archive is seen before its end is written down with it.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import IO, cast
from uuid import UUID

import structlog
from kontor.vault.v1 import events_pb2
from kontor_chassis.database import Transaction, UnitOfWork
from kontor_chassis.principal import Principal
from prometheus_client import Counter
from sqlalchemy import delete, select, update

from kontor_vault.bags import BagRefusedError
from kontor_vault.content import CorruptContentError, SealedReader, associated_data, object_path
from kontor_vault.grants import revoke_grants_on_document
from kontor_vault.importing import Importer
from kontor_vault.incoming import Bringing, Imported
from kontor_vault.keeping_tables import Import, ImportState
from kontor_vault.kept_previews import delete_content
from kontor_vault.keys import CustomerKeys
from kontor_vault.objects import Objects
from kontor_vault.sealed_files import SealedFile, StoppedError
from kontor_vault.tables import Document, Origin, Version

log = structlog.get_logger(__name__)

_SERVICE = Principal.of_service("vault")
_MOST_ATTEMPTS = 3
_TOLD_EACH_SECONDS = 2.0

READ = Counter("kontor_vault_imports_total", "Archives that customers brought, by what became of them", ["outcome"])


@dataclass(frozen=True)
class _Order:
    """An archive to read in."""

    import_id: UUID
    tenant_id: UUID
    customer_id: UUID
    document_id: UUID
    number: int
    object_id: UUID
    size_bytes: int
    key: bytes
    goes: bool
    """Whether nothing but the archive is lost with its document: it is the customer's, and has no other version."""

    @property
    def place(self) -> tuple[UUID, UUID, UUID]:
        """What its object is bound to."""
        return self.tenant_id, self.customer_id, self.object_id


class ArchiveReader:
    """Reads in what was asked for."""

    def __init__(self, work: UnitOfWork, objects: Objects, keys: CustomerKeys, default_limit: int) -> None:
        self._work = work
        self._objects = objects
        self._keys = keys
        self._importer = Importer(work, objects, keys, default_limit)

    async def read_next(self) -> bool:
        """Read in the archive that waits longest, or was broken off; return whether there was one.

        Whoever calls sees to it that he is the only one (a job does).
        """
        import_id, order = await self._begun()
        if import_id is None or order is None:
            return import_id is not None
        outcome = "done"
        try:
            await self._read(order)
        except BagRefusedError as refusal:
            outcome = "refused"
            await self._end(order.import_id, ImportState.REFUSED, refusal.reason, refusal.path)
        except (CorruptContentError, FileNotFoundError):
            log.error("import_unreadable", import_id=str(order.import_id), object_path=object_path(*order.place))
            outcome = "failed"
            await self._end(order.import_id, ImportState.FAILED)
        except StoppedError:
            outcome = "stopped"
        READ.labels(outcome).inc()
        return True

    async def _begun(self) -> tuple[UUID | None, _Order | None]:
        """Return what is to be done; without an order it has come to its end already."""
        async with self._work.work(_SERVICE) as tx:
            waiting = select(Import).where(Import.end_time.is_(None)).order_by(Import.import_id).limit(1)
            row = await tx.session.scalar(waiting.with_for_update(skip_locked=True))
            if row is None:
                return None, None
            order = await self._order(tx, row)
            if order is None or row.attempts >= _MOST_ATTEMPTS:
                row.state, row.end_time, order = ImportState.FAILED, tx.now, None
                _publish_finished(tx, row)
                log.error("import_failed", import_id=str(row.import_id))
                READ.labels("failed").inc()
            else:
                row.state, row.total_bytes, row.done_bytes = ImportState.CHECKING, order.size_bytes, 0
                row.attempts += 1
            import_id = row.import_id
            await tx.commit()
        return import_id, order

    async def _order(self, tx: Transaction, row: Import) -> _Order | None:
        document = await tx.session.get(Document, row.document_id)
        if document is None or document.trash_time is not None:
            return None
        versions = (await tx.session.scalars(select(Version).where(Version.document_id == row.document_id))).all()
        newest = max(versions, key=lambda version: version.number)
        owner = (row.tenant_id, row.customer_id)
        return _Order(
            row.import_id,
            *owner,
            row.document_id,
            newest.number,
            newest.stored_as,
            newest.size_bytes,
            await self._keys.content_key(tx, *owner, newest.stored_as),
            goes=document.origin == Origin.CUSTOMER and len(versions) == 1,
        )

    async def _read(self, order: _Order) -> None:
        gone = False

        async def checked() -> None:
            file.read_bytes = 0
            await self._tell(order, file, ImportState.STORING)

        async def make_room(tx: Transaction) -> None:
            nonlocal gone
            gone = order.goes and await _removed(tx, order)

        async def settle(tx: Transaction, imported: Imported) -> None:
            await _settle(tx, order, imported)

        freed = order.size_bytes if order.goes else 0
        bringing = Bringing(freed, checked, make_room, settle)
        bound_to = associated_data(*order.place)
        with SealedReader(self._objects, object_path(*order.place), order.key, bound_to, order.size_bytes) as reader:
            file = SealedFile(reader, order.size_bytes)
            archive = cast(IO[bytes], file)
            reading = asyncio.create_task(self._importer.read_in(archive, order.tenant_id, order.customer_id, bringing))
            try:
                while not (await asyncio.wait({reading}, timeout=_TOLD_EACH_SECONDS))[0]:
                    await self._tell(order, file)
                await reading
            finally:
                file.stop()
                if not reading.done():  # whoever reads in a thread hears of it at his next piece
                    await asyncio.wait({reading})
        if gone:
            await asyncio.to_thread(delete_content, self._objects, object_path(*order.place))

    async def _tell(self, order: _Order, file: SealedFile, state: ImportState | None = None) -> None:
        """Write down how far it is; one that is no longer wanted is stopped."""
        values: dict[str, object] = {"done_bytes": min(file.read_bytes, order.size_bytes)}
        if state is not None:
            values["state"] = state
        async with self._work.work(_SERVICE) as tx:
            running = update(Import).where(Import.import_id == order.import_id, Import.end_time.is_(None))
            told = await tx.session.execute(running.values(**values))
            await tx.commit()
        if not getattr(told, "rowcount", 0):
            file.stop()

    async def _end(self, import_id: UUID, state: ImportState, refusal: str = "", path: str = "") -> None:
        async with self._work.work(_SERVICE) as tx:
            row = await tx.session.get(Import, import_id, with_for_update=True)
            if row is not None:
                row.state, row.end_time, row.refusal, row.refused_path = state, tx.now, refusal, path[:1000]
                _publish_finished(tx, row)
            await tx.commit()


async def _removed(tx: Transaction, order: _Order) -> bool:
    """Delete the uploaded document, but for its object; False when it is not what was read any more."""
    document = await tx.session.get(Document, order.document_id, with_for_update=True)
    if document is None or document.content_version != order.number:
        return False
    await revoke_grants_on_document(tx, order.document_id)
    await tx.session.execute(delete(Version).where(Version.document_id == order.document_id))
    await tx.session.delete(document)
    await tx.session.flush()
    return True


async def _settle(tx: Transaction, order: _Order, imported: Imported) -> None:
    row = await tx.session.get(Import, order.import_id, with_for_update=True)
    if row is None:
        raise StoppedError
    row.state, row.end_time, row.done_bytes, row.archive_id = (
        ImportState.DONE, tx.now, row.total_bytes, imported.archive_id,
    )  # fmt: skip
    row.documents, row.versions, row.folders = imported.documents, imported.versions, imported.folders
    row.items, row.unreadable = imported.emergency_items, imported.unreadable
    _publish_finished(tx, row)
    await tx.session.flush()


def _publish_finished(tx: Transaction, row: Import) -> None:
    event = events_pb2.ImportFinished(
        tenant_id=str(row.tenant_id),
        customer_id=str(row.customer_id),
        import_id=str(row.import_id),
        done=row.state == ImportState.DONE,
    )
    tx.publish(event, aggregate=row.import_id, tenant_id=row.tenant_id)
