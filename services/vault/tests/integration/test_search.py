"""Finding documents by names and texts: forms of words, typos, who finds what, what goes with a document."""

from __future__ import annotations

import asyncio
import io
from typing import Any
from uuid import UUID

import asyncpg
import pytest
from google.protobuf.field_mask_pb2 import FieldMask
from grpc import StatusCode
from kontor.common.v1.access_pb2 import Role
from kontor.vault.v1 import search_pb2, vault_pb2
from kontor.vault.v1.search_pb2_grpc import SearchServiceStub
from kontor_chassis.testing.waiting import eventually
from kontor_vault.adapters.key_encryption import open_key_encryption
from kontor_vault.adapters.objects import open_object_store
from kontor_vault.jobs import SERVICE
from kontor_vault.keys import CustomerKeys
from kontor_vault.reading.texts import read
from kontor_vault.texts import TextReader, read_until_stopped
from PIL import Image
from sqlalchemy import text

from services.vault.tests.vault_office import Edge, Office, Person, refused, upload

pytestmark = pytest.mark.integration


def pdf_of(*lines: str) -> bytes:
    """Return a PDF of one page with these lines as text."""
    shown = b"".join(b"(%s) Tj T* " % line.encode("cp1252") for line in lines)
    stream = b"BT /F1 12 Tf 14 TL 50 750 Td " + shown + b"ET"
    objects = (
        b"<< /Type /Catalog /Pages 2 0 R >>",
        b"<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
        b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Contents 4 0 R"
        b" /Resources << /Font << /F1 << /Type /Font /Subtype /Type1 /BaseFont /Helvetica"
        b" /Encoding /WinAnsiEncoding >> >> >> >>",
        b"<< /Length %d >> stream\n%s\nendstream" % (len(stream), stream),
    )
    body = b"%PDF-1.4\n"
    for number, content in enumerate(objects, 1):
        body += b"%d 0 obj %s endobj\n" % (number, content)
    return body + b"trailer << /Size 5 /Root 1 0 R >>\n%%EOF\n"


class Finder:
    """Searches as one person."""

    def __init__(self, office: Office, person: Person) -> None:
        self._stub = office.running.stub(SearchServiceStub, person.token)

    async def search(self, query: str, **more: Any) -> search_pb2.SearchDocumentsResponse:
        """Return the whole answer."""
        return await self._stub.SearchDocuments(search_pb2.SearchDocumentsRequest(query=query, **more))

    async def titles(self, query: str, **more: Any) -> list[str]:
        """Return the titles of what was found, in order."""
        return [hit.document.title for hit in (await self.search(query, **more)).hits]

    async def state(self, document: vault_pb2.Document) -> str:
        """Return what became of reading a document."""
        request = search_pb2.GetDocumentReadingRequest(
            customer_id=document.customer_id, document_id=document.document_id
        )
        return search_pb2.ReadingState.Name((await self._stub.GetDocumentReading(request)).state)


def reader_of(office: Office, recogniser: str = "") -> TextReader:
    """Return what reads texts in the test's vault."""
    keys = CustomerKeys(open_key_encryption(office.settings(transit_url=None)))
    store = open_object_store(office.objects.as_uri())
    return TextReader(office.running.platform.work, store, keys, recogniser)


async def test_german_words_in_texts_are_found(office: Office, edge: Edge, tenant: UUID) -> None:
    """F1: any form of a word, parts of compounds, umlauts either way; title before label before text; passages."""
    customer = await office.customer(tenant)
    find = Finder(office, customer)
    letter = pdf_of("Sehr geehrte Frau Müller,", "Ihre Privathaftpflichtversicherung zahlt die Häuser.", "Gruß")
    by_text = await upload(edge, customer, letter, file_name="scan1.pdf")
    await upload(edge, customer, b"1", file_name="Haftpflichtversicherung.txt")
    tagged = await upload(edge, customer, b"2", file_name="x.txt")
    await customer.vault.UpdateDocument(
        vault_pb2.UpdateDocumentRequest(
            document=vault_pb2.Document(
                customer_id=customer.cid, document_id=tagged.document_id, tags=["Versicherung Haus"]
            ),
            update_mask=FieldMask(paths=["tags"]),
        )
    )
    assert await find.state(by_text) == "READING_STATE_WAITING"
    await reader_of(office).read_waiting()
    assert await find.state(by_text) == "READING_STATE_READ"
    assert await find.titles("Versicherungen") == ["Haftpflichtversicherung", "x", "scan1"]
    assert await find.titles("mueller haus") == ["scan1"]
    [hit] = (await find.search("Haus Müller")).hits
    assert hit.place == search_pb2.HIT_PLACE_TEXT
    assert {piece.text for piece in hit.excerpt if piece.found} == {"Müller", "Häuser"}
    assert await find.titles("Privathaft") == ["scan1"]
    assert await find.titles("Fahrrad") == []
    assert await find.titles("und '); DROP TABLE") == []


async def test_typos_in_names(office: Office, edge: Edge, tenant: UUID) -> None:
    """F1: where nothing has the words, names that differ by a letter or two swapped are found, as similar."""
    customer = await office.customer(tenant)
    find = Finder(office, customer)
    await upload(edge, customer, b"1", file_name="Zahnarztrechnung Lindner.txt")
    for typo in ("Lidner", "Linndner", "Lindnre", "Zahnartzrechnung"):
        [hit] = (await find.search(typo)).hits
        assert hit.place == search_pb2.HIT_PLACE_SIMILAR, typo
    assert await find.titles("Wagner") == []


async def test_everybody_finds_only_what_he_may_see(office: Office, edge: Edge, tenant: UUID) -> None:
    """F2, F3: nobody finds a paper that is not his to see; a grant opens it, but no passage of it."""
    customer, other = await office.customer(tenant), await office.customer(tenant)
    staff = office.person(tenant, Role.ROLE_STAFF)
    stranger = office.person(await office.firm(), Role.ROLE_STAFF)
    paper = await upload(edge, customer, pdf_of("Geheimnis der Familie"), file_name="a.pdf")
    filed = await upload(edge, staff, pdf_of("Geheimnis der Firma"), customer.cid, file_name="b.pdf")
    await reader_of(office).read_waiting()
    finders = {name: Finder(office, who) for name, who in (("mine", customer), ("firm", staff), ("other", other))}
    assert await finders["mine"].titles("Geheimnis") == ["a"], "what the firm filed is not released"
    assert await finders["firm"].titles("Geheimnis") == ["b"]
    assert await finders["other"].titles("Geheimnis") == []
    assert await Finder(office, stranger).titles("Geheimnis") == []
    foreign = Finder(office, other).search("Geheimnis", customer_id=customer.cid)
    assert await refused(foreign) is StatusCode.NOT_FOUND
    grant = vault_pb2.CreateGrantRequest(customer_id=customer.cid, grant=vault_pb2.Grant(document_id=paper.document_id))
    given = await customer.vault.CreateGrant(grant)
    found = {hit.document.title: hit for hit in (await finders["firm"].search("Geheimnis")).hits}
    assert set(found) == {"a", "b"}
    assert not found["a"].excerpt, "reading the customer's paper is opening it, which the ledger tells him"
    assert found["b"].excerpt
    await customer.vault.RevokeGrant(vault_pb2.RevokeGrantRequest(customer_id=customer.cid, grant_id=given.grant_id))
    assert await finders["firm"].titles("Geheimnis") == ["b"]
    await staff.vault.ReleaseDocument(
        vault_pb2.ReleaseDocumentRequest(customer_id=customer.cid, document_id=filed.document_id)
    )
    assert set(await finders["mine"].titles("Geheimnis")) == {"a", "b"}


async def test_text_goes_with_its_document(office: Office, edge: Edge, tenant: UUID) -> None:
    """F1: a new version replaces the text; what is destroyed leaves no word; nothing of it stands readable in a row."""
    customer = await office.customer(tenant)
    find = Finder(office, customer)
    paper = await upload(edge, customer, pdf_of("Kirschbaum"), file_name="a.pdf")
    reader = reader_of(office)
    await reader.read_waiting()
    assert await find.titles("Kirschbaum") == ["a"]
    await upload(edge, customer, pdf_of("Apfelbaum"), file_name="a.pdf", document_id=paper.document_id)
    await reader.read_waiting()
    assert (await find.titles("Kirschbaum"), await find.titles("Apfelbaum")) == ([], ["a"])
    ids = {"customer_id": customer.cid, "document_id": paper.document_id}
    await customer.vault.TrashDocument(vault_pb2.TrashDocumentRequest(**ids))
    assert await find.titles("Apfelbaum") == []
    async with office.running.platform.work.work(SERVICE) as tx:
        sealed = (await tx.session.execute(text("SELECT sealed_text FROM document_texts"))).scalar_one()
        assert b"Apfel" not in sealed
    await customer.vault.DeleteDocument(vault_pb2.DeleteDocumentRequest(**ids))
    owner = await asyncpg.connect(office.database.owner_url)
    try:
        assert await owner.fetchval("SELECT count(*) FROM document_words") == 0
    finally:
        await owner.close()


async def test_pages_filters_and_facets(office: Office, edge: Edge, tenant: UUID) -> None:
    """F1, F147: pages neither lose nor repeat a hit; kinds, years and people narrow down and are counted."""
    customer = await office.customer(tenant)
    find = Finder(office, customer)
    for number in range(5):
        kind = vault_pb2.DOCUMENT_KIND_INVOICE if number % 2 else vault_pb2.DOCUMENT_KIND_POLICY
        await upload(edge, customer, b"x", file_name=f"Beleg {number}.txt", kind=kind)
    seen: list[str] = []
    token = ""
    for _ in range(3):
        page = await find.search("Beleg", page_size=2, page_token=token)
        seen += [hit.document.title for hit in page.hits]
        token = page.next_page_token
    assert (seen, token) == ([f"Beleg {number}" for number in (4, 3, 2, 1, 0)], "")
    facets = (await find.search("Beleg")).facets
    assert facets.documents == 5
    assert [(each.kind, each.documents) for each in facets.kinds] == [
        (vault_pb2.DOCUMENT_KIND_POLICY, 3),
        (vault_pb2.DOCUMENT_KIND_INVOICE, 2),
    ]
    assert [(each.year, each.documents) for each in facets.years] == [(2026, 5)]
    assert await find.titles("Beleg", kinds=[vault_pb2.DOCUMENT_KIND_INVOICE]) == ["Beleg 3", "Beleg 1"]
    assert await find.titles("Beleg", year=2025) == []


async def test_pictures_without_recognition_are_said_to_be_unread(office: Office, edge: Edge, tenant: UUID) -> None:
    """F67: without text recognition the vault runs and says which papers it cannot read; broken files stop nothing."""
    customer = await office.customer(tenant)
    drawn = io.BytesIO()
    Image.new("L", (40, 40), 255).save(drawn, "PNG")
    photo = await upload(edge, customer, drawn.getvalue(), file_name="Foto.png")
    broken = await upload(edge, customer, b"%PDF-1.7 nothing", file_name="kaputt.pdf")
    other = await upload(edge, customer, b"\x00\x01\x02", file_name="daten.bin")
    find, stopping = Finder(office, customer), asyncio.Event()
    reading = asyncio.create_task(read_until_stopped(reader_of(office), stopping))

    async def all_read() -> list[str] | None:
        states = [await find.state(each) for each in (photo, broken, other)]
        return None if "READING_STATE_WAITING" in states else states

    states = await eventually(all_read)
    stopping.set()
    await reading
    assert states == ["READING_STATE_NO_RECOGNITION", "READING_STATE_UNREADABLE", "READING_STATE_NO_TEXT"]
    assert read(drawn.getvalue(), "image/png", "").needs_recognition
