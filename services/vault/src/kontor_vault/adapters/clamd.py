"""Looks for malware with a clamd beside the edge, by its INSTREAM command over TCP.

Fails closed: what clamd does not call clean is not stored, be it that it found something, that it cannot be reached, or
that the file is larger than its `StreamMaxLength`.
"""

from __future__ import annotations

import socket
from collections.abc import Iterable

import structlog
from kontor_chassis.errors import DomainError, ErrorKind

log = structlog.get_logger(__name__)

_SECONDS = 120
_CLEAN = b"stream: OK"
_FOUND = b" FOUND"
_LIMIT = b"size limit exceeded"


class Clamd:
    """A clamd at ``host:port``."""

    def __init__(self, address: str) -> None:
        host, _, port = address.rpartition(":")
        self._address = (host, int(port))

    def require_clean(self, pieces: Iterable[bytes]) -> None:
        """Raise INVALID "MALWARE_FOUND" or "…_UNCHECKED", or UNAVAILABLE "MALWARE_SCANNER", unless it is clean."""
        try:
            verdict = self._verdict(pieces)
        except OSError as error:
            log.error("malware_scanner_unavailable", error=type(error).__name__)
            raise _unavailable() from error
        if verdict == _CLEAN:
            return
        if verdict.endswith(_FOUND):
            log.warning("malware_found", signature=verdict.removesuffix(_FOUND).decode("ascii", "replace")[:200])
            raise DomainError(
                ErrorKind.INVALID,
                "MALWARE_FOUND",
                "In der Datei wurde Schadsoftware gefunden. Sie wurde nicht abgelegt.",
            )
        if _LIMIT in verdict:
            raise DomainError(
                ErrorKind.INVALID,
                "MALWARE_UNCHECKED",
                "Die Datei ist zu groß, um sie auf Schadsoftware zu prüfen. Sie wurde nicht abgelegt.",
            )
        log.error("malware_scanner_answer", answer=verdict.decode("ascii", "replace")[:200])
        raise _unavailable()

    def _verdict(self, pieces: Iterable[bytes]) -> bytes:
        with socket.create_connection(self._address, _SECONDS) as line:
            try:
                line.sendall(b"zINSTREAM\0")
                for piece in pieces:
                    if piece:
                        line.sendall(len(piece).to_bytes(4, "big") + piece)
                line.sendall(bytes(4))
            except (BrokenPipeError, ConnectionResetError):  # it has answered already, and hung up: too large
                log.info("malware_scanner_hung_up")
            answer = b""
            while not answer.endswith(b"\0") and (more := line.recv(4096)):
                answer += more
        return answer.rstrip(b"\0\n")


def _unavailable() -> DomainError:
    return DomainError(
        ErrorKind.UNAVAILABLE,
        "MALWARE_SCANNER",
        "Dateien können gerade nicht auf Schadsoftware geprüft werden. Bitte versuchen Sie es später noch einmal.",
    )
