"""Where ciphertext lies: a local directory or any object store that obstore speaks, by URL."""

from __future__ import annotations

from pathlib import Path
from urllib.parse import unquote, urlsplit

from obstore.store import LocalStore, ObjectStore, from_url


def open_object_store(url: str) -> ObjectStore:
    """Return the store of a URL such as ``file:///var/lib/kontor/objects`` or ``s3://bucket/prefix``.

    A directory is created if missing, readable by its owner only. Credentials of a cloud store come from the
    environment of its own kind (AWS_*, GOOGLE_*, AZURE_*). Raises obstore's error for a URL that names no store.
    """
    parts = urlsplit(url)
    if parts.scheme == "file":
        folder = Path(unquote(parts.path))
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        return LocalStore(folder)
    return from_url(url)
