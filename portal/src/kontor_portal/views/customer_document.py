"""One document of the customer: open it, decide who sees it, see who has seen it (F2, F3)."""

from __future__ import annotations

from dataclasses import dataclass

import grpc
from flask import Blueprint, flash, redirect, render_template
from flask.typing import ResponseReturnValue
from google.protobuf.field_mask_pb2 import FieldMask
from google.protobuf.timestamp_pb2 import Timestamp
from kontor.vault.v1 import binders_pb2, originals_pb2, retention_pb2, vault_pb2

from kontor_portal import gateway
from kontor_portal.choices import Choice
from kontor_portal.circles import Shares, is_for_firm, shares_of
from kontor_portal.deliveries import DeliveryView, deliveries_of
from kontor_portal.filing import ProposalView, proposal_for
from kontor_portal.folders import FolderTree, folder_tree
from kontor_portal.forms import Form, refused, sent
from kontor_portal.gateway import new_request_id
from kontor_portal.i18n import t
from kontor_portal.labels import document_kind
from kontor_portal.papers import SAID, Paper, paper_of, reminder_choices, said_in
from kontor_portal.reading import optional
from kontor_portal.requests import current_firm, signed_in
from kontor_portal.retention import Kept, kept
from kontor_portal.sightings import Line, last_day, line_of
from kontor_portal.uploads import UploadTarget, say_what_was_stored
from kontor_portal.views.customer_grants import all_grants

customer_document = Blueprint("customer_document", __name__)


@dataclass(frozen=True)
class DocumentPage:
    """A document with everything that can be done about it."""

    document: vault_pb2.Document
    tree: FolderTree
    shares: Shares
    """The grants on this very document."""
    folder_grant: vault_pb2.Folder | None
    """The folder through which the firm sees it as well."""
    sightings: tuple[Line, ...]
    paper: Paper
    filing: ProposalView | None
    """How it could be filed, while it waits for that."""
    originals: tuple[originals_pb2.Original, ...]
    """The paper it was scanned from."""
    places: tuple[binders_pb2.BinderPlace, ...]
    """From where in a binder it came."""
    deliveries: tuple[DeliveryView, ...]
    """What was delivered of it, newest first; none of a copy."""
    kept: Kept

    @property
    def grant(self) -> vault_pb2.Grant | None:
        """The grant on this very document for the whole firm."""
        return self.shares.firm

    @property
    def is_own(self) -> bool:
        """Whether the customer stored it himself, so that only he decides who sees it."""
        return self.document.origin == vault_pb2.DOCUMENT_ORIGIN_CUSTOMER

    @property
    def is_shared(self) -> bool:
        """Whether the firm can see it."""
        return not self.is_own or self.grant is not None or self.folder_grant is not None

    @property
    def shared_until(self) -> str:
        """The last day of the grant on the document, or nothing."""
        return last_day(self.grant.expire_time) if self.grant and self.grant.HasField("expire_time") else ""

    @property
    def shared_since(self) -> Timestamp | None:
        """When the grant on the document was given."""
        return self.grant.create_time if self.grant is not None else None


@customer_document.get("/kunde/dokumente/<id:document_id>")
def document(document_id: str) -> ResponseReturnValue:
    """Show a document."""
    say_what_was_stored()
    return _show(document_id, Form())


@customer_document.post("/kunde/dokumente/<id:document_id>")
def update(document_id: str) -> ResponseReturnValue:
    """Change title, kind, folder, and what else is said about it."""
    values = sent()
    changed = vault_pb2.Document(
        document_id=document_id,
        customer_id=signed_in().customer_id,
        title=values.get("title", ""),
        kind=_kind(values.get("kind", "")),
        folder_id=values.get("folder_id", ""),
        dated_on=values.get("dated_on", ""),
        etag=values.get("etag", ""),
    )
    said_in(values, changed)
    request = vault_pb2.UpdateDocumentRequest(
        document=changed, update_mask=FieldMask(paths=SAID), request_id=new_request_id()
    )
    try:
        gateway.vault().UpdateDocument(request)
    except grpc.RpcError as error:
        return _show(document_id, refused(error))
    flash(t("Die Angaben sind gespeichert."), "ok")
    return redirect(f"/kunde/dokumente/{document_id}", 303)


@customer_document.post("/kunde/dokumente/<id:document_id>/papierkorb")
def discard(document_id: str) -> ResponseReturnValue:
    """Put a document into the trash."""
    request = vault_pb2.TrashDocumentRequest(
        customer_id=signed_in().customer_id, document_id=document_id, request_id=new_request_id()
    )
    try:
        gateway.vault().TrashDocument(request)
    except grpc.RpcError as error:
        flash(refused(error).problem_text, "bad")
        return redirect(f"/kunde/dokumente/{document_id}", 303)
    flash(t("Das Dokument liegt im Papierkorb und bleibt dort 30 Tage."), "ok")
    return redirect("/kunde/dokumente", 303)


@customer_document.post("/kunde/dokumente/<id:document_id>/wiederherstellen")
def restore(document_id: str) -> ResponseReturnValue:
    """Take a document out of the trash."""
    request = vault_pb2.RestoreDocumentRequest(
        customer_id=signed_in().customer_id, document_id=document_id, request_id=new_request_id()
    )
    gateway.vault().RestoreDocument(request)
    flash(t("Das Dokument ist wieder da."), "ok")
    return redirect(f"/kunde/dokumente/{document_id}", 303)


@customer_document.post("/kunde/dokumente/<id:document_id>/ende")
def set_end(document_id: str) -> ResponseReturnValue:
    """Set the day on which an own document goes into the trash, or take it back."""
    wanted = retention_pb2.SetDocumentEndRequest(
        customer_id=signed_in().customer_id,
        document_id=document_id,
        end_on=sent().get("end_on", ""),
        request_id=new_request_id(),
    )
    try:
        gateway.retention().SetDocumentEnd(wanted)
    except grpc.RpcError as error:
        return _show(document_id, refused(error))
    flash(t("Die Angaben sind gespeichert."), "ok")
    return redirect(f"/kunde/dokumente/{document_id}", 303)


def _show(document_id: str, form: Form) -> ResponseReturnValue:
    session, firm = signed_in(), current_firm()
    customer_id = session.customer_id
    vault = gateway.vault()
    found = vault.GetDocument(vault_pb2.GetDocumentRequest(customer_id=customer_id, document_id=document_id))
    tree = folder_tree(customer_id)
    grants = all_grants(customer_id)
    on_it = [each for each in grants if each.document_id == document_id]
    granted_folders = {each.folder_id for each in grants if each.folder_id and is_for_firm(each)}
    sightings = optional(
        lambda: vault.ListSightings(
            vault_pb2.ListSightingsRequest(customer_id=customer_id, document_id=document_id, page_size=20)
        ),
        vault_pb2.ListSightingsResponse(),
    )
    page = DocumentPage(
        document=found,
        tree=tree,
        shares=shares_of(customer_id, on_it, firm.name),
        folder_grant=next((each for each in tree.path(found.folder_id) if each.folder_id in granted_folders), None),
        sightings=tuple(line_of(entry, session.account_id, firm.name) for entry in sightings.sightings),
        paper=paper_of(customer_id, document_id),
        originals=_originals(customer_id, document_id),
        places=_places(customer_id, document_id),
        filing=proposal_for(customer_id, document_id, tree),
        deliveries=deliveries_of(customer_id, document_id) if found.delivered_version else (),
        kept=kept(customer_id, document_id),
    )
    kinds = tuple(Choice(str(value), document_kind(value)) for value in vault_pb2.DocumentKind.values() if value)
    here = f"/kunde/dokumente/{document_id}"
    return render_template(
        "customer/document.html",
        page=page,
        form=form,
        kinds=kinds,
        reminders=reminder_choices(),
        upload=UploadTarget(customer_id, here, document_id=document_id),
    ), form.status


def _originals(customer_id: str, document_id: str) -> tuple[originals_pb2.Original, ...]:
    wanted = originals_pb2.ListOriginalsRequest(customer_id=customer_id, document_id=document_id)
    none = originals_pb2.ListOriginalsResponse()
    return tuple(optional(lambda: gateway.originals().ListOriginals(wanted), none).originals)


def _places(customer_id: str, document_id: str) -> tuple[binders_pb2.BinderPlace, ...]:
    wanted = binders_pb2.ListBinderPlacesRequest(customer_id=customer_id, document_id=document_id)
    none = binders_pb2.ListBinderPlacesResponse()
    return tuple(optional(lambda: gateway.binders().ListBinderPlaces(wanted), none).places)


def _kind(text: str) -> vault_pb2.DocumentKind.ValueType:
    known = {str(value): value for value in vault_pb2.DocumentKind.values()}
    return known.get(text, vault_pb2.DOCUMENT_KIND_OTHER)
