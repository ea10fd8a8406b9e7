"""Keys in the running vault: rotated under its feet, and destroyed for good."""

from __future__ import annotations

import base64
import os
from contextlib import suppress
from pathlib import Path
from uuid import UUID

import asyncpg
import pytest
from grpc import StatusCode
from kontor.identity.v1.events_pb2 import TenantDeleted
from kontor.vault.v1 import internal_pb2
from kontor.vault.v1 import vault_pb2 as pb
from kontor_vault.adapters.objects import open_object_store
from kontor_vault.commands import erase_customer, list_erasures, rewrap_keys
from kontor_vault.consumers import consumers
from kontor_vault.jobs import forget_ended_uploads

from services.vault.tests.transit_server import TransitEngine, TransitServer
from services.vault.tests.vault_office import Edge, Office, Person, refused, upload
from tests.firm_end import delete_firm, rows_of

pytestmark = pytest.mark.integration


async def content(edge: Edge, person: Person, document: pb.Document) -> bytes:
    """Return what a download answers with."""
    return (await edge.client.get(f"/files/documents/{document.document_id}", headers=person.headers)).content


async def wrapped_keys(office: Office) -> list[tuple[str, bytes]]:
    """Return every wrapped key with the name of what wrapped it."""
    owner = await asyncpg.connect(office.database.owner_url)
    await owner.execute("SET kontor.role = 'service'")
    rows = await owner.fetch("SELECT wrapped_under, wrapped_key FROM customer_keys ORDER BY customer_id")
    await owner.close()
    return [(row["wrapped_under"], row["wrapped_key"]) for row in rows]


async def test_the_key_rotates_while_people_work(
    office: Office, edge: Edge, tenant: UUID, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """F2: a new key in the file, then Transit: everything stays readable, and in the end nothing needs the old ones."""
    customers = [await office.customer(tenant) for _ in range(2)]
    documents = [await upload(edge, customer, b"geheim") for customer in customers]
    first, office_key = await wrapped_keys(office), office.key.read_text()
    new = base64.b64encode(os.urandom(32)).decode()
    office.key.write_text(f"{new}\n{office_key}\n")
    assert await content(edge, customers[0], documents[0]) == b"geheim"
    await rewrap_keys(office.settings(), office.running.platform, [])
    said = capsys.readouterr().out.splitlines()
    assert said[0] == "2 of 2 keys"
    assert said[1].startswith("0 keys are left under older versions; file:")
    second = await wrapped_keys(office)
    assert {under for under, _ in first}.isdisjoint(under for under, _ in second)
    office.key.write_text(new)
    for customer, document in zip(customers, documents, strict=True):
        assert await content(edge, customer, document) == b"geheim"

    engine = TransitEngine(token="hvs.test")
    engine.rotate("kontor")
    (tmp_path / "token").write_text(engine.token)
    with TransitServer(engine) as server:
        more = {"transit_url": server.url, "transit_key": "kontor", "transit_token_file": tmp_path / "token"}
        await rewrap_keys(office.settings(**more, transit_mount="transit"), office.running.platform, [])
    assert {under for under, _ in await wrapped_keys(office)} == {"transit:kontor:1"}


async def test_an_erased_customer_cannot_come_back(
    office: Office, edge: Edge, tenant: UUID, capsys: pytest.CaptureFixture[str]
) -> None:
    """F2: key, documents, grants and ledger are gone, what was stored cannot be read, and a certificate says so."""
    customer, other = await office.customer(tenant), await office.customer(tenant)
    document, kept = await upload(edge, customer, b"geheim"), await upload(edge, other, b"bleibt")
    grant = pb.Grant(document_id=document.document_id)
    await customer.vault.CreateGrant(pb.CreateGrantRequest(customer_id=customer.cid, grant=grant))
    await content(edge, customer, document)
    before = await rows_of(office.database.owner_url, tenant)
    request = internal_pb2.EraseCustomerRequest(tenant_id=str(tenant), customer_id=customer.cid)
    first = await office.service("identity", tenant).EraseCustomer(request)
    assert (first.certificate, first.keys, first.documents, first.size_bytes) == (1, 1, 1, 6)
    assert (await office.service("identity", tenant).EraseCustomer(request)).hash == first.hash
    assert await refused(office.service("billing", tenant).EraseCustomer(request)) is StatusCode.PERMISSION_DENIED

    assert len(await wrapped_keys(office)) == 1
    after = await rows_of(office.database.owner_url, tenant)
    assert {name: before[name] - after.get(name, 0) for name in ("documents", "versions", "grants", "sightings")} == {
        "documents": 1, "versions": 1, "grants": 1, "sightings": 2,
    }  # fmt: skip
    assert (
        await edge.client.get(f"/files/documents/{document.document_id}", headers=customer.headers)
    ).status_code == 404
    late = await customer.vault.CreateUpload(
        pb.CreateUploadRequest(customer_id=customer.cid, file_name="Spät.txt", size_bytes=1)
    )
    assert (await edge.client.put(late.upload_path, content=b"x", headers=customer.headers)).status_code == 404
    assert await content(edge, other, kept) == b"bleibt"
    await forget_ended_uploads(office.jobs, open_object_store(office.objects.as_uri()))
    assert not [path for path in office.stored_files() if customer.cid in str(path)]

    await erase_customer(office.settings(), office.running.platform, [str(tenant), other.cid])
    await list_erasures(office.settings(), office.running.platform, [])
    said = capsys.readouterr().out.splitlines()
    assert len(said) == 3
    assert said[1].startswith("certificate 1: ")
    assert first.keys_digest in said[1]
    assert f"customer {other.cid}: 1 keys destroyed" in said[2]


async def test_a_deleted_firm_leaves_a_certificate_that_nobody_can_change(
    office: Office, edge: Edge, tenant: UUID, capsys: pytest.CaptureFixture[str]
) -> None:
    """F2, decision 10: it names the firm and how many keys were destroyed, and outlives the firm's last row."""
    for _ in range(2):
        await upload(edge, await office.customer(tenant), b"geheim")
    await delete_firm(office.running, "vault", consumers(0)[TenantDeleted], tenant)
    await list_erasures(office.settings(), office.running.platform, [str(tenant)])
    said = capsys.readouterr().out
    assert f"firm {tenant} all customers: 2 keys destroyed" in said
    assert "with them 2 documents, 12 bytes" in said
    for url in (office.database.url, office.database.owner_url):
        connection = await asyncpg.connect(url)
        await connection.execute("SET kontor.role = 'service'")
        for statement in ("UPDATE erasures SET keys = 0", "DELETE FROM erasures", "TRUNCATE erasures"):
            with suppress(asyncpg.InsufficientPrivilegeError):
                assert await connection.execute(statement) == "UPDATE 0", "no policy lets it through"
        await connection.close()
    await list_erasures(office.settings(), office.running.platform, [str(tenant)])
    assert capsys.readouterr().out == said
    owner = await asyncpg.connect(office.database.owner_url)
    await owner.execute("ALTER TABLE erasures DISABLE TRIGGER USER, NO FORCE ROW LEVEL SECURITY")
    await owner.execute("UPDATE erasures SET keys = 3")
    await owner.close()
    with pytest.raises(SystemExit):
        await list_erasures(office.settings(), office.running.platform, [])
    assert "not intact from certificate 1 on" in capsys.readouterr().out
