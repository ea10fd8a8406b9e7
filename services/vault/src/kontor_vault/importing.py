"""Reads an archive of everything into a customer's vault: folders, documents, versions, emergency folder, what was
learned, and beside it, as they came, ledgers and what only the former installation can answer for.

Everything gets new ids, so that an archive can be read into any installation; times, names and reasons stay. Whatever
it says, what comes out of it is the customer's own: his new firm sees none of it without a grant, keeps none of it by
its rules, and it takes his storage (ADR 17). Contents are encrypted and stored first, and nobody sees anything before
all of it is there. When that fails the objects go again; when nobody knows whether the commit came through they stay,
and the sweep of orphans takes what nothing owns.
"""

from __future__ import annotations

import asyncio
from typing import IO
from uuid import UUID

from kontor.vault.v1.emergency_folder_pb2 import EmergencyItemKind
from kontor.vault.v1.vault_pb2 import SightingAction
from kontor_chassis.database import Transaction, UnitOfWork
from kontor_chassis.errors import DomainError
from kontor_chassis.ids import new_id
from kontor_chassis.principal import Principal
from sqlalchemy import func, select

from kontor_vault.archive_check import opened_archive
from kontor_vault.archive_format import ARCHIVE_PATH, ArchivedDocument, ArchivedEmergencyItem
from kontor_vault.bags import BagReader, BagRefusedError, Refusal
from kontor_vault.content import SealedContent, SealedWriter, associated_data, object_path
from kontor_vault.emergency_folder import MOST_ITEMS, Details, EmergencyFolder
from kontor_vault.filing_rules import take_over
from kontor_vault.filing_tables import ProposalState
from kontor_vault.firm_storage import require_firm_room
from kontor_vault.incoming import (
    Bringing,
    Imported,
    Task,
    document_of,
    facts_of,
    lesson_of,
    put_earlier,
    put_folders,
    put_ledgers,
    readable_versions,
    version_of,
)
from kontor_vault.keeping_tables import ArchiveImport, EarlierFile
from kontor_vault.kept_previews import delete_content
from kontor_vault.keys import CustomerKeys
from kontor_vault.objects import Objects
from kontor_vault.papers import Said, say
from kontor_vault.proposals import Proposals
from kontor_vault.quotas import require_room
from kontor_vault.sightings import Happening, record
from kontor_vault.tables import EmergencyItem

_SERVICE = Principal.of_service("vault")


class Importer:
    """Reads archives in."""

    def __init__(self, work: UnitOfWork, objects: Objects, keys: CustomerKeys, default_limit: int) -> None:
        self._work = work
        self._objects = objects
        self._keys = keys
        self._folder = EmergencyFolder(keys)
        self._proposals = Proposals(keys)
        self._default_limit = default_limit

    async def read_in(
        self, file: IO[bytes], tenant_id: UUID, customer_id: UUID, bringing: Bringing | None = None
    ) -> Imported:
        """Read an archive in; raises BagRefusedError, having kept nothing of it."""
        bag, archive = await asyncio.to_thread(opened_archive, file)
        task = Task(bag, archive, tenant_id, customer_id, bringing or Bringing())
        try:
            keys = await self._admitted(task)
            await task.bringing.checked()
            for path, (object_id, key) in keys.items():
                place = (*task.owner, object_id)
                task.stored[path] = object_id, await asyncio.to_thread(self._store, bag, path, place, key)
        except BaseException:
            self._discard(task)
            raise
        try:
            return await self._written(task)
        except BagRefusedError:  # raised before the commit
            self._discard(task)
            raise

    def _discard(self, task: Task) -> None:
        for object_id, _ in task.stored.values():
            delete_content(self._objects, object_path(*task.owner, object_id))

    async def _admitted(self, task: Task) -> dict[str, tuple[UUID, bytes]]:
        """Return id and key for each object to come, if there is room for all of it."""
        async with self._work.work(_SERVICE.within(task.tenant_id)) as tx:
            await self._require_admission(tx, task, task.bringing.freed_bytes)
            wanted = select(EarlierFile.archive_id, EarlierFile.name).where(EarlierFile.customer_id == task.customer_id)
            known = {(archive_id, name) for archive_id, name in await tx.session.execute(wanted)}
            task.earlier = {path: place for path, place in task.brought_along().items() if place not in known}
            ids = {path: new_id() for path in task.paths()}
            keys = await self._keys.content_keys(tx, *task.owner, ids.values())
            await tx.commit()
        return {path: (object_id, keys[object_id]) for path, object_id in ids.items()}

    async def _require_admission(self, tx: Transaction, task: Task, freed_bytes: int) -> None:
        if await tx.session.get(ArchiveImport, (task.archive.archive_id, task.customer_id)) is not None:
            raise BagRefusedError(Refusal.READ_BEFORE, "this archive was read in before")
        count = select(func.count()).select_from(EmergencyItem).where(EmergencyItem.customer_id == task.customer_id)
        if int(await tx.session.scalar(count) or 0) + len(task.archive.emergency_items) > MOST_ITEMS:
            sentence = f"the emergency folder would have more than {MOST_ITEMS} entries"
            raise BagRefusedError(Refusal.TOO_MANY_ITEMS, sentence)
        versions = [
            v for document in task.archive.documents for v in readable_versions(document) if v.restored_from is None
        ]
        needed = sum(version.size_bytes for version in versions)
        try:
            await require_room(tx, task.customer_id, max(needed - freed_bytes, 0), self._default_limit)
            await require_firm_room(tx, max(needed - task.bringing.freed_bytes, 0), None)
        except DomainError as error:
            raise BagRefusedError(Refusal.NO_ROOM, f"there is no room for its {needed >> 20} MB: {error}") from error

    def _store(self, bag: BagReader, path: str, place: tuple[UUID, UUID, UUID], key: bytes) -> SealedContent:
        expected = bag.payload[path]
        with SealedWriter(
            self._objects, object_path(*place), key, associated_data(*place), expected.size_bytes
        ) as writer:
            for piece in bag.pieces(f"data/{path}"):
                writer.write(piece)
            sealed = writer.seal()
        if sealed.sha256.hex() != expected.sha256:
            raise BagRefusedError(Refusal.ALTERED, "changed while it was read", f"data/{path}")
        return sealed

    async def _written(self, task: Task) -> Imported:
        async with self._work.work(_SERVICE.within(task.tenant_id)) as tx:
            await task.bringing.make_room(tx)
            await self._require_admission(tx, task, 0)  # both locks are held from here to the commit
            await put_folders(tx, task)
            versions = [await self._put_document(tx, task, document) for document in task.archive.documents]
            for item in task.archive.emergency_items:
                tx.session.add(await self._item(tx, task, item))
            key = await self._proposals.lessons_key(tx, task.customer_id)
            await take_over(tx, task.customer_id, key, [lesson_of(task, rule) for rule in task.archive.filing_rules])
            ledgers = put_ledgers(tx, task)
            put_earlier(tx, task)
            asked = sum(len(document.versions) for document in task.archive.documents)
            imported = Imported(
                task.archive.archive_id,
                documents=sum(1 for count in versions if count),
                versions=sum(versions),
                folders=len(task.folders),
                emergency_items=len(task.archive.emergency_items),
                ledgers=ledgers,
                unreadable=asked - sum(versions),
            )
            about = ArchiveImport(
                archive_id=imported.archive_id,
                tenant_id=task.tenant_id,
                customer_id=task.customer_id,
                documents=imported.documents,
                import_time=tx.now,
            )
            tx.session.add(about)
            await tx.session.flush()
            await record(tx, *task.owner, Happening(SightingAction.SIGHTING_ACTION_IMPORT))
            await task.bringing.settle(tx, imported)
            await tx.commit()
        return imported

    async def _put_document(self, tx: Transaction, task: Task, archived: ArchivedDocument) -> int:
        """Make a document with its versions; return how many of them there are."""
        readable = readable_versions(archived)
        if not readable:
            return 0
        document = document_of(task, archived, readable[-1])
        about = Said(
            tags=archived.tags,
            note=archived.note,
            concerned_person=archived.concerned_person,
            dated_on=archived.dated_on,
            due_on=archived.due_on,
            remind_days=archived.remind_days,
        )
        try:
            say(document, about, tx.now)
        except DomainError as error:
            sentence = f"document {archived.document_id}: {error}"
            raise BagRefusedError(Refusal.NOT_UNDERSTOOD, sentence, f"data/{ARCHIVE_PATH}") from error
        tx.session.add(document)
        await tx.session.flush()
        used: set[UUID] = set()
        for version in readable:
            tx.session.add(version_of(task, document, version, used))
        await tx.session.flush()
        if archived.proposal is not None:
            times = (archived.proposal.create_time, archived.proposal.update_time)
            state = ProposalState(archived.proposal.state)
            await self._proposals.keep(tx, document, facts_of(archived.proposal), state, times)
        return len(readable)

    async def _item(self, tx: Transaction, task: Task, item: ArchivedEmergencyItem) -> EmergencyItem:
        details = Details(item.place, item.instructions, item.contact)
        item_id = new_id()
        return EmergencyItem(
            item_id=item_id,
            tenant_id=task.tenant_id,
            customer_id=task.customer_id,
            folder_id=task.folders[item.folder_id].folder_id if item.folder_id else None,
            kind=dict(EmergencyItemKind.items()).get(item.kind, EmergencyItemKind.EMERGENCY_ITEM_KIND_OTHER_DIRECTIVE),
            title=item.title,
            details=await self._folder.sealed_details(tx, task.owner, item_id, details),
            secret=None,
            done_name=item.done_name,
            done_time=item.done_time,
            create_time=item.create_time,
            update_time=item.update_time,
        )
