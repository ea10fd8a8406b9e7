"""The customer's start page: greeting, adviser, what is new, what is to be done, as his firm arranged it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date

from flask import Blueprint, render_template
from flask.typing import ResponseReturnValue
from kontor.billing.v1 import billing_pb2
from kontor.chat.v1 import chat_pb2
from kontor.common.v1 import access_pb2
from kontor.contracts.v1 import contracts_pb2
from kontor.experts.v1 import orders_pb2
from kontor.identity.v1 import brand_pb2, raffles_pb2
from kontor.vault.v1 import vault_pb2

from kontor_portal import gateway
from kontor_portal.advisers import Adviser, adviser_of
from kontor_portal.extension import portal
from kontor_portal.firms import FirmLook
from kontor_portal.formatting import ZONE
from kontor_portal.i18n import is_informal
from kontor_portal.reading import asked
from kontor_portal.requests import current_firm, signed_in
from kontor_portal.start_page import SceneView, StartTile, notices_on, scene_of, tiles_of
from kontor_portal.templating import ask_ahead

customer_home = Blueprint("customer_home", __name__)

_NEWEST = 4


@dataclass(frozen=True)
class Home:
    """Everything on the start page."""

    name: str
    heading: str
    greeting: str
    adviser: Adviser
    contracts: tuple[contracts_pb2.Contract, ...]
    documents: tuple[vault_pb2.Document, ...]
    consents: tuple[orders_pb2.ConsentRequest, ...]
    agreement: billing_pb2.Agreement | None
    tiles: tuple[StartTile, ...]
    notices: tuple[brand_pb2.Notice, ...]
    scene: SceneView | None
    raffle: str = ""
    """What there is to win for who has not entered yet (F165)."""

    @property
    def offers(self) -> tuple[contracts_pb2.Contract, ...]:
        """Offers that wait for an answer."""
        return tuple(each for each in self.contracts if each.status == contracts_pb2.CONTRACT_STATUS_OFFER)


@dataclass(frozen=True)
class Papers:
    """What the services say about the customer."""

    adviser: Adviser
    contracts: tuple[contracts_pb2.Contract, ...] = ()
    documents: tuple[vault_pb2.Document, ...] = ()
    consents: tuple[orders_pb2.ConsentRequest, ...] = ()
    agreement: billing_pb2.Agreement | None = None
    unread_messages: int = 0
    raffle: str = ""


@customer_home.get("/kunde")
def home() -> ResponseReturnValue:
    """Show the start page."""
    session = signed_in()
    page = arranged(current_firm(), session.name, _papers_of(session.customer_id))
    return render_template("customer/home.html", home=page, areas=access_pb2.Area)


def today() -> date:
    """Return the day in Germany, by the installation's clock."""
    return portal().clock.now().astimezone(ZONE).date()


def arranged(firm: FirmLook, name: str, papers: Papers) -> Home:
    """Return the start page as a firm arranged it."""
    return Home(
        name=name,
        heading=firm.heading_for(name),
        greeting=firm.greeting_for(name, informal=is_informal()),
        adviser=papers.adviser,
        contracts=papers.contracts,
        documents=papers.documents,
        consents=papers.consents,
        agreement=papers.agreement,
        tiles=tiles_of(firm, {access_pb2.AREA_MESSAGES: papers.unread_messages}),
        notices=notices_on(firm.design, today()),
        scene=scene_of(firm),
        raffle=papers.raffle,
    )


def _papers_of(customer_id: str) -> Papers:
    """Ask all services at once, and then wait for their answers."""
    ask_ahead(pictures=True)
    adviser, agreement = adviser_of(customer_id), running_agreement(customer_id)
    contracts = asked(
        gateway.contracts().ListContracts,
        contracts_pb2.ListContractsRequest(customer_id=customer_id, page_size=_NEWEST),
        contracts_pb2.ListContractsResponse(),
    )
    documents = asked(
        gateway.vault().ListDocuments,
        vault_pb2.ListDocumentsRequest(customer_id=customer_id, page_size=_NEWEST),
        vault_pb2.ListDocumentsResponse(),
    )
    consents = asked(
        gateway.experts().ListConsentRequests,
        orders_pb2.ListConsentRequestsRequest(customer_id=customer_id, state=orders_pb2.CONSENT_STATE_REQUESTED),
        orders_pb2.ListConsentRequestsResponse(),
    )
    unread = asked(gateway.chat().GetUnreadCount, chat_pb2.GetUnreadCountRequest(), chat_pb2.UnreadCount())
    offer = asked(
        gateway.raffles().GetRaffleOffer,
        raffles_pb2.GetRaffleOfferRequest(customer_id=customer_id),
        raffles_pb2.RaffleOffer(),
    )
    return Papers(
        adviser=adviser(),
        contracts=tuple(contracts().contracts),
        documents=tuple(documents().documents),
        consents=tuple(consents().consent_requests),
        agreement=agreement(),
        unread_messages=unread().messages,
        raffle=_to_win(offer()),
    )


def _to_win(offer: raffles_pb2.RaffleOffer) -> str:
    """Return the prize of a raffle that the customer can still enter, or nothing."""
    gives = offer.raffle.kind == raffles_pb2.RAFFLE_KIND_DRAW or offer.in_stock
    is_open = offer.raffle.state == raffles_pb2.RAFFLE_STATE_OPEN and not offer.HasField("entry")
    return offer.raffle.prize if is_open and gives else ""


def running_agreement(customer_id: str) -> Callable[[], billing_pb2.Agreement | None]:
    """Ask for the service agreement in force, if there is one."""
    request = billing_pb2.ListAgreementsRequest(customer_id=customer_id, page_size=5)
    answer = asked(gateway.billing().ListAgreements, request, billing_pb2.ListAgreementsResponse())
    in_force = (billing_pb2.AGREEMENT_STATE_ACTIVE, billing_pb2.AGREEMENT_STATE_CANCELLED)
    return lambda: next((each for each in answer().agreements if each.state in in_force), None)
