"""A customer proves who he is by the code of a letter, wins a voucher, and agrees to electronic delivery."""

from __future__ import annotations

import io
import re
from pathlib import Path

import pypdf
from kontor_chassis.clock import SystemClock, billing_day
from playwright.sync_api import expect

from tests.e2e.browser.accessibility import grave_violations
from tests.e2e.browser.cast import Client, Office
from tests.e2e.browser.visitor import Visitor
from tests.e2e.journey import mail_to, text_of
from tests.e2e.papers import pdf_of
from tests.e2e.stage import InstalledStage

CODE = re.compile(r"\b[A-HJ-NP-Z2-9]{5}-[A-HJ-NP-Z2-9]{5}\b")
VOUCHER = "AMZN-7K3M-9QXA"
CONDITIONS = "Teilnehmen kann, wer mindestens 18 Jahre alt ist. Der Rechtsweg ist ausgeschlossen."


def test_letter_voucher_and_consent(stage: InstalledStage, client: Client, office: Office, operator: Visitor) -> None:
    """F164, F165, F140, F144: asked for, printed, entered; then the raffle; the firm sees level and consent."""
    home, desk = client.visitor, office.administrator
    _raffle_with_one_voucher(operator)
    home.go("Identität")
    home.sees("Bestätigen Sie zuerst Ihre Identität, dann können Sie teilnehmen.")
    home.looks_right("identity-none")
    home.press("Brief anfordern")
    home.is_told("Der Brief ist angefordert.")
    home.looks_right("identity-requested")
    code = _printed_code(desk)
    home.go("Identität")
    home.fill("Identitätscode", "AAAAA-22222")
    with home.refused():
        home.press("Identität bestätigen")
        home.sees("Dieser Code stimmt nicht. Sie haben noch 4 Versuche.")
        home.looks_right("identity-wrong-code")
    home.fill("Identitätscode", code)
    home.press("Identität bestätigen")
    home.is_told("Ihre Identität ist bestätigt.")
    home.page.get_by_role("checkbox", name="Ich nehme teil").check()
    home.looks_right("identity-proven")
    home.press("Teilnehmen")
    home.sees(VOUCHER)
    home.looks_right("identity-voucher")
    assert VOUCHER not in text_of(mail_to(stage, client.email, subject="Gutschein"))
    home.go("Nachrichten")
    home.sees("Post lieber elektronisch?")
    home.looks_right("epost-question")
    home.press("Ich willige ein")
    home.is_told("Danke. Unterlagen können Ihnen jetzt elektronisch zugestellt werden.")
    home.open("/kunde/daten/e-post")
    home.looks_right("epost-given")
    assert grave_violations(home.page) == []
    desk.open(f"{client.page}/identitaet")
    desk.sees("Mit dem Code aus einem Brief")
    desk.sees("Eingewilligt")
    desk.looks_right("broker-identity-proven")
    _is_delivered_to(home, desk, client.page)
    _ends(operator)
    _is_deleted_and_stays(home, desk, client.page)


def test_customer_enters_a_contract_of_his_own(client: Client) -> None:
    """F50, F177: what he has elsewhere he enters, corrects and deletes himself."""
    home = client.visitor
    home.open("/kunde/vertraege")
    home.follow("Vertrag eintragen")
    home.fill("Versicherer", "Nordsee Versicherung")
    home.fill("Vertragsnummer", "NV-4711")
    home.page.get_by_label("Beitrag in Euro").fill("12,50")
    home.looks_right("entry-new")
    assert grave_violations(home.page) == []
    home.press("Speichern")
    home.is_told("Eingetragen. Ihr Ansprechpartner prüft den Vertrag.")
    home.looks_right("entry-contract")
    home.follow("Ändern")
    home.fill("Vertragsnummer", "NV-4712")
    home.looks_right("entry-change")
    home.press("Speichern")
    home.sees("NV-4712")
    home.follow("Ändern")
    home.press("Eintrag löschen")
    home.is_told("Der Vertrag ist gelöscht.")


def _is_delivered_to(home: Visitor, desk: Visitor, page: str) -> None:
    """F144: what the firm files is delivered by consent, the customer opens it, and both have the proof."""
    desk.open(f"{page}/dokumente")
    desk.choose_file("Dateien auswählen", "Kündigungsbestätigung.pdf", "application/pdf", pdf_of(20_000))
    expect(desk.page.get_by_role("row").filter(has_text="Kündigungsbestätigung")).to_be_visible()
    desk.follow("Kündigungsbestätigung")
    desk.looks_right("broker-document-filed")
    desk.press("Rechtswirksam zustellen")
    desk.is_told("Das Dokument ist zugestellt.")
    home.go("Dokumente")
    home.looks_right("customer-documents-delivered")
    home.follow("Kündigungsbestätigung")
    home.sees("Zugestellt am")
    assert home.opened("Ansehen")
    home.page.reload()
    home.sees("Erstmals geöffnet")
    home.looks_right("customer-document-delivered")
    assert grave_violations(home.page) == []
    desk.page.reload()
    desk.sees("Erstmals geöffnet")
    desk.looks_right("broker-document-delivered")
    assert desk.opened("Nachweis als PDF").startswith(b"%PDF-")
    desk.open("/makler/betrieb/aufbewahrung")
    desk.looks_right("retention-rules")
    assert grave_violations(desk.page) == []


def _raffle_with_one_voucher(operator: Visitor) -> None:
    operator.go("Gewinnspiel")
    operator.looks_right("raffles-none")
    operator.fill("Gewinn", "20-Euro-Gutschein von Amazon.de")
    _states_terms(operator)
    operator.press("Vorbereiten")
    operator.is_told("Das Gewinnspiel ist vorbereitet.")
    operator.page.get_by_label("Codes, einer je Zeile").fill(VOUCHER)
    operator.press("Hinterlegen")
    operator.is_told("1 Gutschein hinterlegt.")
    operator.looks_right("raffle-draft")
    operator.press("Gewinnspiel eröffnen")
    operator.is_told("Das Gewinnspiel läuft.")


def _states_terms(operator: Visitor) -> None:
    operator.fill("Teilnahme bis", f"{int(billing_day(SystemClock().now())[:4]) + 1}-12-31")
    operator.fill("Veranstalter", "Pool GmbH, Hamburg")
    operator.page.get_by_label("Teilnahmebedingungen").fill(CONDITIONS)


def _printed_code(desk: Visitor) -> str:
    """Let the firm print the letters that wait; returns the code of the one."""
    desk.go("Identität")
    desk.looks_right("broker-identity-letters")
    with desk.page.expect_download() as loading:
        desk.press("Briefe drucken")
    letter = pypdf.PdfReader(io.BytesIO(Path(loading.value.path()).read_bytes())).pages[0]
    found = CODE.search(letter.extract_text())
    assert found is not None
    return found.group()


def _ends(operator: Visitor) -> None:
    operator.go("Gewinnspiel")
    operator.follow("20-Euro-Gutschein")
    operator.looks_right("raffle-open")
    operator.press("Gewinnspiel beenden")
    operator.is_told("Das Gewinnspiel ist beendet.")
    _draw_is_public(operator)


def _draw_is_public(operator: Visitor) -> None:
    """F165: from its opening on, anybody can read how a draw comes about."""
    operator.go("Gewinnspiel")
    operator.page.get_by_label("Art", exact=True).select_option(label="Verlosung")
    operator.fill("Gewinn", "Ein Wochenende an der See")
    _states_terms(operator)
    operator.page.get_by_label("Öffentliche Zahl").fill("Gewinnzahlen 6 aus 49 der ersten Ziehung danach")
    operator.press("Vorbereiten")
    operator.is_told("Das Gewinnspiel ist vorbereitet.")
    operator.press("Gewinnspiel eröffnen")
    operator.is_told("Das Gewinnspiel läuft.")
    listed = operator.page.url
    operator.follow("Öffentliches Protokoll")
    operator.sees("Gewinnzahlen 6 aus 49")
    operator.looks_right("raffle-protocol")
    assert grave_violations(operator.page) == []
    operator.open(listed)
    operator.press("Gewinnspiel beenden")
    operator.is_told("Das Gewinnspiel ist beendet.")


def _is_deleted_and_stays(home: Visitor, desk: Visitor, page: str) -> None:
    """F94: each side is warned before it asks for the deletion; both see the day, and it is taken back."""
    for visitor, address, name in ((home, "/kunde/daten/loeschen", "own"), (desk, f"{page}/loeschen", "broker")):
        visitor.open(address)
        visitor.proves_himself(address)
        visitor.looks_right(f"deletion-{name}-warning")
        assert grave_violations(visitor.page) == []
        visitor.page.get_by_role("checkbox", name="endgültig löschen").check()
        visitor.press("Löschung veranlassen")
        visitor.is_told("Die Löschung ist vorgesehen.")
        visitor.looks_right(f"deletion-{name}-planned")
        desk.open("/makler/betrieb/loeschungen")
        desk.sees("Vorgesehen")
        desk.looks_right(f"deletions-{name}")
        visitor.open(address)
        visitor.press("Löschung zurücknehmen")
        visitor.is_told("Die Löschung ist zurückgenommen.")
