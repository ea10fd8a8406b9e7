"""Documents on the search page: what was found where, chips that narrow it down, and the next page."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final, Self
from urllib.parse import urlencode

from flask import request
from kontor.vault.v1 import search_pb2, vault_pb2

from kontor_portal import gateway, labels
from kontor_portal.i18n import t
from kontor_portal.reading import next_page, optional, page_token
from kontor_portal.session import Persona

_PAGE: Final = 20
_FILTERS: Final = ("art", "jahr", "ordner", "person")


@dataclass(frozen=True)
class Narrowing:
    """What is searched for, and the chips that were chosen."""

    query: str
    chosen: dict[str, str]

    @classmethod
    def asked(cls, query: str) -> Self:
        """Read it from the address of the page."""
        return cls(query, {name: value for name in _FILTERS if (value := request.args.get(name, ""))})

    @property
    def is_any(self) -> bool:
        """Whether any chip is chosen."""
        return bool(self.chosen)

    def address(self, name: str, value: str) -> str:
        """Return the page with a chip chosen, or no longer."""
        others = {key: given for key, given in self.chosen.items() if key != name}
        mine = {} if self.chosen.get(name) == value else {name: value}
        return f"/suche?{urlencode({'q': self.query, **others, **mine})}"

    def request(self, token: str) -> search_pb2.SearchDocumentsRequest:
        """Return what the vault is asked."""
        kind, year = _number(self.chosen.get("art", "")), _number(self.chosen.get("jahr", ""))
        return search_pb2.SearchDocumentsRequest(
            query=self.query,
            kinds=[vault_pb2.DocumentKind.ValueType(kind)] if kind in vault_pb2.DocumentKind.values() and kind else [],
            year=year if year <= 9998 else 0,
            folder_id=self.chosen.get("ordner", ""),
            concerned_person=self.chosen.get("person", ""),
            page_size=_PAGE,
            page_token=token,
        )


@dataclass(frozen=True)
class Chip:
    """A filter: what it says, how many it leaves, where it leads, and whether it is chosen."""

    label: str
    count: int
    href: str
    icon: str
    is_chosen: bool


@dataclass(frozen=True)
class FoundDocument:
    """A document that was found."""

    hit: search_pb2.SearchHit
    href: str
    opens_file: bool

    @property
    def text(self) -> str:
        """What is said below its title."""
        document = self.hit.document
        similar = t("ähnlicher Name") if self.hit.place == search_pb2.HIT_PLACE_SIMILAR else ""
        return " · ".join(filter(None, (labels.document_kind(document.kind), document.concerned_person, similar)))


@dataclass(frozen=True)
class FoundDocuments:
    """A page of documents."""

    hits: tuple[FoundDocument, ...]
    chips: tuple[Chip, ...]
    next_url: str
    narrowed: Narrowing

    @property
    def is_shown(self) -> bool:
        """Whether there is anything to show: hits, or chips that leave none."""
        return bool(self.hits) or self.narrowed.is_any


def find_documents(persona: Persona | None, narrowed: Narrowing, *, are_own: bool) -> FoundDocuments:
    """Ask the vault; for those who have no documents, and when it cannot be asked, there is nothing.

    `are_own` says that they have pages of their own: not for those whom a customer only shows some.
    """
    if persona not in {Persona.CUSTOMER, Persona.BROKER, Persona.TRUSTED} or not narrowed.query:
        return FoundDocuments((), (), "", narrowed)
    answer = optional(
        lambda: gateway.document_search().SearchDocuments(narrowed.request(page_token())),
        search_pb2.SearchDocumentsResponse(),
    )
    return found_in(answer, narrowed, of_customer=are_own)


def found_in(answer: search_pb2.SearchDocumentsResponse, narrowed: Narrowing, *, of_customer: bool) -> FoundDocuments:
    """Return an answer as the page shows it; customers come to the page of a document, the firm to the file."""
    at = "/kunde/dokumente" if of_customer else "/files/documents"
    hits = tuple(
        FoundDocument(hit, f"{at}/{hit.document.document_id}", opens_file=not of_customer) for hit in answer.hits
    )
    return FoundDocuments(hits, tuple(_chips(narrowed, answer.facets)), next_page(answer.next_page_token), narrowed)


def reading_label(state: search_pb2.ReadingState.ValueType) -> str:
    """Return what the page of a document says about searching its text."""
    return {
        search_pb2.READING_STATE_WAITING: t("Text wird gerade gelesen"),
        search_pb2.READING_STATE_READ: t("Text durchsuchbar"),
        search_pb2.READING_STATE_NO_TEXT: t("Enthält keinen Text"),
        search_pb2.READING_STATE_NO_RECOGNITION: t("Text nicht lesbar: Texterkennung ist nicht eingerichtet"),
        search_pb2.READING_STATE_UNREADABLE: t("Text nicht lesbar: Datei ist verschlüsselt oder beschädigt"),
    }.get(state, "")


def _chips(narrowed: Narrowing, facets: search_pb2.SearchFacets) -> Iterator[Chip]:
    """Yield chips that narrow further, and those that are chosen."""
    counts = [
        *(("art", str(each.kind), labels.document_kind(each.kind), each.documents, "file") for each in facets.kinds),
        *(("jahr", str(each.year), str(each.year), each.documents, "calendar") for each in facets.years),
        *(("ordner", each.folder_id, each.name, each.documents, "folder") for each in facets.folders),
        *(
            ("person", each.concerned_person, each.concerned_person, each.documents, "user")
            for each in facets.concerned_persons
        ),
    ]
    for name, value, label, count, icon in counts:
        is_chosen = narrowed.chosen.get(name) == value
        if is_chosen or count < facets.documents:
            yield Chip(label, count, narrowed.address(name, value), icon, is_chosen)


def _number(text: str) -> int:
    return int(text) if text.isascii() and text.isdecimal() and len(text) < 6 else 0
