"""The file edge of the scan centre: pages of a batch in, separator sheets out.

Boundary: pages go in only, there is no way back; whose they are is found out later, by the service.
"""

from __future__ import annotations

import json
import threading
from datetime import UTC
from pathlib import Path
from typing import IO, Final, cast
from uuid import UUID

import grpc
import typst
import zxingcpp
from flask import Response, redirect, request
from flask.typing import ResponseReturnValue
from kontor.vault.v1 import scan_intake_internal_pb2 as pb
from kontor.vault.v1 import scan_sheets_pb2
from kontor.vault.v1.scan_intake_internal_pb2_grpc import ScanIntakeInternalServiceStub
from kontor.vault.v1.scan_sheets_pb2_grpc import ScanSheetServiceStub
from kontor_chassis.clock import billing_day
from kontor_chassis.edge import current_edge, problem_of
from kontor_chassis.errors import DomainError
from kontor_chassis.request_bodies import receive_body
from werkzeug.exceptions import BadRequest, LengthRequired
from werkzeug.formparser import MultiPartParser

from kontor_vault.content import SealedWriter
from kontor_vault.file_names import content_disposition
from kontor_vault.http.intake import Intake, too_large
from kontor_vault.http.uploads import answer_is_heard, path_on_this_origin, require_clean, with_query
from kontor_vault.objects import Objects
from kontor_vault.scan_codes import DIVIDER

_TEMPLATES: Final = Path(__file__).parents[1] / "data"
_compilers: dict[str, typst.Compiler] = {}
_compiling = threading.Lock()


class Scans:
    """Receives batches and draws sheets."""

    def __init__(self, objects: Objects) -> None:
        self._objects = objects

    def receive(self, batch_id: UUID) -> ResponseReturnValue:
        """Store the pages of a batch: one PDF as the body, or as the file of a form.

        Answers 204; a form that names `return_to` (a path on this origin) in its query is sent there, with `problem`
        (a reason) where the pages were refused.
        """
        back = path_on_this_origin(request.args.get("return_to", ""))
        try:
            with answer_is_heard():
                self._store(batch_id)
        except (grpc.RpcError, DomainError) as refused:
            if not back:
                raise
            return redirect(with_query(back, problem=problem_of(refused).reason), 303)
        return redirect(back, 303) if back else ("", 204)

    def draw(self, customer_id: UUID, sheet_id: UUID) -> ResponseReturnValue:
        """Send a separator sheet as a PDF to print."""
        wanted = scan_sheets_pb2.GetScanSheetRequest(customer_id=str(customer_id), sheet_id=str(sheet_id))
        printed = current_edge().stub("vault", ScanSheetServiceStub).GetScanSheet(wanted)
        name = f"Trennblatt {printed.sheet.number}.pdf"
        headers = {"Content-Disposition": content_disposition("inline", name)}
        return Response(sheet_pdf(printed), mimetype="application/pdf", headers=headers)

    def draw_divider(self) -> ResponseReturnValue:
        """Send the sheet that divides the documents of a binder, as a PDF to print; it says nothing of anybody."""
        headers = {"Content-Disposition": content_disposition("inline", "Zwischenblatt.pdf")}
        pdf = _compiled("scan_divider.typ", {"qr": _drawn(DIVIDER)})
        return Response(pdf, mimetype="application/pdf", headers=headers)

    def _store(self, batch_id: UUID) -> None:
        intake = current_edge().stub("vault", ScanIntakeInternalServiceStub)
        permit = intake.BeginScanBatch(pb.BeginScanBatchRequest(batch_id=str(batch_id)))
        if (request.content_length or 0) > permit.size_bytes:
            raise too_large()
        key, bound = permit.content_key, permit.associated_data
        with SealedWriter(self._objects, permit.object_path, key, bound) as writer:
            _take_body(Intake(writer, permit.size_bytes))
            sealed = writer.seal()
        try:
            require_clean(self._objects, permit, sealed)
            intake.FinishScanBatch(
                pb.FinishScanBatchRequest(
                    batch_id=str(batch_id),
                    object_id=permit.object_path.rpartition("/")[2],
                    size_bytes=sealed.size_bytes,
                    media_type=sealed.media_type,
                )
            )
        except (grpc.RpcError, DomainError):
            self._objects.delete(permit.object_path)
            raise


def sheet_pdf(printed: scan_sheets_pb2.PrintedScanSheet) -> bytes:
    """Return a separator sheet as PDF/UA: its code twice, so that a crease or a stain does not make it worthless."""
    year, month, day = billing_day(printed.sheet.expire_time.ToDatetime(UTC)).split("-")
    said = {
        "number": printed.sheet.number,
        "label": printed.sheet.label,
        "until": f"{day}.{month}.{year}",
        "qr": _drawn(printed.code),
    }
    return _compiled("scan_sheet.typ", said)


def _drawn(code: str) -> str:
    return zxingcpp.create_barcode(code, zxingcpp.BarcodeFormat.QRCode, ec_level="Q").to_svg()


def _compiled(template: str, said: dict[str, str]) -> bytes:
    with _compiling:
        if template not in _compilers:
            _compilers[template] = typst.Compiler(str(_TEMPLATES / template), ignore_system_fonts=True)
        inputs = {"sheet": json.dumps(said)}
        pdf = _compilers[template].compile(format="pdf", sys_inputs=inputs, pdf_standards=["ua-1"])
    return cast(bytes, pdf)


def _take_body(intake: Intake) -> None:
    """Encrypt the body while it arrives, or the first file of a form."""
    if request.mimetype != "multipart/form-data":
        receive_body(request, intake)
        return
    boundary = request.mimetype_params.get("boundary", "").encode("latin-1")
    if not boundary:
        raise BadRequest("multipart/form-data expected")
    if request.content_length is None:
        raise LengthRequired
    file = cast(IO[bytes], _FormFile(intake))
    parser = MultiPartParser(stream_factory=lambda *_, **__: file, max_form_parts=10)
    try:
        parser.parse(request.stream, boundary, request.content_length)
    except ValueError as broken:
        raise BadRequest("the form is incomplete") from broken


class _FormFile:
    """What the form parser takes for a file."""

    def __init__(self, intake: Intake) -> None:
        self._intake = intake

    def write(self, piece: bytes) -> int:
        """Encrypt a piece."""
        self._intake.write(piece)
        return len(piece)

    def seek(self, offset: int, whence: int = 0) -> int:
        """Do nothing: the parser rewinds a file when its part has ended."""
        return 0
