"""The customer's start page: greeting, adviser, what is new, what is to be done."""

from __future__ import annotations

from dataclasses import dataclass

from flask import Blueprint, render_template
from flask.typing import ResponseReturnValue
from kontor.billing.v1 import billing_pb2
from kontor.chat.v1 import chat_pb2
from kontor.contracts.v1 import contracts_pb2
from kontor.experts.v1 import orders_pb2
from kontor.vault.v1 import vault_pb2

from kontor_portal import gateway
from kontor_portal.advisers import Adviser, adviser_of
from kontor_portal.reading import optional
from kontor_portal.requests import signed_in

customer_home = Blueprint("customer_home", __name__)

_NEWEST = 4


@dataclass(frozen=True)
class Home:
    """Everything on the start page."""

    name: str
    adviser: Adviser
    contracts: tuple[contracts_pb2.Contract, ...]
    documents: tuple[vault_pb2.Document, ...]
    consents: tuple[orders_pb2.ConsentRequest, ...]
    unread_messages: int
    agreement: billing_pb2.Agreement | None

    @property
    def offers(self) -> tuple[contracts_pb2.Contract, ...]:
        """Offers that wait for an answer."""
        return tuple(each for each in self.contracts if each.status == contracts_pb2.CONTRACT_STATUS_OFFER)


@customer_home.get("/kunde")
def home() -> ResponseReturnValue:
    """Show the start page."""
    session = signed_in()
    return render_template("customer/home.html", home=_home_of(session.customer_id, session.name))


def _home_of(customer_id: str, name: str) -> Home:
    contracts = optional(
        lambda: gateway.contracts().ListContracts(
            contracts_pb2.ListContractsRequest(customer_id=customer_id, page_size=_NEWEST)
        ),
        contracts_pb2.ListContractsResponse(),
    )
    documents = optional(
        lambda: gateway.vault().ListDocuments(
            vault_pb2.ListDocumentsRequest(customer_id=customer_id, page_size=_NEWEST)
        ),
        vault_pb2.ListDocumentsResponse(),
    )
    consents = optional(
        lambda: gateway.experts().ListConsentRequests(
            orders_pb2.ListConsentRequestsRequest(customer_id=customer_id, state=orders_pb2.CONSENT_STATE_REQUESTED)
        ),
        orders_pb2.ListConsentRequestsResponse(),
    )
    unread = optional(lambda: gateway.chat().GetUnreadCount(chat_pb2.GetUnreadCountRequest()), chat_pb2.UnreadCount())
    return Home(
        name=name,
        adviser=adviser_of(customer_id),
        contracts=tuple(contracts.contracts),
        documents=tuple(documents.documents),
        consents=tuple(consents.consent_requests),
        unread_messages=unread.messages,
        agreement=running_agreement(customer_id),
    )


def running_agreement(customer_id: str) -> billing_pb2.Agreement | None:
    """Return the service agreement in force, if there is one."""
    request = billing_pb2.ListAgreementsRequest(customer_id=customer_id, page_size=5)
    answer = optional(lambda: gateway.billing().ListAgreements(request), billing_pb2.ListAgreementsResponse())
    in_force = (billing_pb2.AGREEMENT_STATE_ACTIVE, billing_pb2.AGREEMENT_STATE_CANCELLED)
    return next((each for each in answer.agreements if each.state in in_force), None)
