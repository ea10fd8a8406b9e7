"""A store that takes nothing more keeps nothing open."""

from __future__ import annotations

import os
from collections.abc import Iterator

import pytest
from kontor_vault.content import SealedWriter
from kontor_vault.objects import Entry, ObjectSource


class FullDisk:
    """A store without room, and the only object that was ever begun in it."""

    class Sink:
        """Takes no byte."""

        discarded = False

        def write(self, _block: bytes | memoryview) -> None:
            """Fail as a full disk does."""
            raise OSError("no space left on device")

        def commit(self) -> None:
            """Never reached."""

        def discard(self) -> None:
            """Let the object go."""
            self.discarded = True

    def __init__(self) -> None:
        self.sink = self.Sink()

    def write(self, _path: str, _announced_bytes: int | None = None) -> Sink:
        """Begin the object."""
        return self.sink

    def read(self, path: str) -> ObjectSource:
        """Find nothing."""
        raise FileNotFoundError(path)

    def entries(self, after: str = "") -> Iterator[Entry]:
        """Hold nothing."""
        return iter(())

    def delete(self, path: str) -> None:
        """Delete nothing."""


def test_a_header_that_cannot_be_written_leaves_no_open_object() -> None:
    """The writer fails before anybody holds it, so it lets go of the object itself."""
    disk = FullDisk()
    with pytest.raises(OSError, match="no space"):
        SealedWriter(disk, "a/b/c", os.urandom(32), b"bound")
    assert disk.sink.discarded
