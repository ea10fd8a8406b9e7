"""What a trusted person finds in the emergency folder after a release: the plan, directives, accounts (F73–F76)."""

from __future__ import annotations

import grpc
from flask import Blueprint, flash, redirect, render_template
from flask.typing import ResponseReturnValue
from kontor.vault.v1 import emergency_folder_pb2 as pb

from kontor_portal import emergency_items as words
from kontor_portal import gateway
from kontor_portal.emergency_items import contents_of
from kontor_portal.forms import refused, sent
from kontor_portal.gateway import new_request_id
from kontor_portal.requests import signed_in
from kontor_portal.views.trusted_pages import trust_in_hand

trusted_plan = Blueprint("trusted_plan", __name__)

PLAN = "/vertrauen/notfallordner"


@trusted_plan.get(PLAN)
def plan() -> ResponseReturnValue:
    """Show what is opened to this person."""
    return _show("", "")


@trusted_plan.post(f"{PLAN}/<id:item_id>/geheimnis")
def reveal(item_id: str) -> ResponseReturnValue:
    """Show one secret; the customer reads that it was."""
    asked = pb.GetEmergencySecretRequest(customer_id=signed_in().customer_id, item_id=item_id)
    try:
        secret = gateway.emergency_folder().GetEmergencySecret(asked).secret
    except grpc.RpcError as error:
        flash(refused(error).problem_text, "bad")
        return redirect(PLAN, 303)
    return _show(item_id, secret)


@trusted_plan.post(f"{PLAN}/<id:item_id>/erledigt")
def tick(item_id: str) -> ResponseReturnValue:
    """Tick a task off, or take the tick back."""
    asked = pb.TickEmergencyTaskRequest(
        customer_id=signed_in().customer_id,
        item_id=item_id,
        done=sent().get("done") == "1",
        request_id=new_request_id(),
    )
    try:
        gateway.emergency_folder().TickEmergencyTask(asked)
    except grpc.RpcError as error:
        flash(refused(error).problem_text, "bad")
    return redirect(PLAN, 303)


def _show(revealed_id: str, secret: str) -> ResponseReturnValue:
    trust = trust_in_hand()
    if not trust.is_open:
        return redirect("/vertrauen", 303)
    return render_template(
        "trusted/plan.html",
        trust=trust,
        contents=contents_of(signed_in().customer_id),
        revealed_id=revealed_id,
        secret=secret,
        words=words,
    )
