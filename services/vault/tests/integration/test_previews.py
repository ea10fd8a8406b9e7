"""Pictures and quiet PDFs through the edge: who may see them, how they are kept, how they go."""

from __future__ import annotations

import io
from uuid import UUID

import pikepdf
import pytest
from kontor.common.v1.access_pb2 import Role
from kontor.vault.v1 import vault_pb2 as pb
from PIL import Image

from services.vault.tests.unit.test_rendering import pdf, photo
from services.vault.tests.vault_office import Edge, Office, upload

pytestmark = pytest.mark.integration

PDF = "application/pdf"


async def test_preview_is_kept_encrypted_and_goes_with_its_document(office: Office, edge: Edge, tenant: UUID) -> None:
    """F1, F2: a picture of the page for whoever may see the document, recorded as a look, gone when it is destroyed."""
    customer, petra = await office.customer(tenant), office.person(tenant, Role.ROLE_STAFF)
    document = await upload(edge, customer, pdf())
    url = f"/files/documents/{document.document_id}/preview"
    assert (await edge.client.get(url, headers=petra.headers)).status_code == 404
    first = await edge.client.get(url, headers=customer.headers)
    assert (first.status_code, first.headers["Content-Type"]) == (200, "image/webp")
    assert Image.open(io.BytesIO(first.content)).width > 900
    assert len(office.stored_files()) == 2
    assert not any(b"WEBP" in file.read_bytes() for file in office.stored_files())
    again = await edge.client.get(url, headers=customer.headers)
    assert again.content == first.content
    known = await edge.client.get(url, headers={**customer.headers, "If-None-Match": first.headers["ETag"]})
    assert known.status_code == 304
    seen = await customer.vault.ListSightings(pb.ListSightingsRequest(customer_id=customer.cid))
    assert [each.action for each in seen.sightings] == [pb.SIGHTING_ACTION_VIEW]
    beyond = await edge.client.get(url + "?page=2", headers=customer.headers)
    assert beyond.json()["reason"] == "PREVIEW_BROKEN"
    ids = {"customer_id": customer.cid, "document_id": document.document_id}
    await customer.vault.TrashDocument(pb.TrashDocumentRequest(**ids))
    await customer.vault.DeleteDocument(pb.DeleteDocumentRequest(**ids))
    assert office.stored_files() == []


async def test_locked_broken_and_other_files_say_what_they_are(office: Office, edge: Edge, tenant: UUID) -> None:
    """F1: why there is no picture is told; a photo has one."""
    customer = await office.customer(tenant)

    async def answer(content: bytes, name: str) -> str:
        document = await upload(edge, customer, content, file_name=name)
        got = await edge.client.get(f"/files/documents/{document.document_id}/preview", headers=customer.headers)
        return "" if got.status_code == 200 else str(got.json()["reason"])

    assert await answer(pdf(password="geheim"), "a.pdf") == "PREVIEW_ENCRYPTED"
    assert await answer(b"%PDF-1.7 kaputt", "b.pdf") == "PREVIEW_BROKEN"
    assert await answer(b"Hallo", "c.txt") == "PREVIEW_UNSUPPORTED"
    assert await answer(photo((300, 200)), "d.jpg") == ""


async def test_shown_without_scripts_kept_with_them(office: Office, edge: Edge, tenant: UUID) -> None:
    """F1: what is shown of a PDF does nothing by itself; the original stays as it came."""
    customer = await office.customer(tenant)
    loud, still = pdf(script=True), pdf()
    document = await upload(edge, customer, loud)
    url = f"/files/documents/{document.document_id}"
    shown = await edge.client.get(f"{url}/view", headers=customer.headers)
    assert shown.headers["Content-Disposition"].startswith("inline")
    with pikepdf.open(io.BytesIO(shown.content)) as quiet:
        assert "/OpenAction" not in quiet.Root
    assert (await edge.client.get(url, headers=customer.headers)).content == loud
    calm = await upload(edge, customer, still)
    original = await edge.client.get(f"/files/documents/{calm.document_id}/view", headers=customer.headers)
    assert (original.status_code, original.headers["Location"]) == (303, f"/files/documents/{calm.document_id}")
    locked = await upload(edge, customer, pdf(password="geheim"))
    offered = await edge.client.get(f"/files/documents/{locked.document_id}/view", headers=customer.headers)
    assert offered.headers["Location"].endswith("?download=1")


async def test_photos_are_filed_as_one_pdf(office: Office, edge: Edge, tenant: UUID) -> None:
    """F67: phone photos become one PDF under its typed title; what is no photo is refused and leaves nothing."""
    customer = await office.customer(tenant)
    url = f"/files/customers/{customer.cid}/photos?return_to=/kunde/dokumente"
    photos = [("photo", (f"{number}.jpg", photo((800, 600)), "image/jpeg")) for number in range(3)]
    answer = await edge.client.post(url, data={"title": "Mietvertrag"}, files=photos, headers=customer.headers)
    assert (answer.status_code, answer.headers["Location"]) == (303, "/kunde/dokumente?stored=1")
    [document] = (await customer.vault.ListDocuments(pb.ListDocumentsRequest(customer_id=customer.cid))).documents
    assert (document.title, document.file_name, document.media_type) == ("Mietvertrag", "Mietvertrag.pdf", PDF)
    content = await edge.client.get(f"/files/documents/{document.document_id}", headers=customer.headers)
    with pikepdf.open(io.BytesIO(content.content)) as joined:
        assert len(joined.pages) == 3
    wrong = await edge.client.post(url, files=[("photo", ("a.jpg", b"Text", "image/jpeg"))], headers=customer.headers)
    assert wrong.headers["Location"].endswith("problem=PHOTOS_UNSUPPORTED")
    none = await edge.client.post(url, files=[("photo", ("", b"", ""))], headers=customer.headers)
    assert none.headers["Location"].endswith("problem=PHOTOS_MISSING")
    assert len(office.stored_files()) == 1
