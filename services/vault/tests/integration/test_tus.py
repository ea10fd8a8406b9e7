"""Resumable uploads before an independent judge: tus-js-client, with cuts, and the protocol's corners by hand."""

from __future__ import annotations

import asyncio
import base64
import hashlib
import os
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import httpx
import pytest
from kontor.vault.v1 import vault_pb2 as pb
from kontor.vault.v1.internal_pb2 import SetQuotaRequest
from kontor_chassis.testing.waiting import eventually
from kontor_vault import jobs
from kontor_vault.adapters.objects import open_object_store

from services.vault.tests.vault_office import Edge, Office, Person
from tests.tus_client.uploader import tus_client

pytestmark = pytest.mark.integration

SIZE = 24 << 20
TUS = {"Tus-Resumable": "1.0.0"}


@pytest.fixture
def scan(tmp_path: Path) -> Path:
    """A file of 24 MB that nothing can compress."""
    file = tmp_path / "Ordner.pdf"
    file.write_bytes(b"%PDF-1.7\n" + os.urandom(SIZE - 9))
    return file


def endpoint(edge: Edge) -> str:
    """Return where uploads are created."""
    return f"{edge.client.base_url}/files/tus".replace("//files", "/files")


def about(person: Person, name: str = "Ordner.pdf", **more: str) -> dict[str, str]:
    """Return what the client says about its file."""
    return {"filename": name, "customer_id": person.cid, **more}


async def content_of(edge: Edge, person: Person, document_id: str) -> bytes:
    """Download a document."""
    answer = await edge.client.get(f"/files/documents/{document_id}", headers=person.headers)
    assert answer.status_code == 200
    return answer.content


async def only_document(person: Person) -> pb.Document:
    """Return the customer's one document."""
    [document] = (await person.vault.ListDocuments(pb.ListDocumentsRequest(customer_id=person.cid))).documents
    return document


async def create(edge: Edge, person: Person, size: int, **more: str) -> httpx.Response:
    """Create an upload by hand."""
    said = ",".join(f"{key} {base64.b64encode(value.encode()).decode()}" for key, value in about(person).items())
    headers = {**TUS, **person.headers, "Upload-Length": str(size), "Upload-Metadata": said, **more}
    return await edge.client.post("/files/tus", headers=headers)


async def patch(edge: Edge, person: Person, url: str, offset: int, body: Any, **more: str) -> httpx.Response:
    """Send a part by hand."""
    headers = {"Upload-Offset": str(offset), "Content-Type": "application/offset+octet-stream"}
    return await edge.client.patch(url, content=body, headers={**TUS, **person.headers, **headers, **more})


async def offset_of(edge: Edge, person: Person, url: str) -> int:
    """Ask how far an upload has come."""
    return int((await edge.client.head(url, headers={**TUS, **person.headers})).headers["Upload-Offset"])


async def test_cut_in_the_middle_and_resumed(office: Office, edge: Edge, tenant: UUID, scan: Path) -> None:
    """F1: the reference client is torn off in the middle of a request; a new session goes on where it was."""
    person = await office.customer(tenant)
    given = {"path": str(scan), "endpoint": endpoint(edge), "token": person.token, "metadata": about(person)}
    cut = await tus_client(**given, stopAfter=8 << 20)
    assert cut["stopped"], cut
    await _settled(edge, person, cut["url"])
    stored = await offset_of(edge, person, cut["url"])
    assert 0 < stored < SIZE
    quota = await person.vault.GetQuota(pb.GetQuotaRequest(customer_id=person.cid))
    assert (quota.used_bytes, quota.reserved_bytes) == (0, SIZE)
    content = await asyncio.to_thread(scan.read_bytes)
    assert not any(content[:64] in part.read_bytes() for part in office.stored_files()), "encrypted while it waits"

    done = await tus_client(**given, uploadUrl=cut["url"])
    assert "error" not in done, done
    document = await only_document(person)
    assert (document.media_type, document.size_bytes) == ("application/pdf", SIZE)
    assert document.sha256 == hashlib.sha256(content).hexdigest()
    assert await content_of(edge, person, document.document_id) == content
    store = open_object_store(office.objects.as_uri())
    await jobs.clear_parts(office.jobs, store)
    assert len(office.stored_files()) == 1
    assert await content_of(edge, person, document.document_id) == content
    office.clock.advance(timedelta(days=3))
    await jobs.forget_ended_uploads(office.jobs, store)
    assert len(office.stored_files()) == 1
    quota = await person.vault.GetQuota(pb.GetQuotaRequest(customer_id=person.cid))
    assert (quota.used_bytes, quota.reserved_bytes) == (SIZE, 0)


async def test_in_one_piece_and_in_chunks(office: Office, edge: Edge, tenant: UUID, scan: Path) -> None:
    """F1, F99: one request needs no second pass; chunks become one content; a new version says why."""
    content = await asyncio.to_thread(scan.read_bytes)
    person = await office.customer(tenant)
    given = {"path": str(scan), "endpoint": endpoint(edge), "token": person.token}
    assert "error" not in await tus_client(**given, metadata=about(person))
    assert len(office.stored_files()) == 1
    document = await only_document(person)
    assert document.title == "Ordner"
    more = about(person, document_id=document.document_id, reason="besser lesbar")
    assert "error" not in await tus_client(**given, metadata=more, chunkSize=10 << 20)
    assert (await only_document(person)).version == 2
    assert await content_of(edge, person, document.document_id) == content


async def test_terminated_and_expired(office: Office, edge: Edge, tenant: UUID, scan: Path) -> None:
    """F14: an upload that is given up, or waits longer than a day, frees its room and leaves nothing."""
    person = await office.customer(tenant)
    store = open_object_store(office.objects.as_uri())
    given = {"path": str(scan), "endpoint": endpoint(edge), "token": person.token, "metadata": about(person)}
    first = await tus_client(**given, stopAfter=8 << 20)
    await _settled(edge, person, first["url"])
    ended = await tus_client(**given, uploadUrl=first["url"], terminate=True)
    assert "error" not in ended, ended
    assert (await edge.client.head(first["url"], headers={**TUS, **person.headers})).status_code == 410
    second = (await create(edge, person, 1000)).headers
    assert (await patch(edge, person, second["Location"], 0, b"x" * 400)).headers["Upload-Offset"] == "400"
    office.clock.advance(timedelta(hours=25))
    gone = await patch(edge, person, second["Location"], 400, b"x" * 600)
    assert gone.status_code == 410
    await jobs.end_expired_uploads(office.jobs, store)
    await jobs.clear_parts(office.jobs, store)
    assert office.stored_files() == []
    quota = await person.vault.GetQuota(pb.GetQuotaRequest(customer_id=person.cid))
    assert (quota.used_bytes, quota.reserved_bytes) == (0, 0)


async def test_the_protocols_corners(office: Office, edge: Edge, tenant: UUID) -> None:
    """F1: versions, offsets, checksums, lengths and other people are answered as tus 1.0 says."""
    person, other = await office.customer(tenant), await office.customer(tenant)
    options = await edge.client.options("/files/tus")
    assert options.headers["Tus-Extension"] == "creation,termination,expiration,checksum"
    assert (await edge.client.post("/files/tus", headers=person.headers)).status_code == 412
    assert (await create(edge, person, 11 << 30)).status_code == 413
    assert (await edge.client.post("/files/tus", headers={**TUS, **person.headers})).status_code == 400
    created = await create(edge, person, 10)
    assert (created.status_code, "Upload-Expires" in created.headers) == (201, True)
    url = created.headers["Location"]
    assert (await edge.client.head(url, headers={**TUS, **other.headers})).status_code == 404
    assert (await patch(edge, other, url, 0, b"0123")).status_code == 404
    assert (await patch(edge, person, url, 4, b"4567")).status_code == 409
    assert (await patch(edge, person, url, 0, b"x" * 11)).status_code == 413
    assert (await patch(edge, person, url, 0, b"0", **{"Content-Type": "text/plain"})).status_code == 415
    wrong = f"sha1 {base64.b64encode(bytes(20)).decode()}"
    assert (await patch(edge, person, url, 0, b"0123", **{"Upload-Checksum": wrong})).status_code == 460
    assert (await patch(edge, person, url, 0, b"0123", **{"Upload-Checksum": "crc9 AAAA"})).status_code == 400
    assert await offset_of(edge, person, url) == 0
    right = f"sha256 {base64.b64encode(hashlib.sha256(b'0123').digest()).decode()}"
    kept = await patch(edge, person, url, 0, b"0123", **{"Upload-Checksum": right})
    assert (kept.status_code, kept.headers["Upload-Offset"]) == (204, "4")
    done = await patch(edge, person, url, 4, b"456789")
    assert (done.status_code, done.headers["Upload-Offset"]) == (204, "10")
    assert (await edge.client.get(done.headers["Content-Location"], headers=person.headers)).content == b"0123456789"
    assert await offset_of(edge, person, url) == 10, "a client that lost the answer learns that all is there"
    empty = await create(edge, person, 0)
    assert (empty.status_code, await offset_of(edge, person, empty.headers["Location"])) == (201, 0)
    limit = SetQuotaRequest(tenant_id=str(tenant), customer_id=person.cid, limit_bytes=20)
    await office.service("billing", tenant).SetQuota(limit)
    full = await create(edge, person, 11)
    assert (full.status_code, "Speicherplatz" in full.text) == (413, True)


async def test_two_connections_send_the_same_stretch(office: Office, edge: Edge, tenant: UUID) -> None:
    """F14: whoever is stored first counts, and the file is whole whatever the other sent."""
    person = await office.customer(tenant)
    url = (await create(edge, person, 3 << 20)).headers["Location"]
    answers = await asyncio.gather(
        patch(edge, person, url, 0, b"a" * (2 << 20)), patch(edge, person, url, 0, b"b" * (1 << 20))
    )
    assert sorted(answer.status_code for answer in answers) == [204, 409]
    offset = await offset_of(edge, person, url)
    assert (await patch(edge, person, url, offset, b"c" * ((3 << 20) - offset))).status_code == 204
    content = await content_of(edge, person, (await only_document(person)).document_id)
    assert content in (b"a" * (2 << 20) + b"c" * (1 << 20), b"b" * (1 << 20) + b"c" * (2 << 20))


async def _settled(edge: Edge, person: Person, url: str) -> None:
    """Wait until the edge has noticed the cut and kept what had arrived."""
    await eventually(lambda: offset_of(edge, person, url))
