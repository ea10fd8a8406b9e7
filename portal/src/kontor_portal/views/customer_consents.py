"""Consents: what is sent to whom, and the customer's word on it (F113)."""

from __future__ import annotations

import grpc
from flask import Blueprint, flash, redirect, render_template
from flask.typing import ResponseReturnValue
from kontor.experts.v1 import orders_pb2

from kontor_portal import gateway
from kontor_portal.forms import refused, sent
from kontor_portal.gateway import new_request_id
from kontor_portal.i18n import t
from kontor_portal.reading import next_page, page_token
from kontor_portal.requests import signed_in

customer_consents = Blueprint("customer_consents", __name__)


@customer_consents.get("/kunde/einwilligungen")
def consents() -> ResponseReturnValue:
    """List the requests, newest first."""
    answer = gateway.experts().ListConsentRequests(
        orders_pb2.ListConsentRequestsRequest(
            customer_id=signed_in().customer_id, page_size=50, page_token=page_token()
        )
    )
    return render_template(
        "customer/consents.html",
        consents=tuple(answer.consent_requests),
        next_url=next_page(answer.next_page_token),
    )


@customer_consents.get("/kunde/einwilligungen/<id:order_id>")
def consent(order_id: str) -> ResponseReturnValue:
    """Show one request."""
    found = gateway.experts().GetConsentRequest(
        orders_pb2.GetConsentRequestRequest(customer_id=signed_in().customer_id, order_id=order_id)
    )
    return render_template("customer/consent.html", consent=found)


@customer_consents.post("/kunde/einwilligungen/<id:order_id>")
def answer(order_id: str) -> ResponseReturnValue:
    """Agree or decline."""
    values, customer_id = sent(), signed_in().customer_id
    experts = gateway.experts()
    etag, request_id = values.get("etag", ""), new_request_id()
    try:
        if values.get("answer") == "ja":
            experts.GiveConsent(
                orders_pb2.GiveConsentRequest(
                    customer_id=customer_id, order_id=order_id, etag=etag, request_id=request_id
                )
            )
            flash(t("Danke. Ihre Zustimmung ist gespeichert.", du="Danke. Deine Zustimmung ist gespeichert."), "ok")
        else:
            experts.DeclineConsent(
                orders_pb2.DeclineConsentRequest(
                    customer_id=customer_id, order_id=order_id, etag=etag, request_id=request_id
                )
            )
            flash(t("Abgelehnt. Es werden keine Angaben übermittelt."), "ok")
    except grpc.RpcError as error:
        flash(refused(error).problem_text, "bad")
    return redirect(f"/kunde/einwilligungen/{order_id}", 303)
