"""A bank account, added, replaced or removed (F156–F160); whoever changes one proves first who he is."""

from __future__ import annotations

from typing import Final

import grpc
from flask import Blueprint, abort, flash, redirect, render_template, request
from flask.typing import ResponseReturnValue
from kontor.identity.v1 import account_security_pb2
from kontor.identity.v1 import master_data_pb2 as pb

from kontor_portal import gateway
from kontor_portal.forms import Form, refused, sent
from kontor_portal.gateway import new_request_id
from kontor_portal.i18n import t
from kontor_portal.requests import signed_in
from kontor_portal.step_up import before_a_change
from kontor_portal.views.customer_data import tell_outcome

customer_bank = Blueprint("customer_bank", __name__, url_prefix="/kunde/daten/bank")

_NEW: Final = ""


@customer_bank.before_request
def ask_for_proof() -> ResponseReturnValue | None:
    """Have the person sign in again before he sees the form; what he sends is checked by the platform itself."""
    if request.method != "GET":
        return None
    wanted = account_security_pb2.GetAccountSecurityRequest()
    return before_a_change(signed_in(), gateway.account_security().GetAccountSecurity(wanted))


@customer_bank.get("")
def new_account() -> ResponseReturnValue:
    """Show the form for another account."""
    return _show(_NEW, Form())


@customer_bank.get("/<id:bank_account_id>")
def present_account(bank_account_id: str) -> ResponseReturnValue:
    """Show the form for an account on file."""
    return _show(bank_account_id, Form())


@customer_bank.post("")
def add() -> ResponseReturnValue:
    """Add an account."""
    return _change(_NEW, sent().get("iban", ""))


@customer_bank.post("/<id:bank_account_id>")
def replace(bank_account_id: str) -> ResponseReturnValue:
    """Replace an account, or remove it."""
    values = sent()
    return _change(bank_account_id, "" if values.get("action") == "delete" else values.get("iban", ""))


@customer_bank.post("/<id:bank_account_id>/provision")
def commission(bank_account_id: str) -> ResponseReturnValue:
    """Let commission go to this account, of a customer who is a broker himself."""
    wanted = pb.ChooseCommissionAccountRequest(
        customer_id=signed_in().customer_id, bank_account_id=bank_account_id, request_id=new_request_id()
    )
    try:
        gateway.master_data().ChooseCommissionAccount(wanted)
    except grpc.RpcError as error:
        return _show(bank_account_id, refused(error))
    flash(t("Ihre Provisionen gehen auf dieses Konto.", du="Deine Provisionen gehen auf dieses Konto."), "ok")
    return redirect("/kunde/daten", 303)


def _change(bank_account_id: str, iban: str) -> ResponseReturnValue:
    wanted = pb.ChangeBankAccountRequest(
        customer_id=signed_in().customer_id,
        bank_account_id=bank_account_id,
        iban=iban,
        request_id=new_request_id(),
    )
    try:
        return tell_outcome(gateway.master_data().ChangeBankAccount(wanted))
    except grpc.RpcError as error:
        return _show(bank_account_id, refused(error))


def _show(bank_account_id: str, form: Form) -> ResponseReturnValue:
    page = gateway.master_data().GetMasterData(pb.GetMasterDataRequest(customer_id=signed_in().customer_id))
    present = next((one for one in page.bank_accounts if one.bank_account_id == bank_account_id), None)
    if bank_account_id and present is None:
        abort(404)
    return render_template("customer/bank.html", page=page, present=present, form=form), form.status
