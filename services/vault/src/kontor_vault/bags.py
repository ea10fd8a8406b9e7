"""Bags: files with their checksums in one ZIP, laid out by BagIt 1.0 (RFC 8493), written and read as a stream.

Owns the layout and everything that can be wrong with a stranger's archive; knows nothing of documents. A bag is stored
without compression, because what is in it is compressed already, and so that any part of it can be found again.
"""

from __future__ import annotations

import hashlib
import io
import re
import stat
import struct
import zlib
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import IO, Final, Protocol, cast
from zipfile import ZIP_DEFLATED, ZIP_STORED, BadZipFile, ZipFile, ZipInfo

DECLARATION: Final = b"BagIt-Version: 1.0\nTag-File-Character-Encoding: UTF-8\n"
_PAYLOAD: Final = "data/"
_MANIFEST, _TAG_MANIFEST = "manifest-sha256.txt", "tagmanifest-sha256.txt"
_PIECE_BYTES = 1 << 20
_MOST_TAG_BYTES = 32 << 20
_MOST_ENTRIES = 100_000
_MOST_AT_ONCE_BYTES = 24 << 20
"""A ZIP's directory is read at once; this is room for so many entries with long names."""
_MOST_TIMES, _FREE_BYTES = 10, 64 << 20
"""Unpacked a bag may be so many times as large as its file, and so much beside: its files are packed already."""
_ZIP64_FROM = (1 << 31) - 1
_LINE = re.compile(r"([0-9a-f]{64})[ \t]+\*?(.+)")


class Sink(Protocol):
    """What a bag is written to; it need not be able to go back."""

    def write(self, chunk: bytes) -> int:
        """Take one piece."""


@dataclass(frozen=True)
class Kept:
    """What a manifest says about a file."""

    sha256: str
    size_bytes: int


class Refusal(StrEnum):
    """Why an archive is not read in, for programs."""

    NO_ARCHIVE = "NO_ARCHIVE"
    TOO_LARGE = "TOO_LARGE"
    UNSAFE = "UNSAFE"
    MISSING = "MISSING"
    ALTERED = "ALTERED"
    UNLISTED = "UNLISTED"
    LEDGER_ALTERED = "LEDGER_ALTERED"
    CONTRADICTORY = "CONTRADICTORY"
    NOT_UNDERSTOOD = "NOT_UNDERSTOOD"
    READ_BEFORE = "READ_BEFORE"
    TOO_MANY_ITEMS = "TOO_MANY_ITEMS"
    NO_ROOM = "NO_ROOM"


class BagRefusedError(Exception):
    """The archive is not what it should be; says why, naming the file concerned, in a sentence for people."""

    def __init__(self, reason: Refusal, sentence: str, path: str = "") -> None:
        super().__init__(f"{path}: {sentence}" if path else sentence)
        self.reason = reason
        self.path = path


class _Stream:
    """A file for `ZipFile` that cannot seek."""

    def __init__(self, sink: Sink) -> None:
        self._sink = sink
        self._digest = hashlib.sha256()

    def write(self, chunk: bytes) -> int:
        self._digest.update(chunk)
        return self._sink.write(chunk)

    def flush(self) -> None:
        return

    def close(self) -> None:
        return

    @property
    def sha256(self) -> bytes:
        return self._digest.digest()


class BagWriter:
    """Writes a bag below one folder of a ZIP; `finish` ends it. Files get the time of the bag."""

    def __init__(self, sink: Sink, base: str, made: datetime) -> None:
        self._stream = _Stream(sink)
        self._zip = ZipFile(self._stream, "w", ZIP_STORED)
        self._base = base
        self._made = made
        self._payload: dict[str, Kept] = {}
        self._tags: dict[str, Kept] = {}

    def add(self, path: str, pieces: Iterable[bytes | memoryview], size_bytes: int = 0) -> Kept:
        """Add a file of the payload, `path` below `data/`; `size_bytes` is a hint."""
        with self.opened(path, size_bytes) as write:
            for piece in pieces:
                write(piece)
        return self._payload[_PAYLOAD + path]

    @contextmanager
    def opened(self, path: str, size_bytes: int = 0) -> Iterator[Callable[[bytes | memoryview], None]]:
        """Open a file of the payload for writing; it counts when the block is left."""
        yield from self._written(_PAYLOAD + path, self._payload, size_bytes)

    def finish(self, **said_about: str) -> bytes:
        """Write what the bag says about itself and its manifests; return the SHA-256 of the whole ZIP."""
        octets = sum(kept.size_bytes for kept in self._payload.values())
        lines = {**said_about, "Payload_Oxum": f"{octets}.{len(self._payload)}"}
        self._tag("bagit.txt", DECLARATION)
        self._tag("bag-info.txt", "".join(f"{k.replace('_', '-')}: {v}\n" for k, v in lines.items()).encode())
        self._tag(_MANIFEST, _manifest(self._payload))
        self._tag(_TAG_MANIFEST, _manifest(self._tags))
        self._zip.close()
        return self._stream.sha256

    def _tag(self, path: str, content: bytes) -> None:
        for write in self._written(path, self._tags, len(content)):
            write(content)

    def _written(
        self, path: str, into: dict[str, Kept], size_bytes: int
    ) -> Iterator[Callable[[bytes | memoryview], None]]:
        digest, count = hashlib.sha256(), 0
        entry = ZipInfo(f"{self._base}/{path}", self._made.timetuple()[:6])
        entry.external_attr = (stat.S_IFREG | 0o644) << 16
        with self._zip.open(entry, "w", force_zip64=size_bytes >= _ZIP64_FROM) as file:

            def write(piece: bytes | memoryview) -> None:
                nonlocal count
                digest.update(piece)
                count += len(piece)
                file.write(piece)

            yield write
        into[path] = Kept(digest.hexdigest(), count)


class _Careful:
    """A stranger's file for `ZipFile`: whatever it says of itself, no more than so much is read of it at once."""

    def __init__(self, file: IO[bytes]) -> None:
        self._file = file
        self.seek, self.tell, self.seekable = file.seek, file.tell, file.seekable

    def read(self, size: int = -1) -> bytes:
        most = _MOST_AT_ONCE_BYTES + 1
        content = self._file.read(most if size < 0 else min(size, most))
        if len(content) == most:
            raise BagRefusedError(Refusal.TOO_LARGE, f"the archive has more than {_MOST_ENTRIES} files")
        return content


class BagReader:
    """Reads a bag of unknown origin. `check` reads all of it and refuses what is not exactly as its manifests say.

    Nothing in it is unpacked further: a ZIP inside is a file like any other.
    """

    def __init__(self, file: IO[bytes], most_bytes: int) -> None:
        try:
            self._zip = ZipFile(cast(IO[bytes], _Careful(file)))
            entries = self._zip.infolist()
        except (BadZipFile, ValueError, NotImplementedError, OSError, struct.error) as error:
            raise BagRefusedError(Refusal.NO_ARCHIVE, "the file is no readable ZIP archive") from error
        if len(entries) > _MOST_ENTRIES:
            raise BagRefusedError(Refusal.TOO_LARGE, f"the archive has more than {_MOST_ENTRIES} files")
        self._entries = _by_path(entries)
        allowed = min(most_bytes, _FREE_BYTES + _MOST_TIMES * file.seek(0, io.SEEK_END))
        if sum(entry.file_size for entry in self._entries.values()) > allowed:
            raise BagRefusedError(Refusal.TOO_LARGE, f"unpacked, the archive would be larger than {allowed >> 20} MB")
        self.payload: dict[str, Kept] = {}

    def check(self) -> None:
        """Compare every file with the manifests; afterwards `payload` names the files below `data/`."""
        if self.content("bagit.txt", 1024) != DECLARATION:
            raise BagRefusedError(Refusal.NO_ARCHIVE, "bagit.txt does not say BagIt 1.0")
        tags = self._manifest(_TAG_MANIFEST)
        payload = self._manifest(_MANIFEST)
        for path in tags:
            self._compare(path, tags[path])
        for path, sha256 in payload.items():
            if not path.startswith(_PAYLOAD):
                raise BagRefusedError(Refusal.CONTRADICTORY, "the manifest names it, but it is not below data/", path)
            self.payload[path.removeprefix(_PAYLOAD)] = self._compare(path, sha256)
        for path in self._entries:
            if path not in payload and path not in tags and path != _TAG_MANIFEST:
                raise BagRefusedError(Refusal.UNLISTED, "no manifest names it", path)

    def content(self, path: str, most_bytes: int = _MOST_TAG_BYTES) -> bytes:
        """Return a whole file by its path in the bag."""
        entry = self._entries.get(path)
        if entry is None:
            raise BagRefusedError(Refusal.MISSING, "missing", path)
        if entry.file_size > most_bytes:
            raise BagRefusedError(Refusal.TOO_LARGE, "too large", path)
        return b"".join(self.pieces(path))

    def pieces(self, path: str) -> Iterator[bytes]:
        """Yield a file piece by piece, never more than its entry announces."""
        entry = self._entries.get(path)
        if entry is None:
            raise BagRefusedError(Refusal.MISSING, "missing", path)
        try:
            with self._zip.open(entry) as file:
                while piece := file.read(_PIECE_BYTES):
                    yield piece
        except (BadZipFile, EOFError, ValueError, NotImplementedError, OSError, zlib.error) as error:
            raise BagRefusedError(Refusal.ALTERED, "damaged", path) from error

    def _compare(self, path: str, sha256: str) -> Kept:
        digest, count = hashlib.sha256(), 0
        for piece in self.pieces(path):
            digest.update(piece)
            count += len(piece)
        if digest.hexdigest() != sha256:
            raise BagRefusedError(Refusal.ALTERED, "does not match its checksum", path)
        return Kept(sha256, count)

    def _manifest(self, path: str) -> dict[str, str]:
        sums: dict[str, str] = {}
        try:
            lines = self.content(path).decode().splitlines()
        except UnicodeDecodeError as error:
            raise BagRefusedError(Refusal.ALTERED, "damaged", path) from error
        for line in lines:
            found = _LINE.fullmatch(line)
            if found is None or (name := _decoded(found[2])) in sums:
                raise BagRefusedError(Refusal.ALTERED, "damaged", path)
            sums[name] = found[1]
        return sums


def _by_path(entries: list[ZipInfo]) -> dict[str, ZipInfo]:
    """Return the entries by their path below the one folder; refuses names that lead elsewhere."""
    found: dict[str, ZipInfo] = {}
    bases = set()
    for entry in entries:
        name, kind = entry.filename, entry.external_attr >> 16
        base, _, path = name.partition("/")
        parts = name.rstrip("/").split("/")
        if entry.orig_filename != name or "\\" in name or ":" in base or any(p in {"", ".", ".."} for p in parts):
            raise BagRefusedError(Refusal.UNSAFE, "a name that leads out of the archive", repr(entry.orig_filename))
        if stat.S_ISLNK(kind) or entry.flag_bits & 1 or entry.compress_type not in {ZIP_STORED, ZIP_DEFLATED}:
            raise BagRefusedError(Refusal.UNSAFE, "a link, encrypted, or compressed in an unusual way", name)
        bases.add(base)
        if entry.is_dir():
            continue
        if not path or path in found or len(bases) > 1:
            raise BagRefusedError(Refusal.UNSAFE, "there twice, or outside of the archive's one folder", name)
        found[path] = entry
    return found


def _manifest(files: dict[str, Kept]) -> bytes:
    return "".join(f"{kept.sha256}  {_encoded(path)}\n" for path, kept in files.items()).encode()


def _encoded(path: str) -> str:
    return path.replace("%", "%25").replace("\n", "%0A").replace("\r", "%0D")


def _decoded(path: str) -> str:
    return path.replace("%0D", "\r").replace("%0A", "\n").replace("%25", "%")
