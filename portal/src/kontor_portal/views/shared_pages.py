"""What a customer shares with people of his household, as they see it (F3)."""

from __future__ import annotations

from dataclasses import dataclass

from flask import Blueprint, abort, render_template
from flask.typing import ResponseReturnValue
from kontor.vault.v1 import vault_pb2 as pb

from kontor_portal import gateway
from kontor_portal.folders import FolderTree, folder_tree
from kontor_portal.reading import next_page, page_token
from kontor_portal.requests import signed_in
from kontor_portal.uploads import UploadTarget, say_what_was_stored

shared_pages = Blueprint("shared_pages", __name__)

HOME = "/kunde/geteilt"


@dataclass(frozen=True)
class SharedPlace:
    """A folder that is open to the caller, or, without one, everything that is."""

    home: str
    tree: FolderTree
    place: pb.Folder | None
    documents: tuple[pb.Document, ...]
    next_url: str
    upload: UploadTarget | None
    """Where he can add something; None where he only looks."""

    @property
    def folders(self) -> tuple[pb.Folder, ...]:
        """The folders to go into from here; what lies above what is open stays unknown."""
        if self.place is not None:
            return self.tree.children(self.place.folder_id)
        return tuple(one for one in self.tree.by_id.values() if one.parent_id not in self.tree.by_id)

    @property
    def back(self) -> str:
        """Where it came from."""
        above = self.place.parent_id if self.place is not None else ""
        return f"{self.home}/{above}" if above else self.home


@shared_pages.get(HOME)
def shared() -> ResponseReturnValue:
    """Show everything that is open."""
    return _show("")


@shared_pages.get(f"{HOME}/<id:folder_id>")
def shared_folder(folder_id: str) -> ResponseReturnValue:
    """Show one folder."""
    return _show(folder_id)


def shared_place(home: str, folder_id: str) -> SharedPlace:
    """Return what is open to the caller in one folder, or altogether; 404 for a folder that is not."""
    customer_id, vault = signed_in().customer_id, gateway.vault()
    tree = folder_tree(customer_id)
    if folder_id and folder_id not in tree.by_id:
        abort(404)
    found = vault.ListDocuments(
        pb.ListDocumentsRequest(customer_id=customer_id, folder_id=folder_id, page_size=50, page_token=page_token())
    )
    grants = vault.ListGrants(pb.ListGrantsRequest(customer_id=customer_id, page_size=100)).grants
    open_to_add = {grant.folder_id for grant in grants if grant.may_contribute and grant.folder_id}
    may_add = any(each.folder_id in open_to_add for each in tree.path(folder_id))
    return SharedPlace(
        home,
        tree,
        tree.by_id.get(folder_id),
        tuple(found.documents),
        next_page(found.next_page_token),
        UploadTarget(customer_id, f"{home}/{folder_id}", folder_id=folder_id) if may_add else None,
    )


def _show(folder_id: str) -> ResponseReturnValue:
    say_what_was_stored()
    return render_template("customer/shared.html", shared=shared_place(HOME, folder_id))
