"""Everything a customer has as an archive, and the way back into another vault."""

from __future__ import annotations

import hashlib
import io
import json
from pathlib import Path
from typing import Any
from uuid import UUID
from zipfile import ZIP_STORED, ZipFile

import pytest
from google.protobuf.field_mask_pb2 import FieldMask
from kontor.vault.v1 import emergency_folder_pb2, exports_pb2
from kontor.vault.v1 import vault_pb2 as pb
from kontor.vault.v1.emergency_folder_pb2_grpc import EmergencyFolderServiceStub
from kontor.vault.v1.exports_pb2_grpc import ExportServiceStub
from kontor_vault.adapters.key_encryption import open_key_encryption
from kontor_vault.adapters.objects import open_object_store
from kontor_vault.commands import import_archive
from kontor_vault.exporting import Exporter
from kontor_vault.keys import CustomerKeys

from services.vault.tests.vault_office import Edge, Office, Person, pdf, upload

pytestmark = pytest.mark.integration


async def exported(office: Office, edge: Edge, person: Person) -> tuple[exports_pb2.Export, bytes]:
    """Have an archive made and download it."""
    stub = office.running.stub(ExportServiceStub, person.token)
    export = await stub.CreateExport(exports_pb2.CreateExportRequest(customer_id=person.cid))
    again = await stub.CreateExport(exports_pb2.CreateExportRequest(customer_id=person.cid))
    assert again.export_id == export.export_id, "one at a time"
    store, encryption = open_object_store(office.objects.as_uri()), open_key_encryption(office.settings())
    await Exporter(office.running.platform.work, store, CustomerKeys(encryption)).make_next()
    asked = exports_pb2.GetExportRequest(customer_id=person.cid, export_id=export.export_id)
    ready = await stub.GetExport(asked)
    assert ready.state == exports_pb2.EXPORT_STATE_READY
    answer = await edge.client.get(ready.download_path, headers=person.headers)
    assert answer.status_code == 200, answer.text
    assert hashlib.sha256(answer.content).hexdigest() == ready.sha256
    rest = {**person.headers, "Range": "bytes=100-"}
    assert (await edge.client.get(ready.download_path, headers=rest)).content == answer.content[100:]
    return ready, answer.content


def metadata(archive: bytes) -> dict[str, Any]:
    """Return what an archive says about itself."""
    with ZipFile(io.BytesIO(archive)) as file:
        base = file.namelist()[0].partition("/")[0]
        said: dict[str, Any] = json.loads(file.read(f"{base}/data/metadata/archive.json"))
    return said


def meant(said: dict[str, Any]) -> dict[str, Any]:
    """Return it without the ids that every installation gives anew."""
    names = {folder["folder_id"]: folder["name"] for folder in said["folders"]} | {None: ""}
    kept: dict[str, Any] = {"folders": sorted((f["name"], names[f["parent_id"]]) for f in said["folders"])}
    for what, own in (("documents", "document_id"), ("emergency_items", "item_id")):
        kept[what] = [
            {k: names[v] if k == "folder_id" else v for k, v in each.items() if k not in {own, "had_secret"}}
            for each in said[what]
        ]
    return kept


async def household(office: Office, edge: Edge, customer: Person) -> None:
    """Fill a vault: folders, versions, a restored one, the trash, labels, the emergency folder, looks."""

    async def folder(name: str, parent_id: str = "") -> str:
        made = pb.CreateFolderRequest(customer_id=customer.cid, folder=pb.Folder(name=name, parent_id=parent_id))
        return (await customer.vault.CreateFolder(made)).folder_id

    tax = await folder("Steuer 100%")
    car = await folder("Auto", tax)
    first = await upload(edge, customer, b"".join(pdf(2_500_000)), folder_id=car, file_name="Schein.pdf")
    await upload(edge, customer, b"zwei", document_id=first.document_id, file_name="Schein.pdf", reason="neu")
    restored = pb.RestoreDocumentVersionRequest(customer_id=customer.cid, document_id=first.document_id, version=1)
    await customer.vault.RestoreDocumentVersion(restored)
    second = await upload(edge, customer, b"", file_name="Schein.pdf", folder_id=tax)
    said = pb.Document(
        customer_id=customer.cid, document_id=second.document_id, tags=["Kfz"], note="für später", due_on="2026-08-01"
    )
    mask = FieldMask(paths=["tags", "note", "due_on"])
    await customer.vault.UpdateDocument(pb.UpdateDocumentRequest(document=said, update_mask=mask))
    gone = await upload(edge, customer, b"weg", file_name="Weg.txt")
    await customer.vault.TrashDocument(pb.TrashDocumentRequest(customer_id=customer.cid, document_id=gone.document_id))
    await customer.vault.CreateGrant(
        pb.CreateGrantRequest(customer_id=customer.cid, grant=pb.Grant(document_id=first.document_id))
    )
    item = emergency_folder_pb2.EmergencyItem(
        customer_id=customer.cid,
        kind=emergency_folder_pb2.EMERGENCY_ITEM_KIND_LIVING_WILL,
        title="Testament",
        place="Tresor",
        folder_id=tax,
    )
    items = office.running.stub(EmergencyFolderServiceStub, customer.token)
    await items.CreateEmergencyItem(
        emergency_folder_pb2.CreateEmergencyItemRequest(customer_id=customer.cid, item=item)
    )
    await edge.client.get(f"/files/documents/{first.document_id}", headers=customer.headers)


async def test_an_archive_comes_back_without_loss(
    office: Office, edge: Edge, tenant: UUID, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Export of everything: files, versions, what is said, emergency folder and ledger go out and come in again."""
    customer, other = await office.customer(tenant), await office.customer(await office.firm())
    await household(office, edge, customer)
    export, archive = await exported(office, edge, customer)
    assert (export.documents, export.damaged_files) == (3, 0)
    seen = (await customer.vault.ListSightings(pb.ListSightingsRequest(customer_id=customer.cid))).sightings
    assert [each.action for each in seen].count(pb.SIGHTING_ACTION_EXPORT) == 1
    theirs = await edge.client.get(export.download_path, headers=other.headers)
    assert theirs.status_code == 404

    file = tmp_path / "archive.zip"
    file.write_bytes(archive)
    arguments = [str(other.tenant_id), other.cid, str(file)]
    await import_archive(office.settings(default_quota_bytes=1 << 30), office.running.platform, arguments)
    said = capsys.readouterr().out
    assert said == "3 documents with 5 versions in 2 folders, 1 entries of the emergency folder, 1 ledgers\n"
    _, again = await exported(office, edge, other)
    before, after = metadata(archive), metadata(again)
    assert meant(after) == meant(before)
    assert after["ledgers"][1] == {**before["ledgers"][0], "path": after["ledgers"][1]["path"], "seals": []}
    with ZipFile(io.BytesIO(archive)) as old, ZipFile(io.BytesIO(again)) as new:
        contents = [name for name in old.namelist() if "/metadata/" not in name and "/data/" in name]
        assert len(contents) == 5, "the restored version shares its file"
        assert all(new.read(name) == old.read(name) for name in contents)
    free = await other.vault.GetQuota(pb.GetQuotaRequest(customer_id=other.cid))
    assert free.used_bytes == 2_500_000 + 4 + 3

    with pytest.raises(SystemExit):
        await import_archive(office.settings(default_quota_bytes=1 << 30), office.running.platform, arguments)
    assert capsys.readouterr().out == "not read in: this archive was read in before\n"


@pytest.mark.parametrize(
    ("change", "why"),
    [
        ({"/data/Dokumente/Brief.txt": b"falsch"}, "data/Dokumente/Brief.txt: does not match its checksum"),
        ({"../../etc/passwd": b""}, "'../../etc/passwd': a name that leads out of the archive"),
        ({"/data/Dokumente/mehr.txt": b"x"}, "data/Dokumente/mehr.txt: no manifest names it"),
    ],
)
async def test_altered_archives_are_refused(
    office: Office, edge: Edge, tenant: UUID, tmp_path: Path, capsys: pytest.CaptureFixture[str],
    change: dict[str, bytes], why: str,
) -> None:  # fmt: skip
    """Export of everything: what does not fit is not read in, a sentence says which file, and nothing stays."""
    customer = await office.customer(tenant)
    await upload(edge, customer, b"echt", file_name="Brief.txt")
    _, archive = await exported(office, edge, customer)
    before = sorted(office.stored_files())
    file = tmp_path / "archive.zip"
    with ZipFile(io.BytesIO(archive)) as old, ZipFile(file, "w", ZIP_STORED) as new:
        base = old.namelist()[0].partition("/")[0]
        changed = {(base + name if name.startswith("/") else name): content for name, content in change.items()}
        for name in {*old.namelist(), *changed}:
            new.writestr(name, changed[name] if name in changed else old.read(name))
    with pytest.raises(SystemExit):
        await import_archive(office.settings(), office.running.platform, [str(tenant), customer.cid, str(file)])
    assert capsys.readouterr().out == f"not read in: {why}\n"
    assert sorted(office.stored_files()) == before
