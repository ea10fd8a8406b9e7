"""What a customer has in the vault, read at one moment, and where each file of it lies in an archive."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from kontor.vault.v1.emergency_folder_pb2 import EmergencyItemKind
from kontor.vault.v1.vault_pb2 import DocumentKind
from kontor_chassis.database import Transaction
from sqlalchemy import select

from kontor_vault.archive_format import (
    ArchivedDocument,
    ArchivedEmergencyItem,
    ArchivedFolder,
    ArchivedGrant,
    ArchivedVersion,
)
from kontor_vault.beside import Beside, archived_proposal, archived_retention
from kontor_vault.emergency_folder import Details, EmergencyFolder
from kontor_vault.file_names import clean_file_name, unique_name
from kontor_vault.keeping_tables import DamagedObject, EarlierLedger
from kontor_vault.tables import Document, EmergencyItem, Folder, Grant, Origin, SightHead, SightSeal, Version
from kontor_vault.visibility import in_force


@dataclass(frozen=True)
class Holdings:
    """Everything that an archive is made of, but for the contents and the entries of ledgers."""

    folders: Sequence[Folder]
    documents: Sequence[Document]
    versions: dict[UUID, list[Version]]
    """By document, oldest first."""
    grants: Sequence[Grant]
    items: Sequence[tuple[EmergencyItem, Details]]
    head: SightHead | None
    seals: Sequence[SightSeal]
    earlier: Sequence[EarlierLedger]
    damaged: set[UUID]
    """Objects that are known not to be readable."""

    def contents(self) -> dict[UUID, Version]:
        """Return one version for each object."""
        return {version.stored_as: version for versions in self.versions.values() for version in versions}


async def holdings_of(tx: Transaction, folder: EmergencyFolder, customer_id: UUID) -> Holdings:
    """Read what the customer sees as his; drafts of the firm are not. Folders come first: what comes later fits in."""
    read = tx.session.scalars
    folders = await read(select(Folder).where(Folder.customer_id == customer_id).order_by(Folder.folder_id))
    released = (Document.customer_id == customer_id, Document.release_time.is_not(None))
    documents = (await read(select(Document).where(*released).order_by(Document.document_id))).all()
    versions: dict[UUID, list[Version]] = {document.document_id: [] for document in documents}
    for version in await read(select(Version).where(Version.customer_id == customer_id).order_by(Version.number)):
        if version.document_id in versions:
            versions[version.document_id].append(version)
    items = (
        await read(
            select(EmergencyItem).where(EmergencyItem.customer_id == customer_id).order_by(EmergencyItem.item_id)
        )
    ).all()
    grants = await read(select(Grant).where(Grant.customer_id == customer_id, in_force()).order_by(Grant.grant_id))
    seals = await read(select(SightSeal).where(SightSeal.customer_id == customer_id).order_by(SightSeal.sequence))
    earlier = select(EarlierLedger).where(EarlierLedger.customer_id == customer_id).order_by(EarlierLedger.ledger_id)
    damaged = await read(select(DamagedObject.object_id).where(DamagedObject.customer_id == customer_id))
    return Holdings(
        folders.all(),
        [document for document in documents if versions[document.document_id]],
        versions,
        grants.all(),
        list(zip(items, await folder.details_of(tx, items), strict=True)),
        await tx.session.get(SightHead, (tx.principal.required_tenant(), customer_id)),
        seals.all(),
        (await read(earlier)).all(),
        set(damaged),
    )


def laid_out(holdings: Holdings) -> dict[UUID, str]:
    """Return where each object lies below `data/`: newest versions in the customer's own tree, older ones beside it."""
    names = {folder.folder_id: clean_file_name(folder.name) for folder in holdings.folders}
    trees = {
        folder.folder_id: "".join(f"{names[above]}/" for above in folder.path if above in names)
        for folder in holdings.folders
    }
    paths: dict[UUID, str] = {}
    taken: set[str] = set()
    for document in holdings.documents:
        newest, *older = reversed(holdings.versions[document.document_id])
        tree = trees.get(document.folder_id, "") if document.folder_id else ""
        top = "Papierkorb" if document.trash_time else "Dokumente"
        if newest.stored_as not in paths:
            paths[newest.stored_as] = unique_name(f"{top}/{tree}", newest.file_name, taken)
        for version in older:
            if version.stored_as not in paths:
                name = clean_file_name(f"Fassung {version.number} - {version.file_name}")
                paths[version.stored_as] = unique_name(f"Fassungen/{tree}", name, taken)
    return paths


def archived_folders(holdings: Holdings) -> list[ArchivedFolder]:
    """Return the tree, parents first."""
    return [
        ArchivedFolder(
            folder_id=folder.folder_id,
            parent_id=folder.parent_id,
            name=folder.name,
            create_time=folder.create_time,
            update_time=folder.update_time,
        )
        for folder in sorted(holdings.folders, key=lambda folder: len(folder.path))
    ]


def archived_documents(holdings: Holdings, beside: Beside, paths: dict[UUID, str]) -> list[ArchivedDocument]:
    """Return the documents; `paths` are those of the objects that could be read."""
    known = {folder.folder_id for folder in holdings.folders}
    return [
        ArchivedDocument(
            document_id=document.document_id,
            folder_id=document.folder_id if document.folder_id in known else None,
            title=document.title,
            kind=DocumentKind.Name(document.kind),  # type: ignore[arg-type]  # stored as its number
            origin=document.origin,
            contract_id=document.contract_id,
            release_time=document.release_time or document.create_time,
            trash_time=document.trash_time,
            tags=document.tags,
            note=document.note,
            concerned_person=document.concerned_person,
            dated_on=document.dated_on,
            due_on=document.due_on,
            remind_days=document.remind_days,
            end_on=document.end_on if document.origin == Origin.CUSTOMER else None,
            end_warn_on=document.end_warn_on,
            retention=archived_retention(beside, document),
            proposal=archived_proposal(beside, document.document_id),
            create_time=document.create_time,
            update_time=document.update_time,
            versions=[
                _archived_version(version, paths.get(version.stored_as))
                for version in holdings.versions[document.document_id]
            ],
        )
        for document in holdings.documents
    ]


def _archived_version(version: Version, path: str | None) -> ArchivedVersion:
    return ArchivedVersion(
        number=version.number,
        path=path,
        file_name=version.file_name,
        media_type=version.media_type,
        size_bytes=version.size_bytes,
        sha256=version.sha256.hex(),
        origin=version.origin,
        reason=version.reason,
        creator_name=version.creator_name,
        restored_from=version.restored_from,
        create_time=version.create_time,
    )


def archived_grants(holdings: Holdings, beside: Beside) -> list[ArchivedGrant]:
    """Return who may see what."""
    return [
        ArchivedGrant(
            document_id=grant.document_id,
            folder_id=grant.folder_id,
            grantee_account_id=grant.grantee_account_id,
            grantee_name=beside.grantees.get(grant.grant_id, ""),
            may_contribute=grant.may_contribute,
            create_time=grant.create_time,
            expire_time=grant.expire_time,
        )
        for grant in holdings.grants
    ]


def archived_items(holdings: Holdings) -> list[ArchivedEmergencyItem]:
    """Return the emergency folder, without its secrets."""
    return [
        ArchivedEmergencyItem(
            item_id=item.item_id,
            folder_id=item.folder_id,
            kind=EmergencyItemKind.Name(item.kind),  # type: ignore[arg-type]  # stored as its number
            title=item.title,
            place=details.place,
            instructions=details.instructions,
            contact=details.contact,
            had_secret=item.secret is not None,
            done_name=item.done_name,
            done_time=item.done_time,
            create_time=item.create_time,
            update_time=item.update_time,
        )
        for item, details in holdings.items
    ]
