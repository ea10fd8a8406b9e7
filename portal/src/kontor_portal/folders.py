"""The customer's own folders as a tree (F4), made from the flat list that vault returns."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from kontor.vault.v1 import vault_pb2

from kontor_portal import gateway
from kontor_portal.choices import Choice

_MOST_PAGES = 20


@dataclass(frozen=True)
class FolderTree:
    """All folders of one customer."""

    by_id: Mapping[str, vault_pb2.Folder]

    def children(self, parent_id: str) -> tuple[vault_pb2.Folder, ...]:
        """Return the folders directly in a folder, or at the root."""
        return tuple(each for each in self.by_id.values() if each.parent_id == parent_id)

    def path(self, folder_id: str) -> tuple[vault_pb2.Folder, ...]:
        """Return the folders from the root down to this one; empty for the root and for an unknown folder."""
        found: list[vault_pb2.Folder] = []
        while folder_id in self.by_id and len(found) <= len(self.by_id):
            found.insert(0, self.by_id[folder_id])
            folder_id = found[0].parent_id
        return tuple(found)

    def choices(self) -> tuple[Choice, ...]:
        """Return all folders in the order of the tree."""
        paths = [(self.path(each), each) for each in self.by_id]
        named = sorted((" / ".join(folder.name for folder in path), folder_id) for path, folder_id in paths)
        return tuple(Choice(folder_id, name) for name, folder_id in named)


def folder_tree(customer_id: str) -> FolderTree:
    """Ask for all folders of a customer."""
    found: list[vault_pb2.Folder] = []
    token = ""
    for _ in range(_MOST_PAGES):
        request = vault_pb2.ListFoldersRequest(customer_id=customer_id, page_size=100, page_token=token)
        answer = gateway.vault().ListFolders(request)
        found += answer.folders
        token = answer.next_page_token
        if not token:
            break
    return tree_of(found)


def tree_of(folders: Iterable[vault_pb2.Folder]) -> FolderTree:
    """Return the tree of a flat list."""
    return FolderTree({each.folder_id: each for each in folders})
