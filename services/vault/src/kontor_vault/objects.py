"""The port to where ciphertext lies; `adapters/objects.py` and `adapters/files.py` are its two kinds."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol


@dataclass(frozen=True)
class Entry:
    """An object as the store lists it."""

    path: str
    modify_time: datetime
    """Machine time."""


class ObjectSink(Protocol):
    """An object that is being written; nobody sees it before `commit`."""

    def write(self, block: bytes | memoryview) -> None:
        """Append to the object; the block may change afterwards."""

    def commit(self) -> None:
        """Make the object durable, then visible; it replaces one of the same path."""

    def discard(self) -> None:
        """Leave nothing of it."""


class ObjectSource(Protocol):
    """An object that is being read."""

    @property
    def fetch_bytes(self) -> int:
        """How much is best fetched at once."""

    def fetch(self, start: int, end: int) -> memoryview:
        """Return the bytes [start, end), or fewer where the object ends; valid until the next call."""

    def close(self) -> None:
        """Let the object go."""


class Objects(Protocol):
    """Keeps objects by path. What was committed survives a power cut."""

    def write(self, path: str, announced_bytes: int | None = None) -> ObjectSink:
        """Begin an object; how large it will become is a hint."""

    def read(self, path: str) -> ObjectSource:
        """Open an object; raises FileNotFoundError, a remote store's only at the first `fetch`."""

    def entries(self, after: str = "") -> Iterator[Entry]:
        """Yield all objects in the order of their paths, those behind a path, half-written ones included."""

    def delete(self, path: str) -> None:
        """Delete an object and what a killed writer left of it; deleting what is not there is fine."""


def is_there(objects: Objects, path: str) -> bool:
    """Whether a store has an object."""
    try:
        source = objects.read(path)
        try:
            source.fetch(0, 1)
        finally:
            source.close()
    except FileNotFoundError:
        return False
    return True


def copy_object(path: str, origin: Objects, target: Objects) -> None:
    """Copy an object as it is from one store to another; raises FileNotFoundError."""
    source = origin.read(path)
    try:
        piece = source.fetch(0, source.fetch_bytes)
        sink, start = target.write(path), 0
        try:
            while len(piece):
                sink.write(piece)
                start += len(piece)
                piece = source.fetch(start, start + source.fetch_bytes)
            sink.commit()
        except BaseException:
            sink.discard()
            raise
    finally:
        source.close()
