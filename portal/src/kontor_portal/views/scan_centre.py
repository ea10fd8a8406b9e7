"""The scan centre: piles of paper in, what nobody could be assigned to, and what becomes of originals (F15)."""

from __future__ import annotations

import grpc
from flask import Blueprint, flash, redirect, render_template, request
from flask.typing import ResponseReturnValue
from kontor.vault.v1 import originals_pb2, scan_centre_pb2

from kontor_portal import gateway
from kontor_portal.forms import Form, refused, sent
from kontor_portal.gateway import new_request_id
from kontor_portal.i18n import t
from kontor_portal.reading import next_page, page_token
from kontor_portal.uploads import say_what_was_stored

scan_centre = Blueprint("scan_centre", __name__)


@scan_centre.get("/scan")
def batches() -> ResponseReturnValue:
    """List batches and begin one."""
    return _batches(Form())


@scan_centre.post("/scan")
def begin() -> ResponseReturnValue:
    """Begin a batch."""
    values = sent()
    wanted = scan_centre_pb2.CreateScanBatchRequest(
        box=values.get("box", ""), duplex=values.get("duplex") == "1", request_id=new_request_id()
    )
    try:
        batch = gateway.scan_centre().CreateScanBatch(wanted)
    except grpc.RpcError as error:
        return _batches(refused(error))
    return redirect(f"/scan/stapel/{batch.batch_id}", 303)


@scan_centre.get("/scan/stapel/<id:batch_id>")
def batch(batch_id: str) -> ResponseReturnValue:
    """Show a batch: where its pages are sent, or what they fell into."""
    say_what_was_stored()
    centre = gateway.scan_centre()
    found = centre.GetScanBatch(scan_centre_pb2.GetScanBatchRequest(batch_id=batch_id))
    wanted = scan_centre_pb2.ListScanPiecesRequest(batch_id=batch_id, page_size=100, page_token=page_token())
    answer = centre.ListScanPieces(wanted)
    return render_template(
        "scan/batch.html", batch=found, pieces=tuple(answer.pieces), next_url=next_page(answer.next_page_token)
    )


@scan_centre.get("/scan/offen")
def unassigned() -> ResponseReturnValue:
    """List what nobody could be assigned to."""
    wanted = scan_centre_pb2.ListScanPiecesRequest(page_size=50, page_token=page_token())
    answer = gateway.scan_centre().ListScanPieces(wanted)
    return render_template(
        "scan/unassigned.html", pieces=tuple(answer.pieces), next_url=next_page(answer.next_page_token)
    )


@scan_centre.post("/scan/offen/<id:piece_id>")
def settle_piece(piece_id: str) -> ResponseReturnValue:
    """Assign a piece by the number of a sheet, or give it up."""
    values, centre = sent(), gateway.scan_centre()
    try:
        if request.form.get("action") == "verwerfen":
            wanted = scan_centre_pb2.DiscardScanPieceRequest(
                piece_id=piece_id, reason=values.get("reason", ""), request_id=new_request_id()
            )
            centre.DiscardScanPiece(wanted)
            flash(t("Das Poststück ist verworfen, seine Seiten werden vernichtet."), "ok")
        else:
            number = values.get("sheet_number", "")
            centre.AssignScanPiece(
                scan_centre_pb2.AssignScanPieceRequest(
                    piece_id=piece_id, sheet_number=number, request_id=new_request_id()
                )
            )
            flash(t("Zugeordnet. Das Poststück wird gleich abgelegt."), "ok")
    except grpc.RpcError as error:
        flash(refused(error).problem_text, "bad")
    return redirect("/scan/offen", 303)


@scan_centre.get("/scan/originale")
def wanted_originals() -> ResponseReturnValue:
    """List what customers want done with their paper."""
    wanted = originals_pb2.ListWantedOriginalsRequest(page_size=50, page_token=page_token())
    answer = gateway.originals().ListWantedOriginals(wanted)
    return render_template(
        "scan/originals.html", originals=tuple(answer.originals), next_url=next_page(answer.next_page_token)
    )


@scan_centre.post("/scan/originale/<id:original_id>")
def settle_original(original_id: str) -> ResponseReturnValue:
    """Report that it is done."""
    wanted = originals_pb2.SettleOriginalRequest(original_id=original_id, request_id=new_request_id())
    try:
        gateway.originals().SettleOriginal(wanted)
        flash(t("Vermerkt. Der Kunde sieht es bei seinem Dokument."), "ok")
    except grpc.RpcError as error:
        flash(refused(error).problem_text, "bad")
    return redirect("/scan/originale", 303)


def _batches(form: Form) -> ResponseReturnValue:
    wanted = scan_centre_pb2.ListScanBatchesRequest(page_size=50, page_token=page_token())
    answer = gateway.scan_centre().ListScanBatches(wanted)
    return render_template(
        "scan/batches.html", batches=tuple(answer.batches), form=form, next_url=next_page(answer.next_page_token)
    ), form.status
