"""Documents on the search page: passages, chips, and where they lead."""

from __future__ import annotations

from flask import Flask, g, render_template
from kontor.vault.v1 import search_pb2, vault_pb2
from kontor_portal.found_documents import Narrowing, found_in
from kontor_portal.session import read_session

from portal.tests.unit.conftest import access_token


def _answer() -> search_pb2.SearchDocumentsResponse:
    letter = vault_pb2.Document(
        document_id="d1",
        title="Schreiben vom Mai",
        kind=vault_pb2.DOCUMENT_KIND_CORRESPONDENCE,
        concerned_person="Emil",
    )
    pieces = [
        search_pb2.ExcerptPiece(text="die Häuser am Deich sind gegen <b>"),
        search_pb2.ExcerptPiece(text="Sturmfluten", found=True),
        search_pb2.ExcerptPiece(text="mitversichert"),
    ]
    invoice = vault_pb2.Document(document_id="d2", title="Sturmschaden", kind=vault_pb2.DOCUMENT_KIND_INVOICE)
    facets = search_pb2.SearchFacets(
        documents=2,
        kinds=[
            search_pb2.KindCount(kind=vault_pb2.DOCUMENT_KIND_CORRESPONDENCE, documents=1),
            search_pb2.KindCount(kind=vault_pb2.DOCUMENT_KIND_INVOICE, documents=1),
        ],
        years=[search_pb2.YearCount(year=2026, documents=2)],
        concerned_persons=[search_pb2.PersonCount(concerned_person="Emil", documents=1)],
    )
    return search_pb2.SearchDocumentsResponse(
        hits=[
            search_pb2.SearchHit(document=letter, place=search_pb2.HIT_PLACE_TEXT, excerpt=pieces),
            search_pb2.SearchHit(document=invoice, place=search_pb2.HIT_PLACE_SIMILAR),
        ],
        facets=facets,
        next_page_token="weiter",
    )


def _page(app: Flask, address: str, answer: search_pb2.SearchDocumentsResponse, *, of_customer: bool = True) -> str:
    with app.test_request_context(address):
        g.preview_session = read_session(access_token(roles=["CUSTOMER"], cid="c", name="Julia Brandt"))
        documents = found_in(answer, Narrowing.asked("sturm"), of_customer=of_customer)
        return render_template("account/search.html", query="sturm", found=(), documents=documents, hint="")


def test_hits_show_where_the_words_stand(app: Flask) -> None:
    """F1: words are marked, texts of strangers stay text, the firm comes to the file and the customer to the page."""
    page = _page(app, "/suche?q=sturm", _answer())
    assert "<mark>Sturmfluten</mark>" in page
    assert "&lt;b&gt;" in page
    assert "ähnlicher Name" in page
    assert 'href="/kunde/dokumente/d1"' in page
    assert 'href="/suche?q=sturm&amp;seite=weiter"' in page
    assert 'href="/files/documents/d1"' in _page(app, "/suche?q=sturm", _answer(), of_customer=False)


def test_chips_narrow_and_let_go(app: Flask) -> None:
    """F1: chips that would leave everything are not offered; a chosen one leads back."""
    page = _page(app, "/suche?q=sturm", _answer())
    assert 'href="/suche?q=sturm&amp;person=Emil"' in page
    assert "jahr=2026" not in page
    chosen = _page(app, "/suche?q=sturm&person=Emil&art=6", search_pb2.SearchDocumentsResponse())
    assert "So eingegrenzt gibt es keinen Treffer." in chosen
    with app.test_request_context("/suche?q=sturm&person=Emil&art=6&jahr=99999&ordner=x"):
        narrowed = Narrowing.asked("sturm")
        assert "person" not in narrowed.address("person", "Emil")
        asked = narrowed.request("")
        assert (list(asked.kinds), asked.year, asked.concerned_person) == ([vault_pb2.DOCUMENT_KIND_INVOICE], 0, "Emil")
