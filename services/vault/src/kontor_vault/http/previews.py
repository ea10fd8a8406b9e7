"""What is shown of a document in place: a picture of a page, or a PDF without anything that acts by itself.

Both are made in the rendering process and recorded as a look. The picture of the first page is kept beside
the content, encrypted under the same key; the original is never changed.
"""

from __future__ import annotations

from uuid import UUID

from flask import Response, redirect, request
from flask.typing import ResponseReturnValue
from kontor.vault.v1 import internal_pb2, vault_pb2
from kontor_chassis.errors import DomainError, ErrorKind

from kontor_vault.content import SealedReader, SealedWriter
from kontor_vault.file_names import content_disposition
from kontor_vault.http.contents import content_of
from kontor_vault.http.uploads import internal
from kontor_vault.kept_previews import preview_path
from kontor_vault.objects import Objects
from kontor_vault.rendering.process import render
from kontor_vault.rendering.results import Rendered, State
from kontor_vault.segments import HEADER_BYTES, SEGMENT_BYTES, TAG_BYTES

WIDTH = 960
_LARGEST_KEPT = SEGMENT_BYTES - HEADER_BYTES - TAG_BYTES - 1
_PDF = "application/pdf"
_PICTURES = frozenset({"image/jpeg", "image/png", "image/gif", "image/webp", "image/tiff", "image/heic", "image/heif"})
_SENTENCES = {
    State.ENCRYPTED: "Diese Datei ist mit einem Passwort geschützt. Laden Sie sie herunter, um sie zu öffnen.",
    State.BROKEN: "Diese Datei ist beschädigt und lässt sich nicht anzeigen.",
    State.TOO_LARGE: "Diese Datei ist für eine Vorschau zu groß.",
    State.UNSUPPORTED: "Für diese Art von Datei gibt es keine Vorschau.",
}
_VIEWER = "default-src 'none'; object-src 'self'; style-src 'unsafe-inline'; frame-ancestors 'self'"


class Previews:
    """Shows documents; each request asks the vault anew, so that a revoked grant ends at once."""

    def __init__(self, objects: Objects) -> None:
        self._objects = objects

    def picture(self, document_id: UUID) -> ResponseReturnValue:
        """Send a page (`?page=`, from 1) as WebP; says why in the problem's reason, PREVIEW_…, when there is none."""
        permit = _permit(document_id)
        page = request.args.get("page", default=1, type=int)
        response = Response(mimetype="image/webp")
        response.headers["Cache-Control"] = "private, no-cache"
        response.set_etag(f"{permit.sha256}-{page}-{WIDTH}")
        if request.if_none_match.contains(f"{permit.sha256}-{page}-{WIDTH}"):
            response.status_code = 304
            return response
        response.data = self._page(permit, page)
        return response

    def quiet(self, document_id: UUID) -> ResponseReturnValue:
        """Show a PDF without what acts by itself; leads to the original where that has nothing of it.

        What cannot be looked through (a password, damage, more than 64 MB) is offered as a file instead.
        """
        original = f"/files/documents/{document_id}"
        permit = _permit(document_id)
        if permit.media_type != _PDF:
            return redirect(original, 303)
        result = render({"what": "clean"}, (permit.size_bytes, content_of(self._objects, permit)))
        if result.state is State.UNCHANGED:
            return redirect(original, 303)
        if result.state is not State.READY:
            return redirect(f"{original}?download=1", 303)
        headers = {
            "Content-Disposition": content_disposition("inline", permit.file_name),
            "Content-Security-Policy": _VIEWER,
        }
        return Response(result.content, mimetype=_PDF, headers=headers)

    def _page(self, permit: internal_pb2.DownloadPermit, page: int) -> bytes:
        if permit.media_type != _PDF and permit.media_type not in _PICTURES:
            raise _refused(State.UNSUPPORTED)
        kept = self._kept(permit) if page == 1 else b""
        if kept:
            return kept
        job = {"what": "preview", "page": page, "width": WIDTH}
        result = render(job, (permit.size_bytes, content_of(self._objects, permit)))
        if result.state is not State.READY:
            raise _refused(result.state)
        if page == 1:
            self._keep(permit, result)
        return result.content

    def _kept(self, permit: internal_pb2.DownloadPermit) -> bytes:
        """Return the picture that was kept; nothing when there is none."""
        path = preview_path(permit.object_path)
        try:
            source = self._objects.read(path)
            try:
                size = len(source.fetch(0, SEGMENT_BYTES)) - HEADER_BYTES - TAG_BYTES
            finally:
                source.close()
            with SealedReader(self._objects, path, permit.content_key, _bound(permit), size) as reader:
                return b"".join(reader.read(0, size))
        except FileNotFoundError:
            return b""

    def _keep(self, permit: internal_pb2.DownloadPermit, picture: Rendered) -> None:
        if len(picture.content) > _LARGEST_KEPT:
            return
        path = preview_path(permit.object_path)
        with SealedWriter(self._objects, path, permit.content_key, _bound(permit)) as writer:
            writer.write(picture.content)
            writer.seal()


def _permit(document_id: UUID) -> internal_pb2.DownloadPermit:
    version = request.args.get("version", default=0, type=int)
    wanted = internal_pb2.OpenDocumentRequest(
        document_id=str(document_id), version=version, action=vault_pb2.SIGHTING_ACTION_VIEW
    )
    return internal().OpenDocument(wanted)


def _bound(permit: internal_pb2.DownloadPermit) -> bytes:
    """Return what a kept picture is bound to, so that it can never stand in for the content itself."""
    return permit.associated_data + b":preview"


def _refused(state: State) -> DomainError:
    return DomainError(ErrorKind.PRECONDITION, f"PREVIEW_{state}", _SENTENCES[state])
