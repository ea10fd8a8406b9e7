"""Objects by URL: in a local directory (`files.py`) or in any object store that obstore speaks."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from urllib.parse import unquote, urlsplit

import obstore
from obstore.exceptions import NotFoundError
from obstore.store import ObjectStore, from_url

from kontor_vault.adapters.files import DirectoryObjects
from kontor_vault.objects import Entry, Objects

_PART_BYTES = 5 << 20  # S3 takes no smaller parts


def open_object_store(url: str) -> Objects:
    """Return the store of a URL such as ``file:///var/lib/kontor/objects`` or ``s3://bucket/prefix``.

    A directory is created if missing, readable by its owner only. Credentials of a cloud store come from the
    environment of its own kind (AWS_*, GOOGLE_*, AZURE_*). Raises obstore's error for a URL that names no store.
    """
    parts = urlsplit(url)
    if parts.scheme == "file":
        folder = Path(unquote(parts.path))
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        return DirectoryObjects(folder)
    return StoreObjects(from_url(url))


class StoreObjects:
    """Objects in an object store, which promises with its answer that they are durable."""

    def __init__(self, store: ObjectStore) -> None:
        self._store = store

    def write(self, path: str, announced_bytes: int | None = None) -> _StoreSink:
        """Begin an object; a store needs no hint of its size."""
        return _StoreSink(self._store, path)

    def read(self, path: str) -> _StoreSource:
        """Open an object."""
        return _StoreSource(self._store, path)

    def entries(self, after: str = "") -> Iterator[Entry]:
        """List all objects behind a path."""
        for page in obstore.list(self._store, offset=after or None):
            for each in page:
                yield Entry(each["path"], each["last_modified"])

    def delete(self, path: str) -> None:
        """Delete an object, if it is there."""
        with suppress(NotFoundError, FileNotFoundError):
            obstore.delete(self._store, path)


class _StoreSink:
    """Uploads parts while the next ones arrive."""

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
    """Reads few large ranges, because each is a request."""

    fetch_bytes = 4 << 20

    def __init__(self, store: ObjectStore, path: str) -> None:
        self._store = store
        self._path = path

    def fetch(self, start: int, end: int) -> memoryview:
        try:
            return memoryview(obstore.get_range(self._store, self._path, start=start, end=end))
        except NotFoundError as missing:
            raise FileNotFoundError(self._path) from missing

    def close(self) -> None:
        return
