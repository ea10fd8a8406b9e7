"""One document of a customer as his firm sees it: show it to him, deliver it, prove that (F144, F176)."""

from __future__ import annotations

from dataclasses import dataclass

import grpc
from flask import Blueprint, flash, redirect, render_template
from flask.typing import ResponseReturnValue
from kontor.identity.v1 import epost_pb2
from kontor.vault.v1 import deliveries_pb2, vault_pb2

from kontor_portal import gateway
from kontor_portal.deliveries import DeliveryView, deliveries_of
from kontor_portal.forms import Form, refused
from kontor_portal.gateway import new_request_id
from kontor_portal.i18n import t
from kontor_portal.reading import optional
from kontor_portal.retention import Kept, kept
from kontor_portal.views.broker_customer import customer_tabs, the_customer

broker_document = Blueprint("broker_document", __name__)
_PAGE = "/makler/kunden/<id:customer_id>/dokumente/<id:document_id>"


@dataclass(frozen=True)
class FiledPage:
    """A document that the firm may see."""

    document: vault_pb2.Document
    deliveries: tuple[DeliveryView, ...]
    kept: Kept
    consents: bool
    """Whether the customer agrees to electronic delivery at this moment."""

    @property
    def is_filed(self) -> bool:
        """Whether the firm filed it; what the customer granted is his."""
        return self.document.origin == vault_pb2.DOCUMENT_ORIGIN_FIRM

    @property
    def can_deliver(self) -> bool:
        """Whether its newest version waits to be delivered and could be."""
        return self.is_filed and self.consents and self.document.delivered_version != self.document.version


@broker_document.get(_PAGE)
def document(customer_id: str, document_id: str) -> ResponseReturnValue:
    """Show a document."""
    return _show(customer_id, document_id, Form())


@broker_document.post(f"{_PAGE}/zustellung")
def deliver(customer_id: str, document_id: str) -> ResponseReturnValue:
    """Deliver it with legal effect."""
    wanted = deliveries_pb2.DeliverDocumentRequest(
        customer_id=customer_id, document_id=document_id, request_id=new_request_id()
    )
    try:
        gateway.deliveries().DeliverDocument(wanted)
    except grpc.RpcError as error:
        return _show(customer_id, document_id, refused(error))
    flash(t("Das Dokument ist zugestellt. Der Kunde wird benachrichtigt."), "ok")
    return redirect(f"/makler/kunden/{customer_id}/dokumente/{document_id}", 303)


@broker_document.post(f"{_PAGE}/papierkorb")
def discard(customer_id: str, document_id: str) -> ResponseReturnValue:
    """Take back what was filed by mistake."""
    wanted = vault_pb2.TrashDocumentRequest(
        customer_id=customer_id, document_id=document_id, request_id=new_request_id()
    )
    try:
        gateway.vault().TrashDocument(wanted)
    except grpc.RpcError as error:
        return _show(customer_id, document_id, refused(error))
    flash(t("Das Dokument liegt im Papierkorb und bleibt dort 30 Tage."), "ok")
    return redirect(f"/makler/kunden/{customer_id}/dokumente", 303)


def _show(customer_id: str, document_id: str, form: Form) -> ResponseReturnValue:
    ids = {"customer_id": customer_id, "document_id": document_id}
    found = gateway.vault().GetDocument(vault_pb2.GetDocumentRequest(**ids))
    asked = epost_pb2.GetEPostConsentRequest(customer_id=customer_id)
    consent = optional(lambda: gateway.epost().GetEPostConsent(asked), epost_pb2.EPostConsent())
    consents = consent.decision == epost_pb2.E_POST_DECISION_GIVEN
    page = FiledPage(found, deliveries_of(customer_id, document_id), kept(customer_id, document_id), consents)
    return render_template(
        "broker/document.html",
        customer=the_customer(customer_id),
        tabs=customer_tabs(customer_id),
        page=page,
        form=form,
    ), form.status
