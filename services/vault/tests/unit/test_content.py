"""The encrypted form of a file, without database or HTTP."""

from __future__ import annotations

import gc
import hashlib
import os
from contextlib import suppress
from pathlib import Path
from uuid import UUID

import pytest
from kontor_vault import content, segments
from kontor_vault.adapters.files import DirectoryObjects
from kontor_vault.content import CorruptContentError, SealedReader, SealedWriter

FIRST = segments.SEGMENT_BYTES - 16 - 40
FULL = segments.SEGMENT_BYTES - 16
KEY = bytes(range(32))
BOUND = b"tenant|customer|object"


@pytest.fixture
def store(tmp_path: Path) -> DirectoryObjects:
    """Return an empty object store on disk."""
    return DirectoryObjects(tmp_path)


def seal(store: DirectoryObjects, plain: bytes, *, key: bytes = KEY, piece: int = 300_001) -> content.SealedContent:
    """Write `plain` in pieces of an odd size."""
    with SealedWriter(store, "object", key, BOUND) as writer:
        for start in range(0, len(plain), piece):
            writer.write(plain[start : start + piece])
        return writer.seal()


def read(store: DirectoryObjects, size: int, start: int = 0, stop: int | None = None) -> bytes:
    """Read a range back."""
    with SealedReader(store, "object", KEY, BOUND, size) as reader:
        return b"".join(reader.read(start, size if stop is None else stop))


@pytest.mark.parametrize(
    "size", [0, 1, FIRST - 1, FIRST, FIRST + 1, FIRST + FULL - 1, FIRST + FULL, FIRST + FULL + 1, 7_000_003]
)
def test_reads_back_what_tink_wrote_at_every_segment_boundary(store: DirectoryObjects, size: int) -> None:
    """F1: our reader of single segments and Tink's writer agree on the wire format, also where segments end."""
    plain = os.urandom(size)
    sealed = seal(store, plain)
    assert (sealed.size_bytes, sealed.sha256) == (size, hashlib.sha256(plain).digest())
    assert read(store, size) == plain


def test_takes_what_was_put_into_its_room(store: DirectoryObjects) -> None:
    """F1: an upload is received where it is encrypted from; full segments follow each other."""
    plain = os.urandom(3 * FULL)
    with SealedWriter(store, "object", KEY, BOUND, announced_bytes=len(plain)) as writer:
        left = memoryview(plain)
        while left:
            room = writer.room()[: len(left)]
            room[:] = left[: len(room)]
            writer.took(len(room))
            left = left[len(room) :]
        sealed = writer.seal()
    assert (sealed.size_bytes, sealed.sha256) == (len(plain), hashlib.sha256(plain).digest())
    assert read(store, len(plain)) == plain


def test_views_lie_in_one_place(store: DirectoryObjects) -> None:
    """F1: whoever sends each piece before he asks for the next needs one buffer for a file of any size."""
    plain = os.urandom(2 * FULL)
    seal(store, plain)
    with SealedReader(store, "object", KEY, BOUND, len(plain)) as reader:
        seen = [(bytes(view), view.obj) for view in reader.read_views(0, len(plain))]
    assert b"".join(piece for piece, _ in seen) == plain
    assert len({id(place) for _, place in seen}) == 1


def test_reads_any_range(store: DirectoryObjects) -> None:
    """F1: a range is exactly the bytes asked for, across segment boundaries too."""
    plain = os.urandom(6_500_000)
    seal(store, plain)
    edges = [0, 1, FIRST - 1, FIRST, FIRST + 1, FIRST + FULL, 3_333_333, 6_499_999]
    for start in edges:
        for stop in [*edges, 6_500_000, 9_999_999]:
            if start < stop:
                assert read(store, len(plain), start, stop) == plain[start:stop], (start, stop)


def test_ciphertext_shows_nothing_of_the_plaintext(store: DirectoryObjects, tmp_path: Path) -> None:
    """F1: at rest lies ciphertext only."""
    plain = b"Versicherungsschein Nr. 4711 " * 100_000
    seal(store, plain)
    stored = (tmp_path / "object").read_bytes()
    assert b"Versicherungsschein" not in stored
    assert b"4711" * 2 not in stored


@pytest.mark.parametrize("damage", ["flip", "truncate", "drop_segment", "swap_segments"])
def test_refuses_altered_objects(store: DirectoryObjects, tmp_path: Path, damage: str) -> None:
    """F1: whoever can write to the store cannot change, shorten or reorder a file unnoticed."""
    plain = os.urandom(3_200_000)
    seal(store, plain)
    path = tmp_path / "object"
    stored = bytearray(path.read_bytes())
    mb = segments.SEGMENT_BYTES
    if damage == "flip":
        stored[2_000_000] ^= 1
    elif damage == "truncate":
        del stored[-1000:]
    elif damage == "drop_segment":
        del stored[mb : 2 * mb]
    else:
        stored[mb : 2 * mb], stored[2 * mb : 3 * mb] = stored[2 * mb : 3 * mb], stored[mb : 2 * mb]
    path.write_bytes(stored)
    with pytest.raises(CorruptContentError):
        read(store, len(plain))


def test_refuses_another_key_and_another_place(store: DirectoryObjects) -> None:
    """F2: a key opens one object of one customer and nothing else."""
    seal(store, b"x" * 1000)
    for key, bound in ((bytes(32), BOUND), (KEY, b"other")):
        with SealedReader(store, "object", key, bound, 1000) as reader, pytest.raises(CorruptContentError):
            list(reader.read(0, 1000))


def test_content_keys_differ_per_object_and_customer() -> None:
    """F2: the edge that holds the key of one file cannot derive any other."""
    one, two = UUID(int=1), UUID(int=2)
    keys = {content.derive_content_key(k, i) for k in (KEY, bytes(32)) for i in (one, two)}
    assert len(keys) == 4
    assert content.derive_content_key(KEY, one) == content.derive_content_key(KEY, one)


def test_broken_upload_leaves_nothing(store: DirectoryObjects, tmp_path: Path) -> None:
    """F14: whatever interrupts the writing, no object and no partial file stays."""
    with suppress(ConnectionError), SealedWriter(store, "object", KEY, BOUND) as writer:
        writer.write(os.urandom(12_000_000))
        raise ConnectionError
    with SealedWriter(store, "object", KEY, BOUND) as unsealed:
        unsealed.write(os.urandom(12_000_000))
    gc.collect()
    assert list(tmp_path.iterdir()) == []
