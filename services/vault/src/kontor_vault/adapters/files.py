"""Objects in a local directory, durable before they are visible.

obstore would do for a directory, too, but it never calls fsync and copies each byte twice more. A file is written
beside its final name, with a ``#``, and renamed.
"""

from __future__ import annotations

import os
import secrets
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path

_FLUSHED_BYTES = 8 << 20


class DirectoryObjects:
    """Objects as files below one folder."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def write(self, path: str) -> FileSink:
        """Begin a file."""
        return FileSink(self._folder, path)

    def read(self, path: str) -> FileSource:
        """Open a file; raises FileNotFoundError."""
        return FileSource(self._folder / path)

    def delete(self, path: str) -> None:
        """Delete a file and what killed writers left of it."""
        file = self._folder / path
        for part in file.parent.glob(f"{file.name}#*"):
            part.unlink(missing_ok=True)
        file.unlink(missing_ok=True)


class FileSink:
    """A file that is being written.

    A thread of its own flushes what has arrived while more arrives, so that `commit` waits for the last megabytes only.
    """

    def __init__(self, folder: Path, path: str) -> None:
        self._folder = folder
        self._file = folder / path
        self._part = self._file.with_name(f"{self._file.name}#{secrets.randbits(32)}")
        self._file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        self._open = os.open(self._part, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
        self._thread = ThreadPoolExecutor(1, "flush")
        self._flushing: Future[None] | None = None
        self._unflushed = 0

    def write(self, block: bytes | memoryview) -> None:
        """Append to the file."""
        rest = memoryview(block)
        while rest:
            rest = rest[os.write(self._open, rest) :]
        self._unflushed += len(block)
        if self._unflushed >= _FLUSHED_BYTES and (self._flushing is None or self._flushing.done()):
            if self._flushing is not None:
                self._flushing.result()  # a full or broken disk shows here already
            self._unflushed = 0
            self._flushing = self._thread.submit(os.fdatasync, self._open)

    def commit(self) -> None:
        """Flush file, name and folders, in this order; then a power cut takes none of it back."""
        self._thread.shutdown()
        if self._flushing is not None:
            self._flushing.result()
        os.fsync(self._open)
        self._close()
        self._part.replace(self._file)
        for folder in self._file.parents:
            _flush_folder(folder)
            if folder == self._folder:
                break

    def discard(self) -> None:
        """Leave nothing of it."""
        self._thread.shutdown()
        self._close()
        self._part.unlink(missing_ok=True)

    def _close(self) -> None:
        opened, self._open = self._open, -1
        if opened >= 0:
            os.close(opened)


class FileSource:
    """A file that is being read, into one buffer."""

    fetch_bytes = 1 << 20

    def __init__(self, file: Path) -> None:
        self._file = file.open("rb", buffering=0)
        self._buffer = bytearray()

    def fetch(self, start: int, end: int) -> memoryview:
        """Return the bytes [start, end), or fewer where the file ends; valid until the next call."""
        if len(self._buffer) < end - start:
            self._buffer = bytearray(end - start)
        wanted = memoryview(self._buffer)[: end - start]
        count = os.preadv(self._file.fileno(), [wanted], start)
        return wanted[:count]

    def close(self) -> None:
        """Close the file."""
        self._file.close()


def _flush_folder(folder: Path) -> None:
    opened = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(opened)
    finally:
        os.close(opened)
