"""Contracts that the customer enters himself: new ones, and changing or deleting them (F50, F177)."""

from __future__ import annotations

from typing import Final

import grpc
from flask import Blueprint, abort, flash, redirect, render_template
from flask.typing import ResponseReturnValue
from google.protobuf.field_mask_pb2 import FieldMask
from kontor.contracts.v1 import contracts_pb2 as pb

from kontor_portal import gateway
from kontor_portal.choices import Choice
from kontor_portal.formatting import euros_input
from kontor_portal.forms import Form, euros, refused, sent
from kontor_portal.gateway import new_request_id
from kontor_portal.heard import line_name
from kontor_portal.i18n import t
from kontor_portal.labels import payment_interval
from kontor_portal.requests import signed_in

customer_entries = Blueprint("customer_entries", __name__, url_prefix="/kunde/vertraege")

_LIST: Final = "/kunde/vertraege"
_TEXTS: Final = ("line_of_business_id", "number", "insurer_name", "begin_day", "expiry_day")


@customer_entries.get("/neu")
def new() -> ResponseReturnValue:
    """Ask for a contract."""
    return _show(Form(), None)


@customer_entries.post("/neu")
def enter() -> ResponseReturnValue:
    """Enter it."""
    wanted = pb.CreateContractRequest(
        customer_id=signed_in().customer_id, contract=_stated(), request_id=new_request_id()
    )
    try:
        entered = gateway.contracts().CreateContract(wanted)
    except grpc.RpcError as error:
        return _show(refused(error), None)
    flash(_told(entered), "ok")
    return redirect(f"{_LIST}/{entered.contract_id}", 303)


@customer_entries.get("/<id:contract_id>/aendern")
def edit(contract_id: str) -> ResponseReturnValue:
    """Show what the customer entered, to be changed."""
    return _show(Form(), _own(contract_id))


@customer_entries.post("/<id:contract_id>/aendern")
def change(contract_id: str) -> ResponseReturnValue:
    """Change the entry, or delete it."""
    present, values = _own(contract_id), sent()
    customer_id = signed_in().customer_id
    try:
        if values.get("action") == "delete":
            gone = pb.DeleteContractRequest(
                customer_id=customer_id, contract_id=contract_id, request_id=new_request_id()
            )
            gateway.contracts().DeleteContract(gone)
            flash(t("Der Vertrag ist gelöscht."), "ok")
            return redirect(_LIST, 303)
        stated = _stated()
        stated.customer_id, stated.contract_id, stated.etag = customer_id, contract_id, values.get("etag", "")
        mask = FieldMask(paths=[*_TEXTS, "premium", "payment_interval"])
        wanted = pb.UpdateContractRequest(contract=stated, update_mask=mask, request_id=new_request_id())
        changed = gateway.contracts().UpdateContract(wanted)
    except grpc.RpcError as error:
        return _show(refused(error), present)
    flash(_told(changed), "ok")
    return redirect(f"{_LIST}/{contract_id}", 303)


def _own(contract_id: str) -> pb.Contract:
    wanted = pb.GetContractRequest(customer_id=signed_in().customer_id, contract_id=contract_id)
    found = gateway.contracts().GetContract(wanted)
    if found.origin != pb.CONTRACT_ORIGIN_CUSTOMER:
        abort(404)
    return found


def _stated() -> pb.Contract:
    values = sent()
    intervals = {str(value): value for value in pb.PaymentInterval.values()}
    contract = pb.Contract(
        payment_interval=intervals.get(values.get("payment_interval", ""), pb.PAYMENT_INTERVAL_UNSPECIFIED)
    )
    for name in _TEXTS:
        setattr(contract, name, values.get(name, "").strip())
    premium = euros(values.get("premium", ""))
    if premium is not None:
        contract.premium.CopyFrom(premium)
    return contract


def _told(contract: pb.Contract) -> str:
    if contract.status == pb.CONTRACT_STATUS_START:
        return t("Eingetragen. Ihr Ansprechpartner prüft den Vertrag.",
                 du="Eingetragen. Dein Ansprechpartner prüft den Vertrag.")  # fmt: skip
    return t("Eingetragen.")


def _show(form: Form, present: pb.Contract | None) -> ResponseReturnValue:
    lines = gateway.contracts().ListLinesOfBusiness(pb.ListLinesOfBusinessRequest()).lines_of_business
    intervals = [Choice("0", t("unbekannt"))]
    intervals += [Choice(str(value), payment_interval(value)) for value in pb.PaymentInterval.values() if value]
    return render_template(
        "customer/entry.html",
        form=form,
        present=present,
        premium=euros_input(present.premium) if present is not None and present.HasField("premium") else "",
        lines=[Choice(line.line_of_business_id, line_name(line.name)) for line in lines],
        intervals=intervals,
    ), form.status
