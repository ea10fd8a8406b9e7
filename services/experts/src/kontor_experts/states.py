"""States of listings and orders and the steps between them; the README draws both. Pure, no I/O."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum

from kontor_chassis.errors import DomainError, ErrorKind


class ListingState(StrEnum):
    """State of a listing (F102)."""

    DRAFT = "DRAFT"
    SUBMITTED = "SUBMITTED"
    PUBLISHED = "PUBLISHED"
    REJECTED = "REJECTED"


class OrderState(StrEnum):
    """State of an order (F111–F118)."""

    DRAFT = "DRAFT"
    CONSENT_REQUESTED = "CONSENT_REQUESTED"
    CONSENT_GIVEN = "CONSENT_GIVEN"
    CONSENT_DECLINED = "CONSENT_DECLINED"
    PLACED = "PLACED"
    IN_PROGRESS = "IN_PROGRESS"
    COMPLETED = "COMPLETED"
    CANCELLED = "CANCELLED"


class ConsentState(StrEnum):
    """State of one consent request (F113)."""

    REQUESTED = "REQUESTED"
    GIVEN = "GIVEN"
    DECLINED = "DECLINED"
    LAPSED = "LAPSED"


class Step(StrEnum):
    """Kind of step in an order's history (F122)."""

    CREATED = "CREATED"
    EDITED = "EDITED"
    CONSENT_REQUESTED = "CONSENT_REQUESTED"
    CONSENT_GIVEN = "CONSENT_GIVEN"
    CONSENT_DECLINED = "CONSENT_DECLINED"
    PLACED = "PLACED"
    STARTED = "STARTED"
    COMPLETED = "COMPLETED"
    CANCELLED = "CANCELLED"
    MESSAGE_SENT = "MESSAGE_SENT"
    RATED = "RATED"


class Side(StrEnum):
    """Side of an order."""

    CLIENT = "CLIENT"
    EXPERT = "EXPERT"


LISTING_STEPS: Mapping[ListingState, frozenset[ListingState]] = {
    ListingState.DRAFT: frozenset({ListingState.DRAFT, ListingState.SUBMITTED}),
    ListingState.SUBMITTED: frozenset({ListingState.DRAFT, ListingState.PUBLISHED, ListingState.REJECTED}),
    ListingState.PUBLISHED: frozenset({ListingState.DRAFT}),
    ListingState.REJECTED: frozenset({ListingState.DRAFT}),
}

ORDER_STEPS: Mapping[OrderState, frozenset[OrderState]] = {
    OrderState.DRAFT: frozenset({OrderState.DRAFT, OrderState.CONSENT_REQUESTED}),
    OrderState.CONSENT_REQUESTED: frozenset({OrderState.DRAFT, OrderState.CONSENT_GIVEN, OrderState.CONSENT_DECLINED}),
    OrderState.CONSENT_GIVEN: frozenset({OrderState.DRAFT, OrderState.CONSENT_DECLINED, OrderState.PLACED}),
    OrderState.CONSENT_DECLINED: frozenset({OrderState.DRAFT}),
    OrderState.PLACED: frozenset({OrderState.IN_PROGRESS, OrderState.CANCELLED}),
    OrderState.IN_PROGRESS: frozenset({OrderState.COMPLETED, OrderState.CANCELLED}),
    OrderState.COMPLETED: frozenset(),
    OrderState.CANCELLED: frozenset(),
}

PLACED_STATES = frozenset({OrderState.PLACED, OrderState.IN_PROGRESS, OrderState.COMPLETED, OrderState.CANCELLED})
"""States in which the expert sees the order."""

RUNNING_STATES = frozenset({OrderState.PLACED, OrderState.IN_PROGRESS})
"""States in which the customer can share papers with the expert."""

_WRONG_ORDER_STATE = {
    OrderState.DRAFT: "Das geht jetzt nicht: Der Auftrag ist ein Entwurf.",
    OrderState.CONSENT_REQUESTED: "Das geht jetzt nicht: Der Auftrag ist beim Kunden zur Einwilligung.",
    OrderState.CONSENT_GIVEN: "Das geht jetzt nicht: Der Kunde hat bereits eingewilligt.",
    OrderState.CONSENT_DECLINED: "Das geht jetzt nicht: Der Kunde hat abgelehnt.",
    OrderState.PLACED: "Das geht jetzt nicht: Der Auftrag ist bestellt.",
    OrderState.IN_PROGRESS: "Das geht jetzt nicht: Der Auftrag ist in Bearbeitung.",
    OrderState.COMPLETED: "Das geht jetzt nicht: Der Auftrag ist abgeschlossen.",
    OrderState.CANCELLED: "Das geht jetzt nicht: Der Auftrag ist storniert.",
}
_WRONG_LISTING_STATE = {
    ListingState.DRAFT: "Das geht jetzt nicht: Die Dienstleistung ist ein Entwurf.",
    ListingState.SUBMITTED: "Das geht jetzt nicht: Die Dienstleistung ist zur Prüfung eingereicht.",
    ListingState.PUBLISHED: "Das geht jetzt nicht: Die Dienstleistung ist veröffentlicht.",
    ListingState.REJECTED: "Das geht jetzt nicht: Die Dienstleistung ist zurückgegeben.",
}


def check_order_step(now: OrderState, then: OrderState) -> None:
    """Raise PRECONDITION "WRONG_ORDER_STATE" unless an order may go from one state to the other."""
    if then not in ORDER_STEPS[now]:
        raise wrong_order_state(now)


def check_listing_step(now: ListingState, then: ListingState) -> None:
    """Raise PRECONDITION "WRONG_SERVICE_STATE" unless a listing may go from one state to the other."""
    if then not in LISTING_STEPS[now]:
        raise DomainError(
            ErrorKind.PRECONDITION,
            "WRONG_SERVICE_STATE",
            _WRONG_LISTING_STATE[now],
            metadata={"state": now},
        )


def wrong_order_state(now: OrderState) -> DomainError:
    """Return the refusal of a step that an order in this state does not allow."""
    return DomainError(
        ErrorKind.PRECONDITION,
        "WRONG_ORDER_STATE",
        _WRONG_ORDER_STATE[now],
        metadata={"state": now},
    )
