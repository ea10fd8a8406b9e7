"""Archives of strangers that are not what they say: each is refused with a reason, before anything of it is used."""

from __future__ import annotations

import hashlib
import io
import struct
from contextlib import suppress
from pathlib import Path
from typing import Any
from uuid import UUID
from zipfile import ZIP_DEFLATED, ZIP_STORED, ZipFile, ZipInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from kontor_vault.archive_check import opened_archive
from kontor_vault.archive_format import ARCHIVE_PATH, Archive, schema_text
from kontor_vault.bags import BagReader, BagRefusedError, Refusal

from services.vault.tests.archives import MADE, bag_of, repacked

_ID = UUID(int=7)
_BRIEF = "Dokumente/Brief.txt"


def archive(**changes: Any) -> Archive:
    """Return a small archive with one letter, changed in places."""
    times = {"create_time": MADE, "update_time": MADE}
    version = {"number": 1, "path": _BRIEF, "file_name": "Brief.txt", "media_type": "text/plain", "size_bytes": 4,
               "sha256": hashlib.sha256(b"echt").hexdigest(), "origin": "CUSTOMER", "create_time": MADE}  # fmt: skip
    document = {"document_id": _ID, "folder_id": None, "title": "Brief", "kind": "DOCUMENT_KIND_OTHER",
                "origin": "CUSTOMER", "contract_id": None, "release_time": MADE, **times, "versions": [version],
                **changes.pop("document", {})}  # fmt: skip
    said = {"archive_id": _ID, "make_time": MADE, "tenant_id": _ID, "customer_id": _ID, "folders": [],
            "documents": [document], "grants": [], "emergency_items": [], "ledgers": [], **changes}  # fmt: skip
    return Archive.model_validate(said)


def packed(**changes: Any) -> bytes:
    """Return it as a file."""
    return bag_of(archive(**changes), {_BRIEF: b"echt"})


def refusal(content: bytes) -> BagRefusedError:
    """Return why an archive is refused."""
    with pytest.raises(BagRefusedError) as refused:
        opened_archive(io.BytesIO(content))
    return refused.value


def test_the_format_is_written_down_as_it_is() -> None:
    """Export of everything: the published JSON Schema is the one that archives carry."""
    published = Path(__file__).parents[4] / "docs" / "archive-format" / "archive.schema.json"
    assert published.read_text(encoding="utf-8") == schema_text()


def test_a_sound_archive_opens() -> None:
    """Export of everything: the archive that the other tests alter is a good one."""
    bag, said = opened_archive(io.BytesIO(packed()))
    assert (said.documents[0].title, b"".join(bag.pieces(f"data/{_BRIEF}"))) == ("Brief", b"echt")


@pytest.mark.parametrize(
    ("changes", "reason", "path"),
    [
        ({f"/data/{_BRIEF}": b"falsch"}, Refusal.ALTERED, f"data/{_BRIEF}"),
        ({f"/data/{_BRIEF}": None}, Refusal.MISSING, f"data/{_BRIEF}"),
        ({"/data/mehr.txt": b"x"}, Refusal.UNLISTED, "data/mehr.txt"),
        ({"/manifest-sha256.txt": b""}, Refusal.ALTERED, "manifest-sha256.txt"),
        ({"/manifest-sha256.txt": None}, Refusal.MISSING, "manifest-sha256.txt"),
        ({"/tagmanifest-sha256.txt": b"???"}, Refusal.ALTERED, "tagmanifest-sha256.txt"),
        ({"/bagit.txt": b"BagIt-Version: 9.9\n"}, Refusal.NO_ARCHIVE, ""),
        ({"../../etc/passwd": b""}, Refusal.UNSAFE, "'../../etc/passwd'"),
        ({"/etc/../../passwd": b""}, Refusal.UNSAFE, "'kontor/etc/../../passwd'"),
        ({"C:\\autoexec.bat": b""}, Refusal.UNSAFE, "'C:\\\\autoexec.bat'"),
        ({"beside/bagit.txt": b""}, Refusal.UNSAFE, "beside/bagit.txt"),
    ],
)
def test_altered_archives_are_refused(changes: dict[str, bytes | None], reason: Refusal, path: str) -> None:
    """Export of everything: what was altered, left out, added or leads elsewhere is named."""
    refused = refusal(repacked(packed(), changes))
    assert (refused.reason, refused.path) == (reason, path)


def _document(**changes: Any) -> dict[str, Any]:
    return {"document": changes}


_VERSION = archive().documents[0].versions[0].model_dump()


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        (_document(folder_id=UUID(int=1)), Refusal.CONTRADICTORY),
        (_document(versions=[{**_VERSION, "sha256": "0" * 64}]), Refusal.ALTERED),
        (_document(versions=[{**_VERSION, "size_bytes": 5}]), Refusal.ALTERED),
        (_document(versions=[{**_VERSION, "path": "../secret"}]), Refusal.MISSING),
        (_document(versions=[{**_VERSION, "restored_from": 1}]), Refusal.CONTRADICTORY),
        (_document(versions=[_VERSION, _VERSION]), Refusal.CONTRADICTORY),
        ({"documents": archive().documents * 2}, Refusal.CONTRADICTORY),
        (
            {"documents": [archive().documents[0], archive(document={"document_id": UUID(int=8)}).documents[0]]},
            Refusal.CONTRADICTORY,
        ),
        ({"earlier": [{"archive_id": UUID(int=9), "name": "../x", "path": _BRIEF}]}, Refusal.CONTRADICTORY),
        (
            {"ledgers": [{"path": _BRIEF, "tenant_id": _ID, "customer_id": _ID, "entries": 1, "hash": "0" * 64}]},
            Refusal.CONTRADICTORY,
        ),
    ],
)
def test_what_does_not_fit_together_is_refused(changes: dict[str, Any], reason: Refusal) -> None:
    """Export of everything: files that are two things, folders that are nowhere, versions out of nothing (no quota is
    passed by calling a content restored)."""
    assert refusal(packed(**changes)).reason is reason


@pytest.mark.parametrize("text", [b"{}", b"[" * 100_000, b'{"title": "\xff"}', b"null"])
def test_metadata_that_nobody_understands_is_refused(text: bytes) -> None:
    """Export of everything: whatever stands where the metadata should."""
    whole = archive()
    content = io.BytesIO(bag_of(whole, {}))
    good = repacked(content.getvalue(), {})
    with ZipFile(io.BytesIO(good)) as old:
        manifest = old.read("kontor/manifest-sha256.txt").decode()
    line = next(line for line in manifest.splitlines() if line.endswith(ARCHIVE_PATH))
    altered = manifest.replace(line[:64], hashlib.sha256(text).hexdigest()).encode()
    with ZipFile(io.BytesIO(good)) as old:
        tags = old.read("kontor/tagmanifest-sha256.txt").decode()
    before = hashlib.sha256(manifest.encode()).hexdigest()
    tags = tags.replace(before, hashlib.sha256(altered).hexdigest())
    changes: dict[str, bytes | None] = {
        f"/data/{ARCHIVE_PATH}": text, "/manifest-sha256.txt": altered, "/tagmanifest-sha256.txt": tags.encode(),
    }  # fmt: skip
    assert refusal(repacked(good, changes)).reason is Refusal.NOT_UNDERSTOOD


def test_an_altered_ledger_is_refused() -> None:
    """Sight ledger: a line that was changed, and one that was cut off, are told from which entry on."""
    path = "metadata/sight-ledger.jsonl"
    entry = f'{{"tenant_id":"{_ID}","customer_id":"{_ID}","sequence":1,"form":2,"action":1,'.encode()
    entry += f'"time":"2026-01-01T00:00:00Z","hash":"{"0" * 64}"}}\n'.encode()
    said = {"path": path, "tenant_id": _ID, "customer_id": _ID, "entries": 1, "hash": "0" * 64}
    for lines in (entry, b"", b"x" * 100_000, b"{}\n"):
        refused = refusal(bag_of(archive(ledgers=[said]), {_BRIEF: b"echt", path: lines}))
        assert (refused.reason, refused.path) == (Refusal.LEDGER_ALTERED, f"data/{path}")


def _zip(entries: list[tuple[ZipInfo | str, bytes]], compression: int = ZIP_STORED) -> bytes:
    made = io.BytesIO()
    with ZipFile(made, "w", compression) as file:
        for entry, content in entries:
            file.writestr(entry, content, compression)
    return made.getvalue()


def test_bombs_do_not_go_off() -> None:
    """Hostile archives: by ratio, by number, by a directory without end, by lies about sizes, by names given twice."""
    assert refusal(_zip([("kontor/bagit.txt", bytes(100 << 20))], ZIP_DEFLATED)).reason is Refusal.TOO_LARGE
    link = ZipInfo("kontor/link")
    link.external_attr = 0o120777 << 16
    assert refusal(_zip([(link, b"/etc/passwd")])).reason is Refusal.UNSAFE
    with pytest.warns(UserWarning, match="Duplicate name"):
        twice = _zip([("kontor/bagit.txt", b"1"), ("kontor/bagit.txt", b"2")])
    assert refusal(twice).reason is Refusal.UNSAFE
    lying = _zip([("kontor/bagit.txt", b"BagIt-Version: 1.0\n" * 1000)], ZIP_DEFLATED)
    at = lying.rindex(b"PK\x01\x02") + 24  # the size that the directory announces
    shorter = lying[:at] + struct.pack("<L", 10) + lying[at + 4 :]
    assert refusal(shorter).reason in {Refusal.ALTERED, Refusal.NO_ARCHIVE}
    longer = lying[:at] + struct.pack("<L", 0xFFFFFF00) + lying[at + 4 :]
    assert refusal(longer).reason is Refusal.TOO_LARGE
    endless = bytes(30 << 20) + struct.pack("<4s4H2LH", b"PK\x05\x06", 0, 0, 0, 0, 30 << 20, 0, 0)
    assert refusal(endless).reason is Refusal.TOO_LARGE


def test_an_archive_in_an_archive_stays_a_file() -> None:
    """Hostile archives: nothing inside is unpacked, whatever it is."""
    bomb = _zip([("bomb", bytes(1 << 20))], ZIP_DEFLATED)
    document = {**_VERSION, "size_bytes": len(bomb), "sha256": hashlib.sha256(bomb).hexdigest()}
    bag, _ = opened_archive(io.BytesIO(bag_of(archive(document={"versions": [document]}), {_BRIEF: bomb})))
    assert b"".join(bag.pieces(f"data/{_BRIEF}")) == bomb


@settings(max_examples=60, deadline=None)
@given(st.data())
def test_whatever_bytes_come_are_refused_or_read(data: st.DataObject) -> None:
    """Fuzzed: bytes of a good archive turned, cut, doubled; nothing but a refusal ever comes of it."""
    good = packed()
    content = bytearray(good)
    for _ in range(data.draw(st.integers(1, 4))):
        at = data.draw(st.integers(0, len(content) - 1))
        match data.draw(st.integers(0, 2)):
            case 0:
                content[at] ^= data.draw(st.integers(1, 255))
            case 1:
                del content[at : at + data.draw(st.integers(1, 200))]
            case _:
                content[at:at] = data.draw(st.binary(max_size=40))
        if not content:
            return
    with suppress(BagRefusedError):
        opened_archive(io.BytesIO(bytes(content)))


@settings(max_examples=60, deadline=None)
@given(st.binary(max_size=400))
def test_noise_is_no_archive(noise: bytes) -> None:
    """Fuzzed: bytes of any kind, with and without the end of a ZIP."""
    for content in (noise, noise + struct.pack("<4s4H2LH", b"PK\x05\x06", 0, 0, 1, 1, len(noise), 0, 0)):
        with pytest.raises(BagRefusedError):
            BagReader(io.BytesIO(content), 1 << 30).check()
