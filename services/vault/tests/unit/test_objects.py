"""Objects in a directory: durable before they are visible, and nothing left of those that never were."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from kontor_vault.adapters.files import DirectoryObjects
from kontor_vault.adapters.objects import StoreObjects
from kontor_vault.objects import Objects
from obstore.store import MemoryStore

PATH = "firm/customer/content"


@pytest.fixture(params=["directory", "store"])
def objects(request: pytest.FixtureRequest, tmp_path: Path) -> Objects:
    """Return either kind of object store, empty."""
    return DirectoryObjects(tmp_path) if request.param == "directory" else StoreObjects(MemoryStore())


def test_what_was_committed_is_read_back_until_it_is_deleted(objects: Objects) -> None:
    """F1: a directory and an object store answer alike, also beyond the end and for an object written again."""
    for content in (b"first", b"second, and longer"):
        sink = objects.write(PATH)
        sink.write(content[:3])
        sink.write(content[3:])
        sink.commit()
    source = objects.read(PATH)
    assert bytes(source.fetch(0, 6)) == b"second"
    assert bytes(source.fetch(8, 18)) == b"and longer"
    assert bytes(source.fetch(14, 40)) == b"nger"
    source.close()
    for _ in range(2):
        objects.delete(PATH)
    with pytest.raises(FileNotFoundError):
        objects.read(PATH).fetch(0, 1)


def test_content_is_on_the_disk_before_its_name_and_its_name_before_commit_returns(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """F1: a power cut takes no document back that its uploader was told is stored."""
    flushed: list[tuple[Path, bool]] = []
    flush = os.fsync

    def remembering(opened: int) -> None:
        flush(opened)
        flushed.append((Path(f"/proc/self/fd/{opened}").readlink(), (tmp_path / PATH).exists()))

    objects = DirectoryObjects(tmp_path)
    sink = objects.write(PATH)
    sink.write(os.urandom(20_000_000))
    monkeypatch.setattr(os, "fsync", remembering)
    sink.commit()
    (part, visible), *folders = flushed
    assert part.name.startswith("content#")
    assert not visible
    assert folders == [(tmp_path / "firm/customer", True), (tmp_path / "firm", True), (tmp_path, True)]

    for path, *names in (("firm/customer/next", "firm/customer"), ("firm/other/first", "firm/other", "firm")):
        flushed.clear()
        objects.write(path).commit()
        assert [folder for folder, _ in flushed[1:]] == [tmp_path / name for name in names], "no name without its own"


@pytest.mark.parametrize("announced", [1, 20_000_000, 40_000_000])
def test_announced_size_is_only_a_hint(tmp_path: Path, announced: int) -> None:
    """F14: a file is as long as what was written, whatever was announced, and takes no more room than that."""
    content = os.urandom(20_000_000)
    sink = DirectoryObjects(tmp_path).write(PATH, announced)
    sink.write(content)
    sink.commit()
    stored = tmp_path / PATH
    assert stored.read_bytes() == content
    assert stored.stat().st_blocks * 512 < len(content) + (1 << 20)


def test_deleting_takes_what_a_killed_writer_left(tmp_path: Path) -> None:
    """F14: the sweep of abandoned uploads also finds the file of an edge that was killed while it wrote."""
    objects = DirectoryObjects(tmp_path)
    objects.write(PATH).write(b"never finished")
    assert len(list((tmp_path / "firm/customer").iterdir())) == 1
    objects.delete(PATH)
    assert list((tmp_path / "firm/customer").iterdir()) == []
