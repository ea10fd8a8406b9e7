"""A firm invites many customers at once and follows each in: mails, missing addresses, letters, second thoughts."""

from __future__ import annotations

import io
from collections.abc import Callable
from datetime import timedelta

import pypdf
from playwright.sync_api import expect

from tests.e2e.browser.cast import Office, link_in_mail_to
from tests.e2e.browser.test_pages_accessible import preferring
from tests.e2e.browser.visitor import Visitor
from tests.e2e.people import Person
from tests.e2e.stage import InstalledStage

ANTON, BERTA, CLARA = "Anton Sammler", "Berta Sammler", "Clara Sammler"
ADDRESS = {"street": "Musterweg 1", "postalCode": "20095", "city": "Hamburg", "country": "DE"}


def test_many_are_invited_and_followed(stage: InstalledStage, office: Office, enter: Callable[[], Visitor]) -> None:
    """F125, F137, F170–F174: some of its customers get the office; without an address they get one, or a letter."""
    anton, berta = f"anton@{office.slug}.example", f"berta@{office.slug}.example"
    _enter_customers(office, anton)
    desk = office.administrator
    desk.go("Einladungen")
    desk.follow("Sammeleinladung")
    desk.page.get_by_label("Nur Kunden, auf die alles Folgende zutrifft").check()
    desk.page.get_by_label("Name, Nummer oder E-Mail").fill("Sammler")
    desk.page.get_by_label("Zuständig").focus()
    desk.sees("1 Kunde wird eingeladen.")
    desk.sees("Bei 2 Kunden fehlt die E-Mail-Adresse.")
    desk.looks_right("bulk-new")
    desk.press("Jetzt einladen")
    desk.sees("Alle 3 Kunden sind bearbeitet.")
    desk.sees("E-Mail fehlt: 2")

    _add_missing_address(desk, berta)
    _print_letter(desk)
    letter = link_in_mail_to(stage, anton)
    visitor = enter()
    visitor.open(letter)
    _resend(stage, desk, anton)
    visitor.choose_password(letter)
    desk.follow("Angenommen")
    desk.page.get_by_role("row").filter(has_text=ANTON).wait_for()
    _withdraw(stage, desk, berta, enter())


def _enter_customers(office: Office, email: str) -> None:
    administrator = Person(office.administrator.base_url, office.email).sign_in()
    for name, address, place in ((ANTON, email, {}), (BERTA, "", {}), (CLARA, "", ADDRESS)):
        given, family = name.split()
        customer = {"givenName": given, "familyName": family, "email": address, "address": place}
        administrator.post("/v1/customers", customer)


def _add_missing_address(desk: Visitor, email: str) -> None:
    """The dialog for missing addresses says what is wrong at its field, and submits what is right (F173)."""
    desk.follow("Ohne E-Mail-Adresse")
    field = desk.page.get_by_label(f"E-Mail-Adresse von {BERTA}")
    field.fill("berta@")
    with desk.refused():
        desk.press("Adressen speichern und einladen")
        expect(field).to_have_attribute("aria-invalid", "true")
        desk.looks_right("bulk-address-wrong")
    field.fill(email)
    desk.press("Adressen speichern und einladen")
    desk.is_told("Die ergänzten Kunden werden jetzt eingeladen.")
    desk.sees("E-Mail fehlt: 1")


def _print_letter(desk: Visitor) -> None:
    """Who has a postal address only gets a letter with a code of his own (F137)."""
    desk.follow("Ohne E-Mail-Adresse")
    with desk.page.expect_download() as download:
        desk.press("Briefe drucken")
    (page,) = pypdf.PdfReader(io.BytesIO(download.value.path().read_bytes())).pages
    assert CLARA in page.extract_text()


def _resend(stage: InstalledStage, desk: Visitor, email: str) -> None:
    """Whoever has opened his link is seen to have; his mail is sent again, but not at once; in English, too (F170)."""
    desk.follow("Geöffnet")
    again = desk.page.get_by_role("button", name=f"Erneut senden an {ANTON}")
    again.wait_for()
    desk.looks_right("bulk-opened")
    with preferring(desk, language="en"):
        desk.page.reload()
        desk.press(f"Send again to {ANTON}")
        desk.is_told("The invitation has only just gone out. Please wait a little.")
        desk.looks_right("bulk-english")
    stage.advance_clock(timedelta(minutes=2))
    desk.page.reload()
    desk.press(f"Erneut senden an {ANTON}")
    desk.is_told(f"Die Einladung an {email} ist unterwegs.")


def _withdraw(stage: InstalledStage, desk: Visitor, email: str, visitor: Visitor) -> None:
    """A withdrawn invitation opens nothing any more, and its customer shows it (F174)."""
    link = link_in_mail_to(stage, email)
    desk.follow("Alle")
    desk.follow(BERTA)
    desk.press("Einladung zurückziehen")
    desk.sees("Zurückgezogen")
    with visitor.refused():
        visitor.open(link)
        visitor.sees("Diese Einladung gilt nicht mehr")
        visitor.looks_right("invitation-withdrawn")
