"""The customer's own pictures of his contracts (F44): his car, his house, his dog. Only he sees and changes them."""

from __future__ import annotations

import grpc
from flask import Blueprint, Response, flash, redirect, request
from flask.typing import ResponseReturnValue
from kontor.identity.v1 import viewing_pb2

from kontor_portal import gateway
from kontor_portal.forms import refused, sent
from kontor_portal.gateway import new_request_id
from kontor_portal.i18n import t

customer_pictures = Blueprint("customer_pictures", __name__)

_LARGEST = 1_048_576
_OWN = "private, max-age=86400, immutable"


@customer_pictures.get("/kunde/bilder/<id:picture_id>")
def picture(picture_id: str) -> ResponseReturnValue:
    """Send one of the customer's pictures; it never changes under its id."""
    found = gateway.viewing().GetOwnPicture(viewing_pb2.GetOwnPictureRequest(picture_id=picture_id))
    return Response(found.data, content_type=found.content_type, headers={"Cache-Control": _OWN})


@customer_pictures.post("/kunde/vertraege/<id:contract_id>/bild")
def set_picture(contract_id: str) -> ResponseReturnValue:
    """Keep the picture of a contract, or take it away."""
    file = request.files.get("picture")
    content = file.read(_LARGEST + 1) if file is not None else b""
    try:
        if sent().get("remove") == "1":
            removal = viewing_pb2.DeleteOwnPictureRequest(subject=contract_id, request_id=new_request_id())
            gateway.viewing().DeleteOwnPicture(removal)
        elif content:
            wanted = viewing_pb2.SetOwnPictureRequest(subject=contract_id, content=content, request_id=new_request_id())
            gateway.viewing().SetOwnPicture(wanted)
    except grpc.RpcError as error:
        flash(refused(error).problem_text, "bad")
    else:
        flash(t("Ihr Bild ist gespeichert.", du="Dein Bild ist gespeichert."), "ok")
    return redirect(f"/kunde/vertraege/{contract_id}", 303)
