"""Binding one's account to a further firm by its broker ID (F169, F175)."""

from __future__ import annotations

import grpc
from flask import Blueprint, flash, redirect, render_template
from flask.typing import ResponseReturnValue
from kontor.identity.v1 import bindings_pb2 as pb

from kontor_portal import gateway
from kontor_portal.forms import Form, refused, sent
from kontor_portal.gateway import new_request_id
from kontor_portal.i18n import t
from kontor_portal.labels import Label
from kontor_portal.reading import next_page, page_token

account_bindings = Blueprint("account_bindings", __name__)

_PAGE = "/konto/makler"


@account_bindings.get(_PAGE)
def bindings() -> ResponseReturnValue:
    """Show what was asked so far, and ask for a broker ID."""
    return _show(Form())


@account_bindings.post(_PAGE)
def request_binding() -> ResponseReturnValue:
    """Ask the firm."""
    wanted = pb.RequestBindingRequest(broker_number=sent().get("broker_number", "")[:40], request_id=new_request_id())
    try:
        asked = gateway.bindings().RequestBinding(wanted)
    except grpc.RpcError as error:
        return _show(refused(error))
    flash(t("%(firm)s ist gefragt und meldet sich.", firm=asked.tenant_name), "ok")
    return redirect(_PAGE, 303)


def binding_label(state: pb.BindingState.ValueType) -> Label:
    """Return where a request stands."""
    return {
        pb.BINDING_STATE_WAITING: Label(t("Wird geprüft"), "info"),
        pb.BINDING_STATE_CONFIRMED: Label(t("Verbunden"), "ok"),
        pb.BINDING_STATE_DECLINED: Label(t("Abgelehnt"), "warn"),
    }.get(state, Label(t("Unbekannt")))


def _show(form: Form) -> ResponseReturnValue:
    answer = gateway.bindings().ListOwnBindings(pb.ListOwnBindingsRequest(page_token=page_token()))
    return render_template(
        "account/bindings.html",
        form=form,
        bindings=tuple(answer.bindings),
        label=binding_label,
        next_url=next_page(answer.next_page_token),
    ), form.status
