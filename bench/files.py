"""Row 2: 100 MB up and down through gateway, file edge and encryption, against Tink alone on the same disk.

The peer is Tink's streaming AEAD with the product's parameters (AES256-GCM-HKDF, 1 MB segments) between memory and a
file beside the product's object store. What either side wrote survives a power cut: each round writes a new file and
flushes it and its folder. The product also measures the SHA-256 of what it stores; the peer does not.
An upload is timed from its first byte to the answer that the document is stored, a download from the request to its
last byte. The client is this process, the peer too, so the client shares the cores with the product.
"""

from __future__ import annotations

import http.client
import io
import os
import time
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from statistics import median

import tink
from tink import streaming_aead

from bench.office import Office
from bench.results import Row, share

SIZE = 100_000_000
PIECE = 1 << 20
ROUNDS = 5
WARMING_UP = 3
BOUND_TO = b"bench"


def measure(office: Office, folder: Path) -> list[Row]:
    """Move the file both ways in turns; returns one row up and one down."""
    office.sign_in_again()
    content = os.urandom(SIZE)
    vault, alone = _Vault(office), _TinkAlone(folder / "sealed")
    speeds: dict[str, list[float]] = {"up": [], "sealed": [], "down": [], "opened": []}
    for _ in range(WARMING_UP + ROUNDS):
        upload = vault.reserve()
        speeds["up"].append(_speed(partial(vault.upload, upload, content)))
        alone.forget()
        speeds["sealed"].append(_speed(partial(alone.seal, content)))
        speeds["down"].append(_speed(partial(vault.download, upload.document_id)))
        speeds["opened"].append(_speed(alone.open))
    up, sealed, down, opened = (median(measured[WARMING_UP:]) for measured in speeds.values())
    return [
        share("100 MB upload, encrypted", up, sealed, "MB/s"),
        share("100 MB download, decrypted", down, opened, "MB/s"),
    ]


def _speed(move: Callable[[], object]) -> float:
    """Return the megabytes per second with which the file was moved."""
    began = time.perf_counter()
    move()
    return SIZE / 1e6 / (time.perf_counter() - began)


@dataclass(frozen=True)
class _Upload:
    """A reserved upload."""

    document_id: str
    path: str


class _Vault:
    """The product, as an HTTP client sees it."""

    def __init__(self, office: Office) -> None:
        self._guest = office.guests[0]
        self._port = office.port

    def reserve(self) -> _Upload:
        """Reserve the storage."""
        customer_id = self._guest.customer_id
        wanted = {"fileName": "gross.bin", "sizeBytes": str(SIZE), "title": "Groß"}
        reserved = self._guest.person.post(f"/v1/customers/{customer_id}/uploads", wanted)
        return _Upload(reserved["documentId"], reserved["uploadPath"])

    def upload(self, upload: _Upload, content: bytes) -> None:
        """Send the content and wait until it is stored."""
        with closing(http.client.HTTPConnection("127.0.0.1", self._port)) as connection:
            headers = {**self._guest.person.headers, "Content-Type": "application/octet-stream"}
            connection.request("PUT", upload.path, content, headers)
            answer = connection.getresponse()
            if answer.status != 201:
                raise RuntimeError(f"the upload ended with {answer.status}: {answer.read(300)!r}")

    def download(self, document_id: str) -> None:
        """Fetch a document and forget it."""
        with closing(http.client.HTTPConnection("127.0.0.1", self._port)) as connection:
            connection.request("GET", f"/files/documents/{document_id}", headers=self._guest.person.headers)
            answer = connection.getresponse()
            received, buffer = 0, bytearray(PIECE)
            while count := answer.readinto(buffer):
                received += count
        if (answer.status, received) != (200, SIZE):
            raise RuntimeError(f"the download ended with {answer.status} after {received} bytes")


class _TinkAlone:
    """The same encryption between memory and a file, and nothing else."""

    def __init__(self, file: Path) -> None:
        streaming_aead.register()
        template = streaming_aead.streaming_aead_key_templates.AES256_GCM_HKDF_1MB
        self._cipher = tink.new_keyset_handle(template).primitive(streaming_aead.StreamingAead)
        self._file = file

    def forget(self) -> None:
        """Delete the file, so that the next one is new, as each upload is."""
        self._file.unlink(missing_ok=True)

    def seal(self, content: bytes) -> None:
        """Write the file, durably."""
        left = memoryview(content)
        with self._file.open("xb") as target, self._cipher.new_encrypting_stream(target, BOUND_TO) as sealing:
            while left:
                left = left[sealing.write(left[:PIECE]) or 0 :]
        for written in (self._file, self._file.parent):
            opened = os.open(written, os.O_RDONLY)
            os.fsync(opened)
            os.close(opened)

    def open(self) -> None:
        """Read the file and forget it."""
        received = 0
        with self._file.open("rb") as source, self._cipher.new_decrypting_stream(source, BOUND_TO) as opening:
            reader = io.BufferedReader(opening, PIECE)
            while piece := reader.read(PIECE):
                received += len(piece)
        if received != SIZE:
            raise RuntimeError(f"Tink opened {received} bytes")
