"""Files are what Tink's streaming AEAD makes of them, in both directions."""

from __future__ import annotations

import io
import os
from pathlib import Path

import pytest
from kontor_vault import segments
from kontor_vault.adapters.files import DirectoryObjects
from kontor_vault.content import SealedReader, SealedWriter
from tink import proto_keyset_format, secret_key_access, streaming_aead
from tink.proto import aes_gcm_hkdf_streaming_pb2, common_pb2, tink_pb2

KEY = bytes(range(32))
BOUND = b"tenant|customer|object"
FIRST, FULL = segments.FIRST_PLAIN, segments.PLAIN
SIZES = [0, 1, FIRST - 1, FIRST, FIRST + 1, FIRST + FULL - 1, FIRST + FULL, FIRST + FULL + 1, 7_000_003]


@pytest.fixture(scope="module")
def tink_alone() -> streaming_aead.StreamingAead:
    """Return Tink with the key of the tests."""
    streaming_aead.register()
    parameters = aes_gcm_hkdf_streaming_pb2.AesGcmHkdfStreamingParams(
        ciphertext_segment_size=segments.SEGMENT_BYTES,
        derived_key_size=segments.KEY_BYTES,
        hkdf_hash_type=common_pb2.SHA256,
    )
    value = aes_gcm_hkdf_streaming_pb2.AesGcmHkdfStreamingKey(version=0, params=parameters, key_value=KEY)
    data = tink_pb2.KeyData(
        type_url="type.googleapis.com/google.crypto.tink.AesGcmHkdfStreamingKey",
        value=value.SerializeToString(),
        key_material_type=tink_pb2.KeyData.SYMMETRIC,
    )
    entry = tink_pb2.Keyset.Key(key_data=data, status=tink_pb2.ENABLED, key_id=1, output_prefix_type=tink_pb2.RAW)
    keyset = tink_pb2.Keyset(primary_key_id=1, key=[entry]).SerializeToString()
    return proto_keyset_format.parse(keyset, secret_key_access.TOKEN).primitive(streaming_aead.StreamingAead)


@pytest.mark.parametrize("size", SIZES)
def test_tink_reads_what_is_written_here(tmp_path: Path, tink_alone: streaming_aead.StreamingAead, size: int) -> None:
    """F1: what lies in the object store is a Tink stream, also where segments end."""
    plain = os.urandom(size)
    with SealedWriter(DirectoryObjects(tmp_path), "object", KEY, BOUND) as writer:
        for start in range(0, size, 300_001):
            writer.write(plain[start : start + 300_001])
        writer.seal()
    stored = (tmp_path / "object").open("rb")
    with stored, tink_alone.new_decrypting_stream(stored, BOUND) as opening:
        assert opening.read() == plain


@pytest.mark.parametrize("size", SIZES)
def test_what_tink_wrote_is_read_here(tmp_path: Path, tink_alone: streaming_aead.StreamingAead, size: int) -> None:
    """F1: and a Tink stream, such as an object stored by an earlier release, is read back."""
    plain = os.urandom(size)
    target = io.BytesIO()
    with tink_alone.new_encrypting_stream(_KeptOpen(target), BOUND) as sealing:
        left = memoryview(plain)
        while left:
            left = left[sealing.write(left) or 0 :]
    (tmp_path / "object").write_bytes(target.getvalue())
    with SealedReader(DirectoryObjects(tmp_path), "object", KEY, BOUND, size) as reader:
        assert b"".join(reader.read(0, size)) == plain


class _KeptOpen(io.RawIOBase):
    """Tink closes what it writes into; a BytesIO would forget its content."""

    def __init__(self, target: io.BytesIO) -> None:
        self._target = target

    def writable(self) -> bool:
        return True

    def write(self, block: bytes) -> int:  # type: ignore[override]  # Tink hands over bytes, nothing else
        return self._target.write(block)


def _kept_open(target: io.BytesIO) -> _KeptOpen:
    return _KeptOpen(target)
