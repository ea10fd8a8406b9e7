"""The working life of staff: absence with substitute, and leaving the firm (F182–F185)."""

from __future__ import annotations

import grpc
from flask import Blueprint, flash, redirect
from flask.typing import ResponseReturnValue
from kontor.identity.v1 import staff_pb2

from kontor_portal import gateway
from kontor_portal.forms import refused, sent
from kontor_portal.gateway import new_request_id
from kontor_portal.i18n import t

broker_staff = Blueprint("broker_staff", __name__)

_TEAM = "/makler/team"


@broker_staff.post(f"{_TEAM}/abwesenheit")
def be_away() -> ResponseReturnValue:
    """Enter an absence."""
    values = sent()
    wanted = staff_pb2.CreateAbsenceRequest(
        account_id=values.get("account_id", ""),
        starts_on=values.get("starts_on", ""),
        ends_on=values.get("ends_on", ""),
        substitute_account_id=values.get("substitute_account_id", ""),
        request_id=new_request_id(),
    )
    try:
        gateway.staff().CreateAbsence(wanted)
    except grpc.RpcError as error:
        flash(refused(error).problem_text, "bad")
    else:
        flash(t("Die Abwesenheit ist eingetragen."), "ok")
    return redirect(_TEAM, 303)


@broker_staff.post(f"{_TEAM}/abwesenheit/<id:absence_id>/beenden")
def be_back(absence_id: str) -> ResponseReturnValue:
    """Call an absence off."""
    wanted = staff_pb2.CancelAbsenceRequest(absence_id=absence_id, request_id=new_request_id())
    try:
        gateway.staff().CancelAbsence(wanted)
    except grpc.RpcError as error:
        flash(refused(error).problem_text, "bad")
    else:
        flash(t("Die Abwesenheit ist beendet."), "ok")
    return redirect(_TEAM, 303)


@broker_staff.post(f"{_TEAM}/<id:account_id>/ausscheiden")
def leave(account_id: str) -> ResponseReturnValue:
    """Let an employee leave; his customers go to the successor."""
    wanted = staff_pb2.DeactivateStaffRequest(
        account_id=account_id,
        successor_account_id=sent().get("successor_account_id", ""),
        request_id=new_request_id(),
    )
    try:
        departure = gateway.staff().DeactivateStaff(wanted)
    except grpc.RpcError as error:
        flash(refused(error).problem_text, "bad")
    else:
        flash(t("Der Zugang ist beendet. Übergebene Kunden: %(count)s", count=departure.customers), "ok")
    return redirect(_TEAM, 303)
