"""Reads an archive of everything into a customer's vault: folders, documents, versions, emergency folder, ledgers.

Everything gets new ids, so that an archive can be read into any installation; times, names and reasons stay. Contents
are encrypted and stored first and nobody sees anything before all of it is there; if that fails, the objects go again.
Grants open nothing here, because the people they name are another installation's.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from typing import IO
from uuid import UUID

from kontor.vault.v1.emergency_folder_pb2 import EmergencyItemKind
from kontor.vault.v1.vault_pb2 import DocumentKind, SightingAction
from kontor_chassis.database import Transaction, UnitOfWork
from kontor_chassis.errors import DomainError
from kontor_chassis.ids import new_id
from kontor_chassis.principal import Principal
from sqlalchemy import func, select

from kontor_vault.archive_check import opened_archive
from kontor_vault.archive_format import Archive, ArchivedDocument, ArchivedEmergencyItem, ArchivedVersion
from kontor_vault.bags import BagReader, BagRefusedError
from kontor_vault.content import SealedContent, SealedWriter, associated_data, object_path
from kontor_vault.emergency_folder import MOST_ITEMS, Details, EmergencyFolder
from kontor_vault.firm_storage import require_firm_room
from kontor_vault.keeping_tables import ArchiveImport, EarlierLedger
from kontor_vault.kept_previews import delete_content
from kontor_vault.keys import CustomerKeys
from kontor_vault.objects import Objects
from kontor_vault.papers import Said, say
from kontor_vault.quotas import require_room
from kontor_vault.sightings import Happening, record
from kontor_vault.tables import Document, EmergencyItem, Folder, Origin, Version

_SERVICE = Principal.of_service("vault")


@dataclass(frozen=True)
class Imported:
    """What was read in."""

    documents: int
    versions: int
    folders: int
    emergency_items: int
    ledgers: int
    unreadable: int
    """Versions that were damaged already when the archive was made."""


@dataclass
class _Task:
    """One archive on its way into one customer's vault."""

    bag: BagReader
    archive: Archive
    tenant_id: UUID
    customer_id: UUID
    stored: dict[str, tuple[UUID, SealedContent]] = field(default_factory=dict)
    """By path in the archive: the object's id, and what is known of it."""
    folders: dict[UUID, Folder] = field(default_factory=dict)
    """By their ids in the archive."""

    @property
    def owner(self) -> tuple[UUID, UUID]:
        """Whose vault it is."""
        return self.tenant_id, self.customer_id

    def paths(self) -> list[str]:
        """Return every file that becomes an object, once."""
        contents = [v.path for document in self.archive.documents for v in document.versions if v.path]
        ledgers = [ledger.path for ledger in self.archive.ledgers if ledger.entries]
        return list(dict.fromkeys([*contents, *ledgers]))


class Importer:
    """Reads archives in."""

    def __init__(self, work: UnitOfWork, objects: Objects, keys: CustomerKeys, default_limit: int) -> None:
        self._work = work
        self._objects = objects
        self._keys = keys
        self._folder = EmergencyFolder(keys)
        self._default_limit = default_limit

    async def read_in(self, file: IO[bytes], tenant_id: UUID, customer_id: UUID) -> Imported:
        """Read an archive in; raises BagRefusedError, having kept nothing of it."""
        bag, archive = await asyncio.to_thread(opened_archive, file)
        task = _Task(bag, archive, tenant_id, customer_id)
        try:
            keys = await self._admitted(task)
            for path, (object_id, key) in keys.items():
                place = (*task.owner, object_id)
                task.stored[path] = object_id, await asyncio.to_thread(self._store, bag, path, place, key)
            return await self._written(task)
        except BaseException:
            for object_id, _ in task.stored.values():
                delete_content(self._objects, object_path(*task.owner, object_id))
            raise

    async def _admitted(self, task: _Task) -> dict[str, tuple[UUID, bytes]]:
        """Return id and key for each object to come, if there is room for all of it."""
        async with self._work.work(_SERVICE.within(task.tenant_id)) as tx:
            await self._require_admission(tx, task)
            ids = {path: new_id() for path in task.paths()}
            keys = await self._keys.content_keys(tx, *task.owner, ids.values())
            await tx.commit()
        return {path: (object_id, keys[object_id]) for path, object_id in ids.items()}

    async def _require_admission(self, tx: Transaction, task: _Task) -> None:
        if await tx.session.get(ArchiveImport, (task.archive.archive_id, task.customer_id)) is not None:
            raise BagRefusedError("this archive was read in before")
        count = select(func.count()).select_from(EmergencyItem).where(EmergencyItem.customer_id == task.customer_id)
        if int(await tx.session.scalar(count) or 0) + len(task.archive.emergency_items) > MOST_ITEMS:
            raise BagRefusedError(f"the emergency folder would have more than {MOST_ITEMS} entries")
        versions = [v for document in task.archive.documents for v in _readable(document) if v.restored_from is None]
        own = sum(version.size_bytes for version in versions if version.origin == Origin.CUSTOMER)
        try:
            await require_room(tx, task.customer_id, own, self._default_limit)
            await require_firm_room(tx, sum(version.size_bytes for version in versions), None)
        except DomainError as error:
            raise BagRefusedError(f"there is no room for its {own >> 20} MB: {error}") from error

    def _store(self, bag: BagReader, path: str, place: tuple[UUID, UUID, UUID], key: bytes) -> SealedContent:
        expected = bag.payload[path]
        with SealedWriter(
            self._objects, object_path(*place), key, associated_data(*place), expected.size_bytes
        ) as writer:
            for piece in bag.pieces(f"data/{path}"):
                writer.write(piece)
            return writer.seal()

    async def _written(self, task: _Task) -> Imported:
        async with self._work.work(_SERVICE.within(task.tenant_id)) as tx:
            await self._require_admission(tx, task)  # both locks are held from here to the commit
            await _put_folders(tx, task)
            versions = [await _put_document(tx, task, document) for document in task.archive.documents]
            for item in task.archive.emergency_items:
                tx.session.add(await self._item(tx, task, item))
            ledgers = _put_ledgers(tx, task)
            documents = sum(1 for count in versions if count)
            about = ArchiveImport(
                archive_id=task.archive.archive_id,
                tenant_id=task.tenant_id,
                customer_id=task.customer_id,
                documents=documents,
                import_time=tx.now,
            )
            tx.session.add(about)
            await tx.session.flush()
            await record(tx, *task.owner, Happening(SightingAction.SIGHTING_ACTION_IMPORT))
            await tx.commit()
        asked = sum(len(document.versions) for document in task.archive.documents)
        items = len(task.archive.emergency_items)
        return Imported(documents, sum(versions), len(task.folders), items, ledgers, asked - sum(versions))

    async def _item(self, tx: Transaction, task: _Task, item: ArchivedEmergencyItem) -> EmergencyItem:
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


async def _put_folders(tx: Transaction, task: _Task) -> None:
    """Make the tree, or find its folders where there are some of the same names."""
    found = await tx.session.scalars(select(Folder).where(Folder.customer_id == task.customer_id))
    there = {(folder.parent_id, folder.name.lower()): folder for folder in found}
    for archived in task.archive.folders:
        above = task.folders[archived.parent_id] if archived.parent_id else None
        place = (above.folder_id if above else None, archived.name.lower())
        if place not in there:
            folder_id = new_id()
            there[place] = Folder(
                folder_id=folder_id,
                tenant_id=task.tenant_id,
                customer_id=task.customer_id,
                parent_id=place[0],
                path=[*(above.path if above else []), folder_id],
                name=archived.name,
                create_time=archived.create_time,
                update_time=archived.update_time,
            )
            tx.session.add(there[place])
            await tx.session.flush()
        task.folders[archived.folder_id] = there[place]


async def _put_document(tx: Transaction, task: _Task, archived: ArchivedDocument) -> int:
    """Make a document with its versions; return how many of them there are."""
    readable = _readable(archived)
    if not readable:
        return 0
    newest = readable[-1]
    content = task.stored[newest.path or ""][1]
    document = Document(
        document_id=new_id(),
        tenant_id=task.tenant_id,
        customer_id=task.customer_id,
        folder_id=task.folders[archived.folder_id].folder_id if archived.folder_id else None,
        title=archived.title,
        kind=dict(DocumentKind.items()).get(archived.kind, DocumentKind.DOCUMENT_KIND_OTHER),
        origin=archived.origin,
        contract_id=None,
        file_name=newest.file_name,
        media_type=content.media_type,
        size_bytes=content.size_bytes,
        sha256=content.sha256,
        content_version=newest.number,
        release_time=archived.release_time,
        trash_time=archived.trash_time,
        creator_account_id=None,
        create_time=archived.create_time,
        update_time=archived.update_time,
    )
    about = Said(
        tags=archived.tags,
        note=archived.note,
        concerned_person=archived.concerned_person,
        due_on=archived.due_on,
        remind_days=archived.remind_days,
    )
    try:
        say(document, about, tx.now)
    except DomainError as error:
        raise BagRefusedError(f"document {archived.document_id}: {error}") from error
    tx.session.add(document)
    await tx.session.flush()
    used: set[UUID] = set()
    for version in readable:
        tx.session.add(_version(task, document, version, used))
    await tx.session.flush()
    return len(readable)


def _version(task: _Task, document: Document, archived: ArchivedVersion, used: set[UUID]) -> Version:
    object_id, content = task.stored[archived.path or ""]
    shared = object_id in used
    used.add(object_id)
    return Version(
        content_id=new_id() if shared or archived.restored_from else object_id,
        object_id=object_id if shared or archived.restored_from else None,
        document_id=document.document_id,
        tenant_id=task.tenant_id,
        customer_id=task.customer_id,
        number=archived.number,
        origin=archived.origin,
        file_name=archived.file_name,
        media_type=content.media_type,
        size_bytes=content.size_bytes,
        sha256=content.sha256,
        reason=archived.reason,
        creator_account_id=None,
        creator_name=archived.creator_name,
        restored_from=archived.restored_from,
        create_time=archived.create_time,
    )


def _put_ledgers(tx: Transaction, task: _Task) -> int:
    """Keep the ledgers that came along beside the customer's own; return how many."""
    kept = [ledger for ledger in task.archive.ledgers if ledger.entries]
    for ledger in kept:
        ledger_id, content = task.stored[ledger.path]
        row = EarlierLedger(
            ledger_id=ledger_id,
            tenant_id=task.tenant_id,
            customer_id=task.customer_id,
            of_tenant_id=ledger.tenant_id,
            of_customer_id=ledger.customer_id,
            entries=ledger.entries,
            hash=bytes.fromhex(ledger.hash),
            size_bytes=content.size_bytes,
            sha256=content.sha256,
            import_time=tx.now,
        )
        tx.session.add(row)
    return len(kept)


def _readable(document: ArchivedDocument) -> list[ArchivedVersion]:
    return [version for version in document.versions if version.path]
