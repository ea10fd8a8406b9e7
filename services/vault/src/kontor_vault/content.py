"""The encrypted form of a file: Tink streaming AEAD (AES256-GCM-HKDF, 1 MB segments), written once, read anywhere.

Owns the key of one object and the ciphertext format; knows no database and no HTTP. Writing is Tink's own stream.
Reading decrypts single segments by Tink's published wire format ("AES-GCM-HKDF streaming AEAD" in its documentation),
because Tink's Python binding can only read from the start, and a Range request for the end of a file must not fetch
and decrypt all of it.

An object is ``header ‖ segment 0 ‖ segment 1 ‖ …``; the header (length byte, salt, nonce prefix) lies inside the first
1 MB, so segment *i* always occupies bytes ``[i MB, (i+1) MB)`` of the object.
"""

from __future__ import annotations

import hashlib
import io
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from types import TracebackType
from typing import Self
from uuid import UUID

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from obstore.store import ObjectStore
from tink import proto_keyset_format, secret_key_access, streaming_aead
from tink.proto import aes_gcm_hkdf_streaming_pb2, common_pb2, tink_pb2

from kontor_vault.adapters.objects import read_object, write_object
from kontor_vault.media_types import SNIFFED_BYTES, sniff_media_type

KEY_BYTES = 32
SEGMENT_BYTES = 1 << 20
_SALT_BYTES = 32
_NONCE_PREFIX_BYTES = 7
_HEADER_BYTES = 1 + _SALT_BYTES + _NONCE_PREFIX_BYTES
_TAG_BYTES = 16
_FIRST_PLAIN = SEGMENT_BYTES - _TAG_BYTES - _HEADER_BYTES
_PLAIN = SEGMENT_BYTES - _TAG_BYTES

streaming_aead.register()


class CorruptContentError(Exception):
    """The stored object is not what was written: altered, truncated, swapped, or the key is another's."""


@dataclass(frozen=True)
class SealedContent:
    """What is known about a file after all of it was written."""

    size_bytes: int
    sha256: bytes
    media_type: str


def derive_content_key(data_key: bytes, content_id: UUID) -> bytes:
    """Return the 32-byte key of one object, derived from its customer's data key (HKDF-SHA256, RFC 5869)."""
    return HKDF(SHA256(), KEY_BYTES, salt=None, info=b"kontor.vault.content:" + content_id.bytes).derive(data_key)


def associated_data(tenant_id: UUID, customer_id: UUID, content_id: UUID) -> bytes:
    """Return what a ciphertext is bound to, so that no object can stand in for another."""
    return tenant_id.bytes + customer_id.bytes + content_id.bytes


def object_path(tenant_id: UUID, customer_id: UUID, content_id: UUID) -> str:
    """Return where the object of a content lies in the object store."""
    return f"{tenant_id}/{customer_id}/{content_id}"


class SealedWriter:
    """Encrypts what is written to it straight into an object; memory stays at a few segments.

    A thread of its own encrypts and stores one piece while the caller hashes it and fetches the next. Use as a
    context manager and call `seal` at the end; leaving the block without it, or by an exception, discards everything
    that was written, and the object never becomes visible. What `seal` has returned from survives a power cut.
    """

    def __init__(self, store: ObjectStore, path: str, key: bytes, bound_to: bytes) -> None:
        self._object = _ObjectSink(store, path)
        self._cipher = _streaming_primitive(key).new_encrypting_stream(self._object, bound_to)
        self._digest = hashlib.sha256()
        self._start = b""
        self._size = 0
        self._thread = ThreadPoolExecutor(1, "seal")
        self._under_way: Future[None] | None = None

    @property
    def size_bytes(self) -> int:
        """Bytes of plaintext written so far."""
        return self._size

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._thread.shutdown()
        if not self._cipher.closed:
            self._object.discard()
            self._cipher.close()

    def write(self, chunk: bytes) -> int:
        """Take one piece of any size and return its length; an error of the store shows at the next piece or `seal`."""
        self._wait()
        self._under_way = self._thread.submit(self._encrypt, chunk)
        self._digest.update(chunk)
        if len(self._start) < SNIFFED_BYTES:
            self._start += chunk[: SNIFFED_BYTES - len(self._start)]
        self._size += len(chunk)
        return len(chunk)

    def seal(self) -> SealedContent:
        """Write the last segment and make the object visible in the store."""
        self._wait()
        self._cipher.close()
        return SealedContent(self._size, self._digest.digest(), sniff_media_type(self._start))

    def _encrypt(self, chunk: bytes) -> None:
        written = self._cipher.write(chunk) or 0  # as it is: Tink copies anything but bytes
        while written < len(chunk):
            written += self._cipher.write(memoryview(chunk)[written:]) or 0

    def _wait(self) -> None:
        if self._under_way is not None:
            self._under_way.result()


class _ObjectSink(io.RawIOBase):
    """The ciphertext's way into the object store; once discarded it swallows what Tink still flushes."""

    def __init__(self, store: ObjectStore, path: str) -> None:
        super().__init__()
        self._object = write_object(store, path)
        self._discarded = False

    def writable(self) -> bool:
        return True

    def write(self, block: bytes) -> int:  # type: ignore[override]  # Tink hands over bytes, nothing else
        if not self._discarded:
            self._object.write(block)
        return len(block)

    def discard(self) -> None:
        self._discarded = True
        self._object.discard()

    def close(self) -> None:
        if not self.closed and not self._discarded:
            self._object.commit()
        super().close()


class SealedReader:
    """Decrypts any range of an object, reading only the segments that it touches. Use as a context manager."""

    def __init__(self, store: ObjectStore, path: str, key: bytes, bound_to: bytes, size_bytes: int) -> None:
        self._path = path
        self._size = size_bytes
        self._last = 0 if size_bytes <= _FIRST_PLAIN else 1 + (size_bytes - _FIRST_PLAIN - 1) // _PLAIN
        self._object = read_object(store, path)
        try:
            header = bytes(self._fetch(0, _HEADER_BYTES))
        except BaseException:
            self._object.close()
            raise
        derived = HKDF(SHA256(), KEY_BYTES, salt=header[1 : 1 + _SALT_BYTES], info=bound_to).derive(key)
        self._cipher = AESGCM(derived)
        self._nonce_prefix = header[1 + _SALT_BYTES :]

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._object.close()

    def read(self, start: int, stop: int) -> Iterator[bytes]:
        """Yield the plaintext bytes [start, stop) in pieces of at most one segment; raises CorruptContentError.

        A thread of its own fetches and decrypts the next piece while the caller sends one.
        """
        stop = min(stop, self._size)
        if start >= stop and self._size:
            return
        if _segment_of(start) == _segment_of(max(stop - 1, 0)):
            yield from self._pieces(start, stop)
            return
        with ThreadPoolExecutor(1, "unseal") as thread:
            pieces = self._pieces(start, stop)
            coming = thread.submit(next, pieces, b"")
            while piece := coming.result():
                coming = thread.submit(next, pieces, b"")
                yield piece

    def _pieces(self, start: int, stop: int) -> Iterator[bytes]:
        first, last = _segment_of(start), _segment_of(max(stop - 1, 0))
        fetched_segments = self._object.fetch_bytes // SEGMENT_BYTES
        for batch in range(first, last + 1, fetched_segments):
            most = min(batch + fetched_segments - 1, last)
            block = self._fetch(batch * SEGMENT_BYTES, self._segment_end(most))
            for number in range(batch, most + 1):
                at = (number - batch) * SEGMENT_BYTES
                begin = 0 if number == 0 else _FIRST_PLAIN + (number - 1) * _PLAIN
                plain = self._open(number, block[at : at + SEGMENT_BYTES])
                if piece := plain[max(start - begin, 0) : stop - begin]:
                    yield piece

    def _open(self, number: int, segment: memoryview) -> bytes:
        sealed = segment[_HEADER_BYTES:] if number == 0 else segment
        nonce = self._nonce_prefix + number.to_bytes(4, "big") + (b"\x01" if number == self._last else b"\x00")
        try:
            return self._cipher.decrypt(nonce, sealed, None)
        except (InvalidTag, ValueError) as error:
            raise CorruptContentError(self._path) from error

    def _segment_end(self, number: int) -> int:
        if number < self._last:
            return (number + 1) * SEGMENT_BYTES
        return self._size + _HEADER_BYTES + _TAG_BYTES * (self._last + 1)

    def _fetch(self, start: int, end: int) -> memoryview:
        block = self._object.fetch(start, end)
        if len(block) != end - start or (start == 0 and block[0] != _HEADER_BYTES):
            raise CorruptContentError(self._path)
        return block


def _segment_of(offset: int) -> int:
    return 0 if offset < _FIRST_PLAIN else 1 + (offset - _FIRST_PLAIN) // _PLAIN


def _streaming_primitive(key: bytes) -> streaming_aead.StreamingAead:
    parameters = aes_gcm_hkdf_streaming_pb2.AesGcmHkdfStreamingParams(
        ciphertext_segment_size=SEGMENT_BYTES, derived_key_size=KEY_BYTES, hkdf_hash_type=common_pb2.SHA256
    )
    value = aes_gcm_hkdf_streaming_pb2.AesGcmHkdfStreamingKey(version=0, params=parameters, key_value=key)
    data = tink_pb2.KeyData(
        type_url="type.googleapis.com/google.crypto.tink.AesGcmHkdfStreamingKey",
        value=value.SerializeToString(),
        key_material_type=tink_pb2.KeyData.SYMMETRIC,
    )
    entry = tink_pb2.Keyset.Key(key_data=data, status=tink_pb2.ENABLED, key_id=1, output_prefix_type=tink_pb2.RAW)
    keyset = tink_pb2.Keyset(primary_key_id=1, key=[entry]).SerializeToString()
    handle = proto_keyset_format.parse(keyset, secret_key_access.TOKEN)
    return handle.primitive(streaming_aead.StreamingAead)
