"""The scan centre's paper binders: fetch, index, scan register by register, send back or destroy (F16, F61)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

import grpc
from flask import Blueprint, flash, redirect, render_template
from flask.typing import ResponseReturnValue
from kontor.vault.v1 import binders_pb2

from kontor_portal import gateway
from kontor_portal.forms import refused, sent
from kontor_portal.gateway import new_request_id
from kontor_portal.i18n import t
from kontor_portal.reading import next_page, page_token

scan_binders = Blueprint("scan_binders", __name__)

_MOST_REGISTERS: Final = 60


@scan_binders.get("/scan/ordner")
def binders() -> ResponseReturnValue:
    """List binders with which something is to be done."""
    wanted = binders_pb2.ListBinderWorkRequest(page_size=50, page_token=page_token())
    answer = gateway.binder_centre().ListBinderWork(wanted)
    return render_template(
        "scan/binders.html", binders=tuple(answer.binders), next_url=next_page(answer.next_page_token)
    )


@scan_binders.get("/scan/ordner/<id:order_id>")
def binder(order_id: str) -> ResponseReturnValue:
    """Show a binder with what can be done next."""
    found = gateway.binder_centre().GetBinderWork(binders_pb2.GetBinderWorkRequest(binder_order_id=order_id))
    titles = "\n".join(register.title for register in found.registers)
    return render_template("scan/binder.html", binder=found, titles=titles)


@scan_binders.post("/scan/ordner/<id:order_id>")
def work(order_id: str) -> ResponseReturnValue:
    """Do what the pressed button says."""
    values = sent()
    try:
        if values.get("action") == "stapel":
            return _begin(order_id, values)
        _do(order_id, values)
    except grpc.RpcError as error:
        flash(refused(error).problem_text, "bad")
    return redirect(f"/scan/ordner/{order_id}", 303)


def _begin(order_id: str, values: Mapping[str, str]) -> ResponseReturnValue:
    wanted = binders_pb2.CreateBinderBatchRequest(
        binder_order_id=order_id,
        register=_number(values.get("register", "")),
        first_sheet=_number(values.get("first_sheet", "")),
        duplex=values.get("duplex") == "1",
        request_id=new_request_id(),
    )
    batch = gateway.binder_centre().CreateBinderBatch(wanted)
    return redirect(f"/scan/stapel/{batch.batch_id}", 303)


def _do(order_id: str, values: Mapping[str, str]) -> None:
    centre, action = gateway.binder_centre(), values.get("action", "")
    about = {"binder_order_id": order_id, "request_id": new_request_id()}
    if action == "abholung":
        day = values.get("pickup_on", "")
        centre.PlanBinderPickup(binders_pb2.PlanBinderPickupRequest(**about, pickup_on=day))
        flash(t("Der Tag der Abholung steht fest; der Kunde erfährt es."), "ok")
    elif action == "angekommen":
        centre.ReceiveBinder(binders_pb2.ReceiveBinderRequest(**about, box=values.get("box", "")))
        flash(t("Der Ordner ist angekommen."), "ok")
    elif action == "register":
        titles = [line.strip() for line in values.get("titles", "").splitlines() if line.strip()][:_MOST_REGISTERS]
        centre.SetBinderIndex(binders_pb2.SetBinderIndexRequest(**about, titles=titles))
        flash(t("Die Register sind erfasst."), "ok")
    elif action == "fertig":
        centre.CompleteBinder(binders_pb2.CompleteBinderRequest(**about))
        flash(t("Der Ordner ist gescannt. Der Kunde entscheidet über das Papier."), "ok")
    elif action == "erledigt":
        centre.SettleBinder(binders_pb2.SettleBinderRequest(**about))
        flash(t("Vermerkt. Der Kunde sieht es bei seinem Ordner."), "ok")


def _number(text: str) -> int:
    return int(text) if text.isascii() and text.isdigit() and len(text) < 6 else 0
