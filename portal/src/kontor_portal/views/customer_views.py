"""“See what the customer sees”: staff look at the office as a customer, read-only; the customer reads who did."""

from __future__ import annotations

import grpc
from flask import Blueprint, flash, redirect, render_template
from flask.typing import ResponseReturnValue
from kontor.identity.v1 import viewing_pb2

from kontor_portal import cookies, gateway
from kontor_portal.forms import refused
from kontor_portal.gateway import new_request_id
from kontor_portal.reading import next_page, page_token
from kontor_portal.requests import signed_in

customer_views = Blueprint("customer_views", __name__)


@customer_views.post("/makler/kunden/<id:customer_id>/ansicht")
def start(customer_id: str) -> ResponseReturnValue:
    """Go on as the customer, for ten minutes."""
    asked = viewing_pb2.StartCustomerViewRequest(customer_id=customer_id, request_id=new_request_id())
    try:
        started = gateway.viewing().StartCustomerView(asked)
    except grpc.RpcError as error:
        flash(refused(error).problem_text, "bad")
        return redirect(f"/makler/kunden/{customer_id}", 303)
    response = redirect("/kunde", 303)
    cookies.set_view(response, started.access_token)
    return response


@customer_views.post("/ansicht/beenden")
def end() -> ResponseReturnValue:
    """Come back as oneself: the access token is fetched anew with one's own refresh token."""
    session = signed_in()
    back = f"/makler/kunden/{session.customer_id}" if session.viewer_id else "/"
    return redirect(f"/auth/refresh?next={back}", 303)


@customer_views.get("/kunde/ansichten")
def views() -> ResponseReturnValue:
    """List who looked at the customer's office."""
    asked = viewing_pb2.ListCustomerViewsRequest(customer_id=signed_in().customer_id, page_token=page_token())
    answer = gateway.viewing().ListCustomerViews(asked)
    return render_template("customer/views.html", views=tuple(answer.views), next_url=next_page(answer.next_page_token))
