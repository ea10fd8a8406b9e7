"""An archive on its way into a vault, and the rows that become of it; `importing` sees to the order and to the end."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

from kontor.vault.v1.vault_pb2 import DocumentKind
from kontor_chassis.database import Transaction
from kontor_chassis.ids import new_id
from sqlalchemy import select

from kontor_vault.archive_format import (
    ARCHIVE_PATH,
    Archive,
    ArchivedDocument,
    ArchivedFilingRule,
    ArchivedProposal,
    ArchivedVersion,
)
from kontor_vault.bags import BagReader
from kontor_vault.content import SealedContent
from kontor_vault.file_names import clean_file_name
from kontor_vault.keeping_tables import EarlierFile, EarlierLedger
from kontor_vault.lessons import Lesson
from kontor_vault.recognising.letters import Facts
from kontor_vault.tables import Document, Folder, Origin, Version


@dataclass(frozen=True)
class Imported:
    """What was read in."""

    archive_id: UUID
    documents: int
    versions: int
    folders: int
    emergency_items: int
    ledgers: int
    unreadable: int
    """Versions that were damaged already when the archive was made."""


async def _nothing(*_: object) -> None:
    return


@dataclass(frozen=True)
class Bringing:
    """Whose hands an archive comes from: an administrator's, unless somebody says otherwise."""

    freed_bytes: int = 0
    """Room that the archive itself takes until `make_room`."""
    checked: Callable[[], Awaitable[None]] = _nothing
    """The archive is whole and there is room."""
    make_room: Callable[[Transaction], Awaitable[None]] = _nothing
    """In the transaction of everything that comes out of it, before it."""
    settle: Callable[[Transaction, Imported], Awaitable[None]] = _nothing
    """In the same, behind it."""


@dataclass
class Task:
    """One archive on its way into one customer's vault."""

    bag: BagReader
    archive: Archive
    tenant_id: UUID
    customer_id: UUID
    bringing: Bringing
    stored: dict[str, tuple[UUID, SealedContent]] = field(default_factory=dict)
    """By path in the archive: the object's id, and what is known of it."""
    folders: dict[UUID, Folder] = field(default_factory=dict)
    """By their ids in the archive."""
    earlier: dict[str, tuple[UUID, str]] = field(default_factory=dict)
    """By path in the archive: of which archive it is and where it lay there; only what is not kept already."""

    @property
    def owner(self) -> tuple[UUID, UUID]:
        """Whose vault it is."""
        return self.tenant_id, self.customer_id

    def paths(self) -> list[str]:
        """Return every file that becomes an object, once."""
        contents = [v.path for document in self.archive.documents for v in document.versions if v.path]
        ledgers = [ledger.path for ledger in self.archive.ledgers if ledger.entries]
        return list(dict.fromkeys([*contents, *ledgers, *self.earlier]))

    def brought_along(self) -> dict[str, tuple[UUID, str]]:
        """Return what is kept as it came."""
        own = [ARCHIVE_PATH, *(delivery.proof_path for delivery in self.archive.deliveries)]
        before = {each.path: (each.archive_id, each.name) for each in self.archive.earlier}
        return {**{path: (self.archive.archive_id, path) for path in own}, **before}


async def put_folders(tx: Transaction, task: Task) -> None:
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


def document_of(task: Task, archived: ArchivedDocument, newest: ArchivedVersion) -> Document:
    content = task.stored[newest.path or ""][1]
    return Document(
        document_id=new_id(),
        tenant_id=task.tenant_id,
        customer_id=task.customer_id,
        folder_id=task.folders[archived.folder_id].folder_id if archived.folder_id else None,
        title=archived.title,
        kind=_kind(archived.kind),
        origin=Origin.CUSTOMER,
        contract_id=None,
        file_name=clean_file_name(newest.file_name),
        media_type=content.media_type,
        size_bytes=content.size_bytes,
        sha256=content.sha256,
        content_version=newest.number,
        release_time=archived.release_time,
        trash_time=archived.trash_time,
        end_on=archived.end_on,
        end_warn_on=archived.end_warn_on,
        creator_account_id=None,
        create_time=archived.create_time,
        update_time=archived.update_time,
    )


def version_of(task: Task, document: Document, archived: ArchivedVersion, used: set[UUID]) -> Version:
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
        origin=Origin.CUSTOMER,
        file_name=clean_file_name(archived.file_name),
        media_type=content.media_type,
        size_bytes=content.size_bytes,
        sha256=content.sha256,
        reason=archived.reason,
        creator_account_id=None,
        creator_name=archived.creator_name,
        restored_from=archived.restored_from,
        create_time=archived.create_time,
    )


def put_ledgers(tx: Transaction, task: Task) -> int:
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


def put_earlier(tx: Transaction, task: Task) -> None:
    """Keep what the archive said, and what archives before it had said, as it came."""
    for path, (archive_id, name) in task.earlier.items():
        file_id, content = task.stored[path]
        row = EarlierFile(
            file_id=file_id,
            tenant_id=task.tenant_id,
            customer_id=task.customer_id,
            archive_id=archive_id,
            name=name,
            size_bytes=content.size_bytes,
            sha256=content.sha256,
            import_time=tx.now,
        )
        tx.session.add(row)


def lesson_of(task: Task, rule: ArchivedFilingRule) -> tuple[Lesson, tuple[datetime, datetime]]:
    folder_id = str(task.folders[rule.folder_id].folder_id) if rule.folder_id else ""
    lesson = Lesson(rule.sender, rule.name, _kind(rule.kind), folder_id, rule.title_pattern, rule.confirmations)
    return lesson, (rule.create_time, rule.update_time)


def facts_of(said: ArchivedProposal) -> Facts:
    plain = said.model_dump(exclude={"state", "kind", "numbers", "create_time", "update_time"})
    return Facts(**plain, kind=_kind(said.kind), numbers=tuple(said.numbers))


def _kind(name: str) -> DocumentKind.ValueType:
    return dict(DocumentKind.items()).get(name, DocumentKind.DOCUMENT_KIND_OTHER)


def readable_versions(document: ArchivedDocument) -> list[ArchivedVersion]:
    return [version for version in document.versions if version.path]
