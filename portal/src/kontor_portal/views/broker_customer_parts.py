"""The customer's contracts and documents as his firm sees them: green eye, filing, orders, service."""

from __future__ import annotations

import grpc
from flask import Blueprint, flash, redirect, render_template, request
from flask.typing import ResponseReturnValue
from kontor.billing.v1 import billing_pb2
from kontor.contracts.v1 import contracts_pb2
from kontor.experts.v1 import orders_pb2
from kontor.vault.v1 import vault_pb2

from kontor_portal import gateway
from kontor_portal.forms import refused, sent
from kontor_portal.gateway import new_request_id
from kontor_portal.i18n import t, tn
from kontor_portal.reading import next_page, page_token
from kontor_portal.uploads import UploadTarget, say_what_was_stored
from kontor_portal.views.broker_customer import customer_tabs, the_customer

broker_customer_parts = Blueprint("broker_customer_parts", __name__)


@broker_customer_parts.get("/makler/kunden/<id:customer_id>/vertraege")
def contracts(customer_id: str) -> ResponseReturnValue:
    """List the contracts with their green eye (F176)."""
    answer = gateway.contracts().ListContracts(
        contracts_pb2.ListContractsRequest(customer_id=customer_id, page_size=100, page_token=page_token())
    )
    return render_template(
        "broker/customer_contracts.html",
        customer=the_customer(customer_id),
        tabs=customer_tabs(customer_id),
        contracts=tuple(answer.contracts),
        next_url=next_page(answer.next_page_token),
    )


@broker_customer_parts.post("/makler/kunden/<id:customer_id>/vertraege/<id:contract_id>/auge")
def toggle_contract(customer_id: str, contract_id: str) -> ResponseReturnValue:
    """Show a contract to its customer, or hide it."""
    client, request_id = gateway.contracts(), new_request_id()
    try:
        if sent().get("action") == "zeigen":
            client.ReleaseContract(
                contracts_pb2.ReleaseContractRequest(
                    customer_id=customer_id, contract_id=contract_id, request_id=request_id
                )
            )
        else:
            client.WithdrawContract(
                contracts_pb2.WithdrawContractRequest(
                    customer_id=customer_id, contract_id=contract_id, request_id=request_id
                )
            )
    except grpc.RpcError as error:
        flash(refused(error).problem_text, "bad")
    return redirect(f"/makler/kunden/{customer_id}/vertraege", 303)


@broker_customer_parts.post("/makler/kunden/<id:customer_id>/vertraege/<id:contract_id>/bestaetigen")
def confirm_contract(customer_id: str, contract_id: str) -> ResponseReturnValue:
    """Confirm what the customer entered himself (F177)."""
    gateway.contracts().ConfirmContract(
        contracts_pb2.ConfirmContractRequest(
            customer_id=customer_id, contract_id=contract_id, request_id=new_request_id()
        )
    )
    flash(t("Der Vertrag ist bestätigt."), "ok")
    return redirect(f"/makler/kunden/{customer_id}/vertraege", 303)


@broker_customer_parts.post("/makler/kunden/freigaben")
def release_many() -> ResponseReturnValue:
    """Show several contracts to their customers at once."""
    wanted = request.form.getlist("contract_id")[:500]
    back = request.form.get("customer_id", "")
    if wanted:
        answer = gateway.contracts().ReleaseContracts(
            contracts_pb2.ReleaseContractsRequest(contract_ids=wanted, request_id=new_request_id())
        )
        flash(tn("%(count)s Vertrag freigegeben.", "%(count)s Verträge freigegeben.", answer.released), "ok")
    else:
        flash(t("Es war kein Vertrag ausgewählt."), "bad")
    return redirect(f"/makler/kunden/{back}/vertraege" if back else "/makler/kunden/freigaben", 303)


@broker_customer_parts.get("/makler/kunden/<id:customer_id>/dokumente")
def documents(customer_id: str) -> ResponseReturnValue:
    """List what the firm has filed and what the customer has granted; take files for him."""
    say_what_was_stored()
    answer = gateway.vault().ListDocuments(
        vault_pb2.ListDocumentsRequest(customer_id=customer_id, page_size=50, page_token=page_token())
    )
    return render_template(
        "broker/customer_documents.html",
        customer=the_customer(customer_id),
        tabs=customer_tabs(customer_id),
        documents=tuple(answer.documents),
        upload=UploadTarget(customer_id, f"/makler/kunden/{customer_id}/dokumente"),
        next_url=next_page(answer.next_page_token),
    )


@broker_customer_parts.post("/makler/kunden/<id:customer_id>/dokumente/<id:document_id>/freigabe")
def release_document(customer_id: str, document_id: str) -> ResponseReturnValue:
    """Show a filed document to the customer; there is no way back, because he may have read it."""
    gateway.vault().ReleaseDocument(
        vault_pb2.ReleaseDocumentRequest(customer_id=customer_id, document_id=document_id, request_id=new_request_id())
    )
    flash(t("Das Dokument ist für den Kunden sichtbar."), "ok")
    return redirect(f"/makler/kunden/{customer_id}/dokumente", 303)


@broker_customer_parts.get("/makler/kunden/<id:customer_id>/service")
def service(customer_id: str) -> ResponseReturnValue:
    """Show agreements and invoices."""
    billing = gateway.billing()
    agreements = billing.ListAgreements(billing_pb2.ListAgreementsRequest(customer_id=customer_id, page_size=20))
    invoices = billing.ListInvoices(
        billing_pb2.ListInvoicesRequest(customer_id=customer_id, page_size=24, page_token=page_token())
    )
    return render_template(
        "broker/customer_service.html",
        customer=the_customer(customer_id),
        tabs=customer_tabs(customer_id),
        agreements=tuple(agreements.agreements),
        invoices=tuple(invoices.invoices),
        next_url=next_page(invoices.next_page_token),
    )


@broker_customer_parts.get("/makler/kunden/<id:customer_id>/auftraege")
def orders(customer_id: str) -> ResponseReturnValue:
    """List the expert orders for the customer."""
    answer = gateway.experts().ListOrders(
        orders_pb2.ListOrdersRequest(
            side=orders_pb2.ORDER_SIDE_CLIENT, customer_id=customer_id, page_size=50, page_token=page_token()
        )
    )
    return render_template(
        "broker/customer_orders.html",
        customer=the_customer(customer_id),
        tabs=customer_tabs(customer_id),
        orders=tuple(answer.orders),
        next_url=next_page(answer.next_page_token),
    )
