"""What the customer does with a paper beside reading it: bring an older version back, empty the trash (F14, F99)."""

from __future__ import annotations

import grpc
from flask import Blueprint, flash, redirect
from flask.typing import ResponseReturnValue
from kontor.vault.v1 import vault_pb2

from kontor_portal import gateway
from kontor_portal.forms import refused, sent
from kontor_portal.gateway import new_request_id
from kontor_portal.i18n import t
from kontor_portal.requests import signed_in

customer_papers = Blueprint("customer_papers", __name__)


@customer_papers.post("/kunde/dokumente/<id:document_id>/fassungen/<int:version>")
def restore_version(document_id: str, version: int) -> ResponseReturnValue:
    """Make an older version the newest one."""
    values = sent()
    request = vault_pb2.RestoreDocumentVersionRequest(
        customer_id=signed_in().customer_id,
        document_id=document_id,
        version=version,
        reason=values.get("reason", ""),
        etag=values.get("etag", ""),
        request_id=new_request_id(),
    )
    try:
        gateway.vault().RestoreDocumentVersion(request)
    except grpc.RpcError as error:
        flash(refused(error).problem_text, "bad")
    else:
        flash(t("Fassung %(number)s gilt wieder.", number=version), "ok")
    return redirect(f"/kunde/dokumente/{document_id}", 303)


@customer_papers.post("/kunde/dokumente/<id:document_id>/loeschen")
def delete(document_id: str) -> ResponseReturnValue:
    """Destroy a document that lies in the trash."""
    request = vault_pb2.DeleteDocumentRequest(
        customer_id=signed_in().customer_id, document_id=document_id, request_id=new_request_id()
    )
    try:
        gateway.vault().DeleteDocument(request)
    except grpc.RpcError as error:
        flash(refused(error).problem_text, "bad")
    else:
        flash(t("Das Dokument ist endgültig gelöscht."), "ok")
    return redirect("/kunde/dokumente/papierkorb", 303)
