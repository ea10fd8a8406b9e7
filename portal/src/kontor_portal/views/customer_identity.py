"""Who the customer is, proved by a letter's code (F164), and the raffle that follows (F165)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final
from urllib.parse import quote

import grpc
from flask import Blueprint, flash, redirect, render_template, request
from flask.typing import ResponseReturnValue
from kontor.common.v1.access_pb2 import IdentityLevel
from kontor.identity.v1 import identity_proofs_pb2 as pb
from kontor.identity.v1 import raffles_pb2

from kontor_portal import gateway
from kontor_portal.forms import Form, refused, sent
from kontor_portal.gateway import new_request_id
from kontor_portal.i18n import t
from kontor_portal.identity_labels import identity_document, identity_method
from kontor_portal.links import safe_path
from kontor_portal.reading import asked, optional
from kontor_portal.requests import signed_in

customer_identity = Blueprint("customer_identity", __name__)

_PAGE: Final = "/kunde/identitaet"
_PROVEN: Final = int(IdentityLevel.IDENTITY_LEVEL_PROVEN)


@customer_identity.get(_PAGE)
def identity() -> ResponseReturnValue:
    """Show the level and how to reach the next one. Who was proved elsewhere gets a token that says so."""
    session, way_on = signed_in(), safe_path(request.args.get("next"), "")
    found = gateway.identity_proofs().GetIdentity(pb.GetIdentityRequest(customer_id=session.customer_id))
    if found.is_holder and found.level == _PROVEN and session.identity_level < _PROVEN:
        return _renewed(way_on)
    return _show(found, Form({"code": request.args.get("code", "")}), way_on)


@customer_identity.post(f"{_PAGE}/brief")
def request_letter() -> ResponseReturnValue:
    """Ask for a letter."""
    wanted = pb.RequestIdentityLetterRequest(customer_id=signed_in().customer_id, request_id=new_request_id())
    said = t("Der Brief ist angefordert. Er kommt in den nächsten Tagen mit der Post.")
    return _done(lambda: gateway.identity_proofs().RequestIdentityLetter(wanted), said)


@customer_identity.post(f"{_PAGE}/code")
def enter_code() -> ResponseReturnValue:
    """Enter the code; after it a new token says that the identity is proved."""
    values, session = sent(), signed_in()
    way_on = safe_path(values.get("next"), "")
    wanted = pb.EnterIdentityCodeRequest(
        customer_id=session.customer_id, code=values.get("code", ""), request_id=new_request_id()
    )
    try:
        gateway.identity_proofs().EnterIdentityCode(wanted)
    except grpc.RpcError as error:
        form = refused(error)
        found = gateway.identity_proofs().GetIdentity(pb.GetIdentityRequest(customer_id=session.customer_id))
        return _show(found, form, way_on)
    flash(t("Ihre Identität ist bestätigt.", du="Deine Identität ist bestätigt."), "ok")
    return _renewed(way_on)


@customer_identity.post("/kunde/gewinnspiel/<id:raffle_id>/teilnehmen")
def enter_raffle(raffle_id: str) -> ResponseReturnValue:
    """Take part, having agreed to the conditions."""
    values = sent()
    if values.get("agreed") != "1":
        flash(t("Bitte stimmen Sie den Bedingungen zu.", du="Bitte stimme den Bedingungen zu."), "bad")
        return redirect(_PAGE, 303)
    wanted = raffles_pb2.EnterRaffleRequest(
        customer_id=signed_in().customer_id,
        raffle_id=raffle_id,
        conditions_sha256=values.get("conditions_sha256", ""),
        request_id=new_request_id(),
    )
    return _done(lambda: gateway.raffles().EnterRaffle(wanted), t("Sie nehmen teil.", du="Du nimmst teil."))


@customer_identity.post("/kunde/gewinnspiel/<id:raffle_id>/zuruecknehmen")
def withdraw_entry(raffle_id: str) -> ResponseReturnValue:
    """Take part no more."""
    wanted = raffles_pb2.WithdrawRaffleEntryRequest(
        customer_id=signed_in().customer_id, raffle_id=raffle_id, request_id=new_request_id()
    )
    said = t("Ihre Teilnahme ist zurückgenommen.", du="Deine Teilnahme ist zurückgenommen.")
    return _done(lambda: gateway.raffles().WithdrawRaffleEntry(wanted), said)


def _done(act: Callable[[], object], said: str) -> ResponseReturnValue:
    try:
        act()
    except grpc.RpcError as error:
        flash(refused(error).problem_text, "bad")
    else:
        flash(said, "ok")
    return redirect(_PAGE, 303)


def _renewed(way_on: str) -> ResponseReturnValue:
    """Renew the session, whose token says the level, and go on."""
    return redirect(f"/auth/refresh?next={quote(way_on or _PAGE, safe='')}", 303)


def _show(found: pb.Identity, form: Form, way_on: str) -> ResponseReturnValue:
    customer_id = signed_in().customer_id
    proofs = asked(
        gateway.identity_proofs().ListIdentityProofs,
        pb.ListIdentityProofsRequest(customer_id=customer_id, page_size=20),
        pb.ListIdentityProofsResponse(),
    )
    offer = optional(
        lambda: gateway.raffles().GetRaffleOffer(raffles_pb2.GetRaffleOfferRequest(customer_id=customer_id)),
        raffles_pb2.RaffleOffer(),
    )
    return render_template(
        "customer/identity.html",
        identity=found,
        is_proven=found.level == _PROVEN,
        proofs=tuple(proofs().proofs),
        offer=offer,
        voucher=_voucher(customer_id, offer),
        method=identity_method,
        document=identity_document,
        form=form,
        way_on=way_on,
    ), form.status


def _voucher(customer_id: str, offer: raffles_pb2.RaffleOffer) -> str:
    """Return the code of the customer's voucher; nothing without, and nothing for who looks on in his place."""
    if not offer.entry.has_voucher:
        return ""
    wanted = raffles_pb2.GetVoucherRequest(customer_id=customer_id, raffle_id=offer.raffle.raffle_id)
    return optional(lambda: gateway.raffles().GetVoucher(wanted), raffles_pb2.Voucher()).code
