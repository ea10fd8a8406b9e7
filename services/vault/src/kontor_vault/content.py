"""The encrypted form of a file: written once, read anywhere.

Owns the key of one object and how its segments (`segments.py`) come and go; knows no database and no HTTP. Reading
decrypts single segments, so that a Range request for the end of a file does not fetch and decrypt all of it.
"""

from __future__ import annotations

import hashlib
import mmap
import os
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
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
    last_segment,
    new_header,
    sealed_bytes,
    segment_of,
)

_HASHING = ThreadPoolExecutor(os.cpu_count(), "hash")
"""SHA-256 takes more than half of an upload's processor time (56 of 95 ms per 100 MB), and waits for nothing."""
_SPARE_BUFFERS: list[memoryview] = []


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
    """Encrypts what is written to it straight into an object; memory stays at one segment, and one that all share.

    Whoever receives bytes puts them into `room` and says `took`, which saves a copy; others `write` pieces. A full
    segment is hashed by another core while it is encrypted and stored. Use as a context manager and call `seal` at the
    end; leaving the block without it, or by an exception, discards everything that was written, and the object never
    becomes visible. What `seal` has returned from survives a power cut.
    """

    def __init__(
        self, objects: Objects, path: str, key: bytes, bound_to: bytes, announced_bytes: int | None = None
    ) -> None:
        self._segments = _SegmentWriter(objects, path, key, bound_to, announced_bytes)
        self._digest = hashlib.sha256()
        self._start = b""
        self._size = 0
        self._plain = memoryview(mmap.mmap(-1, PLAIN))  # unlike a bytearray it takes memory as it is filled
        self._filled = 0
        self._is_sealed = False

    @property
    def size_bytes(self) -> int:
        """Bytes of plaintext written so far."""
        return self._size

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if not self._is_sealed:
            self._segments.discard()

    def room(self) -> memoryview:
        """Return where the next bytes may be put, at least one. Ask only when there are more: the last is marked."""
        if self._filled == self._segments.most:
            hashing = _HASHING.submit(self._digest.update, self._plain[: self._filled])
            try:
                self._segments.store(self._plain[: self._filled], is_last=False)
            finally:
                hashing.result()
            self._filled = 0
        return self._plain[self._filled : self._segments.most]

    def took(self, count: int) -> None:
        """Count bytes that were put into `room`."""
        if len(self._start) < SNIFFED_BYTES:
            self._start += self._plain[self._filled : self._filled + min(count, SNIFFED_BYTES - len(self._start))]
        self._filled += count
        self._size += count

    def write(self, chunk: bytes) -> int:
        """Take one piece of any size and return its length."""
        rest = memoryview(chunk)
        while rest:
            room = self.room()[: len(rest)]
            room[:] = rest[: len(room)]
            self.took(len(room))
            rest = rest[len(room) :]
        return len(chunk)

    def seal(self) -> SealedContent:
        """Write the last segment and make the object visible in the store."""
        self._digest.update(self._plain[: self._filled])
        self._segments.store(self._plain[: self._filled], is_last=True)
        self._segments.commit()
        self._is_sealed = True
        return SealedContent(self._size, self._digest.digest(), sniff_media_type(self._start))


class _SegmentWriter:
    """Encrypts one segment after the other into an object."""

    def __init__(self, objects: Objects, path: str, key: bytes, bound_to: bytes, announced_bytes: int | None) -> None:
        header = new_header()
        self._cipher = SegmentCipher(key, bound_to, header)
        self._object = objects.write(path, None if announced_bytes is None else sealed_bytes(announced_bytes))
        try:
            self._object.write(header)
        except BaseException:  # there is no writer yet that anybody could discard
            self._object.discard()
            raise
        self._number = 0

    @property
    def most(self) -> int:
        """How many bytes the next segment holds at most."""
        return PLAIN if self._number else FIRST_PLAIN

    def store(self, plain: memoryview, *, is_last: bool) -> None:
        """Encrypt the next segment and append it to the object."""
        with _segment_buffer() as buffer:
            sealed = buffer[: len(plain) + TAG_BYTES]
            self._cipher.seal(self._number, plain, sealed, is_last=is_last)
            self._object.write(sealed)
        self._number += 1

    def commit(self) -> None:
        """Make the object durable and visible."""
        self._object.commit()

    def discard(self) -> None:
        """Leave nothing of the object."""
        self._object.discard()


@contextmanager
def _segment_buffer() -> Iterator[memoryview]:
    """Lend a buffer; few segments are sealed at a time, however many files are on their way."""
    try:
        buffer = _SPARE_BUFFERS.pop()
    except IndexError:
        buffer = memoryview(bytearray(SEGMENT_BYTES))
    yield buffer
    _SPARE_BUFFERS.append(buffer)


class SealedReader:
    """Decrypts any range of an object, reading only the segments that it touches. Use as a context manager."""

    def __init__(self, objects: Objects, path: str, key: bytes, bound_to: bytes, size_bytes: int) -> None:
        self._path = path
        self._size = size_bytes
        self._last = last_segment(size_bytes)
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
        """Yield the plaintext bytes [start, stop) in pieces of at most one segment; raises CorruptContentError."""
        return map(bytes, self.read_views(start, stop))

    def read_views(self, start: int, stop: int) -> Iterator[memoryview]:
        """Yield the same in one buffer again and again: a piece holds until the next is asked for."""
        stop = min(stop, self._size)
        if start >= stop and self._size:
            return
        into = memoryview(bytearray(PLAIN))
        last = segment_of(max(stop - 1, 0))
        per_fetch = self._object.fetch_bytes // SEGMENT_BYTES
        for first in range(segment_of(start), last + 1, per_fetch):
            block = self._fetch(first * SEGMENT_BYTES, self._segment_end(min(first + per_fetch - 1, last)))
            for number in range(first, min(first + per_fetch, last + 1)):
                at = (number - first) * SEGMENT_BYTES
                begin = 0 if number == 0 else FIRST_PLAIN + (number - 1) * PLAIN
                plain = self._open(number, block[at : at + SEGMENT_BYTES], into)
                if piece := plain[max(start - begin, 0) : stop - begin]:
                    yield piece

    def _open(self, number: int, segment: memoryview, into: memoryview) -> memoryview:
        sealed = segment[HEADER_BYTES:] if number == 0 else segment
        try:
            return self._cipher.open(number, sealed, into, is_last=number == self._last)
        except (InvalidTag, ValueError) as error:
            raise CorruptContentError(self._path) from error

    def _segment_end(self, number: int) -> int:
        if number < self._last:
            return (number + 1) * SEGMENT_BYTES
        return sealed_bytes(self._size)

    def _fetch(self, start: int, end: int) -> memoryview:
        block = self._object.fetch(start, end)
        if len(block) != end - start or (start == 0 and block[0] != HEADER_BYTES):
            raise CorruptContentError(self._path)
        return block
