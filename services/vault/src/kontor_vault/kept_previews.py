"""The picture of a document's first page, kept beside its content and gone with it."""

from __future__ import annotations

from kontor_vault.objects import Objects

_SUFFIX = ".preview"


def preview_path(object_path: str) -> str:
    """Return where the picture of a content lies."""
    return object_path + _SUFFIX


def delete_content(objects: Objects, object_path: str) -> None:
    """Delete a content and what was made of it; deleting what is not there is fine."""
    objects.delete(preview_path(object_path))
    objects.delete(object_path)
