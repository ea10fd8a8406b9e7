"""The customer buys a tier of service, a month passes, his invoice comes (step 6)."""

from __future__ import annotations

import smtplib
from collections.abc import Callable
from datetime import timedelta
from email.message import EmailMessage

from kontor_chassis.testing.waiting import until
from playwright.sync_api import expect

from tests.e2e.browser.cast import Client, Office
from tests.e2e.browser.visitor import Visitor
from tests.e2e.papers import joined, pages_of, pdf_of
from tests.e2e.people import Person
from tests.e2e.stage import SCAN_CENTRE, InstalledStage

NET, GROSS = "7,60\u00a0€", "9,05\u00a0€"


def test_customer_signs_tier_two(client: Client) -> None:
    """He sees 7.60 € net, the taxes and the total, and never who gets what of it (F10, F11, F13)."""
    home = client.visitor
    home.go("Service")
    home.looks_right("customer-service")
    home.follow("Stufe 2 wählen")
    price = home.page.get_by_role("region", name="Stufe 2 im Monat")
    expect(price).to_contain_text(NET)
    expect(price).to_contain_text("Umsatzsteuer")
    expect(price).to_contain_text("Versicherungsteuer")
    for split in ("5,00", "2,60"):
        expect(price).not_to_contain_text(split)
    home.does_not_see("Anteil")
    home.sees("10 Stücke im Monat frei, danach")
    home.looks_right("customer-sign")
    home.page.get_by_label("Ich stimme der Servicevereinbarung zu").check()
    home.press("Zahlungspflichtig abschließen")
    home.is_told("Willkommen in Stufe 2.")
    home.sees("Ihre Servicevereinbarung: Stufe 2")
    home.looks_right("customer-service-signed")


def test_month_is_billed_once(stage: InstalledStage, operator: Visitor, portfolio: Office, client: Client) -> None:
    """The run issues the invoice, a second run none; the customer opens the PDF (F10, F11)."""
    customer = Person(stage.base_url, client.email).sign_in()
    agreements = customer.get(f"/v1/customers/{customer.customer_id}/serviceAgreements")["agreements"]
    period = str(agreements[0]["signTime"])[:7]
    administrator = Person(stage.base_url, portfolio.email).sign_in()
    administrator.post("/v1/firm:choosePlan", {"plan": "PLAN_PREMIUM"})  # else the firm's trial would end meanwhile
    stage.advance_clock(timedelta(days=32))
    operator.go("Abrechnung")
    operator.looks_right("operator-billing")
    assert _issued(operator, period) >= 1
    operator.looks_right("operator-billed")
    assert _issued(operator, period) == 0

    home = client.visitor
    home.go("Rechnungen")
    rows = home.page.get_by_role("row")
    expect(rows).to_have_count(2)
    home.looks_right("customer-invoices")
    rows.nth(1).get_by_role("link").first.click()
    amount = home.page.get_by_role("region", name="Betrag")
    expect(amount).to_contain_text(NET)
    expect(amount).to_contain_text(GROSS)
    home.does_not_see("Anteil")
    home.looks_right("customer-invoice")
    assert pages_of(home.opened("PDF öffnen")) >= 1


def _issued(operator: Visitor, period: str) -> int:
    """Run the billing of a month; returns how many invoices are new."""
    operator.page.get_by_label("Monat", exact=True).fill(period)
    operator.press("Abrechnungslauf starten")
    result = operator.page.get_by_role("region", name="Ergebnis")
    expect(result).to_be_visible()
    return int(result.locator("dd").first.inner_text())


def test_firm_sees_its_earnings(portfolio: Office, client: Client) -> None:
    """The same invoice on the broker's side, with the split that only he sees; he records its payment, takes it back as
    booked wrongly and records it again (F11, F34)."""
    desk = portfolio.administrator
    desk.go("Rechnungen")
    desk.looks_right("broker-invoices")
    desk.follow("Offene Posten")
    desk.looks_right("broker-open-items")
    desk.page.get_by_role("row").nth(1).get_by_role("link").first.click()
    desk.sees("Ihr Anteil")
    desk.looks_right("broker-invoice")
    desk.press("Zahlung buchen")
    desk.is_told("Die Rechnung ist bezahlt.")
    desk.page.get_by_text("Falsch gebucht?").click()
    desk.fill("Warum nehmen Sie sie zurück?", "Gehört zu einer anderen Rechnung")
    desk.press("Zahlung zurücknehmen")
    desk.is_told("Die Zahlung ist zurückgenommen")
    desk.sees("Mahnpause")
    desk.looks_right("broker-invoice-open-again")
    desk.press("Zahlung buchen")
    desk.is_told("Die Rechnung ist bezahlt.")
    desk.open(f"{client.page}/service")
    desk.looks_right("broker-customer-service")
    desk.go("Start")
    desk.looks_right("broker-home")


def test_firms_are_billed_for_their_plan(operator: Visitor, portfolio: Office) -> None:
    """A price on request is agreed, the run issues the invoice, its payment is recorded, the firm finds it (F79, F84,
    F87)."""
    operator.go("Abrechnung")
    operator.follow("Rechnungssteller")
    fields = {
        "Firma mit Rechtsform": "Kontor Betriebs GmbH",
        "Straße und Hausnummer": "Speicherstadt 1",
        "Postleitzahl": "20457",
        "Ort": "Hamburg",
        "Umsatzsteuer-ID oder Steuernummer": "DE123456789",
        "IBAN": "DE02 1203 0000 0000 2020 51",
    }
    for label, text in fields.items():
        operator.page.get_by_label(label, exact=True).fill(text)
    operator.looks_right("operator-issuer")
    operator.press("Speichern")
    operator.is_told("Der Rechnungssteller ist gespeichert.")
    operator.press("Betriebe abrechnen")
    operator.looks_right("operator-firms-billed")
    operator.follow(portfolio.name)
    operator.page.get_by_label("Grundpreis im Monat").fill("129,00")
    operator.page.get_by_label("Einrichtung, einmalig").fill("0")
    operator.looks_right("operator-agreed-prices")
    operator.press("Speichern")
    operator.is_told("Die Preise sind vereinbart.")
    operator.go("Abrechnung")
    operator.press("Betriebe abrechnen")
    operator.follow("Rechnungen an Betriebe")
    operator.looks_right("operator-firm-invoices")
    operator.go("Abrechnung")
    operator.follow("Offene Posten der Betriebe")
    operator.looks_right("operator-firm-open-items")
    operator.page.get_by_role("row").nth(1).get_by_role("link").first.click()
    operator.looks_right("operator-firm-invoice")
    operator.press("Zahlung buchen")
    operator.is_told("Die Rechnung ist bezahlt.")
    desk = portfolio.administrator
    desk.go("Tarif und Betrieb")
    desk.looks_right("broker-firm-life")
    desk.follow("Rechnungen an Ihren Betrieb ansehen")
    desk.sees("Grundpreis PREMIUM")
    desk.looks_right("broker-firm-invoices")
    assert pages_of(desk.opened("PDF")) == 1


def test_post_is_scanned_into_the_folder(
    stage: InstalledStage, portfolio: Office, client: Client, enter: Callable[[], Visitor]
) -> None:
    """The customer prints a sheet, the scan centre splits the pile at it, and he sees scan and original (F15)."""
    home, centre = client.visitor, enter()
    home.go("Dokumente")
    home.follow("Post scannen")
    home.press("Neues Trennblatt")
    home.is_told("lässt sich jetzt drucken")
    home.looks_right("customer-post")
    sheet = home.opened("Drucken")
    assert stage.scan_centre.token
    centre.sign_in(SCAN_CENTRE)
    centre.fill("Karton oder Ordner", "K-0042")
    centre.press("Stapel beginnen")
    centre.looks_right("scan-batch-new")
    pile = joined([pdf_of(1), sheet, pdf_of(1_000_000)])
    centre.choose_file("PDF-Datei", "stapel.pdf", "application/pdf", pile)
    centre.press("Senden")
    until(lambda: _says(centre, "Ohne Trennblatt") and _says(centre, "Abgelegt"), seconds=60, what="the pieces")
    centre.looks_right("scan-batch")
    centre.go("Stapel")
    centre.looks_right("scan-batches")
    centre.go("Offene Poststücke")
    centre.looks_right("scan-unassigned")

    home.go("Dokumente")
    home.follow("K-0042/2")
    home.sees("Das Original")
    home.page.get_by_text("Vernichten lassen").click()
    home.press("Ich willige in die Vernichtung ein")
    home.sees("Darf vernichtet werden")
    home.looks_right("customer-scanned-document")
    centre.go("Originale")
    centre.looks_right("scan-originals")
    centre.press("Ist vernichtet")
    centre.sees("Nichts zu tun")
    home.go("Dokumente")
    home.follow("Post scannen")
    until(lambda: _says(home, "1 Poststück", exact=False), seconds=30, what="the use that billing counts")
    home.looks_right("customer-post-used")
    desk = portfolio.administrator
    desk.open(f"{client.page}/post")
    desk.sees("Vernichtet")
    desk.looks_right("broker-customer-post")


def test_customer_books_further_storage(client: Client) -> None:
    """He books ten gigabytes at the price shown, has them at once, and gives them back (F14)."""
    home = client.visitor
    home.go("Service")
    home.follow("Speicherplatz")
    home.looks_right("customer-storage")
    home.page.get_by_role("button", name="10 GB zahlungspflichtig buchen").click()
    home.is_told("beträgt jetzt 10 GB")
    until(lambda: _says(home, "von 15 GB belegt", exact=False), seconds=30, what="the room that the vault gives")
    home.looks_right("customer-storage-booked")
    home.press("Weiteren Speicherplatz zurückgeben")
    home.is_told("ist zurückgegeben")


def test_a_binder_is_scanned_register_by_register(
    stage: InstalledStage, portfolio: Office, client: Client, enter: Callable[[], Visitor]
) -> None:
    """A binder is ordered, fetched, indexed and scanned; its owner sees where each page was, and decides (F16, F61)."""
    home, centre = client.visitor, enter()
    home.go("Dokumente")
    home.follow("Post scannen")
    home.follow("Ordner bestellen")
    home.fill("Name des Ordners", "Versicherungen")
    home.fill("Name und Anschrift der Abholung", "Julia Brandt\nDeichstraße 9\n20459 Hamburg")
    home.sees("je Ordner inkl. Steuern")
    home.looks_right("customer-binder-new")
    home.press("Zahlungspflichtig bestellen")
    home.is_told("bestellt")
    home.looks_right("customer-binder-ordered")
    assert stage.scan_centre.token
    centre.sign_in(SCAN_CENTRE)
    centre.go("Ordner")
    centre.looks_right("scan-binders")
    centre.follow("Versicherungen")
    centre.fill("Platz im Scan-Zentrum", "O-0007")
    centre.looks_right("scan-binder-ordered")
    centre.press("Ist angekommen")
    centre.fill("Ein Register je Zeile, in der Folge des Ordners", "Kfz\nHausrat")
    centre.press("Register speichern")
    centre.looks_right("scan-binder-indexed")
    centre.press("Stapel beginnen")
    centre.choose_file("PDF-Datei", "register.pdf", "application/pdf", joined([pdf_of(1), pdf_of(1_000_000)]))
    centre.press("Senden")
    until(lambda: _says(centre, "Abgelegt"), seconds=60, what="the document")
    centre.go("Ordner")
    centre.follow("Versicherungen")
    centre.press("Alles gescannt")
    centre.is_told("Der Ordner ist gescannt")

    home.go("Dokumente")
    home.follow("Post scannen")
    home.looks_right("customer-post-binders")
    home.follow("Versicherungen")
    home.looks_right("customer-binder-scanned")
    home.follow("Register 1, Blatt 1 bis 2")
    home.sees("Das Original")
    home.looks_right("customer-binder-document")
    desk = portfolio.administrator
    desk.open(f"{client.page}/post")
    desk.follow("Versicherungen")
    desk.does_not_see("Was woher stammt")
    desk.looks_right("broker-binder")
    desk.open(f"{client.page}/post/ordner")
    desk.looks_right("broker-binder-new")


def test_papers_come_by_mail(stage: InstalledStage, client: Client) -> None:
    """A customer has an address for papers; what nobody vouches for waits for his yes (section 7, DOC)."""
    home = client.visitor
    home.go("Dokumente")
    home.follow("Post scannen")
    home.follow("Adresse und Absender")
    home.press("Adresse einrichten")
    home.is_told("Ihre Adresse ist bereit")
    home.sees(client.email)
    home.looks_right("customer-mailbox")
    mail = EmailMessage()
    mail["From"], mail["Subject"], mail["Message-ID"] = client.email, "Meine Police", "<1@mail.example>"
    mail.add_attachment(pdf_of(1), maintype="application", subtype="pdf", filename="Police.pdf")
    host, _, port = stage.installation.address("mail-in").rpartition(":")
    with smtplib.SMTP(host, int(port), timeout=30) as line:
        line.send_message(mail, to_addrs=[home.page.locator("p.note").inner_text()])
    home.page.reload()
    home.sees("Meine Police")
    home.looks_right("customer-mailbox-held")
    home.press("Ablegen")
    home.is_told("liegen jetzt in Ihren Dokumenten")
    home.go("Dokumente")
    home.sees("Police")


def _says(visitor: Visitor, text: str, *, exact: bool = True) -> bool:
    """Whether the page, asked for again, says so."""
    visitor.page.reload()
    return visitor.page.get_by_text(text, exact=exact).count() > 0
