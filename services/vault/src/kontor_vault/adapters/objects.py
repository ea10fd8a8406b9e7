"""Where ciphertext lies: a local directory or any object store that obstore speaks, by URL.

What was committed survives a power cut: object stores promise that with their answer, a directory gets it by fsync
(`files.py`). Memory stays at a few megabytes per object.
"""

from __future__ import annotations

from pathlib import Path
from typing import Protocol
from urllib.parse import unquote, urlsplit

import obstore
from obstore.exceptions import NotFoundError
from obstore.store import LocalStore, ObjectStore, from_url

from kontor_vault.adapters.files import FileSink, FileSource, delete_parts

_PART_BYTES = 5 << 20  # S3 takes no smaller parts


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


def open_object_store(url: str) -> ObjectStore:
    """Return the store of a URL such as ``file:///var/lib/kontor/objects`` or ``s3://bucket/prefix``.

    A directory is created if missing, readable by its owner only. Credentials of a cloud store come from the
    environment of its own kind (AWS_*, GOOGLE_*, AZURE_*). Raises obstore's error for a URL that names no store.
    """
    parts = urlsplit(url)
    if parts.scheme == "file":
        folder = Path(unquote(parts.path))
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        return LocalStore(folder)
    return from_url(url)


def write_object(store: ObjectStore, path: str) -> ObjectSink:
    """Begin an object."""
    folder = _folder_of(store)
    return _StoreSink(store, path) if folder is None else FileSink(folder, path)


def read_object(store: ObjectStore, path: str) -> ObjectSource:
    """Open an object; raises FileNotFoundError or obstore's NotFoundError, a store's only at the first `fetch`."""
    folder = _folder_of(store)
    return _StoreSource(store, path) if folder is None else FileSource(folder / path)


async def delete_object(store: ObjectStore, path: str) -> None:
    """Delete an object and what a killed writer left of it; deleting what is not there is fine."""
    folder = _folder_of(store)
    if folder is not None:
        delete_parts(folder / path)
    try:
        await obstore.delete_async(store, path)
    except (NotFoundError, FileNotFoundError):
        return


def _folder_of(store: ObjectStore) -> Path | None:
    return store.prefix if isinstance(store, LocalStore) else None


class _StoreSink:
    """Writes through obstore, which uploads parts while the next ones arrive."""

    def __init__(self, store: ObjectStore, path: str) -> None:
        self._writer = obstore.open_writer(store, path, buffer_size=_PART_BYTES, max_concurrency=2)

    def write(self, block: bytes | memoryview) -> None:
        self._writer.write(bytes(block))

    def commit(self) -> None:
        self._writer.close()

    def discard(self) -> None:
        """Abort the upload; leaving the writer's context by an error is how obstore is told."""
        self._writer.__exit__(InterruptedError, InterruptedError("upload discarded"), None)


class _StoreSource:
    """Reads ranges through obstore; few large ones, because each is a request."""

    fetch_bytes = 4 << 20

    def __init__(self, store: ObjectStore, path: str) -> None:
        self._store = store
        self._path = path

    def fetch(self, start: int, end: int) -> memoryview:
        return memoryview(obstore.get_range(self._store, self._path, start=start, end=end))

    def close(self) -> None:
        return
