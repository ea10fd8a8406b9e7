"""What stands in the sidebar and in the bar at the bottom of a phone, for each persona."""

from __future__ import annotations

from dataclasses import dataclass

from kontor_portal.i18n import t
from kontor_portal.session import Persona, Session

PHONE_ITEMS = 4
"""So many fit beside “Mehr” in the bottom bar."""


@dataclass(frozen=True)
class NavItem:
    """One place to go."""

    label: str
    href: str
    icon: str
    group: str = ""
    """Heading that begins above this item."""


@dataclass(frozen=True)
class NavEntry:
    """A place to go, seen from the page in hand."""

    item: NavItem
    is_current: bool


def navigation(session: Session, path: str, *, in_expert_firm: bool) -> tuple[NavEntry, ...]:
    """Return the items of the session's persona with the current one marked: the longest address that fits."""
    items = _items(session, session.persona(in_expert_firm=in_expert_firm))
    fitting = [item.href for item in items if path == item.href or path.startswith(item.href + "/")]
    current = max(fitting, key=len, default="")
    return tuple(NavEntry(item, item.href == current) for item in items)


def _items(session: Session, persona: Persona | None) -> tuple[NavItem, ...]:
    if persona is Persona.CUSTOMER:
        return _customer()
    if persona is Persona.BROKER:
        return _broker(session)
    if persona is Persona.EXPERT:
        return _expert(session)
    if persona is Persona.NETWORK:
        return _network()
    return _operator() if persona is Persona.OPERATOR else ()


def _customer() -> tuple[NavItem, ...]:
    return (
        NavItem(t("Start"), "/kunde", "home"),
        NavItem(t("Verträge"), "/kunde/vertraege", "contract"),
        NavItem(t("Dokumente"), "/kunde/dokumente", "folder"),
        NavItem(t("Nachrichten"), "/kunde/chat", "chat"),
        NavItem(t("Service"), "/kunde/service", "shield"),
        NavItem(t("Rechnungen"), "/kunde/rechnungen", "receipt"),
        NavItem(t("Einwilligungen"), "/kunde/einwilligungen", "check"),
        NavItem(t("Profil"), "/kunde/profil", "user"),
    )


def _broker(session: Session) -> tuple[NavItem, ...]:
    items = [NavItem(t("Start"), "/makler", "home")]
    if session.may("CHAT"):
        items.append(NavItem(t("Nachrichten"), "/makler/chat", "chat"))
    items.append(NavItem(t("Kunden"), "/makler/kunden", "users"))
    if session.may("EXPORT"):
        items.append(NavItem(t("Bestand einlesen"), "/makler/import", "upload"))
    if session.may("ORDER"):
        items += [
            NavItem(t("Leistungen finden"), "/makler/experten", "network", t("Expertennetzwerk")),
            NavItem(t("Aufträge"), "/makler/auftraege", "briefcase"),
        ]
    if session.may("BILLING"):
        items += [
            NavItem(t("Preise"), "/makler/preise", "tag", t("Verdienst")),
            NavItem(t("Rechnungen"), "/makler/rechnungen", "receipt"),
        ]
    if Persona.EXPERT in session.personas:
        items += [NavItem(t("Als Experte"), "/experte", "star", t("Ihre Expertise"))]
    return (*items, *_own_firm(session))


def _expert(session: Session) -> tuple[NavItem, ...]:
    return (
        NavItem(t("Aufträge"), "/experte", "briefcase"),
        NavItem(t("Meine Leistungen"), "/experte/leistungen", "list"),
        NavItem(t("Bewertungen"), "/experte/bewertungen", "star"),
        *(_own_firm(session) if Persona.BROKER in session.personas else ()),
    )


def _own_firm(session: Session) -> tuple[NavItem, ...]:
    team = NavItem(t("Team"), "/makler/team", "users", t("Ihr Betrieb"))
    return (team, NavItem(t("Erscheinungsbild"), "/makler/marke", "palette")) if session.is_administrator else (team,)


def _network() -> tuple[NavItem, ...]:
    return (
        NavItem(t("Prüfen"), "/netzwerk", "check"),
        NavItem(t("Leistungen"), "/netzwerk/leistungen", "list"),
        NavItem(t("Aufträge"), "/netzwerk/auftraege", "briefcase"),
    )


def _operator() -> tuple[NavItem, ...]:
    return (
        NavItem(t("Warteliste"), "/betrieb", "clock"),
        NavItem(t("Betriebe"), "/betrieb/betriebe", "building"),
        NavItem(t("Abrechnung"), "/betrieb/abrechnung", "receipt"),
    )
