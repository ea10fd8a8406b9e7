"""A firm opens its office: waiting list, brand, price, portfolio (steps 1 and 2)."""

from __future__ import annotations

import re
from collections.abc import Callable

from playwright.sync_api import expect

from tests.e2e.browser.cast import ACCENT, CUSTOMER, LOGO, PRIMARY, Office, find_customer
from tests.e2e.browser.visitor import Visitor
from tests.e2e.story import SAMPLE

GREETING = "Moin! Schön, dass Sie da sind."


def test_operator_lets_a_firm_in(operator: Visitor, office: Office) -> None:
    """From the waiting list into the trial; the administrator came in by the link in his mail (F45)."""
    operator.go("Betriebe")
    operator.page.get_by_role("listitem").filter(has_text=office.name).first.get_by_role("link").click()
    operator.sees("Testzeitraum")
    operator.looks_right("operator-firm")
    desk = office.administrator
    desk.sees("Die ersten Schritte")
    desk.sees("Ihr Testzeitraum läuft bis")
    desk.looks_right("broker-first-steps")


def test_firm_shows_its_own_face(office: Office, enter: Callable[[], Visitor]) -> None:
    """Logo, colours and greeting reach the public page and the sign-in page (F39)."""
    desk = office.administrator
    desk.go("Erscheinungsbild")
    desk.fill("Hauptfarbe", PRIMARY)
    desk.fill("Akzentfarbe", ACCENT)
    desk.choose_file("Logo", "logo.svg", "image/svg+xml", LOGO)
    desk.page.get_by_label("Begrüßung").fill(GREETING)
    expect(desk.page.locator("#brand-preview")).to_contain_text(GREETING)
    desk.sees(re.compile(r"Gut lesbar: Kontrast \d"))
    desk.press("Speichern und veröffentlichen")
    desk.is_told("Ihr Erscheinungsbild ist gespeichert.")
    desk.looks_right("broker-brand")

    guest = enter()
    guest.open(f"/f/{office.slug}")
    guest.sees(GREETING)
    expect(guest.page.locator("img.firm__logo").first).to_be_visible()
    sign_in = guest.page.get_by_role("banner").get_by_role("link", name="Anmelden")
    assert guest.page.evaluate("getComputedStyle(document.body).getPropertyValue('--brand')").strip() == PRIMARY
    expect(sign_in).to_be_visible()
    guest.looks_right("public-landing")
    guest.follow("Anmelden")
    expect(guest.page.locator(".auth__brand")).to_contain_text(office.name)
    guest.looks_right("login")


def test_administrator_sets_his_share(office: Office) -> None:
    """His share is his to set and to see; the customer's price follows while he types (F6, F13)."""
    desk = office.administrator
    desk.go("Preise")
    tier = desk.page.get_by_role("region", name="Stufe 2")
    tier.get_by_label("Ihr Anteil netto").fill("9,00")
    expect(tier.get_by_role("status")).to_have_text("11,60\u00a0€")
    tier.get_by_label("Ihr Anteil netto").fill("5,00")
    expect(tier.get_by_role("status")).to_have_text("7,60\u00a0€")
    tier.get_by_role("button", name="Anteil speichern").click()
    desk.page.wait_for_load_state()
    expect(tier).to_contain_text("7,60\u00a0€")
    desk.looks_right("broker-prices")


def test_broken_file_names_record_and_field(office: Office) -> None:
    """Nothing is taken from a file with a fault; the fault has a place (F95)."""
    content = bytearray(SAMPLE.read_bytes())
    record = content.index(b"\n0200") + 1
    content[record + 42 : record + 50] = b"99999999"
    desk = office.administrator
    desk.go("Bestand einlesen")
    desk.choose_file("GDV-Datei", "kaputt.gdv", "application/octet-stream", bytes(content))
    with desk.refused():
        desk.press("Prüfen und übernehmen")
        desk.sees("Die Datei wurde nicht übernommen")
    fault = desk.page.get_by_role("row").nth(1)
    expect(fault).to_contain_text(re.compile(r"Satz \d+.*Feld"))
    desk.looks_right("broker-import-refused")


def test_portfolio_is_there(portfolio: Office) -> None:
    """Customers and contracts of the file, in numbers and by name (F95)."""
    desk = portfolio.administrator
    desk.sees("Neu angelegt")
    desk.looks_right("broker-import-result")
    desk.follow("Verträge freigeben")
    expect(desk.page.get_by_role("table")).to_contain_text("Verborgen")
    desk.looks_right("broker-unreleased")
    desk.go("Kunden")
    desk.looks_right("broker-customers")
    find_customer(portfolio, CUSTOMER)
    desk.looks_right("broker-customer")
