"""The encrypted form of a file: written once, read anywhere.

Owns the key of one object and how its segments (`segments.py`) come and go; knows no database and no HTTP. Reading
decrypts single segments, so that a Range request for the end of a file does not fetch and decrypt all of it.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from types import TracebackType
from typing import Self
from uuid import UUID

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from kontor_vault.media_types import SNIFFED_BYTES, sniff_media_type
from kontor_vault.objects import Objects
from kontor_vault.segments import (
    FIRST_PLAIN,
    HEADER_BYTES,
    KEY_BYTES,
    PLAIN,
    SEGMENT_BYTES,
    TAG_BYTES,
    SegmentCipher,
    new_header,
)


class CorruptContentError(Exception):
    """The stored object is not what was written: altered, truncated, swapped, or the key is another's."""


@dataclass(frozen=True)
class SealedContent:
    """What is known about a file after all of it was written."""

    size_bytes: int
    sha256: bytes
    media_type: str


def derive_content_key(data_key: bytes, content_id: UUID) -> bytes:
    """Return the 32-byte key of one object, derived from its customer's data key (HKDF-SHA256, RFC 5869)."""
    return HKDF(SHA256(), KEY_BYTES, salt=None, info=b"kontor.vault.content:" + content_id.bytes).derive(data_key)


def associated_data(tenant_id: UUID, customer_id: UUID, content_id: UUID) -> bytes:
    """Return what a ciphertext is bound to, so that no object can stand in for another."""
    return tenant_id.bytes + customer_id.bytes + content_id.bytes


def object_path(tenant_id: UUID, customer_id: UUID, content_id: UUID) -> str:
    """Return where the object of a content lies in the object store."""
    return f"{tenant_id}/{customer_id}/{content_id}"


class SealedWriter:
    """Encrypts what is written to it straight into an object; memory stays at a few segments.

    A thread of its own encrypts and stores one piece while the caller hashes it and fetches the next. Use as a
    context manager and call `seal` at the end; leaving the block without it, or by an exception, discards everything
    that was written, and the object never becomes visible. What `seal` has returned from survives a power cut.
    """

    def __init__(self, objects: Objects, path: str, key: bytes, bound_to: bytes) -> None:
        self._segments = _SegmentWriter(objects, path, key, bound_to)
        self._digest = hashlib.sha256()
        self._start = b""
        self._size = 0
        self._thread = ThreadPoolExecutor(1, "seal")
        self._under_way: Future[None] | None = None
        self._sealed = False

    @property
    def size_bytes(self) -> int:
        """Bytes of plaintext written so far."""
        return self._size

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._thread.shutdown()
        if not self._sealed:
            self._segments.discard()

    def write(self, chunk: bytes) -> int:
        """Take one piece of any size and return its length; an error of the store shows at the next piece or `seal`."""
        self._wait()
        self._under_way = self._thread.submit(self._segments.write, chunk)
        self._digest.update(chunk)
        if len(self._start) < SNIFFED_BYTES:
            self._start += chunk[: SNIFFED_BYTES - len(self._start)]
        self._size += len(chunk)
        return len(chunk)

    def seal(self) -> SealedContent:
        """Write the last segment and make the object visible in the store."""
        self._wait()
        self._segments.finish()
        self._sealed = True
        return SealedContent(self._size, self._digest.digest(), sniff_media_type(self._start))

    def _wait(self) -> None:
        if self._under_way is not None:
            self._under_way.result()


class _SegmentWriter:
    """Cuts a stream into segments; the last one is marked, so a full one waits until more arrives."""

    def __init__(self, objects: Objects, path: str, key: bytes, bound_to: bytes) -> None:
        header = new_header()
        self._cipher = SegmentCipher(key, bound_to, header)
        self._object = objects.write(path)
        try:
            self._object.write(header)
        except BaseException:  # there is no writer yet that anybody could discard
            self._object.discard()
            raise
        self._plain = memoryview(bytearray(PLAIN))
        self._sealed = memoryview(bytearray(SEGMENT_BYTES))
        self._filled = 0
        self._number = 0

    def write(self, chunk: bytes) -> None:
        """Take one piece of any size."""
        rest = memoryview(chunk)
        while rest:
            room = (PLAIN if self._number else FIRST_PLAIN) - self._filled
            if not room:
                self._store(is_last=False)
                continue
            count = min(room, len(rest))
            self._plain[self._filled : self._filled + count] = rest[:count]
            self._filled += count
            rest = rest[count:]

    def finish(self) -> None:
        """Store the last segment and make the object durable and visible."""
        self._store(is_last=True)
        self._object.commit()

    def discard(self) -> None:
        """Leave nothing of the object."""
        self._object.discard()

    def _store(self, *, is_last: bool) -> None:
        sealed = self._sealed[: self._filled + TAG_BYTES]
        self._cipher.seal(self._number, self._plain[: self._filled], sealed, is_last=is_last)
        self._object.write(sealed)
        self._number += 1
        self._filled = 0


class SealedReader:
    """Decrypts any range of an object, reading only the segments that it touches. Use as a context manager."""

    def __init__(self, objects: Objects, path: str, key: bytes, bound_to: bytes, size_bytes: int) -> None:
        self._path = path
        self._size = size_bytes
        self._last = 0 if size_bytes <= FIRST_PLAIN else 1 + (size_bytes - FIRST_PLAIN - 1) // PLAIN
        self._object = objects.read(path)
        try:
            header = bytes(self._fetch(0, HEADER_BYTES))
        except BaseException:
            self._object.close()
            raise
        self._cipher = SegmentCipher(key, bound_to, header)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._object.close()

    def read(self, start: int, stop: int) -> Iterator[bytes]:
        """Yield the plaintext bytes [start, stop) in pieces of at most one segment; raises CorruptContentError.

        A thread of its own fetches and decrypts the next piece while the caller sends one.
        """
        stop = min(stop, self._size)
        if start >= stop and self._size:
            return
        if _segment_of(start) == _segment_of(max(stop - 1, 0)):
            yield from self._pieces(start, stop)
            return
        with ThreadPoolExecutor(1, "unseal") as thread:
            pieces = self._pieces(start, stop)
            coming = thread.submit(next, pieces, b"")
            while piece := coming.result():
                coming = thread.submit(next, pieces, b"")
                yield piece

    def _pieces(self, start: int, stop: int) -> Iterator[bytes]:
        first, last = _segment_of(start), _segment_of(max(stop - 1, 0))
        fetched_segments = self._object.fetch_bytes // SEGMENT_BYTES
        for batch in range(first, last + 1, fetched_segments):
            most = min(batch + fetched_segments - 1, last)
            block = self._fetch(batch * SEGMENT_BYTES, self._segment_end(most))
            for number in range(batch, most + 1):
                at = (number - batch) * SEGMENT_BYTES
                begin = 0 if number == 0 else FIRST_PLAIN + (number - 1) * PLAIN
                plain = self._open(number, block[at : at + SEGMENT_BYTES])
                if piece := plain[max(start - begin, 0) : stop - begin]:
                    yield piece

    def _open(self, number: int, segment: memoryview) -> bytes:
        sealed = segment[HEADER_BYTES:] if number == 0 else segment
        try:
            return self._cipher.open(number, sealed, is_last=number == self._last)
        except (InvalidTag, ValueError) as error:
            raise CorruptContentError(self._path) from error

    def _segment_end(self, number: int) -> int:
        if number < self._last:
            return (number + 1) * SEGMENT_BYTES
        return self._size + HEADER_BYTES + TAG_BYTES * (self._last + 1)

    def _fetch(self, start: int, end: int) -> memoryview:
        block = self._object.fetch(start, end)
        if len(block) != end - start or (start == 0 and block[0] != HEADER_BYTES):
            raise CorruptContentError(self._path)
        return block


def _segment_of(offset: int) -> int:
    return 0 if offset < FIRST_PLAIN else 1 + (offset - FIRST_PLAIN) // PLAIN
