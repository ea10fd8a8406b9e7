"""The customer's own filing cabinet: folders, documents, upload, trash (F1–F4)."""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import urlencode

import grpc
from flask import Blueprint, flash, redirect, render_template, request
from flask.typing import ResponseReturnValue
from google.protobuf.field_mask_pb2 import FieldMask
from kontor.vault.v1 import vault_pb2

from kontor_portal import gateway
from kontor_portal.circles import Shares, shares_of
from kontor_portal.filing import ToFile, to_file
from kontor_portal.folders import FolderTree, folder_tree
from kontor_portal.forms import Form, refused, sent
from kontor_portal.gateway import new_request_id
from kontor_portal.i18n import t
from kontor_portal.papers import labels_of
from kontor_portal.reading import next_page, optional, page_token
from kontor_portal.requests import current_firm, signed_in
from kontor_portal.uploads import UploadTarget, say_what_was_stored
from kontor_portal.views.customer_grants import all_grants

customer_documents = Blueprint("customer_documents", __name__)

HOME = "/kunde/dokumente"


@dataclass(frozen=True)
class Chosen:
    """By what the list is narrowed down: a tag, a person, a kind (F147)."""

    tag: str
    person: str
    kind: vault_pb2.DocumentKind.ValueType

    @staticmethod
    def of_request() -> Chosen:
        """Return what the address says."""
        kinds = {str(value): value for value in vault_pb2.DocumentKind.values()}
        return Chosen(
            request.args.get("schlagwort", "")[:40],
            request.args.get("person", "")[:120],
            kinds.get(request.args.get("art", ""), vault_pb2.DOCUMENT_KIND_UNSPECIFIED),
        )

    @property
    def is_any(self) -> bool:
        """Whether the list is narrowed down at all."""
        return bool(self.tag or self.person or self.kind)

    def address(self, **other: str) -> str:
        """Return the address of the list with another choice."""
        values = {"schlagwort": self.tag, "person": self.person, "art": str(self.kind or "")} | other
        given = urlencode({name: value for name, value in values.items() if value})
        return f"{HOME}?{given}" if given else HOME


@dataclass(frozen=True)
class Cabinet:
    """What lies in one place of the cabinet; `folder` is None at the root, where all documents are listed."""

    tree: FolderTree
    folder: vault_pb2.Folder | None
    documents: tuple[vault_pb2.Document, ...]
    quota: vault_pb2.Quota | None
    upload: UploadTarget
    next_url: str
    labels: vault_pb2.DocumentLabels
    chosen: Chosen
    to_file: ToFile
    shares: Shares | None
    """Who sees the folder; None at the root."""

    @property
    def folders(self) -> tuple[vault_pb2.Folder, ...]:
        """The folders to go into from here."""
        return self.tree.children(self.folder.folder_id if self.folder else "")

    @property
    def path(self) -> tuple[vault_pb2.Folder, ...]:
        """The way from the root to here."""
        return self.tree.path(self.folder.folder_id) if self.folder else ()


@customer_documents.get("/kunde/dokumente")
def documents() -> ResponseReturnValue:
    """Show the root: all folders, all documents."""
    say_what_was_stored()
    return _show(None, Form())


@customer_documents.get("/kunde/dokumente/ordner/<id:folder_id>")
def folder(folder_id: str) -> ResponseReturnValue:
    """Show one folder."""
    say_what_was_stored()
    customer_id = signed_in().customer_id
    found = gateway.vault().GetFolder(vault_pb2.GetFolderRequest(customer_id=customer_id, folder_id=folder_id))
    return _show(found, Form())


@customer_documents.post("/kunde/dokumente/ordner")
def create_folder() -> ResponseReturnValue:
    """Create a folder and show it."""
    customer_id, values = signed_in().customer_id, sent()
    new = vault_pb2.Folder(name=values.get("name", ""), parent_id=values.get("parent_id", ""))
    try:
        created = gateway.vault().CreateFolder(
            vault_pb2.CreateFolderRequest(customer_id=customer_id, folder=new, request_id=new_request_id())
        )
    except grpc.RpcError as error:
        form = refused(error)
        parent = folder_tree(customer_id).by_id.get(new.parent_id)
        return _show(parent, form)
    flash(t("Der Ordner „%(name)s“ ist angelegt.", name=created.name), "ok")
    return redirect(f"/kunde/dokumente/ordner/{created.folder_id}", 303)


@customer_documents.post("/kunde/dokumente/ordner/<id:folder_id>")
def rename_folder(folder_id: str) -> ResponseReturnValue:
    """Give a folder another name."""
    customer_id, values = signed_in().customer_id, sent()
    changed = vault_pb2.Folder(folder_id=folder_id, customer_id=customer_id, name=values.get("name", ""))
    try:
        gateway.vault().UpdateFolder(
            vault_pb2.UpdateFolderRequest(
                folder=changed, update_mask=FieldMask(paths=["name"]), request_id=new_request_id()
            )
        )
    except grpc.RpcError as error:
        flash(refused(error).problem_text, "bad")
    return redirect(f"/kunde/dokumente/ordner/{folder_id}", 303)


@customer_documents.post("/kunde/dokumente/ordner/<id:folder_id>/loeschen")
def delete_folder(folder_id: str) -> ResponseReturnValue:
    """Delete an empty folder."""
    wanted = vault_pb2.DeleteFolderRequest(
        customer_id=signed_in().customer_id, folder_id=folder_id, request_id=new_request_id()
    )
    try:
        gateway.vault().DeleteFolder(wanted)
    except grpc.RpcError as error:
        flash(refused(error).problem_text, "bad")
        return redirect(f"/kunde/dokumente/ordner/{folder_id}", 303)
    flash(t("Der Ordner ist gelöscht."), "ok")
    return redirect(HOME, 303)


@customer_documents.get("/kunde/dokumente/papierkorb")
def trash() -> ResponseReturnValue:
    """Show the trash."""
    answer = gateway.vault().ListDocuments(
        vault_pb2.ListDocumentsRequest(
            customer_id=signed_in().customer_id, trashed=True, page_size=50, page_token=page_token()
        )
    )
    return render_template(
        "customer/trash.html", documents=tuple(answer.documents), next_url=next_page(answer.next_page_token)
    )


def _show(place: vault_pb2.Folder | None, form: Form) -> ResponseReturnValue:
    customer_id = signed_in().customer_id
    folder_id, chosen = place.folder_id if place else "", Chosen.of_request()
    answer = gateway.vault().ListDocuments(
        vault_pb2.ListDocumentsRequest(
            customer_id=customer_id,
            folder_id=folder_id,
            tag=chosen.tag,
            concerned_person=chosen.person,
            kind=chosen.kind,
            page_size=50,
            page_token=page_token(),
        )
    )
    here = f"/kunde/dokumente/ordner/{folder_id}" if folder_id else HOME
    tree = folder_tree(customer_id)
    cabinet = Cabinet(
        tree=tree,
        folder=place,
        documents=tuple(answer.documents),
        quota=_quota(customer_id),
        upload=UploadTarget(customer_id, here, folder_id=folder_id),
        next_url=next_page(answer.next_page_token),
        labels=labels_of(customer_id),
        chosen=chosen,
        to_file=ToFile((), has_more=False) if folder_id else to_file(customer_id, tree),
        shares=_shares(customer_id, folder_id) if folder_id else None,
    )
    dialog = request.args.get("neu", "") == "ordner" or bool(form.errors or form.problem)
    return render_template("customer/documents.html", cabinet=cabinet, form=form, dialog=dialog), form.status


def _shares(customer_id: str, folder_id: str) -> Shares:
    on_it = [grant for grant in all_grants(customer_id) if grant.folder_id == folder_id]
    return shares_of(customer_id, on_it, current_firm().name)


def _quota(customer_id: str) -> vault_pb2.Quota | None:
    return optional(lambda: gateway.vault().GetQuota(vault_pb2.GetQuotaRequest(customer_id=customer_id)), None)
