"""Objects in a local directory, durable before they are visible.

obstore would do for a directory, too, but it never calls fsync and copies each byte twice more. A file is written
beside its final name, with a ``#``, and renamed.
"""

from __future__ import annotations

import ctypes
import os
import secrets
from collections.abc import Callable, Iterator
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from kontor_chassis.clock import SystemClock

from kontor_vault.objects import Entry

HOLD: Final = ".hold"
"""A file of this name at the top keeps everything from being deleted: a backup makes it for as long as it copies."""
_LONGEST_HOLD_SECONDS = 86400
"""Then whoever made it was killed."""

_UNDER_WAY_BYTES = 8 << 20
"""So much is given to the disk at once: with it 100 MB were there after 64 ms, with one fsync after 94 (best of 7)."""
_MOST_ALLOCATED_BYTES = 256 << 20
"""So much of what was announced gets its place on the disk at once, which makes writing cheaper (121 to 109 ms of the
edge's processor time per 100 MB); not all of it, because what was announced may never come."""
_PIECE_BYTES = 128 << 10
"""So much is written at once. For a whole segment the kernel takes memory in units of megabytes, which a virtual
machine has often given back to its host: then 100 MB took 250 ms of processor time instead of 35 (64 to 128 kB)."""
_SYNC_FILE_RANGE_WRITE = 2  # linux/fs.h
_MOST_FLUSHED = 10_000
"""So many folders are remembered; flushing those above each new file again took 1.5 ms per file."""
_LIBC = ctypes.CDLL(None)
_LIBC.fallocate.argtypes = (ctypes.c_int, ctypes.c_int, ctypes.c_int64, ctypes.c_int64)
_LIBC.sync_file_range.argtypes = (ctypes.c_int, ctypes.c_int64, ctypes.c_int64, ctypes.c_uint)


class DirectoryObjects:
    """Objects as files below one folder."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._flushed: set[Path] = set()

    def write(self, path: str, announced_bytes: int | None = None) -> FileSink:
        """Begin a file."""
        return FileSink(self._folder, path, announced_bytes, self._flush_name)

    def read(self, path: str) -> FileSource:
        """Open a file; raises FileNotFoundError."""
        return FileSource(self._folder / path)

    def entries(self, after: str = "") -> Iterator[Entry]:
        """List all files behind a path, those that are being written as well."""
        behind = tuple(after.split("/"))
        for folder, folders, files in os.walk(self._folder):
            above = Path(folder).relative_to(self._folder).parts
            folders[:] = sorted(name for name in folders if (*above, name) >= behind[: len(above) + 1])
            for name in sorted(files):
                if above and (*above, name) > behind:
                    with suppress(FileNotFoundError):  # deleted meanwhile
                        modified = (Path(folder) / name).stat().st_mtime
                        yield Entry("/".join((*above, name)), datetime.fromtimestamp(modified, UTC))

    def delete(self, path: str) -> None:
        """Delete a file and what killed writers left of it; while a backup copies files, that is the sweep's later."""
        if self._is_held():
            return
        file = self._folder / path
        for part in file.parent.glob(f"{file.name}#*"):
            part.unlink(missing_ok=True)
        file.unlink(missing_ok=True)

    def _is_held(self) -> bool:
        try:
            made = (self._folder / HOLD).stat().st_mtime
        except FileNotFoundError:
            return False
        return SystemClock().now().timestamp() - made < _LONGEST_HOLD_SECONDS

    def _flush_name(self, file: Path) -> None:
        """Flush the folder that has a new file, and those above it, as far as their names were not flushed before."""
        if len(self._flushed) > _MOST_FLUSHED:
            self._flushed.clear()
        flushed = []
        for folder in file.parents:
            _flush_folder(folder)
            if folder == self._folder or folder in self._flushed:
                break
            flushed.append(folder)
        self._flushed.update(flushed)


class FileSink:
    """A file that is being written; the kernel carries it to the disk meanwhile, so that `commit` waits less."""

    def __init__(
        self, folder: Path, path: str, announced_bytes: int | None, flush_name: Callable[[Path], None]
    ) -> None:
        self._flush_name = flush_name
        self._file = folder / path
        self._part = self._file.with_name(f"{self._file.name}#{secrets.randbits(32)}")
        self._file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        self._open = os.open(self._part, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
        self._allocated = min(announced_bytes or 0, _MOST_ALLOCATED_BYTES)
        if self._allocated:
            _LIBC.fallocate(self._open, 0, 0, self._allocated)  # where it cannot, the writes will tell
        self._written = 0
        self._under_way = 0

    def write(self, block: bytes | memoryview) -> None:
        """Append to the file."""
        rest = memoryview(block)
        while rest:
            rest = rest[os.write(self._open, rest[:_PIECE_BYTES]) :]
        self._written += len(block)
        if self._written - self._under_way >= _UNDER_WAY_BYTES:
            # Promises nothing and reports nothing: `commit` flushes, and hears of a broken disk.
            _LIBC.sync_file_range(self._open, self._under_way, self._written - self._under_way, _SYNC_FILE_RANGE_WRITE)
            self._under_way = self._written

    def commit(self) -> None:
        """Flush file, name and folders, in this order; then a power cut takes none of it back."""
        if self._written < self._allocated:
            os.ftruncate(self._open, self._written)
        os.fsync(self._open)
        self._close()
        self._part.replace(self._file)
        self._flush_name(self._file)

    def discard(self) -> None:
        """Leave nothing of it."""
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
