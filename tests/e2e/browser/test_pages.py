"""Pages that the journey only passes by, and the keyboard: readable for everybody at both widths."""

from __future__ import annotations

from collections.abc import Callable

from playwright.sync_api import Browser, expect

from tests.e2e.browser.cast import Client, Office, Specialist
from tests.e2e.browser.visitor import Visitor
from tests.e2e.people import PASSWORD
from tests.e2e.stage import InstalledStage


def test_sign_in_page_works_by_keyboard(enter: Callable[[], Visitor]) -> None:
    """The skip link comes first and leads into the content; Tab reaches the button (WCAG 2.4.1, 2.4.3)."""
    visitor = enter()
    visitor.open("/auth/login")
    page, keys = visitor.page, visitor.page.keyboard
    expect(page.get_by_label("E-Mail-Adresse")).to_be_focused()
    keys.press("Shift+Tab")
    skip = page.get_by_role("link", name="Zum Inhalt springen")
    expect(skip).to_be_focused()
    expect(skip).to_be_in_viewport()
    keys.press("Enter")
    expect(page.get_by_role("main")).to_be_focused()
    enters = page.get_by_role("button", name="Anmelden", exact=True)
    for stop in (page.get_by_label("E-Mail-Adresse"), page.get_by_label("Passwort"), enters):
        keys.press("Tab")
        expect(stop).to_be_focused()
    visitor.looks_right("login-platform")


def test_public_pages(enter: Callable[[], Visitor]) -> None:
    """What anybody sees before he is known; the entrance in English too."""
    visitor = enter()
    for address, name in (
        ("/", "entrance"),
        ("/registrieren", "register"),
        ("/docs", "docs"),
        ("/password", "password"),
    ):
        visitor.open(address)
        visitor.looks_right(f"public-{name}")
    visitor.open("/")
    visitor.press("English")
    expect(visitor.page.locator("html")).to_have_attribute("lang", "en")
    visitor.looks_right("public-entrance-english")
    with visitor.refused():
        for address, name in (("/gibt-es-nicht", "not-found"), ("/auth/callback?code=alt&state=alt", "sign-in-failed")):
            visitor.open(address)
            visitor.looks_right(f"public-{name}")


def test_a_browser_and_the_internet_are_enough(stage: InstalledStage, browser: Browser, client: Client) -> None:
    """F64: signing in and reading one's contracts and documents needs nothing else, not even JavaScript."""
    context = browser.new_context(base_url=stage.base_url, java_script_enabled=False, locale="de-DE")
    try:
        page = context.new_page()
        page.goto("/auth/login")
        page.get_by_label("E-Mail-Adresse").fill(client.email)
        page.get_by_label("Passwort").fill(PASSWORD)
        page.get_by_role("button", name="Anmelden", exact=True).click()
        page.wait_for_url("**/kunde")
        for place in ("Verträge", "Dokumente"):
            page.get_by_role("navigation", name="Hauptmenü").first.get_by_role("link", name=place, exact=True).click()
            expect(page.get_by_role("heading", level=1)).to_contain_text(place)
    finally:
        context.close()


def test_staff_pages(operator: Visitor, network: Visitor, portfolio: Office, expert: Specialist) -> None:
    """Every item of every menu opens a page that can be read."""
    desks = (
        ("operator", operator),
        ("network", network),
        ("broker", portfolio.administrator),
        ("expert", expert.visitor),
    )
    for persona, visitor in desks:
        _open_every_menu_item(persona, visitor)


def test_customer_pages(client: Client) -> None:
    """The same for the customer, with his notifications and his trash."""
    _open_every_menu_item("customer", client.visitor)
    for address, name in (("/benachrichtigungen", "notifications"), ("/kunde/dokumente/papierkorb", "trash")):
        client.visitor.open(address)
        client.visitor.looks_right(f"customer-{name}")


def _open_every_menu_item(persona: str, visitor: Visitor) -> None:
    menu = visitor.page.get_by_role("navigation", name="Hauptmenü").first
    addresses = [str(link.get_attribute("href")) for link in menu.get_by_role("link").all()]
    assert addresses, f"{persona} has a menu"
    for address in addresses:
        visitor.open(address)
        visitor.looks_right(f"{persona}-menu{address.replace('/', '-')}")
    visitor.open("/auth/switch")
    visitor.looks_right(f"{persona}-switch")


def test_phone_has_every_menu_item(client: Client) -> None:
    """At 390 px the bar at the bottom leads to the first places and “Mehr” to the others."""
    page = client.visitor.page
    wanted = {str(link.get_attribute("href")) for link in page.locator(".sidebar nav").get_by_role("link").all()}
    page.set_viewport_size({"width": 390, "height": 844})
    try:
        page.get_by_role("navigation", name="Hauptmenü").get_by_text("Mehr").click()
        reachable = page.locator(".tabbar").locator("a:visible")
        assert {str(link.get_attribute("href")) for link in reachable.all()} >= wanted
    finally:
        page.set_viewport_size({"width": 1280, "height": 800})
