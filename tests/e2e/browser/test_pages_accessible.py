"""No page may shut anybody out: axe on every page of every persona, in both languages, all layouts, light and dark."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest
from playwright.sync_api import expect

from tests.e2e.browser.accessibility import grave_violations
from tests.e2e.browser.cast import Client, Office, Specialist
from tests.e2e.browser.visitor import Visitor

ONE_LINE = 64
"""Pixels that a menu above a page takes at most."""
LAYOUTS = ("Klassik", "Kacheln", "Brief", "Kompakt", "Panorama")
MORE = {
    "customer": (
        "/benachrichtigungen",
        "/suche?q=haft",
        "/kunde/ansichten",
        "/kunde/daten/e-post",
        "/kunde/dokumente/papierkorb",
        "/kunde/dokumente/archiv/einlesen",
        "/konto/makler",
        "/kunde/post",
        "/kunde/post/ordner",
        "/kunde/post/e-mail",
    ),
    "broker": (
        "/makler/marke/texte",
        "/makler/marke/kacheln",
        "/makler/marke/inhalte",
        "/makler/marke/vorschau",
        "/makler/marke/adresse",
        "/makler/marke/versionen",
        "/makler/kunden/neu",
        "/makler/einladungen/neu",
        "/suche?q=a",
        "/konto",
    ),
}
"""Pages beside those of the menu."""


@pytest.mark.timeout(600)
def test_customer_pages_in_every_layout(portfolio: Office, client: Client) -> None:
    """F38, F55, F81, F136: each of the five layouts, at a desk and on a phone, and in the dark."""
    found: list[str] = []
    for name in LAYOUTS:
        publish_layout(portfolio, name)
        for theme in ("", "dark"):
            with preferring(client.visitor, theme=theme):
                addresses = (
                    menu(client.visitor) if name == "Klassik" else ("/kunde", "/kunde/vertraege", "/kunde/kontakt")
                )
                found += _walk(client.visitor, (*addresses, *(MORE["customer"] if name == "Klassik" else ())))
        found += _on_a_phone(client.visitor, "/kunde")
        found += _walk(client.visitor, (f"/f/{portfolio.slug}", f"/f/{portfolio.slug}/karte"))
        client.visitor.open("/kunde")
        expect(client.visitor.page.locator("html")).to_have_attribute("data-layout", _ENGLISH[name])
        client.visitor.looks_right(f"home-{_ENGLISH[name]}")
        _menu_on_top_is_one_line(client.visitor, _ENGLISH[name])
    publish_layout(portfolio, "Klassik")
    assert found == []


@pytest.mark.timeout(600)
def test_every_persona_in_both_languages(
    operator: Visitor, network: Visitor, portfolio: Office, expert: Specialist, client: Client
) -> None:
    """Every item of every menu, German and English, light and dark."""
    found: list[str] = []
    desks = (
        ("operator", operator),
        ("network", network),
        ("broker", portfolio.administrator),
        ("expert", expert.visitor),
        ("customer", client.visitor),
    )
    for persona, visitor in desks:
        addresses = (*menu(visitor), *MORE.get(persona, ()))
        for language, theme in (("de", ""), ("en", "dark")):
            with preferring(visitor, language=language, theme=theme):
                found += _walk(visitor, addresses)
    assert found == []


@pytest.mark.timeout(300)
def test_public_pages(enter: Callable[[], Visitor], office: Office) -> None:
    """What anybody sees: entrance, registration, sign-in, the firm's page and card, errors, offline (F127)."""
    visitor = enter()
    firm = f"/f/{office.slug}"
    addresses = (
        "/",
        "/registrieren",
        "/sicherheit",
        "/docs",
        "/login",
        "/password",
        "/invitation/code",
        firm,
        f"{firm}/karte",
        "/offline",
    )
    found = _walk(visitor, addresses)
    with preferring(visitor, language="en", theme="dark"):
        found += _walk(visitor, addresses)
    with visitor.refused():
        found += _walk(visitor, ("/gibt-es-nicht",))
    assert found == []


def test_keyboard_reaches_search_menus_and_content(client: Client) -> None:
    """WCAG 2.1.1, 2.4.1, 2.4.7: slash leads to the search, Escape out of a menu, every stop is seen."""
    page, keys = client.visitor.page, client.visitor.page.keyboard
    client.visitor.open("/kunde")
    keys.press("/")
    expect(page.get_by_role("searchbox", name="Suchen")).to_be_focused()
    keys.type("haft")
    keys.press("Enter")
    expect(page.get_by_role("heading", level=1, name="Suche")).to_be_visible()
    client.visitor.open("/kunde")
    account = page.locator("summary", has=page.locator(".avatar"))
    account.focus()
    keys.press("Enter")
    expect(page.get_by_role("button", name="Dunkel")).to_be_visible()
    keys.press("Escape")
    expect(page.get_by_role("button", name="Dunkel")).to_be_hidden()
    expect(account).to_be_focused()
    client.visitor.open("/kunde")
    for _ in range(25):
        keys.press("Tab")
        outline = page.evaluate("getComputedStyle(document.activeElement).outlineStyle")
        inside = page.evaluate("document.activeElement.matches('.card-link, .row-link, input, textarea, select')")
        assert outline != "none" or inside, page.evaluate("document.activeElement.outerHTML.slice(0, 200)")


def _menu_on_top_is_one_line(visitor: Visitor, layout: str) -> None:
    """F38: where the menu lies above the page, what does not fit is behind “Mehr”."""
    further = visitor.page.locator(".sidebar nav summary")
    expect(further).to_have_count(1 if layout in ("tiles", "letter", "panorama") else 0)
    if further.count():
        box = visitor.page.locator(".sidebar nav").bounding_box()
        assert box is not None
        assert box["height"] < ONE_LINE
        further.click()
        expect(visitor.page.locator(".sidebar nav").get_by_role("link", name="Meine Daten")).to_be_visible()
        assert grave_violations(visitor.page) == []


def menu(visitor: Visitor) -> tuple[str, ...]:
    """Return the addresses of a persona's menu."""
    visitor.open("/")
    links = visitor.page.locator(".sidebar nav a")
    return tuple(str(link.get_attribute("href")) for link in links.all())


def publish_layout(office: Office, name: str) -> None:
    """Let the administrator choose a base layout and publish it."""
    desk = office.administrator
    desk.open("/makler/marke")
    desk.page.get_by_role("radio", name=name).check()
    desk.page.get_by_role("radio", name="Hamburg").check()
    desk.press("Entwurf speichern")
    desk.is_told("Der Entwurf ist gespeichert.")
    desk.press("Veröffentlichen")
    desk.is_told("ist veröffentlicht.")


@contextmanager
def preferring(visitor: Visitor, *, language: str = "de", theme: str = "") -> Iterator[None]:
    """Within the block the person has chosen a language and light or dark."""
    chosen = {"office_language": language, "office_theme": theme or "light"}
    visitor.context.add_cookies([{"name": n, "value": v, "url": visitor.base_url} for n, v in chosen.items()])
    try:
        yield
    finally:
        for name in chosen:
            visitor.context.clear_cookies(name=name)


def _walk(visitor: Visitor, addresses: tuple[str, ...]) -> list[str]:
    found: list[str] = []
    for address in addresses:
        visitor.open(address)
        visitor.page.wait_for_load_state()
        found += grave_violations(visitor.page)
    return found


def _on_a_phone(visitor: Visitor, address: str) -> list[str]:
    visitor.page.set_viewport_size({"width": 390, "height": 844})
    try:
        return _walk(visitor, (address,))
    finally:
        visitor.page.set_viewport_size({"width": 1280, "height": 800})


_ENGLISH = dict(zip(LAYOUTS, ("classic", "tiles", "letter", "compact", "panorama"), strict=True))
