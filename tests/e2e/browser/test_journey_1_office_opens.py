"""A firm opens its office: waiting list, brand, price, portfolio (steps 1 and 2)."""

from __future__ import annotations

import re
import secrets
import zipfile
from collections.abc import Callable

from playwright.sync_api import expect

from tests.e2e.browser.cast import ACCENT, CUSTOMER, LOGO, PRIMARY, Office, find_customer
from tests.e2e.browser.visitor import Visitor
from tests.e2e.story import SAMPLE

GREETING = "Moin! Schön, dass Sie da sind."


def test_operator_lets_a_firm_in(operator: Visitor, office: Office) -> None:
    """From the waiting list into the trial; the administrator came in by the link in his mail (F45).

    F167: the firm asked by a form; once it is let in, the messages stand in its menu.
    """
    operator.go("Betriebe")
    operator.page.get_by_role("row").filter(has_text=office.name).first.get_by_role("link").click()
    operator.sees("Testzeitraum")
    operator.looks_right("operator-firm")
    desk = office.administrator
    desk.go("Start")
    desk.sees("Die ersten Schritte")
    desk.sees("Ihr Testzeitraum läuft bis")
    desk.looks_right("broker-first-steps")
    desk.go("Nachrichten")
    desk.sees("Keine Unterhaltungen")


def test_operator_enters_a_firm_that_called(operator: Visitor) -> None:
    """Registrations at the telephone join the list with a note, and its order is the operator's (F45, F48)."""
    operator.go("Warteliste")
    operator.follow("Betrieb eintragen")
    for name in ("Anruf Assekuranz", "Brief Beratung"):
        operator.open("/betrieb/eintragen")
        operator.fill("Name des Betriebs", f"{name} {secrets.token_hex(2)}")
        operator.fill("Name der Ansprechperson", "Gerda Anruf")
        operator.fill("E-Mail-Adresse", "gerda@anruf.example")
        operator.page.get_by_label("Notiz").fill("Bittet um Rückruf")
        operator.looks_right("operator-entry")
        operator.press("Auf die Warteliste")
        operator.is_told(re.compile("steht auf der Warteliste"))
    rows = operator.page.get_by_role("row")
    before = [rows.nth(place).get_by_role("rowheader").inner_text() for place in (-2, -1)]
    rows.nth(-1).get_by_role("button", name="nach vorn").click()
    expect(rows.nth(-2).get_by_role("rowheader")).to_contain_text(before[1].splitlines()[0])
    operator.sees("Bittet um Rückruf")
    operator.looks_right("operator-queue")


def test_firm_settles_its_life(operator: Visitor, office: Office, enter: Callable[[], Visitor]) -> None:
    """Agreement with proof, plan, public entry verified by hand, archive (F82, F88, F92, F94)."""
    desk = office.administrator
    desk.go("Start")
    desk.follow("Zur Vereinbarung")
    desk.page.get_by_text(re.compile("Fassung 1 lesen")).click()
    desk.sees("Art und Zweck der Verarbeitung")
    desk.looks_right("broker-firm-agreement")
    desk.page.get_by_label("Ich habe die Vereinbarung gelesen").check()
    desk.press("Annehmen")
    desk.is_told("Die Vereinbarung ist angenommen")
    desk.page.get_by_role(
        "radio", name=re.compile("^PREMIUM Emp|^PREMIUM bis|^PREMIUM$|PREMIUM\\s+bis 1000")
    ).last.check()
    desk.press("Tarif wählen")
    desk.is_told("Ihr Tarif ist gewählt.")
    homepage = f"https://{office.slug}.example"
    desk.page.get_by_label("Homepage").fill(homepage)
    desk.page.get_by_label("In der öffentlichen Suche").check()
    desk.page.get_by_label("Über Ihren Betrieb").fill("Seit 1998 an der Küste.")
    desk.page.get_by_role("region", name="Öffentlicher Eintrag").get_by_role("button", name="Speichern").click()
    desk.is_told("Die Angaben sind gespeichert.")
    desk.looks_right("broker-firm")
    with desk.page.expect_download() as loading:
        desk.page.get_by_role("link", name="Archiv herunterladen").click()
    assert zipfile.is_zipfile(loading.value.path())

    operator.open("/betrieb/betriebe?suche=Nordwind")
    operator.looks_right("operator-firms")
    operator.page.get_by_role("row").filter(has_text="PREMIUM").first.get_by_role("link").click()
    operator.page.get_by_role("button", name="Als geprüft vermerken").last.click()
    operator.is_told("Die Angabe gilt als geprüft.")
    operator.looks_right("operator-firm-record")
    guest = enter()
    guest.open("/ansprechpartner?name=nordwind")
    guest.sees(homepage.removeprefix("https://"))
    guest.looks_right("public-advisers")


def test_firm_shows_its_own_face(office: Office, enter: Callable[[], Visitor]) -> None:
    """Logo, colours and greeting reach the public page and the sign-in page, once published (F37, F38, F39).

    F168: name, telephone, address and logo are the firm's to say, and stand on its card.
    """
    desk = office.administrator
    desk.go("Team")
    desk.page.get_by_label("Straße und Hausnummer").fill("Hafenstraße 5")
    desk.page.get_by_label("Postleitzahl").fill("20459")
    desk.page.get_by_label("Ort", exact=False).last.fill("Hamburg")
    desk.page.get_by_role("region", name="So erreichen Kunden Sie").get_by_role("button", name="Speichern").click()
    desk.is_told("gespeichert")
    desk.go("Erscheinungsbild")
    desk.page.get_by_label("Kacheln").check()
    desk.fill("Hauptfarbe", "#ffcc00")
    with desk.refused():
        desk.press("Entwurf speichern")
        desk.sees(re.compile(r"Die nächste Farbe, die reicht, ist #"))
    desk.fill("Hauptfarbe", PRIMARY)
    desk.fill("Akzentfarbe", ACCENT)
    desk.choose_file("Logo (freiwillig)", "logo.svg", "image/svg+xml", LOGO)
    desk.press("Entwurf speichern")
    desk.is_told("Der Entwurf ist gespeichert.")
    desk.looks_right("broker-brand")
    desk.follow("Texte")
    desk.page.get_by_label("Begrüßung mit Sie").fill(GREETING)
    desk.press("Entwurf speichern")
    desk.is_told("Der Entwurf ist gespeichert.")
    desk.follow("Vorschau")
    framed = desk.page.frame_locator("iframe").locator("body")
    expect(framed).to_contain_text(GREETING)
    desk.looks_right("broker-brand-preview")
    desk.press("Veröffentlichen")
    desk.is_told("Version 1 ist veröffentlicht.")

    guest = enter()
    guest.open(f"/f/{office.slug}")
    guest.sees(GREETING)
    expect(guest.page.locator("img.firm__logo").first).to_be_visible()
    sign_in = guest.page.get_by_role("banner").get_by_role("link", name="Anmelden")
    assert guest.page.evaluate("getComputedStyle(document.body).getPropertyValue('--brand')").strip() == PRIMARY
    expect(sign_in).to_be_visible()
    guest.looks_right("public-landing")
    guest.open(f"/f/{office.slug}/karte")
    guest.sees("Hafenstraße 5, 20459 Hamburg")
    guest.open(f"/f/{office.slug}")
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
    desk.follow("Scans und Speicher")
    sheets = desk.page.get_by_role("region", name="Papierpost scannen, Stufe 3")
    sheets.get_by_label("Ihr Aufschlag netto").fill("0,01")
    sheets.get_by_role("button", name="Aufschlag speichern").click()
    desk.is_told("Ihr Aufschlag auf „Papierpost scannen“ in Stufe 3 beträgt 0,01")
    expect(sheets).to_contain_text("0,10\u00a0€")
    desk.looks_right("broker-usage-prices")


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


def test_staff_is_away_with_a_substitute(portfolio: Office) -> None:
    """The team sees who is away and who stands in (F182)."""
    desk = portfolio.administrator
    desk.go("Team")
    desk.page.get_by_text("Abwesenheit eintragen").click()
    desk.fill("Erster Tag", "2099-01-02")
    desk.fill("Letzter Tag", "2099-01-09")
    desk.press("Eintragen")
    desk.is_told("Die Abwesenheit ist eingetragen.")
    desk.looks_right("broker-team-absence")
    desk.page.get_by_role("region", name="Abwesenheiten").get_by_role("button", name="Beenden").click()
    desk.is_told("Die Abwesenheit ist beendet.")
