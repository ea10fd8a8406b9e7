"""Finding documents: by tiers, each the newest first, so that pages are exact however much there is (F1).

What the searcher may see is decided in the query: `found_documents` goes through the policies of `documents`, and
`queries` puts the rule of `visibility` on top.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any, Final
from uuid import UUID

from kontor_chassis.database import RowReader, UnitOfWork
from kontor_chassis.paging import cursor_int, cursor_time, decode_cursor, encode_cursor
from kontor_chassis.principal import Principal
from sqlalchemy import (
    ARRAY,
    ColumnElement,
    DateTime,
    Integer,
    Select,
    SmallInteger,
    Text,
    Uuid,
    bindparam,
    column,
    func,
    select,
)
from sqlalchemy.orm import InstrumentedAttribute

from kontor_vault import queries
from kontor_vault.keys import CustomerKeys, KeyUnusableError
from kontor_vault.search_tables import DocumentText
from kontor_vault.search_words import Piece, nearly, passage, sought, words_of
from kontor_vault.tables import Document, Folder, Origin
from kontor_vault.texts import opened_text

TITLE, LABELS, TEXT, SIMILAR, ANY = 3, 2, 1, 0, -1
MOST_COUNTED = 200


@dataclass(frozen=True)
class Search:
    """What is searched for, and what narrows it down."""

    query: str
    customer_id: UUID | None = None
    kinds: tuple[int, ...] = ()
    year: int = 0
    folder_id: UUID | None = None
    concerned_person: str = ""
    release_id: UUID | None = None
    """The emergency release that identity affirmed for a trusted person who searches."""


@dataclass(frozen=True)
class Hit:
    """A document that was found, in which tier, and the passage."""

    row: queries.Row
    tier: int
    passage: list[Piece]


@dataclass(frozen=True)
class Facets:
    """How the newest hits are spread, by what and how many."""

    documents: int
    kinds: Mapping[int, int]
    years: Mapping[int, int]
    folders: Mapping[tuple[UUID, str], int]
    persons: Mapping[str, int]


class Searching:
    """Searches; opens texts only of the hits that it shows."""

    def __init__(self, work: UnitOfWork, rows: RowReader, keys: CustomerKeys) -> None:
        self._work = work
        self._rows = rows
        self._keys = keys

    async def search(
        self, principal: Principal, wanted: Search, *, size: int, page_token: str
    ) -> tuple[list[Hit], str]:
        """Return a page of hits, the best first, and the next page's token."""
        words = words_of(wanted.query)
        cursor = decode_cursor(page_token, cursor_int, cursor_time, UUID)
        found: list[tuple[queries.Row, int]] = []
        tiers = [tier for tier in (TITLE, LABELS, TEXT) if not cursor or tier <= cursor[0]] if words else []
        if cursor and cursor[0] == SIMILAR:
            tiers = [SIMILAR]
        for tier in tiers:
            after = cursor[1:] if cursor and tier == cursor[0] else None
            found += [(row, tier) for row in await self._tier(principal, wanted, words, tier, size, after, len(found))]
            if len(found) > size:
                break
        if not found and not cursor and nearly(words):
            found = [(row, SIMILAR) for row in await self._tier(principal, wanted, words, SIMILAR, size, None, 0)]
        token = ""
        if len(found) > size:
            last, tier = found[size - 1]
            token = encode_cursor(tier, last["create_time"], last["document_id"])
        shown = found[:size]
        return await self._with_passages(principal, shown, words), token

    async def facets(self, principal: Principal, wanted: Search) -> Facets:
        """Return how the newest hits are spread."""
        words = words_of(wanted.query)
        if not words:
            return _spread([])
        given = _given(principal, wanted, words, ANY, MOST_COUNTED, None)
        statement = _counted(queries.viewer_of(principal, wanted.release_id))
        rows = await self._rows.rows(statement, given, principal=principal)
        return _spread(rows)

    async def _tier(
        self,
        principal: Principal,
        wanted: Search,
        words: list[str],
        tier: int,
        size: int,
        after: tuple[datetime, UUID] | None,
        have: int,
    ) -> queries.Rows:
        given = _given(principal, wanted, words, tier, size + 1 - have, after)
        statement = _hits(queries.viewer_of(principal, wanted.release_id))
        return await self._rows.rows(statement, given, principal=principal)

    async def _with_passages(
        self, principal: Principal, found: list[tuple[queries.Row, int]], words: list[str]
    ) -> list[Hit]:
        hits = [Hit(row, tier, []) for row, tier in found]
        open_to_him = [
            hit.row["document_id"]
            for hit in hits
            if hit.tier in (LABELS, TEXT) and (not principal.is_staff or hit.row["origin"] == Origin.FIRM)
        ]
        if not open_to_him:
            return hits
        async with self._work.query() as tx:
            texts = await tx.session.scalars(
                select(DocumentText).where(
                    DocumentText.document_id.in_(open_to_him), DocumentText.sealed_text.is_not(None)
                )
            )
            passages: dict[UUID, list[Piece]] = {}
            for row in texts.all():
                try:
                    passages[row.document_id] = passage(await opened_text(tx, self._keys, row), words)
                except KeyUnusableError:
                    continue  # the hit stays; only its passage is not shown
        return [replace(hit, passage=passages.get(hit.row["document_id"], [])) for hit in hits]


async def reading_of(rows: RowReader, principal: Principal, document: queries.Row) -> queries.Row | None:
    """Return what became of reading a document that the caller was found to see."""
    found = await rows.rows(_READING, {"document_id": document["document_id"]}, principal=principal)
    return found[0] if found else None


_READING = select(DocumentText.state, DocumentText.pages).where(
    DocumentText.document_id == bindparam("document_id", type_=Uuid)
)
_NEVER = datetime(9999, 1, 1, tzinfo=UTC)
_PARAMETERS: Final = (
    bindparam("tier", type_=Integer),
    bindparam("sought", type_=Text),
    bindparam("titled", type_=Text),
    bindparam("customer", type_=Uuid),
    bindparam("kinds", type_=ARRAY(SmallInteger)),
    bindparam("from_time", type_=DateTime(timezone=True)),
    bindparam("until_time", type_=DateTime(timezone=True)),
    bindparam("folder", type_=Uuid),
    bindparam("person", type_=Text),
    bindparam("before_time", type_=DateTime(timezone=True)),
    bindparam("before_id", type_=Uuid),
    bindparam("most", type_=Integer),
)


def _given(
    principal: Principal,
    wanted: Search,
    words: list[str],
    tier: int,
    most: int,
    after: tuple[datetime, UUID] | None,
) -> dict[str, Any]:
    given = {
        "tier": max(tier, ANY),
        "sought": nearly(words) if tier == SIMILAR else sought(words),
        "titled": sought(words, "A"),
        "customer": wanted.customer_id,
        "kinds": list(wanted.kinds) or None,
        "from_time": datetime(wanted.year, 1, 1, tzinfo=UTC) if wanted.year else None,
        "until_time": datetime(wanted.year + 1, 1, 1, tzinfo=UTC) if wanted.year else None,
        "folder": wanted.folder_id,
        "person": wanted.concerned_person,
        "before_time": after[0] if after else None,
        "before_id": after[1] if after else None,
        "most": most,
    }
    return {**given, **queries.who_looks(principal, wanted.release_id)}


def _found() -> Any:
    return func.found_documents(*_PARAMETERS).table_valued(column("document_id", Uuid)).render_derived(name="found")


@lru_cache
def _hits(viewer: queries.Viewer) -> Select[Any]:
    found = _found()
    statement = queries.visible_documents(viewer)
    return statement.where(Document.document_id == found.c.document_id).order_by(
        Document.create_time.desc(), Document.document_id.desc()
    )


@lru_cache
def _counted(viewer: queries.Viewer) -> Select[Any]:
    found = _found()
    seen = queries.visible_documents(viewer)
    columns: tuple[ColumnElement[Any] | InstrumentedAttribute[Any], ...] = (
        Document.kind,
        Document.create_time,
        Document.concerned_person,
        Folder.folder_id.label("open_folder_id"),
        Folder.name.label("folder_name"),
    )
    if viewer is queries.Viewer.CUSTOMER:
        seen = seen.outerjoin(Folder, Folder.folder_id == Document.folder_id)
    counted: Select[Any] = seen.with_only_columns(*columns)
    return counted.where(Document.document_id == found.c.document_id)


def _spread(rows: queries.Rows) -> Facets:
    open_folders = ((row["open_folder_id"], row["folder_name"]) for row in rows if row["open_folder_id"] is not None)
    return Facets(
        len(rows),
        dict(Counter(row["kind"] for row in rows).most_common()),
        dict(sorted(Counter(row["create_time"].year for row in rows).items(), reverse=True)),
        dict(Counter(open_folders).most_common()),
        dict(Counter(row["concerned_person"] for row in rows if row["concerned_person"]).most_common()),
    )
