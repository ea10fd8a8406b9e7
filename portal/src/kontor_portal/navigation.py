"""What stands in the sidebar and in the bar at the bottom of a phone, for each persona."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

from kontor_portal.i18n import t
from kontor_portal.session import Persona, Session


@dataclass(frozen=True)
class NavItem:
    """One place to go."""

    label: str
    href: str
    icon: str
    group: str = ""
    """Heading that begins above this item."""
    is_pinned: bool = False
    """Whether it stands in the bottom bar of a phone rather than behind “Mehr”."""
    also: tuple[str, ...] = ()
    """Further addresses that belong to it."""


@dataclass(frozen=True)
class NavEntry:
    """A place to go, seen from the page in hand."""

    item: NavItem
    is_current: bool


def navigation(
    session: Session, path: str, *, in_expert_firm: bool, closed: Collection[str] = ()
) -> tuple[NavEntry, ...]:
    """Return the items of the session's persona with the current one marked: the longest address that fits.

    `closed` holds the addresses that the firm does not give its customers (F53).
    """
    persona = session.persona(in_expert_firm=in_expert_firm)
    items = [item for item in _items(session, persona) if item.href not in closed]
    places = [(href, item) for item in items for href in (item.href, *item.also)]
    fitting = [place for place in places if path == place[0] or path.startswith(place[0] + "/")]
    current = max(fitting, key=lambda place: len(place[0]), default=None)
    return tuple(NavEntry(item, current is not None and item is current[1]) for item in items)


def _items(session: Session, persona: Persona | None) -> tuple[NavItem, ...]:
    if persona is Persona.CUSTOMER:
        return _reduced() if session.has_reduced_view else _customer()
    if persona is Persona.BROKER:
        return _broker(session)
    if persona is Persona.EXPERT:
        return _expert(session)
    if persona is Persona.NETWORK:
        return _network()
    if persona is Persona.SCAN_CENTRE:
        return _scan_centre()
    if persona is Persona.TRUSTED:
        return _trusted()
    return _operator() if persona is Persona.OPERATOR else ()


def _customer() -> tuple[NavItem, ...]:
    return (
        NavItem(t("Start"), "/kunde", "home", is_pinned=True),
        NavItem(t("Verträge"), "/kunde/vertraege", "contract", is_pinned=True),
        NavItem(t("Dokumente"), "/kunde/dokumente", "folder", is_pinned=True, also=("/kunde/post",)),
        NavItem(t("Nachrichten"), "/kunde/chat", "chat", is_pinned=True),
        NavItem(t("Service"), "/kunde/service", "shield"),
        NavItem(t("Rechnungen"), "/kunde/rechnungen", "receipt"),
        NavItem(t("Einwilligungen"), "/kunde/einwilligungen", "check"),
        NavItem(t("Notfallzugang"), "/kunde/notfall", "heart"),
        NavItem(t("Identität"), "/kunde/identitaet", "card"),
        NavItem(t("Kontakt"), "/kunde/kontakt", "phone"),
        NavItem(t("Meine Daten"), "/kunde/daten", "edit"),
        NavItem(t("Profil"), "/kunde/profil", "user"),
    )


def _reduced() -> tuple[NavItem, ...]:
    """What a person insured in the household sees."""
    return (
        NavItem(t("Verträge"), "/kunde/vertraege", "contract", is_pinned=True),
        NavItem(t("Unterlagen"), "/kunde/geteilt", "folder", is_pinned=True),
        NavItem(t("Konto"), "/konto", "user", is_pinned=True),
    )


def _broker(session: Session) -> tuple[NavItem, ...]:
    items = [NavItem(t("Start"), "/makler", "home", is_pinned=True)]
    if session.may("CHAT"):
        items.append(NavItem(t("Nachrichten"), "/makler/chat", "chat", is_pinned=True))
    items.append(NavItem(t("Kunden"), "/makler/kunden", "users", is_pinned=True))
    items.append(NavItem(t("Änderungswünsche"), "/makler/anfragen", "edit"))
    if session.may("INVITE"):
        items.append(NavItem(t("Einladungen"), "/makler/einladungen", "mail"))
    if session.may("IDENTIFY"):
        items.append(NavItem(t("Identität"), "/makler/identitaet", "card"))
    if session.may("EXPORT"):
        items.append(NavItem(t("Bestand einlesen"), "/makler/import", "upload"))
    if session.may("ORDER"):
        items += [
            NavItem(t("Leistungen finden"), "/makler/experten", "network", t("Expertennetzwerk")),
            NavItem(t("Aufträge"), "/makler/auftraege", "briefcase", is_pinned=True),
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
        NavItem(t("Aufträge"), "/experte", "briefcase", is_pinned=True),
        NavItem(t("Meine Leistungen"), "/experte/leistungen", "list", is_pinned=True),
        NavItem(t("Bewertungen"), "/experte/bewertungen", "star", is_pinned=True),
        *(_own_firm(session) if Persona.BROKER in session.personas else ()),
    )


def _own_firm(session: Session) -> tuple[NavItem, ...]:
    team = NavItem(t("Team"), "/makler/team", "users", t("Ihr Betrieb"))
    if not session.is_administrator:
        return (team,)
    look = NavItem(t("Erscheinungsbild"), "/makler/marke", "palette")
    partners = NavItem(t("Schnittstellen"), "/makler/schnittstellen", "switch")
    return (team, NavItem(t("Tarif und Betrieb"), "/makler/betrieb", "building"), look, partners)


def _network() -> tuple[NavItem, ...]:
    return (
        NavItem(t("Prüfen"), "/netzwerk", "check", is_pinned=True),
        NavItem(t("Leistungen"), "/netzwerk/leistungen", "list", is_pinned=True),
        NavItem(t("Aufträge"), "/netzwerk/auftraege", "briefcase", is_pinned=True),
        NavItem(t("Gewinnspiel"), "/netzwerk/gewinnspiel", "sparkle"),
    )


def _scan_centre() -> tuple[NavItem, ...]:
    return (
        NavItem(t("Stapel"), "/scan", "folder", is_pinned=True),
        NavItem(t("Offene Poststücke"), "/scan/offen", "alert", is_pinned=True),
        NavItem(t("Ordner"), "/scan/ordner", "briefcase", is_pinned=True),
        NavItem(t("Originale"), "/scan/originale", "list", is_pinned=True),
        NavItem(t("Konto"), "/konto", "user", is_pinned=True),
    )


def _trusted() -> tuple[NavItem, ...]:
    return (
        NavItem(t("Notfallzugang"), "/vertrauen", "heart", is_pinned=True),
        NavItem(t("Notfallordner"), "/vertrauen/notfallordner", "list", is_pinned=True),
        NavItem(t("Unterlagen"), "/vertrauen/unterlagen", "folder", is_pinned=True),
        NavItem(t("Konto"), "/konto", "user", is_pinned=True),
    )


def _operator() -> tuple[NavItem, ...]:
    return (
        NavItem(t("Warteliste"), "/betrieb", "clock", is_pinned=True),
        NavItem(t("Betriebe"), "/betrieb/betriebe", "building", is_pinned=True),
        NavItem(t("Tarife"), "/betrieb/tarife", "tag"),
        NavItem(t("Auftragsverarbeitung"), "/betrieb/auftragsverarbeitung", "scales"),
        NavItem(t("Gewinnspiel"), "/betrieb/gewinnspiel", "sparkle"),
        NavItem(t("Abrechnung"), "/betrieb/abrechnung", "receipt", is_pinned=True),
        NavItem(t("Aufbewahrung"), "/betrieb/aufbewahrung", "shield"),
    )
