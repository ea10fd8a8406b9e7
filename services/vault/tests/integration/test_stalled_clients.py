"""Clients that stop in the middle do not keep others waiting."""

from __future__ import annotations

import asyncio
import subprocess
from uuid import UUID

import pytest
from kontor.vault.v1 import vault_pb2 as pb

from services.vault.tests.vault_office import Edge, Office, upload

pytestmark = pytest.mark.integration
ONE_THREAD = {"KONTOR_HTTP_THREADS": "1", "KONTOR_HTTP_STALL_SECONDS": "0.5"}


@pytest.mark.parametrize("edge_process", [ONE_THREAD], indirect=True)
@pytest.mark.parametrize("framing", ["Content-Length: 1000", "Transfer-Encoding: chunked"])
async def test_a_stalled_upload_frees_its_thread(
    office: Office, edge: Edge, edge_process: tuple[subprocess.Popen[bytes], int], tenant: UUID, framing: str
) -> None:
    """The only thread is with a client that sends nothing more; after the time allowed it answers the next one."""
    customer = await office.customer(tenant)
    document = await upload(edge, customer, b"Police")
    wanted = pb.CreateUploadRequest(customer_id=customer.cid, file_name="b.txt", size_bytes=1000)
    reserved = await customer.vault.CreateUpload(wanted)
    _, writer = await asyncio.open_connection("127.0.0.1", edge_process[1])
    head = (
        f"PUT {reserved.upload_path} HTTP/1.1\r\nHost: edge\r\nAuthorization: Bearer {customer.token}\r\n{framing}\r\n"
    )
    writer.write(f"{head}\r\n".encode())
    await writer.drain()
    async with asyncio.timeout(10):
        read = await edge.client.get(f"/files/documents/{document.document_id}", headers=customer.headers)
    assert read.content == b"Police"
    writer.close()
