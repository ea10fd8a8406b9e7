"""Hot reads: lists as Core selects compiled once, run straight on asyncpg within row-level security."""

from __future__ import annotations

from enum import Enum
from functools import lru_cache
from typing import Any
from uuid import UUID

import asyncpg
from kontor_chassis.database import RowReader
from kontor_chassis.paging import cursor_int, cursor_time, decode_cursor, encode_cursor
from kontor_chassis.principal import Principal
from sqlalchemy import Label, Select, Text, Uuid, bindparam, case, exists, false, or_, select, tuple_
from sqlalchemy.orm import InstrumentedAttribute, aliased

from kontor_vault.grants import granted_document, granted_folder
from kontor_vault.keeping_tables import DamagedObject
from kontor_vault.tables import Document, Folder, Grant, GranteeKind, Version
from kontor_vault.visibility import (
    capacity_of,
    folder_granted_to,
    folder_opened_to,
    grantee_sees,
    in_force,
    reaches,
    staff_sees,
)

Row = asyncpg.Record
Rows = list[Row]
_Columns = tuple[InstrumentedAttribute[Any] | Label[Any], ...]


class Viewer(Enum):
    """In what role somebody looks; decides what a statement lets him see."""

    CUSTOMER = "customer"
    STAFF = "staff"
    HOUSEHOLD = "person of the household"
    TRUSTED_PERSON = "trusted person"
    RELEASED = "trusted person after a release"
    EXPERT = "expert"


_VIEWERS = {
    GranteeKind.FIRM: Viewer.STAFF,
    GranteeKind.HOUSEHOLD: Viewer.HOUSEHOLD,
    GranteeKind.TRUSTED: Viewer.TRUSTED_PERSON,
    GranteeKind.EXPERT: Viewer.EXPERT,
}
_KINDS = {**{viewer: kind for kind, viewer in _VIEWERS.items()}, Viewer.RELEASED: GranteeKind.TRUSTED}


def viewer_of(principal: Principal, release_id: UUID | None) -> Viewer:
    """Return in what role a caller looks."""
    kind = capacity_of(principal)
    if kind is None:
        return Viewer.CUSTOMER
    return Viewer.RELEASED if release_id is not None else _VIEWERS[kind]


def who_looks(principal: Principal, release_id: UUID | None) -> dict[str, Any]:
    """Return the parameters by which a statement knows who looks, where it asks for that."""
    viewer = viewer_of(principal, release_id)
    if viewer is Viewer.CUSTOMER:
        return {}
    account = {"account_id": principal.account_id}
    return {**account, "release_id": release_id} if viewer is Viewer.RELEASED else account


def _given(principal: Principal, release_id: UUID | None, **parameters: Any) -> dict[str, Any]:
    return {**parameters, **who_looks(principal, release_id)}


_ACCOUNT = bindparam("account_id", type_=Uuid)
_RELEASE = bindparam("release_id", type_=Uuid)

_BEYOND = (1 << 31) - 1
"""Larger than any position; where a first page begins."""
_LAST_ID = UUID(int=(1 << 128) - 1)

_DOCUMENT_COLUMNS: _Columns = (
    exists().where(DamagedObject.document_id == Document.document_id).label("is_damaged"),
    Document.document_id,
    Document.customer_id,
    Document.title,
    Document.file_name,
    Document.kind,
    Document.origin,
    Document.contract_id,
    Document.media_type,
    Document.size_bytes,
    Document.sha256,
    Document.content_version,
    Document.release_time,
    Document.trash_time,
    Document.deliver_time,
    Document.delivered_version,
    Document.tags,
    Document.concerned_person,
    Document.dated_on,
    Document.due_on,
    Document.remind_days,
    Document.creator_account_id,
    Document.create_time,
    Document.update_time,
    Document.version,
)

_DRAFTS_NOTE = case((Document.release_time.is_(None), Document.note), else_="").label("note")
"""Of a released document only the customer reads the note (`papers.note_shown_to`)."""

_FOLDER_COLUMNS: _Columns = (
    Folder.folder_id,
    Folder.customer_id,
    Folder.name,
    Folder.version,
    Folder.create_time,
    Folder.update_time,
)


async def list_documents(
    rows: RowReader,
    principal: Principal,
    *,
    customer_id: UUID,
    folder_id: UUID | None,
    trashed: bool,
    size: int,
    page_token: str,
    tag: str = "",
    concerned_person: str = "",
    kind: int = 0,
    contract_id: UUID | None = None,
    release_id: UUID | None = None,
) -> tuple[Rows, str]:
    """Return a page of documents that the caller may see, newest first, and the next page's token.

    `release_id` is the emergency release that identity affirmed for a trusted person.
    """
    cursor = decode_cursor(page_token, cursor_time, UUID)
    only = {
        "folder_id": folder_id,
        "tag": tag,
        "concerned_person": concerned_person,
        "kind": kind,
        "contract_id": contract_id,
    }
    narrowed = {name: value for name, value in only.items() if value}
    statement = documents_newest_first(
        viewer_of(principal, release_id), only=frozenset(narrowed), trashed=trashed, further=bool(cursor)
    )
    given = _given(principal, release_id, customer_id=customer_id, size=size + 1, **narrowed)
    if cursor:
        given["time"], given["id"] = cursor
    found = await rows.rows(statement, given, principal=principal)
    return page_of(found, size, "create_time", "document_id")


@lru_cache
def documents_newest_first(
    viewer: Viewer, *, only: frozenset[str] = frozenset(), trashed: bool = False, further: bool = False
) -> Select[Any]:
    """Return the statement behind `list_documents`; `only` names what narrows it down."""
    statement = visible_documents(viewer).where(Document.customer_id == bindparam("customer_id", type_=Uuid))
    in_trash = Document.trash_time.is_not(None)
    statement = statement.where(in_trash if trashed else ~in_trash)
    statement = statement.where(*(_NARROWED[name] for name in sorted(only)))
    if further:
        last = tuple_(
            bindparam("time", type_=Document.create_time.type), bindparam("id", type_=Document.document_id.type)
        )
        statement = statement.where(tuple_(Document.create_time, Document.document_id) < last)
    newest_first = statement.order_by(Document.create_time.desc(), Document.document_id.desc())
    return newest_first.limit(bindparam("size"))


_NARROWED = {
    "folder_id": Document.folder_id == bindparam("folder_id", type_=Uuid),
    "tag": bindparam("tag", type_=Text) == Document.tags.any_(),
    "concerned_person": Document.concerned_person == bindparam("concerned_person", type_=Text),
    "kind": Document.kind == bindparam("kind", type_=Document.kind.type),
    "contract_id": Document.contract_id == bindparam("contract_id", type_=Uuid),
}


async def list_duplicates(
    rows: RowReader, principal: Principal, *, document: Row, size: int, page_token: str
) -> tuple[Rows, str]:
    """Return a page of other documents of the same content that the caller may see, newest first, trash included."""
    cursor = decode_cursor(page_token, UUID)
    given = _given(principal, None, customer_id=document["customer_id"], document_id=document["document_id"])
    given |= {"sha256": document["sha256"], "size_bytes": document["size_bytes"], "size": size + 1}
    given["before"] = cursor[0] if cursor else _LAST_ID
    found = await rows.rows(_twins(viewer_of(principal, None)), given, principal=principal)
    return page_of(found, size, "document_id")


@lru_cache
def _twins(viewer: Viewer) -> Select[Any]:
    statement = visible_documents(viewer).where(
        Document.customer_id == bindparam("customer_id", type_=Uuid),
        Document.sha256 == bindparam("sha256", type_=Document.sha256.type),
        Document.size_bytes == bindparam("size_bytes", type_=Document.size_bytes.type),
        Document.document_id != bindparam("document_id", type_=Uuid),
        Document.document_id < bindparam("before", type_=Uuid),
    )
    return statement.order_by(Document.document_id.desc()).limit(bindparam("size"))


async def find_document(
    rows: RowReader, principal: Principal, *, customer_id: UUID, document_id: UUID, release_id: UUID | None = None
) -> Row | None:
    """Return one document if the caller may see it."""
    given = _given(principal, release_id, customer_id=customer_id, document_id=document_id)
    found = await rows.rows(_one_document(viewer_of(principal, release_id)), given, principal=principal)
    return found[0] if found else None


@lru_cache
def _one_document(viewer: Viewer) -> Select[Any]:
    return visible_documents(viewer).where(
        Document.document_id == bindparam("document_id", type_=Uuid),
        Document.customer_id == bindparam("customer_id", type_=Uuid),
    )


def visible_documents(viewer: Viewer) -> Select[Any]:
    """Return documents as the customer sees them, or as others do: not even the id of a folder not open to them."""
    if viewer is Viewer.CUSTOMER:
        mine = (*_DOCUMENT_COLUMNS, Document.note, Document.folder_id, granted_document().label("granted"))
        return select(*mine).where(Document.release_time.is_not(None))
    if viewer is Viewer.STAFF:
        seen = staff_sees(_ACCOUNT)
    else:
        seen = grantee_sees(_ACCOUNT, _KINDS[viewer], _RELEASE if viewer is Viewer.RELEASED else None)
    return (
        select(*_DOCUMENT_COLUMNS, _DRAFTS_NOTE, Folder.folder_id, false().label("granted"))
        .outerjoin(Folder, Folder.folder_id == Document.folder_id)  # row security leaves only folders open to him
        .where(seen)
    )


async def list_folders(
    rows: RowReader,
    principal: Principal,
    *,
    customer_id: UUID,
    size: int,
    page_token: str,
    release_id: UUID | None = None,
) -> tuple[Rows, str]:
    """Return a page of folders that the caller may see, by name, and the next page's token."""
    cursor = decode_cursor(page_token, str, UUID)
    given = _given(principal, release_id, customer_id=customer_id, size=size + 1)
    if cursor:
        given["name"], given["id"] = cursor
    statement = _folders(viewer_of(principal, release_id), further=bool(cursor))
    found = await rows.rows(statement, given, principal=principal)
    return page_of(found, size, "name", "folder_id")


async def find_folder(
    rows: RowReader, principal: Principal, *, customer_id: UUID, folder_id: UUID, release_id: UUID | None = None
) -> Row | None:
    """Return one folder if the caller may see it."""
    given = _given(principal, release_id, customer_id=customer_id, folder_id=folder_id)
    found = await rows.rows(_one_folder(viewer_of(principal, release_id)), given, principal=principal)
    return found[0] if found else None


@lru_cache
def _one_folder(viewer: Viewer) -> Select[Any]:
    return _visible_folders(viewer).where(Folder.folder_id == bindparam("folder_id", type_=Uuid))


@lru_cache
def _folders(viewer: Viewer, *, further: bool) -> Select[Any]:
    statement = _visible_folders(viewer)
    if further:
        last = tuple_(bindparam("name", type_=Folder.name.type), bindparam("id", type_=Folder.folder_id.type))
        statement = statement.where(tuple_(Folder.name, Folder.folder_id) > last)
    return statement.order_by(Folder.name, Folder.folder_id).limit(bindparam("size"))


def _visible_folders(viewer: Viewer) -> Select[Any]:
    """Return a customer's folders; others learn of a folder above only when that is open to them too."""
    of_customer = Folder.customer_id == bindparam("customer_id", type_=Uuid)
    if viewer is Viewer.CUSTOMER:
        return select(*_FOLDER_COLUMNS, Folder.parent_id, granted_folder().label("granted")).where(of_customer)
    above = aliased(Folder)
    seen = folder_granted_to(_ACCOUNT, _KINDS[viewer])
    if viewer is Viewer.RELEASED:
        seen = or_(seen, folder_opened_to(_ACCOUNT, _RELEASE))
    joined = Folder.__table__.outerjoin(above, above.folder_id == Folder.parent_id)
    columns = select(*_FOLDER_COLUMNS, above.folder_id.label("parent_id"), false().label("granted"))
    return columns.select_from(joined).where(of_customer, seen)


async def list_versions(
    rows: RowReader, principal: Principal, *, document_id: UUID, size: int, page_token: str
) -> tuple[Rows, str]:
    """Return a page of a document's versions, newest first; that the document is visible was checked before."""
    cursor = decode_cursor(page_token, cursor_int)
    given = {"document_id": document_id, "size": size + 1, "before": cursor[0] if cursor else _BEYOND}
    found = await rows.rows(_VERSIONS, given, principal=principal)
    return page_of(found, size, "number")


_VERSION_COLUMNS: _Columns = (
    Version.number,
    Version.file_name,
    Version.media_type,
    Version.size_bytes,
    Version.sha256,
    Version.create_time,
    Version.creator_account_id,
    Version.creator_name,
    Version.reason,
    Version.restored_from,
)
_VERSIONS = (
    select(*_VERSION_COLUMNS)
    .where(
        Version.document_id == bindparam("document_id", type_=Uuid),
        Version.number < bindparam("before", type_=Version.number.type),
    )
    .order_by(Version.number.desc())
    .limit(bindparam("size"))
)


async def list_grants(
    rows: RowReader, principal: Principal, *, customer_id: UUID, include_revoked: bool, size: int, page_token: str
) -> tuple[Rows, str]:
    """Return a page of a customer's grants, newest first; others get those that reach them."""
    cursor = decode_cursor(page_token, UUID)
    before = cursor[0] if cursor else _LAST_ID
    given = _given(principal, None, customer_id=customer_id, size=size + 1, before=before)
    statement = _grants(viewer_of(principal, None), include_revoked=include_revoked)
    return page_of(await rows.rows(statement, given, principal=principal), size, "grant_id")


_GRANT_COLUMNS: _Columns = (
    Grant.grant_id,
    Grant.customer_id,
    Grant.document_id,
    Grant.folder_id,
    Grant.grantee_kind,
    Grant.grantee_account_id,
    Grant.through_id,
    Grant.grantee_name,
    Grant.create_time,
    Grant.may_contribute,
    Grant.expire_time,
    Grant.revoke_time,
)


@lru_cache
def _grants(viewer: Viewer, *, include_revoked: bool) -> Select[Any]:
    statement = select(*_GRANT_COLUMNS).where(
        Grant.customer_id == bindparam("customer_id", type_=Uuid),
        Grant.grant_id < bindparam("before", type_=Uuid),
    )
    if not include_revoked:
        statement = statement.where(in_force())
    if viewer is not Viewer.CUSTOMER:
        statement = statement.where(reaches(_ACCOUNT, _KINDS[viewer]))
    return statement.order_by(Grant.grant_id.desc()).limit(bindparam("size"))


def page_of(found: Rows, size: int, *keys: str) -> tuple[Rows, str]:
    """Cut the one row too many that was asked for, and make the next page's token if it was there."""
    if len(found) <= size:
        return found, ""
    return found[:size], encode_cursor(*(found[size - 1][key] for key in keys))
