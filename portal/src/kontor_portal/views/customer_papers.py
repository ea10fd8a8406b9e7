"""What the customer does with papers beside reading them: older versions, selections, the trash (F4, F14, F99)."""

from __future__ import annotations

import re
from collections.abc import Callable

import grpc
from flask import Blueprint, flash, redirect, request
from flask.typing import ResponseReturnValue
from google.protobuf.field_mask_pb2 import FieldMask
from kontor.vault.v1 import vault_pb2

from kontor_portal import gateway
from kontor_portal.forms import refused, sent
from kontor_portal.gateway import new_request_id
from kontor_portal.i18n import t, tn
from kontor_portal.requests import signed_in

customer_papers = Blueprint("customer_papers", __name__)

MOST_CHOSEN = 100
FOLDER_PAGE = re.compile(r"/kunde/dokumente(/ordner/[0-9a-f-]{36})?")


@customer_papers.post("/kunde/dokumente/<id:document_id>/fassungen/<int:version>")
def restore_version(document_id: str, version: int) -> ResponseReturnValue:
    """Make an older version the newest one."""
    values = sent()
    wanted = vault_pb2.RestoreDocumentVersionRequest(
        customer_id=signed_in().customer_id,
        document_id=document_id,
        version=version,
        reason=values.get("reason", ""),
        etag=values.get("etag", ""),
        request_id=new_request_id(),
    )
    try:
        gateway.vault().RestoreDocumentVersion(wanted)
    except grpc.RpcError as error:
        flash(refused(error).problem_text, "bad")
    else:
        flash(t("Fassung %(number)s gilt wieder.", number=version), "ok")
    return redirect(f"/kunde/dokumente/{document_id}", 303)


@customer_papers.post("/kunde/dokumente/<id:document_id>/loeschen")
def delete(document_id: str) -> ResponseReturnValue:
    """Destroy a document that lies in the trash."""
    wanted = vault_pb2.DeleteDocumentRequest(
        customer_id=signed_in().customer_id, document_id=document_id, request_id=new_request_id()
    )
    try:
        gateway.vault().DeleteDocument(wanted)
    except grpc.RpcError as error:
        flash(refused(error).problem_text, "bad")
    else:
        flash(t("Das Dokument ist endgültig gelöscht."), "ok")
    return redirect("/kunde/dokumente/papierkorb", 303)


@customer_papers.post("/kunde/dokumente/auswahl/papierkorb")
def discard_selection() -> ResponseReturnValue:
    """Put the chosen documents into the trash."""
    customer_id = signed_in().customer_id

    def discard(document_id: str) -> None:
        gateway.vault().TrashDocument(
            vault_pb2.TrashDocumentRequest(
                customer_id=customer_id, document_id=document_id, request_id=new_request_id()
            )
        )

    done = _each_chosen(discard)
    if done:
        flash(tn("%(count)s Dokument liegt im Papierkorb.", "%(count)s Dokumente liegen im Papierkorb.", done), "ok")
    return _back()


@customer_papers.post("/kunde/dokumente/auswahl/verschieben")
def move_selection() -> ResponseReturnValue:
    """Put the chosen documents into another folder."""
    customer_id, folder_id = signed_in().customer_id, sent().get("to", "")

    def move(document_id: str) -> None:
        moved = vault_pb2.Document(customer_id=customer_id, document_id=document_id, folder_id=folder_id)
        mask = FieldMask(paths=["folder_id"])
        gateway.vault().UpdateDocument(
            vault_pb2.UpdateDocumentRequest(document=moved, update_mask=mask, request_id=new_request_id())
        )

    done = _each_chosen(move)
    if done:
        flash(tn("%(count)s Dokument ist verschoben.", "%(count)s Dokumente sind verschoben.", done), "ok")
    return _back()


def _each_chosen(act: Callable[[str], None]) -> int:
    """Do something with each chosen document; return with how many it worked, and say why with another it did not."""
    chosen, done = request.form.getlist("document")[:MOST_CHOSEN], 0
    if not chosen:
        flash(t("Bitte wählen Sie zuerst Dokumente aus.", du="Bitte wähle zuerst Dokumente aus."), "bad")
    for document_id in chosen:
        try:
            act(document_id)
        except grpc.RpcError as error:
            flash(refused(error).problem_text, "bad")
            break
        done += 1
    return done


def _back() -> ResponseReturnValue:
    """Return to the folder from which the selection came."""
    here = sent().get("here", "")
    return redirect(here if FOLDER_PAGE.fullmatch(here) else "/kunde/dokumente", 303)
