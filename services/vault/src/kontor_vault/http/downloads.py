"""Bytes out: a document's content with Range, entity tag and a safe file name (RFC 9110)."""

from __future__ import annotations

from collections.abc import Iterator
from uuid import UUID

import structlog
from flask import Response, abort, request
from flask.typing import ResponseReturnValue
from kontor.vault.v1 import imports_internal_pb2, internal_pb2
from kontor.vault.v1.imports_internal_pb2_grpc import ImportInternalServiceStub
from kontor.vault.v1.internal_pb2_grpc import VaultInternalServiceStub
from kontor.vault.v1.vault_pb2 import SightingAction
from kontor_chassis.edge import current_edge
from kontor_chassis.response_bodies import straight

from kontor_vault.content import CorruptContentError, SealedReader
from kontor_vault.file_names import content_disposition
from kontor_vault.media_types import SHOWN_INLINE
from kontor_vault.objects import Objects

log = structlog.get_logger(__name__)

_SANDBOX = "default-src 'none'; style-src 'unsafe-inline'; sandbox"
_PDF = "default-src 'none'; object-src 'self'; style-src 'unsafe-inline'; frame-ancestors 'self'"
"""Browsers' PDF viewers do not start inside a sandbox; they run a PDF's scripts apart from the page anyway."""


class Downloads:
    """Sends files; each request asks the vault anew, so that a revoked grant ends at once."""

    def __init__(self, objects: Objects) -> None:
        self._objects = objects

    def get(self, document_id: UUID) -> ResponseReturnValue:
        """Send a document, or the range asked for; `?version=` chooses one, `?download=1` offers it as a file."""
        as_file = request.args.get("download", "") not in {"", "0"}
        return self._answer(_permit(document_id, as_file=as_file), as_file=as_file)

    def export(self, export_id: UUID) -> ResponseReturnValue:
        """Send an archive of everything, or the range asked for, so that a download that broke off goes on."""
        asked = internal_pb2.OpenExportRequest(export_id=str(export_id))
        permit = current_edge().stub("vault", VaultInternalServiceStub).OpenExport(asked)
        return self._answer(permit, as_file=True)

    def former(self, file_id: UUID) -> ResponseReturnValue:
        """Send a file that came along in an archive, as it came; always as a file, because nobody vouches for it."""
        asked = imports_internal_pb2.OpenFormerFileRequest(file_id=str(file_id))
        return self._answer(current_edge().stub("vault", ImportInternalServiceStub).OpenFormerFile(asked), as_file=True)

    def _answer(self, permit: internal_pb2.DownloadPermit, *, as_file: bool) -> ResponseReturnValue:
        response = Response(mimetype=permit.media_type)
        shown = not as_file and permit.media_type in SHOWN_INLINE
        response.headers["Content-Disposition"] = content_disposition(
            "inline" if shown else "attachment", permit.file_name
        )
        response.headers["Content-Security-Policy"] = _PDF if permit.media_type == "application/pdf" else _SANDBOX
        response.headers["Cache-Control"] = "private, no-cache"  # may be kept, must be asked about each time
        response.headers["Accept-Ranges"] = "bytes"
        response.set_etag(permit.sha256)
        response.last_modified = permit.create_time.ToDatetime()
        if permit.media_type == "text/plain":
            response.headers["Content-Type"] = "text/plain; charset=utf-8"
        if request.if_none_match.contains(permit.sha256):
            response.status_code = 304
            return response
        self._fill(response, permit)
        return response

    def _fill(self, response: Response, permit: internal_pb2.DownloadPermit) -> None:
        start, stop = 0, permit.size_bytes
        wanted = _wanted_range(permit)
        if wanted is not None:
            start, stop = wanted
            response.status_code = 206
            response.headers["Content-Range"] = f"bytes {start}-{stop - 1}/{permit.size_bytes}"
        response.content_length = stop - start
        if request.method == "HEAD" or start == stop:
            return
        reader = SealedReader(
            self._objects, permit.object_path, permit.content_key, permit.associated_data, permit.size_bytes
        )
        response.response = straight(request.environ, _opened(reader, start, stop, permit.object_path))


def _permit(document_id: UUID, *, as_file: bool) -> internal_pb2.DownloadPermit:
    action = SightingAction.SIGHTING_ACTION_DOWNLOAD if as_file else SightingAction.SIGHTING_ACTION_VIEW
    version = request.args.get("version", default=0, type=int)
    return (
        current_edge()
        .stub("vault", VaultInternalServiceStub)
        .OpenDocument(internal_pb2.OpenDocumentRequest(document_id=str(document_id), version=version, action=action))
    )


def _wanted_range(permit: internal_pb2.DownloadPermit) -> tuple[int, int] | None:
    """Return [start, stop) of a single satisfiable range; None sends everything; raises 416.

    Several ranges at once are answered with everything, as RFC 9110 allows.
    """
    asked = request.range
    if asked is None or asked.units != "bytes" or len(asked.ranges) != 1:
        return None
    condition = request.if_range
    if condition.etag is not None and condition.etag != permit.sha256:
        return None
    if condition.date is not None and condition.date < permit.create_time.ToDatetime(condition.date.tzinfo):
        return None
    wanted = asked.range_for_length(permit.size_bytes)
    if wanted is None:
        abort(Response(status=416, headers={"Content-Range": f"bytes */{permit.size_bytes}"}))
    start, stop = wanted
    return start, stop if stop is not None else permit.size_bytes


def _opened(reader: SealedReader, start: int, stop: int, path: str) -> Iterator[memoryview]:
    with reader:
        try:
            yield from reader.read_views(start, stop)
        except CorruptContentError:
            log.error("content_corrupt", object_path=path)
            raise
