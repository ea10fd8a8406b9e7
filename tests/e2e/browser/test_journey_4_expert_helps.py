"""An expert's service from the first draft to its rating in the catalogue (step 7)."""

from __future__ import annotations

import re
import secrets

import pytest
from playwright.sync_api import expect

from tests.e2e import journey
from tests.e2e.browser.cast import CUSTOMER, Client, Office, Specialist
from tests.e2e.browser.visitor import Visitor
from tests.e2e.papers import pdf_of
from tests.e2e.stage import InstalledStage

CONSENT = "Ich bin einverstanden, dass {experte} für die Prüfung diese Angaben erhält: {daten}."
ANSWER = "Bäckerei mit Café"
PLAN = pdf_of(20_000)
COMMENT = "Schnell, gründlich, verständlich."
STEPS = (
    "Entwurf angelegt",
    "Kunde um Einwilligung gebeten",
    "Kunde hat eingewilligt",
    "Verbindlich bestellt",
    "Experte hat begonnen",
    "Abgeschlossen",
    "Bewertet",
)


@pytest.fixture(scope="module")
def service(network: Visitor, expert: Specialist) -> str:
    """The title of a published service."""
    title = f"Gewerbe-Deckungscheck {secrets.token_hex(3)}"
    _list_service(expert.visitor, title)
    _publish(network, title)
    return title


def _list_service(desk: Visitor, title: str) -> None:
    """The expert describes his service and hands it in (F101, F110)."""
    desk.go("Meine Leistungen")
    desk.looks_right("expert-services-empty")
    desk.follow("Leistung anlegen")
    desk.fill("Titel", title)
    desk.fill("Was bekommt der Auftraggeber?", "Prüfung der betrieblichen Absicherung mit schriftlicher Empfehlung.")
    desk.page.get_by_label("Bereich").select_option(label="Gewerbe")
    desk.fill("Betrag je Auftrag", "189,00")
    desk.fill("Frage 1", "Branche")
    desk.page.get_by_label("Frage 1 ist Pflicht").check()
    desk.fill("Frage 2", "Zahl der Mitarbeiter")
    desk.page.get_by_label("Art der Antwort 2").select_option(label="Ganze Zahl")
    for field in ("Name", "E-Mail-Adresse"):
        desk.page.get_by_label(field, exact=True).check()
    desk.page.get_by_label("Text der Einwilligung").fill(CONSENT)
    desk.looks_right("expert-service-form")
    desk.press("Entwurf speichern")
    desk.is_told("Der Entwurf ist gespeichert.")
    desk.press("Zur Prüfung einreichen")
    desk.is_told("Eingereicht.")
    desk.looks_right("expert-service-submitted")


def _publish(desk: Visitor, title: str) -> None:
    """The organiser of the network checks it and puts it into the catalogue (F102)."""
    desk.go("Prüfen")
    desk.looks_right("network-to-check")
    desk.follow(title)
    desk.sees(CONSENT)
    desk.looks_right("network-service")
    desk.press("Veröffentlichen")
    desk.is_told("Veröffentlicht.")


@pytest.fixture(scope="module")
def order(portfolio: Office, client: Client, service: str) -> str:
    """The address of a draft for the customer: found in the catalogue, filled in (F108, F111)."""
    desk = portfolio.administrator
    desk.go("Leistungen finden")
    desk.page.get_by_label("Leistungen suchen").fill(service)
    expect(desk.page.get_by_role("article")).to_have_count(1)
    desk.looks_right("broker-catalogue")
    desk.follow(service)
    desk.sees("Noch keine Bewertungen.")
    desk.looks_right("broker-catalogue-service")
    desk.follow("Beauftragen")
    desk.follow(CUSTOMER)
    desk.page.get_by_label("Branche").fill(ANSWER)
    desk.page.get_by_label("Zahl der Mitarbeiter").fill("12")
    desk.looks_right("broker-order-form")
    desk.press("Entwurf speichern")
    desk.page.wait_for_url(re.compile("/makler/auftraege/[0-9a-f-]{36}$"))
    return desk.page.url


def test_broker_previews_what_the_expert_will_get(portfolio: Office, client: Client, order: str) -> None:
    """Answers and exactly the customer data that the service names, nothing else (F111, F112)."""
    desk = portfolio.administrator
    preview = desk.page.get_by_role("region", name="Genau das wird der Experte erhalten")
    for line in (ANSWER, "12", CUSTOMER, client.email):
        expect(preview).to_contain_text(line)
    expect(preview).not_to_contain_text("Geburtsdatum")
    expect(desk.page.get_by_role("button", name=re.compile("^Verbindlich bestellen"))).to_have_count(0)
    desk.looks_right("broker-order-draft")


def test_customer_agrees_to_what_he_sees(stage: InstalledStage, portfolio: Office, client: Client, order: str) -> None:
    """The link in the mail leads to the very text; his yes makes the order possible (F113)."""
    desk, home = portfolio.administrator, client.visitor
    before = len(stage.mails())
    desk.press("Einwilligung einholen")
    desk.is_told("Der Kunde ist um seine Einwilligung gebeten.")
    mail = journey.text_of(journey.mail_to(stage, client.email, after=before))
    link = re.search(r"https?://\S+/kunde/einwilligungen/[0-9a-f-]{36}", mail)
    assert link is not None, mail
    home.open(link.group())
    home.sees(ANSWER)
    home.sees("Ich bin einverstanden, dass")
    home.looks_right("customer-consent")
    home.press("Ich stimme zu")
    home.is_told("Danke. Ihre Zustimmung ist gespeichert.")


def test_order_is_worked_on_and_rated(
    stage: InstalledStage, portfolio: Office, client: Client, expert: Specialist, order: str, service: str
) -> None:
    """Binding order, work with a mail at each change, completion, rating (F114, F115, F116, F123)."""
    desk, workshop = portfolio.administrator, expert.visitor
    before = len(stage.mails())
    desk.open(order)
    desk.press("Verbindlich bestellen")
    desk.is_told("Verbindlich bestellt.")
    journey.mail_to(stage, expert.email, after=before)

    workshop.go("Aufträge")
    workshop.looks_right("expert-orders")
    workshop.follow(service)
    workshop.sees(client.email)
    workshop.looks_right("expert-order")
    _customer_shows_papers(client.visitor, workshop)
    for _ in ("In Arbeit", "Abgeschlossen"):
        before = len(stage.mails())
        workshop.press("Melden")
        workshop.is_told("Gespeichert. Der Auftraggeber ist benachrichtigt.")
        journey.mail_to(stage, portfolio.email, after=before)
    workshop.sees("Abgeschlossen")

    desk.open(order)
    desk.looks_right("broker-order-completed")
    desk.page.locator("label").filter(has_text="5 Sterne").click()
    desk.page.get_by_label("Was war gut, was weniger?").fill(COMMENT)
    desk.press("Bewerten")
    desk.is_told("Danke für Ihre Bewertung.")


def _customer_shows_papers(home: Visitor, workshop: Visitor) -> None:
    """While the order runs its expert sees what the customer shows him; the customer reads what was opened (F2, F3)."""
    home.go("Dokumente")
    home.choose_file("Dateien auswählen", "Betriebsplan.pdf", "application/pdf", PLAN)
    expect(home.page.get_by_role("row").filter(has_text="Betriebsplan")).to_be_visible()
    home.open(workshop.page.url.replace("/experte/auftraege/", "/kunde/einwilligungen/"))
    home.page.get_by_label("Was möchten Sie zeigen?").select_option(label="Betriebsplan")
    home.press("Freigeben")
    home.is_told("Freigegeben.")
    home.looks_right("customer-order-papers")
    workshop.page.reload()
    assert workshop.opened("Betriebsplan") == PLAN
    workshop.looks_right("expert-order-papers")
    home.follow("Betriebsplan")
    home.sees(re.compile(r"^Wiebke Sund, .*, hat „Betriebsplan“ angesehen\.$"))


def test_history_shows_every_step(portfolio: Office, order: str) -> None:
    """Who did what and when, from the draft to the rating (F122)."""
    desk = portfolio.administrator
    desk.open(order)
    entries = desk.page.get_by_role("region", name="Verlauf").get_by_role("listitem")
    expect(entries).to_have_count(len(STEPS))
    for entry, step in zip(entries.all(), STEPS, strict=True):
        expect(entry).to_contain_text(step)
    desk.looks_right("broker-order")
    desk.go("Aufträge")
    desk.looks_right("broker-orders")


def test_rating_stands_in_the_catalogue(
    portfolio: Office, network: Visitor, expert: Specialist, order: str, service: str
) -> None:
    """Everybody who looks for help reads it; the expert and the network too (F123)."""
    desk = portfolio.administrator
    desk.go("Leistungen finden")
    desk.page.get_by_label("Leistungen suchen").fill(service)
    expect(desk.page.get_by_role("article")).to_have_count(1)
    expect(desk.page.get_by_role("img", name="5,0 von 5 Sternen")).to_be_visible()
    desk.follow(service)
    desk.sees(COMMENT)
    desk.looks_right("broker-rated-service")
    expert.visitor.go("Bewertungen")
    expert.visitor.sees(COMMENT)
    expert.visitor.looks_right("expert-ratings")
    network.go("Aufträge")
    network.sees(service)
    network.looks_right("network-orders")
