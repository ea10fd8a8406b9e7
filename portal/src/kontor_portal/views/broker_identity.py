"""Who customers are, for their firm: letters to print, confirmation in person, withdrawal, electronic delivery."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Final

import grpc
from flask import Blueprint, Response, flash, redirect, render_template, request
from flask.typing import ResponseReturnValue
from kontor.common.v1.access_pb2 import IdentityLevel
from kontor.identity.v1 import epost_pb2, raffles_pb2
from kontor.identity.v1 import identity_proofs_pb2 as pb
from kontor_chassis.clock import billing_day

from kontor_portal import gateway
from kontor_portal.choices import Choice
from kontor_portal.extension import portal
from kontor_portal.forms import Form, refused, sent
from kontor_portal.gateway import new_request_id
from kontor_portal.i18n import t
from kontor_portal.identity_labels import epost_decision, identity_document, identity_method
from kontor_portal.reading import asked, next_page, page_token
from kontor_portal.views.broker_customer import customer_tabs, the_customer

broker_identity = Blueprint("broker_identity", __name__)

_PAGE: Final = "/makler/identitaet"


@broker_identity.get(_PAGE)
def letters() -> ResponseReturnValue:
    """List the letters that customers have asked for."""
    wanted = pb.ListIdentityLettersRequest(page_size=100, page_token=page_token())
    answer = gateway.identity_proofs().ListIdentityLetters(wanted)
    return render_template(
        "broker/identity_letters.html", letters=tuple(answer.letters), next_url=next_page(answer.next_page_token)
    )


@broker_identity.post(f"{_PAGE}/briefe")
def print_letters() -> ResponseReturnValue:
    """Print the letters of the customers who were ticked."""
    chosen = request.form.getlist("customer_id")[:500]
    if not chosen:
        flash(t("Bitte wählen Sie mindestens einen Brief aus."), "bad")
        return redirect(_PAGE, 303)
    return _printed(chosen, _PAGE)


@broker_identity.get("/makler/kunden/<id:customer_id>/identitaet")
def identity(customer_id: str) -> ResponseReturnValue:
    """Show a customer's level, its proofs, and whether documents can be delivered to him."""
    return _show(customer_id, Form(), "")


@broker_identity.post("/makler/kunden/<id:customer_id>/identitaet/brief")
def print_letter(customer_id: str) -> ResponseReturnValue:
    """Print the letter for one customer."""
    return _printed([customer_id], f"/makler/kunden/{customer_id}/identitaet")


@broker_identity.post("/makler/kunden/<id:customer_id>/identitaet/bestaetigen")
def confirm(customer_id: str) -> ResponseReturnValue:
    """Confirm that the customer was here with his document."""
    values, documents = sent(), {str(value): value for value in pb.IdentityDocument.values()}
    wanted = pb.ConfirmIdentityRequest(
        customer_id=customer_id,
        document=documents.get(values.get("document", ""), pb.IDENTITY_DOCUMENT_UNSPECIFIED),
        seen_date=values.get("seen_date", ""),
        request_id=new_request_id(),
    )
    try:
        gateway.identity_proofs().ConfirmIdentity(wanted)
    except grpc.RpcError as error:
        return _show(customer_id, refused(error), "confirm")
    flash(t("Die Identität ist bestätigt. Der Kunde wird informiert."), "ok")
    return redirect(f"/makler/kunden/{customer_id}/identitaet", 303)


@broker_identity.post("/makler/kunden/<id:customer_id>/identitaet/zuruecknehmen")
def withdraw(customer_id: str) -> ResponseReturnValue:
    """Withdraw the proof in force."""
    wanted = pb.WithdrawIdentityRequest(
        customer_id=customer_id, reason=sent().get("reason", ""), request_id=new_request_id()
    )
    try:
        gateway.identity_proofs().WithdrawIdentity(wanted)
    except grpc.RpcError as error:
        return _show(customer_id, refused(error), "withdraw")
    flash(t("Die Bestätigung ist zurückgenommen. Der Kunde wird informiert."), "ok")
    return redirect(f"/makler/kunden/{customer_id}/identitaet", 303)


def _printed(customer_ids: Sequence[str], back: str) -> ResponseReturnValue:
    wanted = pb.PrintIdentityLettersRequest(customer_ids=customer_ids, request_id=new_request_id())
    try:
        content = b"".join(piece.data for piece in gateway.identity_proofs().PrintIdentityLetters(wanted, timeout=55))
    except grpc.RpcError as error:
        flash(refused(error).problem_text, "bad")
        return redirect(back, 303)
    answer = Response(content, mimetype="application/pdf")
    answer.headers["Content-Disposition"] = 'attachment; filename="identitaetsbriefe.pdf"'
    answer.headers["Cache-Control"] = "no-store"
    return answer


def _show(customer_id: str, form: Form, part: str) -> ResponseReturnValue:
    """`part` names the form that was refused."""
    service = gateway.identity_proofs()
    found = asked(service.GetIdentity, pb.GetIdentityRequest(customer_id=customer_id), pb.Identity())
    proofs = asked(
        service.ListIdentityProofs,
        pb.ListIdentityProofsRequest(customer_id=customer_id, page_size=20),
        pb.ListIdentityProofsResponse(),
    )
    consent = asked(
        gateway.epost().GetEPostConsent,
        epost_pb2.GetEPostConsentRequest(customer_id=customer_id),
        epost_pb2.EPostConsent(),
    )
    offer = asked(
        gateway.raffles().GetRaffleOffer,
        raffles_pb2.GetRaffleOfferRequest(customer_id=customer_id),
        raffles_pb2.RaffleOffer(),
    )
    documents = tuple(Choice(str(value), identity_document(value)) for value in pb.IdentityDocument.values() if value)
    return render_template(
        "broker/customer_identity.html",
        customer=the_customer(customer_id),
        tabs=customer_tabs(customer_id),
        identity=found(),
        is_proven=found().level == IdentityLevel.IDENTITY_LEVEL_PROVEN,
        proofs=tuple(proofs().proofs),
        consent=consent(),
        consent_label=epost_decision(consent().decision),
        offer=offer(),
        documents=documents,
        today=date.fromisoformat(billing_day(portal().clock.now())).isoformat(),
        method=identity_method,
        document=identity_document,
        form=form,
        part=part,
    ), form.status
