"""File content through the edge: up, down, ranges, interruptions, memory."""

from __future__ import annotations

import asyncio
import hashlib
import os
from collections.abc import AsyncIterator
from uuid import UUID

import grpc
import httpx
import pytest
from grpc import StatusCode
from kontor.vault.v1 import vault_pb2 as pb
from kontor.vault.v1.internal_pb2 import SetQuotaRequest
from kontor_chassis.ids import new_id
from kontor_chassis.testing.waiting import eventually

from services.vault.tests.vault_office import Edge, Office, Person, pdf, refused, upload

pytestmark = pytest.mark.integration

HUNDRED_MB = 100 << 20


async def test_customer_stores_and_reads_back_100_mb(office: Office, edge: Edge, tenant: UUID) -> None:
    """F1: 100 MB go up and come down unchanged, and the edge never holds more than a few segments."""
    person = await office.customer(tenant)
    reserved = await person.vault.CreateUpload(
        pb.CreateUploadRequest(customer_id=person.cid, file_name="Scan.pdf", size_bytes=HUNDRED_MB)
    )
    baseline = edge.peak_memory_bytes()
    digest = hashlib.sha256()

    async def body() -> AsyncIterator[bytes]:
        for piece in pdf(HUNDRED_MB):
            digest.update(piece)
            yield piece

    headers = {**person.headers, "Content-Length": str(HUNDRED_MB)}
    answer = await edge.client.put(reserved.upload_path, content=body(), headers=headers)
    assert answer.status_code == 201, answer.text
    assert answer.json()["mediaType"] == "application/pdf"
    assert answer.json()["sha256"] == digest.hexdigest()

    received = hashlib.sha256()
    async with edge.client.stream("GET", f"/files/documents/{reserved.document_id}", headers=person.headers) as down:
        assert int(down.headers["Content-Length"]) == HUNDRED_MB
        async for piece in down.aiter_bytes():
            received.update(piece)
    assert received.hexdigest() == digest.hexdigest()
    assert edge.peak_memory_bytes() - baseline < 64 << 20

    stored = office.stored_files()
    assert len(stored) == 1
    assert b"Versicherungsschein" not in stored[0].read_bytes()


async def test_download_ranges_and_headers(office: Office, edge: Edge, tenant: UUID) -> None:
    """F1: ranges, entity tags, safe names, and headers that let no file run as a page."""
    person = await office.customer(tenant)
    content = b"".join(pdf(3_000_000))
    document = await upload(edge, person, content, file_name='../böse"\r\nName.pdf')
    url = f"/files/documents/{document.document_id}"

    whole = await edge.client.get(url, headers=person.headers)
    assert whole.content == content
    assert whole.headers["Content-Type"] == "application/pdf"
    assert whole.headers["X-Content-Type-Options"] == "nosniff"
    assert "default-src 'none'" in whole.headers["Content-Security-Policy"]
    assert whole.headers["Content-Disposition"].startswith(
        "inline; filename=\"bose_Name.pdf\"; filename*=UTF-8''b%C3%B6se"
    )
    etag = whole.headers["ETag"]

    for asked, start, stop in (("0-9", 0, 10), ("2999990-", 2_999_990, 3_000_000), ("-5", 2_999_995, 3_000_000)):
        part = await edge.client.get(url, headers={**person.headers, "Range": f"bytes={asked}"})
        assert part.status_code == 206
        assert part.content == content[start:stop]
        assert part.headers["Content-Range"] == f"bytes {start}-{stop - 1}/3000000"
    beyond = await edge.client.get(url, headers={**person.headers, "Range": "bytes=3000000-"})
    assert (beyond.status_code, beyond.headers["Content-Range"]) == (416, "bytes */3000000")
    stale = await edge.client.get(url, headers={**person.headers, "Range": "bytes=0-9", "If-Range": '"other"'})
    assert stale.status_code == 200
    known = await edge.client.get(url, headers={**person.headers, "If-None-Match": etag})
    assert (known.status_code, known.content) == (304, b"")
    head = await edge.client.head(url, headers=person.headers)
    assert (head.headers["Content-Length"], head.content) == ("3000000", b"")
    as_file = await edge.client.get(url + "?download=1", headers=person.headers)
    assert as_file.headers["Content-Disposition"].startswith("attachment")


async def test_what_a_browser_could_run_is_only_offered_as_a_file(office: Office, edge: Edge, tenant: UUID) -> None:
    """F1: the uploader's claims count for nothing, and HTML never becomes a page of this origin."""
    person = await office.customer(tenant)
    page = await upload(edge, person, b"<html><script>alert(1)</script></html>", file_name="harmlos.pdf")
    assert page.media_type == "text/plain"
    answer = await edge.client.get(f"/files/documents/{page.document_id}", headers=person.headers)
    assert answer.headers["Content-Type"] == "text/plain; charset=utf-8"
    assert "sandbox" in answer.headers["Content-Security-Policy"]
    drawing = await upload(edge, person, b'<?xml version="1.0"?><svg onload="alert(1)"/>', file_name="a.svg")
    answer = await edge.client.get(f"/files/documents/{drawing.document_id}", headers=person.headers)
    assert answer.headers["Content-Disposition"].startswith("attachment")


@pytest.mark.parametrize("how", ["short", "long", "unannounced_long", "disconnect"])
async def test_interrupted_uploads_leave_nothing(office: Office, edge: Edge, tenant: UUID, how: str) -> None:
    """F14: whatever breaks an upload off, nothing is visible, nothing is stored, and the room is free again."""
    person = await office.customer(tenant)
    size = 20 << 20
    reserved = await person.vault.CreateUpload(
        pb.CreateUploadRequest(customer_id=person.cid, file_name="a.pdf", size_bytes=size)
    )
    quota = await person.vault.GetQuota(pb.GetQuotaRequest(customer_id=person.cid))
    assert (quota.used_bytes, quota.reserved_bytes) == (0, size)

    async def chunks(amount: int, *, fail: bool = False) -> AsyncIterator[bytes]:
        for piece in pdf(amount):
            yield piece
        if fail:
            raise ConnectionError

    if how == "short":
        answer = await edge.client.put(reserved.upload_path, content=b"x" * 10, headers=person.headers)
        assert answer.status_code == 400
        assert answer.json()["reason"] == "UPLOAD_INCOMPLETE"
    elif how == "long":
        answer = await edge.client.put(reserved.upload_path, content=b"x" * (size + 1), headers=person.headers)
        assert answer.json()["reason"] == "UPLOAD_TOO_LARGE"
    elif how == "unannounced_long":
        answer = await edge.client.put(reserved.upload_path, content=chunks(size + 9), headers=person.headers)
        assert answer.json()["reason"] == "UPLOAD_TOO_LARGE"
    else:
        headers = {**person.headers, "Content-Length": str(size)}
        with pytest.raises((ConnectionError, httpx.HTTPError)):
            await edge.client.put(reserved.upload_path, content=chunks(size // 2, fail=True), headers=headers)

    await _until_free(person)
    listed = await person.vault.ListDocuments(pb.ListDocumentsRequest(customer_id=person.cid))
    assert not listed.documents
    assert office.stored_files() == []
    again = await edge.client.put(reserved.upload_path, content=b"", headers=person.headers)
    assert (again.status_code, again.json()["reason"]) == (409, "UPLOAD_ENDED")


async def test_upload_belongs_to_who_reserved_it(office: Office, edge: Edge, tenant: UUID) -> None:
    """F2: nobody else can fill a reserved upload, read a document by its id, or do either without a token."""
    person, other = await office.customer(tenant), await office.customer(tenant)
    reserved = await person.vault.CreateUpload(
        pb.CreateUploadRequest(customer_id=person.cid, file_name="a.txt", size_bytes=3)
    )
    stolen = await edge.client.put(reserved.upload_path, content=b"abc", headers=other.headers)
    assert stolen.status_code == 404
    assert (await edge.client.put(reserved.upload_path, content=b"abc")).status_code == 401
    mine = await edge.client.put(reserved.upload_path, content=b"abc", headers=person.headers)
    assert mine.status_code == 201
    url = f"/files/documents/{reserved.document_id}"
    assert (await edge.client.get(url, headers=other.headers)).status_code == 404
    assert (await edge.client.get(url)).status_code == 401
    by_cookie = await edge.client.get(url, headers={"Cookie": f"office_access={person.token}"})
    assert by_cookie.content == b"abc"
    assert (await edge.client.get(f"/files/documents/{new_id()}", headers=person.headers)).status_code == 404


async def test_altered_content_never_leaves(office: Office, edge: Edge, tenant: UUID) -> None:
    """F1: of an object that somebody changed in the store, only what is before the change is sent, or an error."""
    person = await office.customer(tenant)
    content = b"".join(pdf(2_500_000))
    document = await upload(edge, person, content)
    [stored] = office.stored_files()
    sealed = stored.read_bytes()
    url, received = f"/files/documents/{document.document_id}", bytearray()

    async def receive() -> None:
        async with edge.client.stream("GET", url, headers=person.headers) as answer:
            async for piece in answer.aiter_bytes():
                received.extend(piece)

    stored.write_bytes(sealed[:1_500_000] + b"?" + sealed[1_500_001:])
    with pytest.raises(httpx.RemoteProtocolError):
        await receive()
    assert received == content[: len(received)]
    assert len(received) < 1_048_576
    stored.write_bytes(b"?" + sealed[1:])
    assert (await edge.client.get(url, headers=person.headers)).status_code == 500
    stored.write_bytes(sealed)
    assert (await edge.client.get(url, headers=person.headers)).content == content


async def test_versions(office: Office, edge: Edge, tenant: UUID) -> None:
    """F99: a new version becomes the document; the old one stays readable."""
    person = await office.customer(tenant)
    first = await upload(edge, person, b"alt", file_name="a.txt")
    second = await upload(edge, person, b"%PDF-neu", file_name="b.pdf", document_id=first.document_id)
    assert (second.document_id, second.version, second.file_name) == (first.document_id, 2, "b.pdf")
    url = f"/files/documents/{first.document_id}"
    assert (await edge.client.get(url, headers=person.headers)).content == b"%PDF-neu"
    assert (await edge.client.get(url + "?version=1", headers=person.headers)).content == b"alt"
    assert (await edge.client.get(url + "?version=3", headers=person.headers)).status_code == 404
    listed = await person.vault.ListDocumentVersions(
        pb.ListDocumentVersionsRequest(customer_id=person.cid, document_id=first.document_id)
    )
    assert [(v.version, v.size_bytes) for v in listed.versions] == [(2, 8), (1, 3)]


async def test_form_without_scripts(office: Office, edge: Edge, tenant: UUID) -> None:
    """F1: a plain HTML form stores its files, too, encrypted while they arrive, and goes back where it came from."""
    person = await office.customer(tenant)
    content = b"".join(pdf(2_500_000))
    url = f"/files/customers/{person.cid}/documents?return_to=/kunde/dokumente&kind=DOCUMENT_KIND_POLICY"
    files = [("file", ("Police.pdf", content, "application/pdf")), ("file", ("Brief.txt", b"Hallo", "text/plain"))]
    answer = await edge.client.post(url, files=files, headers=person.headers)
    assert (answer.status_code, answer.headers["Location"]) == (303, "/kunde/dokumente?stored=2")
    listed = await person.vault.ListDocuments(pb.ListDocumentsRequest(customer_id=person.cid))
    assert [(d.title, d.size_bytes) for d in listed.documents] == [("Brief", 5), ("Police", 2_500_000)]
    assert listed.documents[1].kind == pb.DOCUMENT_KIND_POLICY
    quota = await person.vault.GetQuota(pb.GetQuotaRequest(customer_id=person.cid))
    assert (quota.used_bytes, quota.reserved_bytes) == (2_500_005, 0)
    whole = edge.client.build_request("POST", url, files=files, headers=person.headers)
    cut = (await whole.aread())[:900_000]
    headers = {**person.headers, "Content-Type": whole.headers["Content-Type"]}
    broken = await edge.client.post(url, content=cut, headers=headers)
    assert broken.status_code == 400
    await _until_free(person)
    assert len(office.stored_files()) == 2
    elsewhere = await edge.client.post(
        f"/files/customers/{person.cid}/documents?return_to=//evil.example", files=files[1:], headers=person.headers
    )
    assert elsewhere.status_code == 201


async def test_concurrent_uploads_never_pass_the_quota(office: Office, edge: Edge, tenant: UUID) -> None:
    """F14: of many uploads at once only as many get a place as fit, and the sum of files never exceeds the limit."""
    person = await office.customer(tenant)
    limit = SetQuotaRequest(tenant_id=str(tenant), customer_id=person.cid, limit_bytes=1_000_000)
    await office.service("billing", tenant).SetQuota(limit)
    piece = os.urandom(150_000)

    async def attempt(number: int) -> bool:
        try:
            await upload(edge, person, piece, file_name=f"{number}.bin")
        except grpc.aio.AioRpcError as error:
            return error.code() is not StatusCode.RESOURCE_EXHAUSTED
        return True

    stored = sum(await asyncio.gather(*(attempt(number) for number in range(20))))
    assert stored == 6
    quota = await person.vault.GetQuota(pb.GetQuotaRequest(customer_id=person.cid))
    assert (quota.used_bytes, quota.reserved_bytes, quota.limit_bytes) == (900_000, 0, 1_000_000)
    assert len(office.stored_files()) == 6
    over = pb.CreateUploadRequest(customer_id=person.cid, file_name="x", size_bytes=100_001)
    assert await refused(person.vault.CreateUpload(over)) is StatusCode.RESOURCE_EXHAUSTED


async def _until_free(person: Person) -> None:
    async def is_free() -> bool:
        return not (await person.vault.GetQuota(pb.GetQuotaRequest(customer_id=person.cid))).reserved_bytes

    await eventually(is_free)
