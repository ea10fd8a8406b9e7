"""Resumable uploads by the tus protocol 1.0: core, creation, termination, expiration and checksum.

What arrived before a cut is kept, encrypted, as a part of the upload; the next request goes on behind it. When the last
byte is there the parts become one content, which takes one pass over it (hash, encrypt); an upload that came in a
single request needs none.
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from uuid import UUID

import grpc
from flask import Response, abort, request
from flask.typing import ResponseReturnValue
from kontor.vault.v1 import internal_pb2, vault_pb2
from kontor.vault.v1.vault_pb2_grpc import VaultServiceStub
from kontor_chassis.edge import current_edge, problem_of
from kontor_chassis.errors import DomainError, ErrorKind, invalid
from kontor_chassis.request_bodies import body_pieces, receive_body
from werkzeug.http import http_date

from kontor_vault.content import SealedContent, SealedWriter
from kontor_vault.http.contents import content_of
from kontor_vault.http.intake import Intake
from kontor_vault.http.uploads import answer_is_heard, document_kind, internal, report_finished, store_bytes
from kontor_vault.objects import Objects

VERSION = "1.0.0"
EXTENSIONS = "creation,termination,expiration,checksum"
LARGEST_BYTES = 10 << 30
_ALGORITHMS: dict[str, Callable[[], hashlib._Hash]] = {"sha1": hashlib.sha1, "sha256": hashlib.sha256}
_CONTENT_TYPE = "application/offset+octet-stream"
_METADATA = {
    "filename": "file_name",
    "title": "title",
    "folder_id": "folder_id",
    "contract_id": "contract_id",
    "document_id": "document_id",
    "reason": "reason",
}
"""What a client may say in Upload-Metadata, and which field of CreateUpload it is; `customer_id` and `kind` beside."""
_STATUS = {
    "UPLOAD_ENDED": 410,
    "UPLOAD_OFFSET": 409,
    "QUOTA_EXCEEDED": 413,
    "NO_STORAGE": 413,
    "PLAN_LIMIT_STORAGE": 413,
    "UPLOAD_TOO_LARGE": 413,
}


class Tus:
    """Speaks tus for the vault."""

    def __init__(self, objects: Objects) -> None:
        self._objects = objects

    def options(self, upload_id: UUID | None = None) -> ResponseReturnValue:
        """Say what of the protocol is understood."""
        headers = {
            "Tus-Version": VERSION,
            "Tus-Extension": EXTENSIONS,
            "Tus-Max-Size": str(LARGEST_BYTES),
            "Tus-Checksum-Algorithm": ",".join(_ALGORITHMS),
        }
        return _answer(204, headers)

    def create(self) -> ResponseReturnValue:
        """Reserve an upload; its address comes back as Location."""
        _require_version()
        length = _number("Upload-Length", most=LARGEST_BYTES)
        said = _metadata()
        wanted = vault_pb2.CreateUploadRequest(
            customer_id=said.get("customer_id", ""), size_bytes=length, kind=document_kind(said.get("kind", ""))
        )
        for name, field in _METADATA.items():
            setattr(wanted, field, said.get(name, ""))
        with _refusals_as_tus():
            upload = current_edge().stub("vault", VaultServiceStub).CreateUpload(wanted)
            if not length:
                store_bytes(self._objects, UUID(upload.upload_id), b"")
        headers = {"Location": f"/files/tus/{upload.upload_id}", "Upload-Offset": "0"}
        return _answer(201, headers | {"Upload-Expires": http_date(upload.expire_time.ToDatetime())})

    def head(self, upload_id: UUID) -> ResponseReturnValue:
        """Say how far an upload has come; one whose parts were never joined is joined now."""
        _require_version()
        with _refusals_as_tus():
            progress = internal().GetUploadProgress(internal_pb2.GetUploadProgressRequest(upload_id=str(upload_id)))
            if progress.offset_bytes == progress.size_bytes and not progress.stored:
                self._join(upload_id)
        return _answer(200, _headers(progress) | {"Upload-Length": str(progress.size_bytes)})

    def patch(self, upload_id: UUID) -> ResponseReturnValue:
        """Store the body behind what is there; of a body that breaks off, what came of it."""
        _require_version()
        if request.mimetype != _CONTENT_TYPE:
            abort(_answer(415))
        offset, checksum = _number("Upload-Offset"), _Checksum.of_request()
        with _refusals_as_tus(), answer_is_heard():
            wanted = internal_pb2.OpenUploadPartRequest(upload_id=str(upload_id), offset_bytes=offset)
            part = internal().OpenUploadPart(wanted)
            if (request.content_length or 0) > part.permit.size_bytes:
                abort(_answer(413))
            sealed = self._receive(part, checksum)
            progress = self._close(upload_id, part, sealed) if sealed else self._progress(upload_id)
            if progress.offset_bytes == progress.size_bytes and not progress.stored:
                if offset == 0 and sealed is not None:
                    self._finish(upload_id, part, sealed)
                else:
                    self._join(upload_id)
        return _answer(204, _headers(progress))

    def delete(self, upload_id: UUID) -> ResponseReturnValue:
        """Give an upload up; what arrived of it goes at the next sweep."""
        _require_version()
        with _refusals_as_tus():
            internal().AbandonUpload(internal_pb2.AbandonUploadRequest(upload_id=str(upload_id)))
        return _answer(204)

    def _receive(self, part: internal_pb2.UploadPart, checksum: _Checksum | None) -> SealedContent | None:
        """Encrypt the body into the part; None when nothing came. A wrong checksum leaves nothing (460)."""
        with _writer(self._objects, part.permit) as writer:
            intake = Intake(writer, part.permit.size_bytes)
            if checksum is None:
                receive_body(request, intake)
            else:
                for piece in body_pieces(request):
                    checksum.digest.update(piece)
                    intake.write(piece)
            if checksum is not None and not checksum.is_right():
                abort(_answer(460))
            return writer.seal() if writer.size_bytes else None

    def _close(
        self, upload_id: UUID, part: internal_pb2.UploadPart, sealed: SealedContent
    ) -> internal_pb2.UploadProgress:
        """Have a stored part counted; when another connection was first, nothing of it stays."""
        closed = internal_pb2.CloseUploadPartRequest(
            upload_id=str(upload_id), part_id=part.part_id, size_bytes=sealed.size_bytes
        )
        try:
            return internal().CloseUploadPart(closed)
        except grpc.RpcError as refused:
            if problem_of(refused).reason in {"UPLOAD_OFFSET", "UPLOAD_ENDED"}:
                self._objects.delete(part.permit.object_path)
            raise

    def _progress(self, upload_id: UUID) -> internal_pb2.UploadProgress:
        return internal().GetUploadProgress(internal_pb2.GetUploadProgressRequest(upload_id=str(upload_id)))

    def _join(self, upload_id: UUID) -> vault_pb2.Document:
        """Make one content of all parts."""
        permit = internal().JoinUpload(internal_pb2.JoinUploadRequest(upload_id=str(upload_id)))
        with _writer(self._objects, permit.joint.permit) as writer:
            for part in permit.parts:
                for piece in content_of(self._objects, part):
                    writer.write(piece)
            sealed = writer.seal()
        return self._finish(upload_id, permit.joint, sealed)

    def _finish(self, upload_id: UUID, part: internal_pb2.UploadPart, sealed: SealedContent) -> vault_pb2.Document:
        """Make a part that holds everything a document; one with malware ends the upload."""
        try:
            return report_finished(self._objects, str(upload_id), part.permit, sealed, part.part_id)
        except DomainError as refused:
            if refused.kind is ErrorKind.INVALID:
                internal().AbandonUpload(internal_pb2.AbandonUploadRequest(upload_id=str(upload_id)))
                self._objects.delete(part.permit.object_path)
            raise


@dataclass
class _Checksum:
    """What a client says its body hashes to."""

    digest: hashlib._Hash
    expected: bytes

    @staticmethod
    def of_request() -> _Checksum | None:
        """Return what Upload-Checksum says, None without it; answers 400 for an algorithm that is not offered."""
        name, _, value = request.headers.get("Upload-Checksum", "").partition(" ")
        if not name:
            return None
        make = _ALGORITHMS.get(name)
        try:
            expected = base64.b64decode(value, validate=True)
        except ValueError:
            make = None
        if make is None:
            abort(_answer(400))
        return _Checksum(make(), expected)

    def is_right(self) -> bool:
        """Whether the body was what the client sent."""
        return self.digest.digest() == self.expected


@contextmanager
def _refusals_as_tus() -> Iterator[None]:
    """Answer with tus' own status where the vault refuses for a reason that the protocol knows."""
    try:
        yield
    except (grpc.RpcError, DomainError) as refused:
        problem = problem_of(refused)
        status = _STATUS.get(problem.reason)
        if status is None:
            raise
        abort(_answer(status, {"Content-Type": "text/plain; charset=utf-8"}, problem.message))


def _writer(objects: Objects, permit: internal_pb2.UploadPermit) -> SealedWriter:
    return SealedWriter(objects, permit.object_path, permit.content_key, permit.associated_data, permit.size_bytes)


def _answer(status: int, headers: dict[str, str] | None = None, body: str = "") -> Response:
    return Response(body or None, status, {"Tus-Resumable": VERSION, **(headers or {})})


def _headers(progress: internal_pb2.UploadProgress) -> dict[str, str]:
    return {
        "Upload-Offset": str(progress.offset_bytes),
        "Upload-Expires": http_date(progress.expire_time.ToDatetime()),
        "Content-Location": f"/files/documents/{progress.document_id}",
    }


def _require_version() -> None:
    if request.headers.get("Tus-Resumable") != VERSION:
        abort(_answer(412, {"Tus-Version": VERSION}))


def _number(header: str, most: int = LARGEST_BYTES) -> int:
    text = request.headers.get(header, "")
    if not (text.isascii() and text.isdecimal() and len(text) < 20):
        abort(_answer(400))
    if int(text) > most:
        abort(_answer(413))
    return int(text)


def _metadata() -> dict[str, str]:
    """Return Upload-Metadata; raises INVALID for what is not base64 or no text."""
    said: dict[str, str] = {}
    for pair in filter(None, request.headers.get("Upload-Metadata", "").split(",")):
        name, _, value = pair.strip().partition(" ")
        try:
            said[name] = base64.b64decode(value, validate=True).decode()
        except ValueError:
            raise invalid(name, "Diese Angabe zum Upload ist nicht lesbar.") from None
    return said
