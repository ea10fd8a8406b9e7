"""The plaintext behind a permit, piece by piece, for whatever is made of whole contents."""

from __future__ import annotations

from collections.abc import Iterator

from kontor.vault.v1 import internal_pb2

from kontor_vault.content import SealedReader
from kontor_vault.objects import Objects


def content_of(objects: Objects, permit: internal_pb2.DownloadPermit) -> Iterator[bytes]:
    """Yield all of a content; raises CorruptContentError."""
    with SealedReader(
        objects, permit.object_path, permit.content_key, permit.associated_data, permit.size_bytes
    ) as reader:
        yield from reader.read(0, permit.size_bytes)
