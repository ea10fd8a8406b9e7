"""What a request's body goes into: a writer that encrypts, up to a number of bytes and not one more."""

from __future__ import annotations

from kontor_chassis.errors import DomainError, ErrorKind

from kontor_vault.content import SealedWriter


class Intake:
    """Takes a body for a writer, in its own buffer where the body's length is known (`request_bodies.BodyTaker`)."""

    def __init__(self, writer: SealedWriter, most: int) -> None:
        self._writer = writer
        self._most = most

    def room(self) -> memoryview:
        """Return where the next bytes may be put; raises "UPLOAD_TOO_LARGE" when there are no more to come."""
        left = self._most - self._writer.size_bytes
        if not left:
            raise too_large()
        return self._writer.room()[:left]

    def took(self, count: int) -> None:
        """Encrypt bytes that were put into `room`."""
        self._writer.took(count)

    def write(self, piece: bytes) -> None:
        """Encrypt a piece; raises "UPLOAD_TOO_LARGE" when more arrives than may."""
        if self._writer.size_bytes + len(piece) > self._most:
            raise too_large()
        self._writer.write(piece)


def too_large() -> DomainError:
    """Return the refusal of a body that is longer than announced."""
    return DomainError(ErrorKind.INVALID, "UPLOAD_TOO_LARGE", "Die Datei ist größer als angekündigt.")
