"""Objects over the years: orphans go, what anybody still needs stays, damage is found, told of and repaired."""

from __future__ import annotations

import asyncio
import base64
import os
from datetime import UTC, timedelta
from pathlib import Path
from uuid import UUID

import pytest
from grpc import StatusCode
from kontor.common.v1.access_pb2 import Role
from kontor.vault.v1 import exports_pb2, keeping_pb2
from kontor.vault.v1 import vault_pb2 as pb
from kontor.vault.v1.exports_pb2_grpc import ExportServiceStub
from kontor.vault.v1.keeping_pb2_grpc import KeepingServiceStub
from kontor_chassis.clock import FixedClock, SystemClock
from kontor_chassis.ids import new_id
from kontor_vault.adapters.objects import open_object_store
from kontor_vault.integrity import DAMAGED, IntegrityCheck
from kontor_vault.orphans import OrphanSweep
from kontor_vault.sealing import Sealing

from services.vault.tests.archives import exporter_of, keys_of
from services.vault.tests.vault_office import Edge, Office, Person, pdf, refused, upload

pytestmark = pytest.mark.integration


async def half_sent(edge: Edge, person: Person) -> str:
    """Send the first half of a file by tus; return where the rest goes."""
    headers = {**person.headers, "Tus-Resumable": "1.0.0"}
    said = ",".join(f"{k} {v}" for k, v in {"customer_id": _base64(person.cid), "filename": _base64("a.txt")}.items())
    made = await edge.client.post("/files/tus", headers={**headers, "Upload-Length": "8", "Upload-Metadata": said})
    place = made.headers["Location"]
    part = {**headers, "Upload-Offset": "0", "Content-Type": "application/offset+octet-stream"}
    assert (await edge.client.patch(place, content=b"half", headers=part)).status_code == 204
    return place


def _base64(text: str) -> str:
    return base64.b64encode(text.encode()).decode()


async def test_the_sweep_takes_orphans_and_nothing_that_anybody_owns(office: Office, edge: Edge, tenant: UUID) -> None:
    """Orphan sweep: run after run beside uploads, with every object long past its safe age, each document stays."""
    customer = await office.customer(tenant)
    work, store = office.running.platform.work, open_object_store(office.objects.as_uri())
    later = FixedClock(SystemClock().now() + timedelta(days=3))
    kept = await upload(edge, customer, b"".join(pdf(1_500_000)))
    await edge.client.get(f"/files/documents/{kept.document_id}/preview", headers=customer.headers)
    await Sealing(keys_of(office), store).seal_some(work)
    place = await half_sent(edge, customer)
    exports = office.running.stub(ExportServiceStub, customer.token)
    await exports.CreateExport(exports_pb2.CreateExportRequest(customer_id=customer.cid))
    await exporter_of(office).make_next()
    owned = sorted(office.stored_files())
    orphans = [office.objects / str(tenant) / customer.cid / name for name in (f"{new_id()}", f"{new_id()}.preview")]
    for orphan in (*orphans, orphans[0].with_name(f"{kept.document_id}#77")):
        orphan.write_bytes(b"left behind")
    await OrphanSweep(work, store, "young").sweep_some()
    assert len(office.stored_files()) == len(owned) + 3, "nothing young goes"

    uploading = True

    async def sweep_again_and_again() -> int:
        rounds = 0
        while uploading or not rounds:
            await OrphanSweep(work, store, f"round {rounds}", later).sweep_some()
            rounds += 1
        return rounds

    sweeping = asyncio.create_task(sweep_again_and_again())
    documents = await asyncio.gather(*(upload(edge, customer, os.urandom(300_000)) for _ in range(6)))
    part = {**customer.headers, "Tus-Resumable": "1.0.0", "Upload-Offset": "4"}
    part["Content-Type"] = "application/offset+octet-stream"
    assert (await edge.client.patch(place, content=b"full", headers=part)).status_code == 204
    uploading = False
    assert await sweeping
    assert not [path for path in office.stored_files() if path.name.startswith(orphans[0].name) or "#" in path.name]
    assert not [path for path in orphans if path.exists()]
    for document in (kept, *documents):
        answer = await edge.client.get(f"/files/documents/{document.document_id}", headers=customer.headers)
        assert len(answer.content) == document.size_bytes


_STATE = keeping_pb2.GetKeepingStateRequest()


async def rounds(office: Office) -> keeping_pb2.KeepingState:
    """Return what the operator is told."""
    operator = office.person(new_id(), Role.ROLE_OPERATOR)
    return await office.running.stub(KeepingServiceStub, operator.token).GetKeepingState(_STATE)


async def test_damage_is_found_told_of_and_repaired(office: Office, edge: Edge, tenant: UUID, tmp_path: Path) -> None:
    """Integrity check: a flipped bit and a lost file show, and come back from the second store once it has them."""
    customer = await office.customer(tenant)
    work, store = office.running.platform.work, open_object_store(office.objects.as_uri())
    documents = [await upload(edge, customer, os.urandom(size)) for size in (0, 70_000, 2_300_000)]
    replica = open_object_store((tmp_path / "replica").as_uri())
    check = IntegrityCheck(work, keys_of(office), store, replica)
    await check.check(1 << 30)
    assert DAMAGED._value.get() == 0
    files = {path.stat().st_size: path for path in office.stored_files()}
    small, large = files[min(size for size in files if size > 1000)], files[max(files)]
    content = bytearray(large.read_bytes())
    content[len(content) // 2] ^= 1
    large.write_bytes(content)
    small.unlink()

    async def shown() -> list[bool]:
        asked = (pb.GetDocumentRequest(customer_id=customer.cid, document_id=d.document_id) for d in documents)
        return [(await customer.vault.GetDocument(each)).is_damaged for each in asked]

    alone = IntegrityCheck(work, keys_of(office), store, None)
    office.clock.advance(timedelta(days=2))
    await alone.check(1 << 30)
    assert DAMAGED._value.get() == 2
    assert await shown() == [False, True, True]
    told = await rounds(office)
    assert (told.damaged, told.missing, told.integrity.last_checked, told.integrity.last_damaged) == (2, 1, 3, 2)
    assert told.oldest_damage_time.ToDatetime(UTC) == office.clock.now()
    await check.check(1)
    told = await rounds(office)
    assert (told.damaged, told.integrity.last_repaired, told.integrity.is_running) == (0, 2, False)
    assert await refused(office.running.stub(KeepingServiceStub, customer.token).GetKeepingState(_STATE)) is (
        StatusCode.PERMISSION_DENIED
    )
    assert DAMAGED._value.get() == 0
    assert await shown() == [False, False, False]
    answer = await edge.client.get(f"/files/documents/{documents[2].document_id}", headers=customer.headers)
    assert len(answer.content) == 2_300_000
