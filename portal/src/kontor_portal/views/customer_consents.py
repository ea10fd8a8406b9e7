"""Consents: what is sent to whom, and the customer's word on it (F113)."""

from __future__ import annotations

from dataclasses import dataclass

import grpc
from flask import Blueprint, flash, redirect, render_template
from flask.typing import ResponseReturnValue
from kontor.experts.v1 import orders_pb2
from kontor.vault.v1 import vault_pb2

from kontor_portal import gateway
from kontor_portal.choices import Choice
from kontor_portal.circles import RUNNING
from kontor_portal.folders import folder_tree
from kontor_portal.forms import refused, sent
from kontor_portal.gateway import new_request_id
from kontor_portal.i18n import t
from kontor_portal.reading import next_page, optional, page_token
from kontor_portal.requests import signed_in
from kontor_portal.views.customer_grants import Shared, all_grants, give, shared_of

customer_consents = Blueprint("customer_consents", __name__)


@dataclass(frozen=True)
class OrderPapers:
    """What the customer shares with the expert of a running order, and what else he could."""

    grants: tuple[Shared, ...]
    folders: tuple[Choice, ...]
    documents: tuple[Choice, ...]


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
    may_withdraw = found.order_state == orders_pb2.ORDER_STATE_CONSENT_GIVEN
    shared = _papers(order_id) if found.order_state in RUNNING else None
    return render_template("customer/consent.html", consent=found, shared=shared, may_withdraw=may_withdraw)


@customer_consents.post("/kunde/einwilligungen/<id:order_id>/unterlagen")
def share(order_id: str) -> ResponseReturnValue:
    """Let the expert of the order see a document or a folder while it runs."""
    values = sent()
    kind, _, key = values.get("what", "").partition(":")
    target = vault_pb2.Grant(folder_id=key) if kind == "ordner" else vault_pb2.Grant(document_id=key)
    give(target, {"whom": f"auftrag:{order_id}", "until": values.get("until", "")})
    return redirect(f"/kunde/einwilligungen/{order_id}#unterlagen", 303)


@customer_consents.post("/kunde/einwilligungen/<id:order_id>/unterlagen/<id:grant_id>/beenden")
def stop_sharing(order_id: str, grant_id: str) -> ResponseReturnValue:
    """End it before the order does."""
    wanted = vault_pb2.RevokeGrantRequest(
        customer_id=signed_in().customer_id, grant_id=grant_id, request_id=new_request_id()
    )
    gateway.vault().RevokeGrant(wanted)
    flash(t("Beendet. Ab sofort sieht diese Person nichts mehr davon."), "ok")
    return redirect(f"/kunde/einwilligungen/{order_id}#unterlagen", 303)


def _papers(order_id: str) -> OrderPapers:
    customer_id = signed_in().customer_id
    tree = folder_tree(customer_id)
    newest = vault_pb2.ListDocumentsRequest(customer_id=customer_id, page_size=100)
    documents = optional(lambda: gateway.vault().ListDocuments(newest), vault_pb2.ListDocumentsResponse()).documents
    grants = [grant for grant in all_grants(customer_id) if grant.order_id == order_id]
    return OrderPapers(
        tuple(shared_of(customer_id, grant, tree, "") for grant in grants),
        tuple(Choice(f"ordner:{each.value}", each.label) for each in tree.choices()),
        tuple(Choice(f"dokument:{each.document_id}", each.title) for each in documents),
    )


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
