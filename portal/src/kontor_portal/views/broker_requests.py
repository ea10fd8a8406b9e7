"""Wishes of customers for other master data, cases for clerks, and the firm's edit policy (decision 1; F160)."""

from __future__ import annotations

from typing import Final

import grpc
from flask import Blueprint, flash, redirect, render_template
from flask.typing import ResponseReturnValue
from kontor.identity.v1 import master_data_pb2 as pb

from kontor_portal import gateway
from kontor_portal.choices import Choice
from kontor_portal.forms import Form, refused, sent
from kontor_portal.gateway import new_request_id
from kontor_portal.i18n import t
from kontor_portal.labels import edit_mode
from kontor_portal.reading import next_page, page_token

broker_requests = Blueprint("broker_requests", __name__)

_PAGE: Final = "/makler/anfragen"
_GROUPS: Final = ("person", "address", "contact", "bank_account", "contracts")


@broker_requests.get(_PAGE)
def requests() -> ResponseReturnValue:
    """List what waits."""
    return _show(Form())


@broker_requests.post(f"{_PAGE}/<id:change_request_id>")
def decide(change_request_id: str) -> ResponseReturnValue:
    """Accept or refuse a wish."""
    values = sent()
    accept = values.get("decision") == "accept"
    wanted = pb.DecideChangeRequestRequest(
        change_request_id=change_request_id,
        accept=accept,
        reason=values.get("reason", ""),
        request_id=new_request_id(),
    )
    try:
        gateway.master_data().DecideChangeRequest(wanted)
    except grpc.RpcError as error:
        return _show(refused(error))
    flash(t("Die Änderung ist übernommen.") if accept else t("Die Änderung ist abgelehnt."), "ok")
    return redirect(_PAGE, 303)


@broker_requests.post(f"{_PAGE}/regeln")
def set_policy() -> ResponseReturnValue:
    """Replace the edit policy."""
    values, modes = sent(), {str(value): value for value in pb.EditMode.values()}
    chosen = {group: modes.get(values.get(group, ""), pb.EDIT_MODE_UNSPECIFIED) for group in _GROUPS}
    wanted = pb.SetEditPolicyRequest(policy=pb.EditPolicy(**chosen), request_id=new_request_id())
    try:
        gateway.master_data().SetEditPolicy(wanted)
    except grpc.RpcError as error:
        return _show(refused(error))
    flash(t("Die Regeln sind gespeichert."), "ok")
    return redirect(_PAGE, 303)


@broker_requests.get("/makler/kunden/<id:customer_id>/aenderungen")
def history(customer_id: str) -> ResponseReturnValue:
    """Show a customer's further master data and what was changed."""
    service = gateway.master_data()
    changes = service.ListMasterDataChanges(
        pb.ListMasterDataChangesRequest(customer_id=customer_id, page_size=50, page_token=page_token())
    )
    return render_template(
        "broker/customer_changes.html",
        page=service.GetMasterData(pb.GetMasterDataRequest(customer_id=customer_id)),
        changes=tuple(changes.changes),
        next_url=next_page(changes.next_page_token),
    )


def _show(form: Form) -> ResponseReturnValue:
    service = gateway.master_data()
    open_ones = service.ListChangeRequests(
        pb.ListChangeRequestsRequest(state=pb.CHANGE_REQUEST_STATE_OPEN, page_size=50, page_token=page_token())
    )
    policy = service.GetEditPolicy(pb.GetEditPolicyRequest())
    return render_template(
        "broker/requests.html",
        requests=tuple(open_ones.change_requests),
        next_url=next_page(open_ones.next_page_token),
        policy={group: str(getattr(policy, group)) for group in _GROUPS},
        modes=tuple(Choice(str(value), edit_mode(value)) for value in pb.EditMode.values() if value),
        form=form,
    ), form.status
