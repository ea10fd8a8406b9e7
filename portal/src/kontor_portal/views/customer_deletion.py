"""Deleting a customer's office: he himself, or his firm's administrator, after a clear warning (F94)."""

from __future__ import annotations

from typing import Final

import grpc
from flask import Blueprint, flash, redirect, render_template, request
from flask.typing import ResponseReturnValue
from kontor.identity.v1 import account_security_pb2
from kontor.identity.v1 import customer_deletions_pb2 as pb

from kontor_portal import gateway
from kontor_portal.forms import refused, sent
from kontor_portal.gateway import new_request_id
from kontor_portal.i18n import t
from kontor_portal.reading import next_page, page_token
from kontor_portal.requests import signed_in
from kontor_portal.step_up import before_a_change
from kontor_portal.views.broker_customer import customer_tabs, the_customer

customer_deletion = Blueprint("customer_deletion", __name__)

_OWN: Final = "/kunde/daten/loeschen"
_FIRMS: Final = "/makler/kunden/<id:customer_id>/loeschen"


@customer_deletion.get(_OWN)
def own() -> ResponseReturnValue:
    """Warn the customer, or show him the day; who may still plan proves himself first."""
    customer_id = signed_in().customer_id
    deletion = _deletion(customer_id)
    first = None if deletion.state or signed_in().viewer_id else _login_first()
    return first or render_template("customer/deletion.html", deletion=deletion)


@customer_deletion.post(_OWN)
def change_own() -> ResponseReturnValue:
    """Plan it, or take it back."""
    return _change(signed_in().customer_id, _OWN)


@customer_deletion.get(_FIRMS)
def firms(customer_id: str) -> ResponseReturnValue:
    """Warn the administrator, or show him the day."""
    deletion = _deletion(customer_id)
    first = None if deletion.state or not signed_in().is_administrator else _login_first()
    return first or render_template(
        "broker/customer_deletion.html",
        customer=the_customer(customer_id),
        tabs=customer_tabs(customer_id),
        deletion=deletion,
    )


@customer_deletion.post(_FIRMS)
def change_firms(customer_id: str) -> ResponseReturnValue:
    """Plan it, or take it back."""
    return _change(customer_id, request.path)


@customer_deletion.get("/makler/betrieb/loeschungen")
def proofs() -> ResponseReturnValue:
    """Show planned and finished deletions with their certificates."""
    wanted = pb.ListCustomerDeletionsRequest(page_size=50, page_token=page_token())
    found = gateway.customer_deletions().ListCustomerDeletions(wanted)
    return render_template(
        "broker/customer_deletions.html",
        deletions=tuple(found.customer_deletions),
        next_url=next_page(found.next_page_token),
    )


def _deletion(customer_id: str) -> pb.CustomerDeletion:
    wanted = pb.GetCustomerDeletionRequest(customer_id=customer_id)
    return gateway.customer_deletions().GetCustomerDeletion(wanted)


def _login_first() -> ResponseReturnValue | None:
    wanted = account_security_pb2.GetAccountSecurityRequest()
    return before_a_change(signed_in(), gateway.account_security().GetAccountSecurity(wanted))


def _change(customer_id: str, page: str) -> ResponseReturnValue:
    values, service = sent(), gateway.customer_deletions()
    key = {"customer_id": customer_id, "request_id": new_request_id()}
    if values.get("action") == "cancel":
        message = t("Die Löschung ist zurückgenommen. Es bleibt alles, wie es ist.")
    elif values.get("sure") == "1":
        message = t("Die Löschung ist vorgesehen. Eine E-Mail bestätigt den Tag.")
    else:
        flash(t("Bitte bestätigen Sie, dass alles gelöscht werden soll.",
                du="Bitte bestätige, dass alles gelöscht werden soll."), "bad")  # fmt: skip
        return redirect(page, 303)
    try:
        if values.get("action") == "cancel":
            service.CancelCustomerDeletion(pb.CancelCustomerDeletionRequest(**key))
        else:
            service.PlanCustomerDeletion(pb.PlanCustomerDeletionRequest(**key))
    except grpc.RpcError as error:
        flash(refused(error).problem_text, "bad")
    else:
        flash(message, "ok")
    return redirect(page, 303)
