"""The search box in the frame: what each persona finds with it, by the lists that the services have.

A customer's own contracts are few, so they are read and compared here; everything that can be many is searched by its
service. Documents have filters and pages of their own (`found_documents`).
"""

from __future__ import annotations

import unicodedata
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from kontor.contracts.v1 import contracts_pb2
from kontor.experts.v1 import catalogue_pb2, orders_pb2
from kontor.identity.v1 import firms_pb2, people_pb2

from kontor_portal import gateway, labels
from kontor_portal.heard import line_name
from kontor_portal.i18n import t
from kontor_portal.reading import optional
from kontor_portal.session import Persona, Session

_MOST_HITS: Final = 20
_HUNDRED: Final = 100
_GERMAN: Final = str.maketrans({"ä": "ae", "ö": "oe", "ü": "ue", "ß": "ss"})


@dataclass(frozen=True)
class Hit:
    """Something that was found."""

    title: str
    text: str
    href: str
    icon: str


@dataclass(frozen=True)
class Hits:
    """What was found of one kind."""

    title: str
    hits: tuple[Hit, ...]


def search_hint(persona: Persona | None) -> str:
    """Return what the search field says can be found."""
    return {
        Persona.CUSTOMER: t("Verträge und Dokumente suchen"),
        Persona.BROKER: t("Kunden, Dokumente, Leistungen, Aufträge suchen"),
        Persona.EXPERT: t("Aufträge und Leistungen suchen"),
        Persona.NETWORK: t("Leistungen und Aufträge suchen"),
        Persona.OPERATOR: t("Betriebe suchen"),
    }.get(persona or Persona.CUSTOMER, t("Suchen"))


def search(session: Session, persona: Persona | None, query: str) -> tuple[Hits, ...]:
    """Return what the person finds, kind by kind; kinds without a hit are left out."""
    if not query:
        return ()
    kinds: Mapping[Persona, Sequence[tuple[str, Callable[[], tuple[Hit, ...]]]]] = {
        Persona.CUSTOMER: ((t("Verträge"), lambda: _contracts(session.customer_id, query)),),
        Persona.BROKER: (
            (t("Kunden"), lambda: _customers(query)),
            (t("Leistungen"), lambda: _services(query, own=False, at="/makler/experten")),
            (t("Aufträge"), lambda: _orders(query, orders_pb2.ORDER_SIDE_CLIENT, "/makler/auftraege")),
        ),
        Persona.EXPERT: (
            (t("Aufträge"), lambda: _orders(query, orders_pb2.ORDER_SIDE_EXPERT, "/experte/auftraege")),
            (t("Leistungen"), lambda: _services(query, own=True, at="/experte/leistungen")),
        ),
        Persona.NETWORK: ((t("Leistungen"), lambda: _services(query, own=False, at="/netzwerk/leistungen")),),
        Persona.OPERATOR: ((t("Betriebe"), lambda: _firms(query)),),
    }
    found = [Hits(title, optional(find, ())) for title, find in kinds.get(persona or Persona.CUSTOMER, ())]
    return tuple(each for each in found if each.hits)


def folded(text: str) -> str:
    """Return a text as it is compared: without case and accents, umlauts written out."""
    plain = unicodedata.normalize("NFKD", text.lower().translate(_GERMAN))
    return "".join(letter for letter in plain if not unicodedata.combining(letter))


def fits(query: str, *texts: str) -> bool:
    """Whether every word of the query stands in one of the texts."""
    everything = folded(" ".join(texts))
    return all(word in everything for word in folded(query).split())


def _contracts(customer_id: str, query: str) -> tuple[Hit, ...]:
    request = contracts_pb2.ListContractsRequest(customer_id=customer_id, page_size=_HUNDRED)
    found = gateway.contracts().ListContracts(request).contracts
    return tuple(
        Hit(
            line_name(contract.line_of_business_name),
            f"{contract.insurer_name} · {contract.number}",
            f"/kunde/vertraege/{contract.contract_id}",
            labels.line_icon(contract.line_of_business_name),
        )
        for contract in found
        if fits(query, *_line_names(contract), contract.insurer_name, contract.number)
    )[:_MOST_HITS]


def _line_names(contract: contracts_pb2.Contract) -> tuple[str, str]:
    """Return the line of business as it is stored and as the reader knows it."""
    return contract.line_of_business_name, line_name(contract.line_of_business_name)


def _customers(query: str) -> tuple[Hit, ...]:
    request = people_pb2.ListCustomersRequest(query=query, page_size=_MOST_HITS)
    return tuple(
        Hit(
            customer.display_name,
            " · ".join(filter(None, (customer.number, customer.email))),
            f"/makler/kunden/{customer.customer_id}",
            "user",
        )
        for customer in gateway.identity().ListCustomers(request).customers
    )


def _services(query: str, *, own: bool, at: str) -> tuple[Hit, ...]:
    request = catalogue_pb2.ListServicesRequest(search=query, own=own, page_size=_MOST_HITS)
    return tuple(
        Hit(service.title, labels.category(service.category), f"{at}/{service.service_id}", "network")
        for service in gateway.experts().ListServices(request).services
    )


def _orders(query: str, side: orders_pb2.OrderSide.ValueType, at: str) -> tuple[Hit, ...]:
    request = orders_pb2.ListOrdersRequest(search=query, side=side, page_size=_MOST_HITS)
    return tuple(
        Hit(order.service_title, labels.order_state(order.state).text, f"{at}/{order.order_id}", "briefcase")
        for order in gateway.experts().ListOrders(request).orders
    )


def _firms(query: str) -> tuple[Hit, ...]:
    found = gateway.firms().ListFirms(firms_pb2.ListFirmsRequest(query=query, page_size=_MOST_HITS))
    return tuple(
        Hit(firm.tenant.name, firm.tenant.contact_name, f"/betrieb/betriebe/{firm.tenant.tenant_id}", "building")
        for firm in found.firms
    )
