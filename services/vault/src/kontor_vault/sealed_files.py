"""A stored content as a file that can be read from anywhere, for what has to look around in it."""

from __future__ import annotations

import io

from kontor_vault.content import SealedReader
from kontor_vault.segments import FIRST_PLAIN, PLAIN, last_segment, segment_of


class StoppedError(Exception):
    """Nobody wants the content read any more."""


class SealedFile(io.RawIOBase):
    """Reads one segment after the other and keeps the newest; `read_bytes` counts what was decrypted."""

    def __init__(self, reader: SealedReader, size_bytes: int) -> None:
        super().__init__()
        self._reader = reader
        self._size = size_bytes
        self._at = 0
        self._segment = (-1, 0, b"")
        self._stopped = False
        self.read_bytes = 0

    def stop(self) -> None:
        """Let whoever reads on get StoppedError."""
        self._stopped = True

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def tell(self) -> int:
        return self._at

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        start = {io.SEEK_SET: 0, io.SEEK_CUR: self._at, io.SEEK_END: self._size}[whence]
        if start + offset < 0:
            raise OSError("before the beginning")
        self._at = start + offset
        return self._at

    def read(self, size: int = -1) -> bytes:
        """Return so many bytes, fewer only at the end; raises CorruptContentError, StoppedError."""
        end = self._size if size < 0 else min(self._at + size, self._size)
        pieces = []
        while self._at < end:
            number, start, plain = self._opened(segment_of(self._at))
            piece = plain[self._at - start : end - start]
            if not piece:
                raise OSError(f"segment {number} is shorter than its content")
            pieces.append(piece)
            self._at += len(piece)
        return b"".join(pieces)

    def _opened(self, number: int) -> tuple[int, int, bytes]:
        if self._stopped:
            raise StoppedError
        if self._segment[0] != number:
            start = 0 if number == 0 else FIRST_PLAIN + (number - 1) * PLAIN
            is_last = number == last_segment(self._size)
            end = self._size if is_last else FIRST_PLAIN + number * PLAIN
            self._segment = (number, start, b"".join(self._reader.read(start, end)))
            self.read_bytes += end - start
        return self._segment
