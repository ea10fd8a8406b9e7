"""Bytes in: PUT to a reserved upload, or an HTML form with files for pages without scripts."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import IO, cast
from urllib.parse import urlencode
from uuid import UUID

import grpc
import structlog
from flask import Response, redirect, request
from flask.typing import ResponseReturnValue
from google.protobuf.json_format import MessageToJson
from kontor.vault.v1 import internal_pb2, vault_pb2
from kontor.vault.v1.internal_pb2_grpc import VaultInternalServiceStub
from kontor.vault.v1.vault_pb2_grpc import VaultServiceStub
from kontor_chassis.edge import current_edge, problem_of
from kontor_chassis.errors import DomainError, ErrorKind
from kontor_chassis.request_bodies import PIECE_BYTES, receive_body
from werkzeug.exceptions import BadRequest, HTTPException, LengthRequired
from werkzeug.formparser import MultiPartParser

from kontor_vault.adapters.clamd import Clamd
from kontor_vault.config import VaultEdgeSettings
from kontor_vault.content import SealedContent, SealedReader, SealedWriter
from kontor_vault.http.intake import Intake, too_large
from kontor_vault.objects import Objects

log = structlog.get_logger(__name__)

_MOST_FIELDS = 50
_READ_AWAY_BYTES = 64 << 20


class Uploads:
    """Receives files; nothing of an interrupted one stays."""

    def __init__(self, objects: Objects) -> None:
        self._objects = objects

    def put(self, upload_id: UUID) -> ResponseReturnValue:
        """Store the request's body as the content of a reserved upload; answers 201 with the document as JSON."""
        with answer_is_heard(), _Receiving.begin(self._objects, upload_id) as receiving:
            receiving.require_length(request.content_length)
            receive_body(request, receiving.intake)
            document = receiving.finish(complete_at=receiving.most)
        return Response(MessageToJson(document), 201, mimetype="application/json")

    def post(self, customer_id: UUID) -> ResponseReturnValue:
        """Store the files of a multipart form, each as a document.

        `folder_id`, `kind`, `contract_id`, `document_id` (whose newest version the file becomes) and `return_to` (a
        path on this origin) come in the query, because the files are encrypted while they arrive. Answers with a
        redirect to `return_to` that says how many were stored (`stored`) or why one was not (`problem`, a reason);
        without `return_to` with the documents as JSON.
        """
        form = _FormUpload(self._objects, customer_id)
        back = path_on_this_origin(request.args.get("return_to", ""))
        try:
            with answer_is_heard():
                documents = form.receive()
        except (grpc.RpcError, DomainError) as refused:
            if not back:
                raise
            return redirect(with_query(back, problem=problem_of(refused).reason), 303)
        if back:
            return redirect(with_query(back, stored=str(len(documents))), 303)
        answer = vault_pb2.ListDocumentsResponse(documents=documents)
        return Response(MessageToJson(answer), 201, mimetype="application/json")


class _Receiving:
    """One upload on its way; leaving the block before `finish` gives it up."""

    def __init__(self, objects: Objects, upload_id: UUID, permit: internal_pb2.UploadPermit) -> None:
        self._objects = objects
        self._path = permit.object_path
        self._permit = permit
        self._upload_id = str(upload_id)
        self._writer = SealedWriter(
            objects, permit.object_path, permit.content_key, permit.associated_data, permit.size_bytes
        )
        self._finished = False
        self.most = permit.size_bytes
        self.intake = Intake(self._writer, self.most)

    @staticmethod
    def begin(objects: Objects, upload_id: UUID) -> _Receiving:
        """Ask the vault for the permit; raises what it refuses with."""
        permit = internal().BeginUpload(internal_pb2.BeginUploadRequest(upload_id=str(upload_id)))
        return _Receiving(objects, upload_id, permit)

    def __enter__(self) -> _Receiving:
        return self

    def __exit__(self, *_: object) -> None:
        self._writer.__exit__(None, None, None)
        if not self._finished:
            self._give_up()

    def require_length(self, announced: int | None) -> None:
        """Refuse early what cannot fit; a body of unknown length is measured while it arrives."""
        if announced is not None and announced > self.most:
            raise too_large()
        if announced is not None and announced < self.most:
            raise _incomplete()

    def finish(self, complete_at: int | None = None) -> vault_pb2.Document:
        """Make the document visible, if it arrived completely."""
        if complete_at is not None and self._writer.size_bytes != complete_at:
            raise _incomplete()
        sealed = self._writer.seal()
        document = report_finished(self._objects, self._upload_id, self._permit, sealed)
        self._finished = True
        return document

    def _give_up(self) -> None:
        """Free the reservation now; if the vault cannot be reached its sweep does it later."""
        try:
            internal().AbandonUpload(internal_pb2.AbandonUploadRequest(upload_id=self._upload_id))
        except grpc.RpcError as error:
            log.warning("upload_not_abandoned", upload_id=self._upload_id, code=str(cast(grpc.Call, error).code()))
            return
        self._objects.delete(self._path)


class _FormUpload:
    """The files of one form, stored one after the other while the body is parsed."""

    def __init__(self, objects: Objects, customer_id: UUID) -> None:
        self._objects = objects
        self._customer_id = customer_id
        self._current: _FormFile | None = None
        self._documents: list[vault_pb2.Document] = []

    def receive(self) -> list[vault_pb2.Document]:
        """Parse the body; raises BadRequest for a broken one, and what the vault refuses with."""
        boundary = request.mimetype_params.get("boundary", "").encode("latin-1")
        if request.mimetype != "multipart/form-data" or not boundary:
            raise BadRequest("multipart/form-data expected")
        if request.content_length is None:
            raise LengthRequired
        parser = MultiPartParser(stream_factory=self._open, max_form_parts=_MOST_FIELDS)
        try:
            parser.parse(request.stream, boundary, request.content_length)
        except ValueError as broken:
            raise BadRequest("the form is incomplete") from broken
        finally:
            if self._current is not None:
                self._current.close()
        return self._documents

    def _open(
        self,
        total_content_length: int | None,
        content_type: str | None,
        filename: str | None,
        content_length: int | None = None,
    ) -> IO[bytes]:
        upload = (
            current_edge()
            .stub("vault", VaultServiceStub)
            .CreateUpload(
                vault_pb2.CreateUploadRequest(
                    customer_id=str(self._customer_id),
                    file_name=filename or "Dokument",
                    size_bytes=content_length or total_content_length or 0,
                    folder_id=request.args.get("folder_id", ""),
                    contract_id=request.args.get("contract_id", ""),
                    document_id=request.args.get("document_id", ""),
                    kind=document_kind(request.args.get("kind", "")),
                )
            )
        )
        receiving = _Receiving.begin(self._objects, UUID(upload.upload_id))
        self._current = _FormFile(receiving, self._documents)
        return cast(IO[bytes], self._current)


class _FormFile:
    """What the form parser takes for a file: encrypts what is written, and is complete when it is rewound."""

    def __init__(self, receiving: _Receiving, documents: list[vault_pb2.Document]) -> None:
        self._receiving = receiving
        self._documents = documents

    def write(self, piece: bytes) -> int:
        """Encrypt a piece."""
        self._receiving.intake.write(piece)
        return len(piece)

    def seek(self, offset: int, whence: int = 0) -> int:
        """Finish: the parser rewinds a file when its part has ended."""
        with self._receiving:
            self._documents.append(self._receiving.finish())
        return 0

    def close(self) -> None:
        """Give up a file whose part never ended."""
        self._receiving.__exit__()


def report_finished(
    objects: Objects,
    upload_id: str,
    permit: internal_pb2.UploadPermit,
    sealed: SealedContent,
    part_id: str = "",
) -> vault_pb2.Document:
    """Make stored content a document; `part_id` names the part that holds it, where it came in parts.

    Raises what the malware scanner, where one is configured, has against it.
    """
    require_clean(objects, permit, sealed)
    message = internal_pb2.FinishUploadRequest(
        upload_id=upload_id,
        sha256=sealed.sha256,
        size_bytes=sealed.size_bytes,
        media_type=sealed.media_type,
        part_id=part_id,
    )
    try:
        return internal().FinishUpload(message)
    except grpc.RpcError as error:
        if cast(grpc.Call, error).code() is not grpc.StatusCode.UNAVAILABLE:
            raise
        return internal().FinishUpload(message, timeout=20)  # finishing twice is harmless


def require_clean(objects: Objects, permit: internal_pb2.UploadPermit, sealed: SealedContent) -> None:
    """Have what was stored, and is still invisible, looked through; each way into the vault passes here."""
    address = cast(VaultEdgeSettings, current_edge().settings).malware_scanner
    if address is None:
        return
    place = (permit.object_path, permit.content_key, permit.associated_data, sealed.size_bytes)
    with SealedReader(objects, *place) as reader:
        Clamd(address).require_clean(reader.read(0, sealed.size_bytes))


def store_bytes(objects: Objects, upload_id: UUID, content: bytes) -> vault_pb2.Document:
    """Make a document of a reserved upload whose whole content is at hand."""
    with _Receiving.begin(objects, upload_id) as receiving:
        if content:
            receiving.intake.write(content)
        return receiving.finish(complete_at=len(content))


def internal() -> VaultInternalServiceStub:
    """Return the vault's internal calls, with the token of whoever sends the request."""
    return current_edge().stub("vault", VaultInternalServiceStub)


@contextmanager
def answer_is_heard() -> Iterator[None]:
    """Read away what is left of a refused body, within reason: closing a socket with unread bytes resets it, and the
    client would never see why."""
    try:
        yield
    except Exception:  # raised again: any refusal has to be heard
        left = _READ_AWAY_BYTES
        with suppress(OSError, HTTPException):
            while left > 0 and (piece := request.stream.read(PIECE_BYTES)):
                left -= len(piece)
        raise


def document_kind(name: str) -> vault_pb2.DocumentKind.ValueType:
    """Return a kind by its name in the API; unspecified when it is none."""
    known = dict(vault_pb2.DocumentKind.items())
    return known.get(name, vault_pb2.DOCUMENT_KIND_UNSPECIFIED)


def path_on_this_origin(path: str) -> str:
    """Return a path that leads nowhere else; nothing for any other address."""
    return path if path.startswith("/") and path[1:2] not in {"/", "\\"} else ""


def with_query(path: str, **values: str) -> str:
    """Return a path with more in its query."""
    return f"{path}{'&' if '?' in path else '?'}{urlencode(values)}"


def _incomplete() -> DomainError:
    return DomainError(
        ErrorKind.INVALID, "UPLOAD_INCOMPLETE", "Die Datei ist nicht vollständig angekommen. Bitte noch einmal senden."
    )
