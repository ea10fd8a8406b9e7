"""The customer's own office: his contracts, his papers, the short way to his broker (steps 3 to 5)."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable
from dataclasses import dataclass

import pytest
from kontor_chassis.testing.waiting import until
from playwright.sync_api import Page, expect

from tests.e2e.browser.cast import CUSTOMER, Client, Office, link_in_mail_to
from tests.e2e.browser.visitor import Visitor
from tests.e2e.journey import mail_to, text_of
from tests.e2e.papers import pdf_of
from tests.e2e.stage import InstalledStage

RELEASED, HIDDEN = "HR-77.345.12", "PH1209833"
"""Numbers of two contracts of the same customer."""
SIZE = 5_000_000
UPLOAD_RATE = 4_000_000
"""Bytes per second of the customer's line, so that the progress can be seen while it happens."""
SECOND = 1000


@dataclass(frozen=True)
class Paper:
    """A file on the customer's computer."""

    title: str
    content: bytes


@pytest.fixture(scope="module")
def paper() -> Paper:
    """A scan of 5 MB."""
    return Paper("Gutachten Wasserschaden", pdf_of(SIZE))


def test_customer_is_invited_formally(stage: InstalledStage, portfolio: Office, client: Client) -> None:
    """The mail comes in the firm's name and says Sie; the link led to a password and home (F172, F174)."""
    mail = mail_to(stage, client.email)
    assert portfolio.name in str(mail["From"])
    assert re.search(r"\b(Sie|Ihnen|Ihr)\b", text_of(mail))
    assert not re.search(r"\b(du|dir|dein)\b", text_of(mail), re.IGNORECASE)
    home = client.visitor
    home.sees("Noch keine Verträge freigegeben")
    home.does_not_see("Kontor")
    home.looks_right("customer-first-day")


def test_customer_signs_out_and_in_again(client: Client) -> None:
    """With the password that he has chosen, by keyboard alone; a wrong one is refused in plain words."""
    home = client.visitor
    home.page.get_by_label(re.compile("^Konto von")).click()
    home.press("Abmelden")
    home.page.wait_for_load_state()
    home.open("/auth/login")
    keys = home.page.keyboard
    expect(home.page.get_by_label("E-Mail-Adresse")).to_be_focused()
    keys.type(client.email)
    keys.press("Tab")
    keys.type("Falsches-Passwort-4711")
    with home.refused():
        keys.press("Enter")
        expect(home.page.get_by_role("alert")).to_be_visible()
    home.looks_right("login-refused")
    home.sign_in(client.email)
    expect(home.page).to_have_url(re.compile("/kunde$"))


def test_customer_sees_exactly_what_was_released(portfolio: Office, client: Client) -> None:
    """The broker opens one eye; the other contract stays out of sight (F63, F126, F176)."""
    desk, home = portfolio.administrator, client.visitor
    desk.open(client.page)
    desk.follow("Verträge")
    row = desk.page.get_by_role("row").filter(has_text=RELEASED)
    row.get_by_role("button", name="Verborgen").click()
    expect(row.get_by_role("button", name="Sichtbar")).to_have_attribute("aria-pressed", "true")
    desk.looks_right("broker-customer-contracts")

    home.go("Verträge")
    expect(home.page.get_by_role("row")).to_have_count(2)
    home.sees(RELEASED)
    home.does_not_see(HIDDEN)
    home.looks_right("customer-contracts")
    home.follow("Hausrat")
    home.sees("Auf einen Blick")
    home.looks_right("customer-contract")


def test_customer_keeps_a_paper(client: Client, paper: Paper) -> None:
    """Five megabytes go up with their progress in sight, through a cut; the very same bytes can be opened (F1, F2)."""
    home = client.visitor
    home.go("Dokumente")
    home.looks_right("customer-documents-empty")
    line = home.context.new_cdp_session(home.page)
    line.send("Network.enable")
    slow = {"offline": False, "latency": 0, "downloadThroughput": -1, "uploadThroughput": UPLOAD_RATE}
    line.send("Network.emulateNetworkConditions", slow)
    home.choose_file("Dateien auswählen", f"{paper.title}.pdf", "application/pdf", paper.content)
    uploads = home.page.locator("[data-upload-list]")
    expect(uploads).to_contain_text(re.compile(r"[1-4],\d MB / 5,\d MB"))
    pause = home.page.get_by_role("button", name="Anhalten und fortsetzen")
    pause.click()
    expect(uploads).to_contain_text("Angehalten")
    pause.click()
    expect(home.page.get_by_role("row").filter(has_text=paper.title)).to_be_visible()
    line.send("Network.emulateNetworkConditions", slow | {"uploadThroughput": -1})
    line.detach()
    home.looks_right("customer-documents")

    home.follow(paper.title)
    home.sees("Außer Ihnen weiß niemand, dass es dieses Dokument gibt.")
    home.looks_right("customer-document")
    assert hashlib.sha256(home.opened("Ansehen")).digest() == hashlib.sha256(paper.content).digest()


def test_customer_says_what_his_paper_is_about(client: Client, paper: Paper) -> None:
    """Tags, whom it concerns, a due day, a note; a second version with its reason; the first one comes back (F99)."""
    home = client.visitor
    home.page.get_by_text("Ändern", exact=True).click()
    home.fill("Schlagwörter (freiwillig)", "Wohnung, Schaden 2026")
    home.fill("Wen betrifft es? (freiwillig)", "Emil")
    home.fill("Fällig am (freiwillig)", "2030-05-02")
    home.fill("Notiz (freiwillig)", "Original liegt im Ordner „Haus“.")
    home.press("Speichern")
    home.is_told("Die Angaben sind gespeichert.")
    home.page.get_by_text("Neue Fassung ablegen").click()
    home.fill("Warum gibt es eine neue Fassung? (freiwillig)", "Seite 3 fehlte")
    home.choose_file("Dateien auswählen", "Gutachten.pdf", "application/pdf", pdf_of(20_000))
    home.sees("„Seite 3 fehlte“")
    home.page.get_by_text("Diese Fassung soll wieder gelten").click()
    home.press("Wiederherstellen")
    home.is_told("Fassung 1 gilt wieder.")
    home.looks_right("customer-document-versions")
    home.go("Dokumente")
    home.follow("Emil")
    home.sees(paper.title)
    home.looks_right("customer-documents-narrowed")
    home.follow(paper.title)


def test_customer_finds_what_stands_in_a_paper(client: Client, paper: Paper) -> None:
    """What a letter says is found minutes later, in any form of its words; so is a misspelt name (F1, F4)."""
    home = client.visitor
    home.go("Dokumente")
    letter = (
        "Allianz Versicherungs-AG\nBerlin, 02.01.2026\nBeitragsrechnung\nSehr geehrte Frau Brandt,\n"
        "die Häuser am Deich sind gegen Sturmfluten mitversichert. Bitte zahlen Sie 490,64 EUR bis zum 01.02.2026.\n"
    )
    home.choose_file("Dateien auswählen", "Schreiben vom Mai.txt", "text/plain", letter.encode())
    expect(home.page.get_by_role("row").filter(has_text="Schreiben vom Mai")).to_be_visible()

    def passage() -> bool:
        home.open("/suche?q=sturmflut+haus")
        return home.page.locator("mark").count() == 2

    until(passage, seconds=90, what="the letter's text")
    home.sees("gegen Sturmfluten mitversichert")
    home.looks_right("customer-search")
    home.open("/suche?q=Schriben")
    home.sees("ähnlicher Name")


def test_customer_files_what_is_proposed(client: Client, paper: Paper) -> None:
    """The letter's proposal says why; confirming files and teaches it; it can be forgotten (F1, F146, F147)."""
    home, title = client.visitor, "Beitragsrechnung Allianz vom 02.01.2026"
    home.go("Dokumente")
    home.sees("Noch abzulegen")
    home.looks_right("customer-documents-to-file")
    home.follow(title)
    home.page.get_by_text("Warum dieser Vorschlag?").click()
    home.sees("weil Allianz als Absender genannt ist")
    home.looks_right("customer-document-proposal")
    home.press("So ablegen")
    home.is_told(f"„{title}“ ist abgelegt.")
    home.sees("2. Januar 2026")
    home.go("Dokumente")
    home.page.get_by_role("link", name=re.compile(r"^Rechnung \d")).click()
    home.sees(title)
    home.looks_right("customer-documents-of-a-kind")
    home.follow("Was gemerkt ist")
    home.looks_right("customer-filing-rules")
    home.press("Vergessen")
    home.is_told("Das ist vergessen. Abgelegte Dokumente bleiben, wo sie sind.")
    home.open("/kunde/dokumente/klartextnamen")
    home.looks_right("customer-plain-names")
    home.go("Dokumente")
    home.follow(paper.title)


def test_customer_lets_his_broker_see_it_and_no_longer(portfolio: Office, client: Client, paper: Paper) -> None:
    """A document does not exist for the broker but while the customer wants it (F3); all of it is on record (F2)."""
    desk, home = portfolio.administrator, client.visitor
    desk.open(f"{client.page}/dokumente")
    desk.sees("Nichts zu sehen")
    desk.does_not_see(paper.title)

    home.press(f"Für {portfolio.name} freigeben")
    home.is_told("Freigegeben.")
    desk.open(f"{client.page}/dokumente")
    desk.sees(paper.title)
    desk.looks_right("broker-customer-documents")
    desk.follow(paper.title)
    desk.looks_right("broker-document-granted")
    assert desk.opened("Ansehen") == paper.content
    home.page.reload()
    home.sees("Frauke Nordwind")

    home.press("Freigabe zurücknehmen")
    home.is_told("Zurückgenommen.")
    desk.open(f"{client.page}/dokumente")
    desk.does_not_see(paper.title)

    home.follow("Ganzes Protokoll ansehen")
    home.sees("Einträge, unverändert")
    home.sees(f"Frauke Nordwind hat „{paper.title}“ angesehen.")
    home.looks_right("customer-sightings")
    home.page.get_by_label("Wer", exact=True).select_option("Nur andere")
    expect(home.page.get_by_text(f"Sie haben „{paper.title}“")).to_have_count(0)


def test_customer_shares_with_an_end_and_takes_it_back(client: Client, paper: Paper) -> None:
    """Until a day, to work together; one page lists all that is shared, and ends it (F3)."""
    home = client.visitor
    home.go("Dokumente")
    home.follow(paper.title)
    home.page.get_by_text(re.compile("^Für andere")).click()
    home.page.get_by_label("Freigegeben bis einschließlich").fill("2099-12-31")
    home.page.get_by_label("Darf auch neue Fassungen ablegen").check()
    home.looks_right("customer-share")
    home.press("So freigeben")
    home.is_told("Freigegeben.")
    home.go("Dokumente")
    home.follow("Freigaben")
    home.sees("ansehen und ergänzen")
    home.looks_right("customer-shares")
    home.press(f"Beenden {paper.title}")
    home.sees("Nichts ist freigegeben")


def test_broker_hears_his_customer_within_a_second(portfolio: Office, client: Client) -> None:
    """Two browsers, no reload: the inbox shows a new conversation, the open one each word of it (F181, F189)."""
    desk, home = portfolio.administrator, client.visitor
    desk.go("Nachrichten")
    desk.sees("Keine Unterhaltungen")
    desk.page.evaluate("window.stillTheSamePage = true")
    home.go("Nachrichten")
    home.fill("Nachricht", "Guten Tag, ich habe eine Frage.")
    home.press("Senden")
    home.page.wait_for_url(re.compile("/kunde/chat/[0-9a-f-]{36}"))
    desk.sees("Guten Tag, ich habe eine Frage.")
    assert desk.page.evaluate("window.stillTheSamePage"), "nothing was reloaded"
    desk.looks_right("broker-inbox")

    desk.follow(CUSTOMER)
    desk.page.wait_for_url(re.compile("/makler/chat/[0-9a-f-]{36}"))
    question = "Ist mein Fahrrad mitversichert?"
    arrival = _arrival(desk.page, question)
    sent = home.page.evaluate("Date.now()")
    home.page.get_by_placeholder("Nachricht schreiben …").fill(question)
    home.press("Senden")
    expect(desk.page.get_by_role("log")).to_contain_text(question)
    assert int(desk.page.evaluate(arrival)) - int(sent) < SECOND
    assert desk.page.evaluate("window.arrivals"), "nothing was reloaded"

    desk.page.get_by_placeholder("Nachricht schreiben …").fill("Ja, auch unterwegs.")
    desk.page.keyboard.press("Enter")
    expect(home.page.get_by_role("log")).to_contain_text("Ja, auch unterwegs.")
    expect(home.page.get_by_role("log")).to_contain_text("gelesen")
    home.looks_right("customer-chat")
    desk.looks_right("broker-chat")


def _arrival(page: Page, text: str) -> str:
    """Note in the page itself when it begins to say `text`; returns the expression for that moment."""
    page.evaluate(
        """(text) => {
          const log = document.querySelector("[role=log]");
          window.arrivals = {};
          new MutationObserver(() => {
            if (log.textContent.includes(text)) window.arrivals[text] ??= Date.now();
          }).observe(log, { childList: true, subtree: true });
        }""",
        text,
    )
    return f"window.arrivals[{text!r}]"


def test_customer_keeps_his_data(portfolio: Office, client: Client) -> None:
    """One page: name, address with a proposal to confirm, bank found by IBAN, a household, what changed (F148–F157)."""
    home = client.visitor
    home.go("Meine Daten")
    home.page.get_by_label("Familienstand").select_option(label="verheiratet")
    home.page.get_by_label("Seit").fill("2020-05-02")
    home.press("Person speichern")
    home.is_told("Ihre Daten sind gespeichert.")
    home.fill("Straße und Hausnummer", "Marienplatz 1")
    home.fill("Postleitzahl", "80331")
    home.fill("Ort", "Munchen")
    with home.refused():
        home.press("Anschrift speichern")
        home.sees("Bitte bestätigen Sie die Anschrift")
    home.looks_right("customer-data-proposal")
    home.press("Marienplatz 1, 80331 München")
    home.is_told("Ihre Daten sind gespeichert.")
    home.follow("Bankverbindung hinzufügen")
    home.fill("IBAN", "DE89 3704 0044 0532 0130 01")
    with home.refused():
        home.press("Speichern")
        home.sees("Die Prüfziffer dieser IBAN stimmt nicht")
    home.looks_right("customer-bank")
    home.fill("IBAN", "DE89 3704 0044 0532 0130 00")
    home.press("Speichern")
    home.sees("Commerzbank")
    home.page.get_by_text("Jemanden einladen").click()
    home.fill("Name", "Emil Petersen")
    home.fill("E-Mail-Adresse", f"emil@{portfolio.slug}.example")
    home.press("Einladung senden")
    home.is_told("Die Einladung an")
    home.sees("Marienplatz 1, 80331 München")
    home.looks_right("customer-data")

    desk = portfolio.administrator
    desk.go("Änderungswünsche")
    desk.page.get_by_label("Anschrift").select_option(label="auf Anfrage")
    desk.press("Regeln speichern")
    desk.is_told("Die Regeln sind gespeichert.")
    home.fill("Straße und Hausnummer", "Marienplatz 2")
    home.press("Anschrift speichern")
    home.is_told("Ihr Wunsch ist eingegangen. Ihr Ansprechpartner prüft ihn.")
    desk.go("Änderungswünsche")
    desk.looks_right("broker-requests")
    desk.press("Übernehmen")
    desk.is_told("Die Änderung ist übernommen.")
    desk.open(f"{client.page}/aenderungen")
    desk.sees("Marienplatz 2, 80331 München")
    desk.looks_right("broker-customer-changes")
    desk.go("Änderungswünsche")
    desk.page.get_by_label("Anschrift").select_option(label="direkt")
    desk.press("Regeln speichern")


def test_insured_person_sees_contracts_only(
    stage: InstalledStage, portfolio: Office, client: Client, enter: Callable[[], Visitor], paper: Paper
) -> None:
    """A further person has a reduced view, and of papers what the holder shares; he ends it (decision 13, F3)."""
    emil = enter()
    emil.choose_password(link_in_mail_to(stage, f"emil@{portfolio.slug}.example"))
    emil.open("/kunde/vertraege")
    emil.sees(RELEASED)
    menu = emil.page.get_by_role("navigation", name="Hauptmenü").first
    expect(menu.get_by_role("link", name="Dokumente")).to_have_count(0)
    emil.looks_right("insured-contracts")
    with emil.refused():
        emil.open("/kunde/daten")
        emil.does_not_see("Commerzbank")
    emil.go("Unterlagen")
    emil.sees("Noch ist nichts für Sie freigegeben")
    home = client.visitor
    home.go("Dokumente")
    home.follow(paper.title)
    home.page.get_by_text(re.compile("^Für andere")).click()
    home.page.get_by_label("Für wen?").select_option(label="Emil Petersen")
    home.press("So freigeben")
    home.is_told("Freigegeben.")
    home.sees("Für Emil Petersen aus dem Haushalt")
    emil.go("Unterlagen")
    assert emil.opened(paper.title) == paper.content
    emil.looks_right("insured-papers")
    emil.open("/suche?q=Gutachten")
    emil.sees(paper.title)
    home.page.reload()
    home.sees(f"Emil Petersen hat „{paper.title}“ angesehen.")
    home.looks_right("customer-document-shared")
    home.open("/kunde/daten")
    home.page.get_by_role("button", name="Emil Petersen entfernen").click()
    home.is_told("Der Zugang ist beendet.")

    def nothing_is_shared() -> bool:
        home.open("/kunde/dokumente/freigaben")
        return home.page.get_by_text("Nichts ist freigegeben").count() == 1

    until(nothing_is_shared, seconds=30, what="the end of what was shared with somebody who left")


def test_customers_home_sums_it_up(client: Client) -> None:
    """One page with what he has and whom he can ask."""
    home = client.visitor
    home.go("Start")
    home.sees("Ihre Verträge")
    home.sees("Zuletzt abgelegt")
    home.looks_right("customer-home")
    for item in ("Einwilligungen", "Profil"):
        home.go(item)
        home.looks_right(f"customer-{item.lower()}")
