"""Archives for tests: made by a vault, made up, and taken apart."""

from __future__ import annotations

import hashlib
import io
import json
from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING, Any
from uuid import UUID
from zipfile import ZIP_STORED, ZipFile

from hypothesis import strategies as st
from kontor.vault.v1 import exports_pb2
from kontor.vault.v1.exports_pb2_grpc import ExportServiceStub
from kontor_vault.adapters.consents import IdentityConsents
from kontor_vault.adapters.key_encryption import open_key_encryption
from kontor_vault.adapters.objects import open_object_store
from kontor_vault.archive_format import ARCHIVE_PATH, Archive
from kontor_vault.archive_reader import ArchiveReader
from kontor_vault.bags import BagWriter
from kontor_vault.exporting import Exporter
from kontor_vault.importing import Importer
from kontor_vault.keys import CustomerKeys
from kontor_vault.media_types import sniff_media_type

if TYPE_CHECKING:
    from services.vault.tests.vault_office import Edge, Office, Person

MADE = datetime(2026, 6, 30, 12, 0, tzinfo=UTC)


def keys_of(office: Office) -> CustomerKeys:
    """Return the customers' keys."""
    return CustomerKeys(open_key_encryption(office.settings()))


def exporter_of(office: Office) -> Exporter:
    """Return what makes archives."""
    platform = office.running.platform
    store = open_object_store(office.objects.as_uri())
    return Exporter(platform.work, store, keys_of(office), IdentityConsents(platform.callers))


def importer_of(office: Office, room: int = 1 << 30) -> Importer:
    """Return what an administrator reads archives in with."""
    return Importer(office.running.platform.work, open_object_store(office.objects.as_uri()), keys_of(office), room)


def reader_of(office: Office, room: int = 1 << 30) -> ArchiveReader:
    """Return what reads in archives that customers bring."""
    store = open_object_store(office.objects.as_uri())
    return ArchiveReader(office.running.platform.work, store, keys_of(office), room)


async def exported(office: Office, edge: Edge, person: Person) -> tuple[exports_pb2.Export, bytes]:
    """Have an archive made and download it."""
    stub = office.running.stub(ExportServiceStub, person.token)
    export = await stub.CreateExport(exports_pb2.CreateExportRequest(customer_id=person.cid))
    again = await stub.CreateExport(exports_pb2.CreateExportRequest(customer_id=person.cid))
    assert again.export_id == export.export_id, "one at a time"
    await exporter_of(office).make_next()
    asked = exports_pb2.GetExportRequest(customer_id=person.cid, export_id=export.export_id)
    ready = await stub.GetExport(asked)
    assert ready.state == exports_pb2.EXPORT_STATE_READY
    answer = await edge.client.get(ready.download_path, headers=person.headers)
    assert answer.status_code == 200, answer.text
    assert hashlib.sha256(answer.content).hexdigest() == ready.sha256
    rest = {**person.headers, "Range": "bytes=100-"}
    assert (await edge.client.get(ready.download_path, headers=rest)).content == answer.content[100:]
    return ready, answer.content


def files_of(archive: bytes) -> dict[str, bytes]:
    """Return the files below `data/` of an archive."""
    with ZipFile(io.BytesIO(archive)) as file:
        return {n.partition("/data/")[2]: file.read(n) for n in file.namelist() if "/data/" in n}


def metadata(archive: bytes) -> dict[str, Any]:
    """Return what an archive says about itself."""
    said: dict[str, Any] = json.loads(files_of(archive)[ARCHIVE_PATH])
    return said


def contents_of(archive: bytes) -> dict[str, bytes]:
    """Return the files of an archive that are contents of documents."""
    tops = ("Dokumente/", "Fassungen/", "Papierkorb/")
    return {name: content for name, content in files_of(archive).items() if name.startswith(tops)}


def meant(said: dict[str, Any]) -> dict[str, Any]:
    """Return what lives on in another vault, without the ids that every installation gives anew."""
    names = {folder["folder_id"]: folder["name"] for folder in said["folders"]} | {None: ""}
    anew = {"document_id", "item_id", "filing_rule_id", "had_secret", "contract_id", "origin", "retention"}
    kept: dict[str, Any] = {"folders": sorted((f["name"], names[f["parent_id"]]) for f in said["folders"])}
    for what in ("documents", "emergency_items", "filing_rules"):
        kept[what] = [
            {k: names[v] if k == "folder_id" else v for k, v in each.items() if k not in anew} for each in said[what]
        ]
    for document in kept["documents"]:
        document["versions"] = [
            {k: v for k, v in each.items() if k not in {"origin", "path"}} for each in document["versions"]
        ]
    for each in kept.values():
        each.sort(key=lambda one: json.dumps(one, sort_keys=True))
    return kept


def brought_along(archive: bytes) -> dict[str, bytes]:
    """Return what another vault has to keep of an archive as it came, by where it will lie there."""
    said, files = metadata(archive), files_of(archive)
    own = [ARCHIVE_PATH, *(delivery["proof_path"] for delivery in said["deliveries"])]
    kept = {f"metadata/earlier/{said['archive_id']}/{path}": files[path] for path in own}
    return kept | {each["path"]: files[each["path"]] for each in said["earlier"]}


def bag_of(archive: Archive, files: dict[str, bytes]) -> bytes:
    """Return an archive that says this and has these files."""
    packed = io.BytesIO()
    bag = BagWriter(packed, "kontor", archive.make_time)
    for path, content in files.items():
        bag.add(path, [content])
    bag.add(ARCHIVE_PATH, [archive.model_dump_json().encode()])
    bag.finish()
    return packed.getvalue()


def repacked(archive: bytes, changes: dict[str, bytes | None]) -> bytes:
    """Return an archive with files changed, added or (None) left out, but with the manifests that it had.

    A name that begins with a slash lies in the archive's folder.
    """
    packed = io.BytesIO()
    with ZipFile(io.BytesIO(archive)) as old, ZipFile(packed, "w", ZIP_STORED) as new:
        base = old.namelist()[0].partition("/")[0]
        changed = {(base + name if name.startswith("/") else name): content for name, content in changes.items()}
        for name in {**dict.fromkeys(old.namelist()), **dict.fromkeys(changed)}:
            content = changed[name] if name in changed else old.read(name)
            if content is not None:
                new.writestr(name, content)
    return packed.getvalue()


_WORDS = st.text(st.characters(categories=["L", "N"], include_characters=" äöüß-./\\:%\n"), min_size=1, max_size=20)
_LABELS = _WORDS.map(lambda text: " ".join(text.split())).filter(bool)
_TIMES = st.integers(0, 10**8).map(lambda seconds: MADE - timedelta(seconds=seconds))
_DAYS = st.one_of(st.none(), st.integers(0, 4000).map(lambda days: date(2020, 1, 1) + timedelta(days)))
_CONTENTS = st.one_of(st.just(b""), st.binary(max_size=60), st.just(b"%PDF-1.7\n" * 150_000))


@st.composite
def households(draw: st.DrawFn) -> tuple[Archive, dict[str, bytes]]:
    """Draw an archive of a whole household, and its files."""
    new = draw(st.randoms(use_true_random=False))

    def uuid() -> UUID:
        return UUID(int=new.getrandbits(128), version=4)

    times = {"create_time": draw(_TIMES), "update_time": draw(_TIMES)}
    names = draw(st.lists(_LABELS, max_size=4, unique_by=str.lower))
    folders: list[dict[str, Any]] = []
    for name in names:
        above = draw(st.sampled_from([None, *(folder["folder_id"] for folder in folders)]))
        folders.append({"folder_id": uuid(), "parent_id": above, "name": name, **times})
    place = st.sampled_from([None, *(folder["folder_id"] for folder in folders)])
    files: dict[str, bytes] = {}
    documents = [_document(draw, uuid(), draw(place), files) for _ in range(draw(st.integers(0, 3)))]
    items = [
        {"item_id": uuid(), "folder_id": draw(place), "kind": "EMERGENCY_ITEM_KIND_LIVING_WILL", "title": title,
         "place": draw(_WORDS), "had_secret": draw(st.booleans()), **times}
        for title in draw(st.lists(_LABELS, max_size=2))
    ]  # fmt: skip
    rules = [
        {"filing_rule_id": uuid(), "sender": sender, "name": "Beitragsrechnung", "kind": "DOCUMENT_KIND_INVOICE",
         "folder_id": draw(place), "title_pattern": "{name} {sender}", "confirmations": 3, **times}
        for sender in draw(st.lists(_LABELS, max_size=2, unique_by=str.casefold))
    ]  # fmt: skip
    about = {"archive_id": uuid(), "make_time": MADE, "tenant_id": uuid(), "customer_id": uuid()}
    lists = {"folders": folders, "documents": documents, "emergency_items": items, "filing_rules": rules}
    return Archive.model_validate({**about, **lists, "grants": [], "ledgers": []}), files


def _document(draw: st.DrawFn, document_id: UUID, folder_id: UUID | None, files: dict[str, bytes]) -> dict[str, Any]:
    versions: list[dict[str, Any]] = []
    for number in range(1, 1 + draw(st.integers(1, 3))):
        again = draw(st.sampled_from([None, *versions]))
        path = again["path"] if again else f"Dokumente/{document_id}-{number}.txt"
        content = files.setdefault(path, b"" if again else draw(_CONTENTS))
        versions.append(
            {"number": number, "path": path, "file_name": f"Brief {number}.txt",
             "media_type": sniff_media_type(content),
             "size_bytes": len(content), "sha256": hashlib.sha256(content).hexdigest(),
             "origin": draw(st.sampled_from(["CUSTOMER", "FIRM"])), "reason": draw(_LABELS),
             "creator_name": draw(_LABELS), "restored_from": again["number"] if again else None,
             "create_time": draw(_TIMES)}
        )  # fmt: skip
    times = {"create_time": draw(_TIMES), "update_time": draw(_TIMES)}
    proposal = {"state": "CONFIRMED", "sender": draw(_LABELS), "numbers": ["4711"], "dated_on": draw(_DAYS), **times}
    return {
        "document_id": document_id, "folder_id": folder_id, "title": draw(_LABELS), "kind": "DOCUMENT_KIND_INVOICE",
        "origin": draw(st.sampled_from(["CUSTOMER", "FIRM"])), "contract_id": document_id,
        "release_time": draw(_TIMES), "trash_time": draw(st.one_of(st.none(), _TIMES)),
        "tags": draw(st.lists(_LABELS, max_size=3, unique_by=str.casefold)), "note": draw(_LABELS),
        "concerned_person": draw(_LABELS), "dated_on": draw(_DAYS), "due_on": draw(_DAYS),
        "remind_days": draw(st.integers(0, 90)), "end_on": draw(_DAYS), "end_warn_on": draw(_DAYS),
        "proposal": draw(st.sampled_from([None, proposal])), "versions": versions, **times,
    }  # fmt: skip
