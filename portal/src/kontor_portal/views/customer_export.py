"""Everything as an archive to take along: asked for, followed while it is made, downloaded, deleted."""

from __future__ import annotations

import grpc
from flask import Blueprint, flash, redirect, render_template
from flask.typing import ResponseReturnValue
from kontor.vault.v1 import exports_pb2 as pb

from kontor_portal import gateway
from kontor_portal.forms import Form, refused, sent
from kontor_portal.gateway import new_request_id
from kontor_portal.i18n import t
from kontor_portal.requests import signed_in

customer_export = Blueprint("customer_export", __name__)

PAGE = "/kunde/dokumente/archiv"


@customer_export.get(PAGE)
def archive() -> ResponseReturnValue:
    """Show the archive that is there or being made, or offer to have one made."""
    return _page(Form({"request_id": new_request_id()}))


@customer_export.post(PAGE)
def create() -> ResponseReturnValue:
    """Have one made."""
    request_id = sent().get("request_id") or new_request_id()
    wanted = pb.CreateExportRequest(customer_id=signed_in().customer_id, request_id=request_id)
    try:
        gateway.exports().CreateExport(wanted)
    except grpc.RpcError as error:
        return _page(refused(error))
    return redirect(PAGE, 303)


@customer_export.post(f"{PAGE}/<id:export_id>/loeschen")
def delete(export_id: str) -> ResponseReturnValue:
    """Delete it, or stop its making."""
    wanted = pb.DeleteExportRequest(
        customer_id=signed_in().customer_id, export_id=export_id, request_id=new_request_id()
    )
    gateway.exports().DeleteExport(wanted)
    flash(t("Das Archiv ist gelöscht."), "ok")
    return redirect(PAGE, 303)


def _page(form: Form) -> ResponseReturnValue:
    asked = pb.ListExportsRequest(customer_id=signed_in().customer_id, page_size=1)
    found = gateway.exports().ListExports(asked).exports
    is_making = bool(found) and found[0].state in (pb.EXPORT_STATE_WAITING, pb.EXPORT_STATE_BUILDING)
    export = found[0] if found else None
    return render_template("customer/export.html", export=export, is_making=is_making, form=form)
