"""Makes archives of everything a customer has, one after the other, while he does something else.

An archive is encrypted like any content, under the customer's key and its own id, while it is put together: no
plaintext touches a disk, and memory stays at a few segments whatever is in it. What cannot be read is named in it.
"""

from __future__ import annotations

import asyncio
import hashlib
import json
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from pathlib import Path
from uuid import UUID

import structlog
from kontor.vault.v1 import events_pb2
from kontor_chassis.clock import billing_day
from kontor_chassis.database import Transaction, UnitOfWork
from kontor_chassis.principal import Principal
from prometheus_client import Counter
from sqlalchemy import select, update

from kontor_vault import archive_format as form
from kontor_vault import beside as more
from kontor_vault import holdings as kept
from kontor_vault.bags import BagWriter
from kontor_vault.content import (
    CorruptContentError,
    SealedContent,
    SealedReader,
    SealedWriter,
    associated_data,
    object_path,
)
from kontor_vault.delivery_proof import proof_pdf
from kontor_vault.emergency_folder import EmergencyFolder
from kontor_vault.exports import KEPT_FOR
from kontor_vault.holdings import Holdings, holdings_of
from kontor_vault.keeping_tables import EarlierLedger, Export, ExportState
from kontor_vault.kept_previews import delete_content
from kontor_vault.keys import CustomerKeys
from kontor_vault.ledger import GENESIS
from kontor_vault.ledger_lines import line_of
from kontor_vault.objects import Objects
from kontor_vault.tables import SightHead, Sighting

log = structlog.get_logger(__name__)

_SERVICE = Principal.of_service("vault")
_MOST_ATTEMPTS = 3
_TOLD_EACH_BYTES = 32 << 20
_LEDGER = "metadata/sight-ledger.jsonl"
_BATCH = 1000
_README = Path(__file__).with_name("archive_readme.txt").read_bytes()

MADE = Counter("kontor_vault_exports_total", "Archives of everything, by what became of them", ["outcome"])


class _StoppedError(Exception):
    """The customer no longer wants the archive."""


class _UnreadableError(Exception):
    """A content cannot be read."""

    def __init__(self, object_id: UUID) -> None:
        super().__init__(str(object_id))
        self.object_id = object_id


@dataclass
class _Task:
    """An archive that is being made."""

    export_id: UUID
    tenant_id: UUID
    customer_id: UUID
    done_bytes: int = 0
    told_bytes: int = 0

    @property
    def place(self) -> tuple[UUID, UUID, UUID]:
        """What its object is bound to."""
        return self.tenant_id, self.customer_id, self.export_id


class Exporter:
    """Makes what was asked for."""

    def __init__(self, work: UnitOfWork, objects: Objects, keys: CustomerKeys, parties: more.KnowsParties) -> None:
        self._work = work
        self._objects = objects
        self._keys = keys
        self._parties = parties
        self._folder = EmergencyFolder(keys)

    async def make_next(self) -> bool:
        """Make the archive that waits longest, or was broken off; return whether there was one.

        Whoever calls sees to it that he is the only one (a job does).
        """
        task = await self._begun()
        if task is None:
            return False
        unreadable: set[UUID] = set()
        while True:
            task.done_bytes = task.told_bytes = 0
            try:
                await self._make(task, unreadable)
            except _UnreadableError as problem:
                log.error("export_without_content", object_id=str(problem.object_id))
                unreadable.add(problem.object_id)
            except _StoppedError:
                MADE.labels("stopped").inc()
                return True
            else:
                MADE.labels("made").inc()
                return True

    async def _begun(self) -> _Task | None:
        running = Export.state.in_((ExportState.WAITING, ExportState.BUILDING))
        async with self._work.work(_SERVICE) as tx:
            export = await tx.session.scalar(
                select(Export).where(running).order_by(Export.export_id).limit(1).with_for_update(skip_locked=True)
            )
            if export is None:
                return None
            failed = export.attempts >= _MOST_ATTEMPTS
            export.state = ExportState.FAILED if failed else ExportState.BUILDING
            export.expire_time = tx.now + KEPT_FOR if failed else None
            export.attempts += 1
            task = _Task(export.export_id, export.tenant_id, export.customer_id)
            await tx.commit()
        if failed:
            log.error("export_failed", export_id=str(task.export_id))
            MADE.labels("failed").inc()
            return await self._begun()
        return task

    async def _make(self, task: _Task, unreadable: set[UUID]) -> None:
        async with self._work.work(_SERVICE.within(task.tenant_id)) as tx:
            holdings = await holdings_of(tx, self._folder, task.customer_id)
            beside = await more.beside_of(tx, self._keys, task.customer_id)
            holdings = replace(holdings, earlier=[e for e in holdings.earlier if e.ledger_id not in unreadable])
            beside = replace(beside, files=[file for file in beside.files if file.file_id not in unreadable])
            brought = [*(each.ledger_id for each in holdings.earlier), *(each.file_id for each in beside.files)]
            wanted = [task.export_id, *holdings.contents(), *brought]
            keys = await self._keys.content_keys(tx, task.tenant_id, task.customer_id, wanted)
            await tx.commit()
            made = tx.now
        missing = unreadable | (holdings.damaged & set(holdings.contents()))
        paths = {each: path for each, path in kept.laid_out(holdings).items() if each not in missing}
        total = sum(version.size_bytes for each, version in holdings.contents().items() if each in paths)
        await self._tell(task, total)
        path, key = object_path(*task.place), keys[task.export_id]
        with SealedWriter(self._objects, path, key, associated_data(*task.place), total) as writer:
            bag = BagWriter(writer, f"kontor-{made:%Y-%m-%d}", made)
            for object_id, where in paths.items():
                version = holdings.contents()[object_id]
                reading = self._content(task, object_id, keys[object_id], version.size_bytes, version.sha256)
                await asyncio.to_thread(bag.add, where, reading, version.size_bytes)
                await self._progressed(task, version.size_bytes)
            ledgers = await self._ledgers(task, bag, holdings, keys)
            await self._proofs(task, bag, beside)
            for file, said in zip(beside.files, more.archived_files(beside), strict=True):
                reading = self._content(task, file.file_id, keys[file.file_id], file.size_bytes, file.sha256)
                await asyncio.to_thread(bag.add, said.path, reading, file.size_bytes)
            await asyncio.to_thread(_finish, bag, _archive(task, made, holdings, beside, paths, ledgers))
            await self._tell(task)
            sealed = await asyncio.to_thread(writer.seal)
        await self._finished(task, sealed, len(holdings.documents), len(missing))

    def _content(self, task: _Task, object_id: UUID, key: bytes, size_bytes: int, sha256: bytes) -> Iterator[bytes]:
        place = (task.tenant_id, task.customer_id, object_id)
        digest = hashlib.sha256()
        try:
            with SealedReader(self._objects, object_path(*place), key, associated_data(*place), size_bytes) as reader:
                for piece in reader.read(0, size_bytes):
                    digest.update(piece)
                    yield piece
        except (CorruptContentError, FileNotFoundError) as error:
            raise _UnreadableError(object_id) from error
        if digest.digest() != sha256:
            raise _UnreadableError(object_id)

    async def _ledgers(
        self, task: _Task, bag: BagWriter, holdings: Holdings, keys: dict[UUID, bytes]
    ) -> list[form.ArchivedLedger]:
        own = form.ArchivedLedger(
            path=_LEDGER,
            tenant_id=task.tenant_id,
            customer_id=task.customer_id,
            entries=holdings.head.sequence if holdings.head else 0,
            hash=(holdings.head.hash if holdings.head else GENESIS).hex(),
            seals=[
                form.ArchivedSeal(sequence=s.sequence, hash=s.hash.hex(), time=s.time, seal=s.seal.hex())
                for s in holdings.seals
                if holdings.head and s.sequence <= holdings.head.sequence
            ],
        )
        with bag.opened(_LEDGER) as write:
            async for batch in self._entries(task, holdings.head):
                await asyncio.to_thread(write, batch)
        return [own, *[await self._earlier(task, bag, each, keys[each.ledger_id]) for each in holdings.earlier]]

    async def _entries(self, task: _Task, head: SightHead | None) -> AsyncIterator[bytes]:
        last, end = 0, head.sequence if head else 0
        while last < end:
            async with self._work.work(_SERVICE.within(task.tenant_id)) as tx:
                found = await tx.session.scalars(
                    select(Sighting)
                    .where(Sighting.customer_id == task.customer_id, Sighting.sequence > last, Sighting.sequence <= end)
                    .order_by(Sighting.sequence)
                    .limit(_BATCH)
                )
                entries = found.all()
                if not entries:
                    raise LookupError("the ledger ends before its head")
                yield b"".join(map(line_of, entries))
                last = entries[-1].sequence

    async def _earlier(self, task: _Task, bag: BagWriter, ledger: EarlierLedger, key: bytes) -> form.ArchivedLedger:
        path = f"metadata/earlier/{ledger.ledger_id}.jsonl"
        reading = self._content(task, ledger.ledger_id, key, ledger.size_bytes, ledger.sha256)
        await asyncio.to_thread(bag.add, path, reading, ledger.size_bytes)
        return form.ArchivedLedger(
            path=path,
            tenant_id=ledger.of_tenant_id,
            customer_id=ledger.of_customer_id,
            entries=ledger.entries,
            hash=ledger.hash.hex(),
        )

    async def _proofs(self, task: _Task, bag: BagWriter, beside: more.Beside) -> None:
        if not beside.deliveries:
            return
        parties = await self._parties.parties(task.tenant_id, task.customer_id)
        paths = beside.proof_paths()
        for delivered in beside.deliveries:
            proof = await asyncio.to_thread(proof_pdf, delivered, parties)
            await asyncio.to_thread(bag.add, paths[delivered.delivery.delivery_id], [proof])

    async def _progressed(self, task: _Task, size_bytes: int) -> None:
        task.done_bytes += size_bytes
        if task.done_bytes - task.told_bytes >= _TOLD_EACH_BYTES:
            await self._tell(task)

    async def _tell(self, task: _Task, total_bytes: int | None = None) -> None:
        """Write down how far it is; raises _StoppedError when the archive is no longer wanted."""
        values = {"done_bytes": task.done_bytes} | ({} if total_bytes is None else {"total_bytes": total_bytes})
        async with self._work.work(_SERVICE) as tx:
            told = await tx.session.execute(update(Export).where(Export.export_id == task.export_id).values(**values))
            await tx.commit()
        if not getattr(told, "rowcount", 0):
            raise _StoppedError
        task.told_bytes = task.done_bytes

    async def _finished(self, task: _Task, sealed: SealedContent, documents: int, damaged: int) -> None:
        async with self._work.work(_SERVICE.within(task.tenant_id)) as tx:
            export = await tx.session.get(Export, task.export_id, with_for_update=True)
            if export is None:
                await asyncio.to_thread(delete_content, self._objects, object_path(*task.place))
                raise _StoppedError
            export.state, export.sha256, export.size_bytes = ExportState.READY, sealed.sha256, sealed.size_bytes
            export.documents, export.damaged_files, export.done_bytes = documents, damaged, export.total_bytes
            export.ready_time, export.expire_time = tx.now, tx.now + KEPT_FOR
            _publish_finished(tx, export)
            await tx.commit()


def _publish_finished(tx: Transaction, export: Export) -> None:
    last_day = billing_day(tx.now + KEPT_FOR - timedelta(days=1))
    event = events_pb2.ExportFinished(
        tenant_id=str(export.tenant_id),
        customer_id=str(export.customer_id),
        export_id=str(export.export_id),
        until_day=last_day,
    )
    tx.publish(event, aggregate=export.export_id, tenant_id=export.tenant_id)


def _archive(
    task: _Task,
    made: datetime,
    holdings: Holdings,
    beside: more.Beside,
    paths: dict[UUID, str],
    ledgers: list[form.ArchivedLedger],
) -> form.Archive:
    return form.Archive(
        archive_id=task.export_id,
        make_time=made,
        tenant_id=task.tenant_id,
        customer_id=task.customer_id,
        folders=kept.archived_folders(holdings),
        documents=kept.archived_documents(holdings, beside, paths),
        grants=kept.archived_grants(holdings, beside),
        emergency_items=kept.archived_items(holdings),
        ledgers=ledgers,
        filing_rules=more.archived_rules(beside, {folder.folder_id for folder in holdings.folders}),
        deliveries=more.archived_deliveries(beside),
        originals=more.archived_originals(beside),
        scan_sheets=more.archived_sheets(beside),
        earlier=more.archived_files(beside),
    )


def _finish(bag: BagWriter, archive: form.Archive) -> None:
    bag.add(form.ARCHIVE_PATH, [archive.model_dump_json(indent=1).encode()])
    bag.add(form.SCHEMA_PATH, [json.dumps(form.schema(), indent=1).encode()])
    bag.add("Lies mich.txt", [_README])
    bag.finish(
        Bagging_Date=f"{archive.make_time:%Y-%m-%d}",
        Bag_Software_Agent="Kontor",
        External_Identifier=str(archive.archive_id),
        External_Description="Everything that a customer kept in Kontor",
    )
