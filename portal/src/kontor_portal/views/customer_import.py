"""An archive of another Kontor, read in: uploaded, followed while it is checked and stored, explained when refused."""

from __future__ import annotations

import grpc
from flask import Blueprint, redirect, render_template
from flask.typing import ResponseReturnValue
from kontor.vault.v1 import imports_pb2 as pb
from kontor.vault.v1 import vault_pb2

from kontor_portal import gateway
from kontor_portal.forms import Form, refused, sent
from kontor_portal.gateway import new_request_id
from kontor_portal.i18n import t
from kontor_portal.requests import signed_in
from kontor_portal.uploads import UploadTarget

customer_import = Blueprint("customer_import", __name__)

PAGE = "/kunde/dokumente/archiv/einlesen"
_ZIP = "application/zip"
_RUNNING = (pb.IMPORT_STATE_WAITING, pb.IMPORT_STATE_CHECKING, pb.IMPORT_STATE_STORING)


@customer_import.get(PAGE)
def page() -> ResponseReturnValue:
    """Show the archive that is being read in, or what became of the last one, and what can be read in."""
    return _page(Form({"request_id": new_request_id()}))


@customer_import.post(PAGE)
def create() -> ResponseReturnValue:
    """Have one read in."""
    values = sent()
    wanted = pb.CreateImportRequest(
        customer_id=signed_in().customer_id,
        document_id=values.get("document_id", ""),
        request_id=values.get("request_id") or new_request_id(),
    )
    try:
        gateway.imports().CreateImport(wanted)
    except grpc.RpcError as error:
        return _page(refused(error))
    return redirect(PAGE, 303)


@customer_import.post(f"{PAGE}/<id:import_id>/loeschen")
def delete(import_id: str) -> ResponseReturnValue:
    """Stop it, or forget one that ended."""
    asked = pb.DeleteImportRequest(
        customer_id=signed_in().customer_id, import_id=import_id, request_id=new_request_id()
    )
    gateway.imports().DeleteImport(asked)
    return redirect(PAGE, 303)


@customer_import.get(f"{PAGE}/<id:import_id>")
def former(import_id: str) -> ResponseReturnValue:
    """Show what an archive says about the installation that made it."""
    asked = pb.GetFormerInstallationRequest(customer_id=signed_in().customer_id, import_id=import_id)
    return render_template("customer/import_former.html", former=gateway.imports().GetFormerInstallation(asked))


def refusal_text(found: pb.Import) -> str:
    """Return why an archive was refused, in a sentence for its owner."""
    sentences = {
        pb.IMPORT_REFUSAL_NO_ARCHIVE: t("Die Datei ist kein Archiv eines Kontors."),
        pb.IMPORT_REFUSAL_TOO_LARGE: t("Das Archiv enthält zu viele oder entpackt zu große Dateien."),
        pb.IMPORT_REFUSAL_UNSAFE: t("Das Archiv enthält Dateien, die ein Kontor nie hineinlegt."),
        pb.IMPORT_REFUSAL_MISSING: t("Im Archiv fehlt eine Datei."),
        pb.IMPORT_REFUSAL_ALTERED: t("Eine Datei ist nicht mehr so, wie sie beim Erstellen des Archivs war."),
        pb.IMPORT_REFUSAL_UNLISTED: t("Im Archiv liegt eine Datei, die nicht hineingehört."),
        pb.IMPORT_REFUSAL_LEDGER_ALTERED: t("Das Einsichtenprotokoll im Archiv wurde verändert."),
        pb.IMPORT_REFUSAL_CONTRADICTORY: t("Was das Archiv über seine Dateien sagt, passt nicht zusammen."),
        pb.IMPORT_REFUSAL_NOT_UNDERSTOOD: t("Das Verzeichnis des Archivs lässt sich nicht lesen."),
        pb.IMPORT_REFUSAL_READ_BEFORE: t("Dieses Archiv ist schon eingelesen."),
        pb.IMPORT_REFUSAL_TOO_MANY_ITEMS: t("Der Notfallordner fasst nicht so viele Einträge."),
        pb.IMPORT_REFUSAL_NO_ROOM: t("Der Speicherplatz reicht für den Inhalt des Archivs nicht aus."),
    }
    return sentences.get(found.refusal, t("Das Archiv wurde abgelehnt."))


def _page(form: Form) -> ResponseReturnValue:
    customer_id = signed_in().customer_id
    listing = gateway.imports().ListImports.future(pb.ListImportsRequest(customer_id=customer_id, page_size=20))
    wanted = vault_pb2.ListDocumentsRequest(customer_id=customer_id, page_size=100)
    documents = gateway.vault().ListDocuments(wanted).documents
    imports = listing.result().imports
    running = next((each for each in imports if each.state in _RUNNING), None)
    hint = t("Die ZIP-Datei, die Sie mitgenommen haben.", du="Die ZIP-Datei, die du mitgenommen hast.")
    return render_template(
        "customer/import.html",
        running=running,
        ended=[each for each in imports if each.state not in _RUNNING],
        archives=[document for document in documents if document.media_type == _ZIP],
        states=pb.ImportState,
        refusal_text=refusal_text,
        upload=UploadTarget(customer_id, PAGE, hint=hint),
        form=form,
    )
