"""The pages of a trusted person (F73-F76): for whom he is one, asking for access, and the folders after a release."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import grpc
from flask import Blueprint, abort, flash, redirect, render_template
from flask.typing import ResponseReturnValue
from kontor.identity.v1 import emergency_pb2 as pb

from kontor_portal import emergency as words
from kontor_portal import gateway
from kontor_portal.forms import Form, refused, sent
from kontor_portal.gateway import new_request_id
from kontor_portal.i18n import t
from kontor_portal.requests import signed_in
from kontor_portal.uploads import say_what_was_stored
from kontor_portal.views.shared_pages import shared_place

trusted_pages = Blueprint("trusted_pages", __name__)

HOME = "/vertrauen"


@dataclass(frozen=True)
class Trust:
    """The customer in hand, what was asked for, and for whom else the person is trusted."""

    here: pb.Trusteeship
    others: Sequence[pb.Trusteeship]
    latest: pb.EmergencyRequest | None

    @property
    def running(self) -> pb.EmergencyRequest | None:
        """The request that is going on, if any."""
        return self.latest if self.latest is not None and self.latest.state in words.RUNNING else None

    @property
    def is_open(self) -> bool:
        """Whether there are folders to be seen."""
        return self.latest is not None and bool(self.latest.folder_ids)


@trusted_pages.get("/vertrauen")
def home() -> ResponseReturnValue:
    """Show where things stand."""
    return _show(Form())


@trusted_pages.post("/vertrauen/anfrage")
def ask() -> ResponseReturnValue:
    """Ask for access."""
    values = sent()
    wanted = pb.CreateEmergencyRequestRequest(
        customer_id=_customer(),
        reason=values.get("reason", ""),
        request_id=values.get("request_id") or new_request_id(),
    )
    try:
        gateway.emergency().CreateEmergencyRequest(wanted)
    except grpc.RpcError as error:
        return _show(refused(error))
    flash(t("Ihre Anfrage ist gestellt. Alle Beteiligten sind benachrichtigt."), "ok")
    return redirect(HOME, 303)


@trusted_pages.post("/vertrauen/anfrage/<id:request_id>/zustimmen")
def confirm(request_id: str) -> ResponseReturnValue:
    """Agree to another's request."""
    wanted = pb.ConfirmEmergencyRequestRequest(
        customer_id=_customer(), emergency_request_id=request_id, request_id=new_request_id()
    )
    try:
        gateway.emergency().ConfirmEmergencyRequest(wanted)
    except grpc.RpcError as error:
        flash(refused(error).problem_text, "bad")
    else:
        flash(t("Sie haben zugestimmt. Alle Beteiligten sind benachrichtigt."), "ok")
    return redirect(HOME, 303)


@trusted_pages.post("/vertrauen/anfrage/<id:request_id>/zurueckziehen")
def withdraw(request_id: str) -> ResponseReturnValue:
    """Take the own request back."""
    wanted = pb.WithdrawEmergencyRequestRequest(
        customer_id=_customer(), emergency_request_id=request_id, request_id=new_request_id()
    )
    try:
        gateway.emergency().WithdrawEmergencyRequest(wanted)
    except grpc.RpcError as error:
        flash(refused(error).problem_text, "bad")
    else:
        flash(t("Die Anfrage ist zurückgezogen."), "ok")
    return redirect(HOME, 303)


@trusted_pages.get("/vertrauen/unterlagen")
def folders() -> ResponseReturnValue:
    """Show what the customer shares, and what a release opened."""
    return _folder("")


@trusted_pages.get("/vertrauen/unterlagen/<id:folder_id>")
def folder(folder_id: str) -> ResponseReturnValue:
    """Show one folder."""
    return _folder(folder_id)


def _folder(folder_id: str) -> ResponseReturnValue:
    say_what_was_stored()
    return render_template(
        "trusted/folders.html", trust=trust_in_hand(), shared=shared_place("/vertrauen/unterlagen", folder_id)
    )


def _show(form: Form) -> ResponseReturnValue:
    return render_template(
        "trusted/home.html", trust=trust_in_hand(), form=form, words=words, request_id=new_request_id()
    ), form.status


def trust_in_hand() -> Trust:
    """Return the customer in hand and where things stand; 404 for nobody's trusted person."""
    emergency = gateway.emergency()
    mine = emergency.ListTrusteeships(pb.ListTrusteeshipsRequest(page_size=100)).trusteeships
    here = next((one for one in mine if one.current), None)
    if here is None:
        abort(404)
    requests = emergency.ListEmergencyRequests(
        pb.ListEmergencyRequestsRequest(customer_id=_customer(), page_size=1)
    ).requests
    return Trust(here, [one for one in mine if not one.current], requests[0] if requests else None)


def _customer() -> str:
    return signed_in().customer_id
