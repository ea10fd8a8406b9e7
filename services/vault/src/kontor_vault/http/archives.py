"""Several documents as one ZIP, made while it is sent: memory stays at a few segments whatever is chosen.

Each document is asked for at its turn, as if downloaded by itself: rights are checked and the look recorded then.
What cannot be had any more is named in a text file at the end, and the archive stays whole.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from uuid import UUID

import grpc
import structlog
from flask import Response, request, stream_with_context
from flask.typing import ResponseReturnValue
from kontor.vault.v1 import internal_pb2, vault_pb2
from kontor.vault.v1.vault_pb2_grpc import VaultServiceStub
from kontor_chassis.edge import current_edge, problem_of
from kontor_chassis.errors import invalid
from kontor_chassis.sentences import said
from zipstream import ZIP_STORED, ZipStream

from kontor_vault.file_names import clean_file_name, content_disposition, unique_name
from kontor_vault.http.contents import content_of
from kontor_vault.http.uploads import internal
from kontor_vault.objects import Objects

log = structlog.get_logger(__name__)

MOST_DOCUMENTS = 500
_MISSING = "Nicht enthalten.txt"
_PAGE = 100


@dataclass(frozen=True)
class Chosen:
    """A document and the name that it gets in the archive."""

    document_id: str
    name: str


class Archives:
    """Sends selections and folders."""

    def __init__(self, objects: Objects) -> None:
        self._objects = objects

    def send(self, customer_id: UUID) -> ResponseReturnValue:
        """Send the documents of a form (`document`, repeated), or all in a folder (`folder`) with those below it.

        Answers 404 when one of them is not to be seen, 400 for none or more than 500.
        """
        folder_id, ids = request.form.get("folder", ""), request.form.getlist("document")
        found = _in_folder(str(customer_id), folder_id) if folder_id else _by_id(str(customer_id), ids)
        chosen = list(named(found))
        if not chosen:
            raise invalid("document", "Bitte wählen Sie mindestens ein Dokument aus.")
        response = Response(stream_with_context(self._zipped(chosen)), mimetype="application/zip")
        response.headers["Content-Disposition"] = content_disposition("attachment", "Dokumente.zip")
        return response

    def _zipped(self, chosen: list[Chosen]) -> Iterator[bytes]:
        archive = ZipStream(compress_type=ZIP_STORED)
        missing: list[str] = []
        for each in chosen:
            try:
                permit = internal().OpenDocument(
                    internal_pb2.OpenDocumentRequest(
                        document_id=each.document_id, action=vault_pb2.SIGHTING_ACTION_DOWNLOAD
                    )
                )
            except grpc.RpcError as refused:
                log.info("archive_without_document", document_id=each.document_id, reason=problem_of(refused).reason)
                missing.append(each.name)
                continue
            archive.add(content_of(self._objects, permit), each.name)
            yield from archive.file()
        if missing:
            archive.add("\r\n".join(["Diese Dokumente waren nicht mehr verfügbar:", "", *missing]).encode(), _MISSING)
        yield from archive.finalize()


def named(found: Iterator[tuple[str, vault_pb2.Document]]) -> Iterator[Chosen]:
    """Give each document a safe name below its folder, unique whatever the file system makes of capitals."""
    taken = {_MISSING.casefold()}
    for folder, document in found:
        yield Chosen(document.document_id, unique_name(folder, document.file_name, taken))


def _by_id(customer_id: str, ids: list[str]) -> Iterator[tuple[str, vault_pb2.Document]]:
    if len(ids) > MOST_DOCUMENTS:
        raise _too_many()
    for document_id in dict.fromkeys(ids):
        wanted = vault_pb2.GetDocumentRequest(customer_id=customer_id, document_id=document_id)
        yield "", _vault().GetDocument(wanted)


def _in_folder(customer_id: str, folder_id: str) -> Iterator[tuple[str, vault_pb2.Document]]:
    """Yield what lies in a folder and below it, with the path from it on."""
    top = _vault().GetFolder(vault_pb2.GetFolderRequest(customer_id=customer_id, folder_id=folder_id))
    children: dict[str, list[vault_pb2.Folder]] = {}
    for folder in _folders(customer_id):
        children.setdefault(folder.parent_id, []).append(folder)
    count, waiting = 0, [(top, "")]
    while waiting:
        folder, above = waiting.pop(0)
        path = f"{above}{clean_file_name(folder.name)}/"
        waiting += [(child, path) for child in children.get(folder.folder_id, [])]
        for document in _documents(customer_id, folder.folder_id):
            count += 1
            if count > MOST_DOCUMENTS:
                raise _too_many()
            yield path, document


def _folders(customer_id: str) -> Iterator[vault_pb2.Folder]:
    wanted = vault_pb2.ListFoldersRequest(customer_id=customer_id, page_size=_PAGE)
    while True:
        answer = _vault().ListFolders(wanted)
        yield from answer.folders
        wanted.page_token = answer.next_page_token
        if not wanted.page_token:
            return


def _documents(customer_id: str, folder_id: str) -> Iterator[vault_pb2.Document]:
    wanted = vault_pb2.ListDocumentsRequest(customer_id=customer_id, folder_id=folder_id, page_size=_PAGE)
    while True:
        answer = _vault().ListDocuments(wanted)
        yield from answer.documents
        wanted.page_token = answer.next_page_token
        if not wanted.page_token:
            return


def _vault() -> VaultServiceStub:
    return current_edge().stub("vault", VaultServiceStub)


def _too_many() -> Exception:
    return invalid("document", said("Höchstens %(most)s Dokumente passen in ein Archiv.", most=MOST_DOCUMENTS))
