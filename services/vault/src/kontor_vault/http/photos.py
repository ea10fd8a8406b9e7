"""Photos of a paper, joined to one PDF (F67): the first pages of a contract, a letter, pictures of a damage.

Photos are held in memory while they become a PDF, so few forms are read at once. Their places and cameras stay behind.
"""

from __future__ import annotations

import io
from threading import BoundedSemaphore
from uuid import UUID

import grpc
from flask import Response, redirect, request
from flask.typing import ResponseReturnValue
from google.protobuf.json_format import MessageToJson
from kontor.vault.v1 import vault_pb2
from kontor.vault.v1.vault_pb2_grpc import VaultServiceStub
from kontor_chassis.edge import current_edge, problem_of
from kontor_chassis.errors import DomainError, ErrorKind, invalid
from werkzeug.datastructures import FileStorage, ImmutableMultiDict
from werkzeug.exceptions import BadRequest, LengthRequired
from werkzeug.formparser import MultiPartParser

from kontor_vault.http.uploads import answer_is_heard, document_kind, path_on_this_origin, store_bytes, with_query
from kontor_vault.objects import Objects
from kontor_vault.rendering.process import LARGEST_BYTES, a_place, render
from kontor_vault.rendering.results import State

MOST_PHOTOS = 30
_AT_ONCE = BoundedSemaphore(4)
_SENTENCES = {
    State.UNSUPPORTED: "Eines der Fotos ist kein Bild, das wir lesen können. Möglich sind JPEG, HEIC, PNG und WebP.",
    State.BROKEN: "Eines der Fotos ist beschädigt.",
    State.TOO_LARGE: "Die Fotos sind zusammen zu groß. Bitte senden Sie weniger auf einmal.",
}


class Photos:
    """Receives photos and stores one document."""

    def __init__(self, objects: Objects) -> None:
        self._objects = objects

    def join(self, customer_id: UUID) -> ResponseReturnValue:
        """Store the photos of a multipart form (`photo`, repeated, in order) as one PDF called `title`.

        `folder_id`, `kind`, `contract_id` and `return_to` come in the query, as with other files. Answers with a
        redirect to `return_to` that says `stored` or `problem`; without it with the document as JSON.
        """
        back = path_on_this_origin(request.args.get("return_to", ""))
        try:
            with answer_is_heard():
                document = self._stored(str(customer_id))
        except (grpc.RpcError, DomainError) as refused:
            if not back:
                raise
            return redirect(with_query(back, problem=problem_of(refused).reason), 303)
        if back:
            return redirect(with_query(back, stored="1"), 303)
        return Response(MessageToJson(document), 201, mimetype="application/json")

    def _stored(self, customer_id: str) -> vault_pb2.Document:
        if (request.content_length or 0) > LARGEST_BYTES:
            raise _refused(State.TOO_LARGE)
        with a_place(_AT_ONCE):
            fields, photos = _form()
            joined = render({"what": "join"}, *((len(photo), [photo]) for photo in photos))
        if joined.state is not State.READY:
            raise _refused(joined.state)
        title = " ".join(fields.get("title", "").split())[:200] or "Fotos"
        upload = (
            current_edge()
            .stub("vault", VaultServiceStub)
            .CreateUpload(
                vault_pb2.CreateUploadRequest(
                    customer_id=customer_id,
                    file_name=f"{title}.pdf",
                    title=title,
                    size_bytes=len(joined.content),
                    folder_id=request.args.get("folder_id", ""),
                    contract_id=request.args.get("contract_id", ""),
                    kind=document_kind(request.args.get("kind", "")),
                )
            )
        )
        return store_bytes(self._objects, UUID(upload.upload_id), joined.content)


def _form() -> tuple[ImmutableMultiDict[str, str], list[bytes]]:
    """Return the fields and the photos of the form, in memory; raises INVALID for none or too many."""
    boundary = request.mimetype_params.get("boundary", "").encode("latin-1")
    if request.mimetype != "multipart/form-data" or not boundary:
        raise BadRequest("multipart/form-data expected")
    if request.content_length is None:
        raise LengthRequired
    parser = MultiPartParser(stream_factory=lambda *_, **__: io.BytesIO(), max_form_parts=MOST_PHOTOS + 10)
    try:
        fields, files = parser.parse(request.stream, boundary, request.content_length)
    except ValueError as broken:
        raise BadRequest("the form is incomplete") from broken
    chosen: list[FileStorage] = [each for each in files.getlist("photo") if each.filename]
    if not 1 <= len(chosen) <= MOST_PHOTOS:
        raise invalid("photo", "Bitte wählen Sie ein bis dreißig Fotos aus.", reason="PHOTOS_MISSING")
    return ImmutableMultiDict(fields), [each.stream.read() for each in chosen]


def _refused(state: State) -> DomainError:
    return DomainError(ErrorKind.INVALID, f"PHOTOS_{state}", _SENTENCES.get(state, _SENTENCES[State.BROKEN]))
