"""Whom a customer trusts, what happens in an emergency, and what each of them sees of it (F73, F75)."""

from __future__ import annotations

import re
import secrets
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import timedelta

import pytest
from kontor_chassis.testing.waiting import until
from playwright.sync_api import Browser, expect

from tests.e2e import journey
from tests.e2e.browser.cast import link_in_mail_to
from tests.e2e.browser.visitor import Visitor
from tests.e2e.stage import InstalledStage

STOP_LINK = re.compile(r"https?://\S+/notfall/[\w-]{20,}")
STOP = "Ich lebe – Zugriff ablehnen"
SECRET = "Zimtstern-Ruderboot-88"
REASON = "Mutter liegt seit gestern auf der Intensivstation."


@dataclass
class Scene:
    """A customer at home, and somebody whom she trusts at his."""

    stage: InstalledStage
    email: str
    home: Visitor
    trusted_email: str
    trusted: Visitor


@pytest.fixture(scope="module")
def scene(stage: InstalledStage, browser: Browser) -> Iterator[Scene]:
    """A customer of a firm of her own, so that no other page of hers is open and shows that she is alive."""
    firm = journey.open_firm(stage, "Leuchtturm Makler", "leuchtturm")
    person = {"givenName": "Julia", "familyName": "Brandt", "salutation": "SALUTATION_FRAU"}
    created = firm.administrator.post("/v1/customers", person)
    email = f"julia.{secrets.token_hex(3)}@{firm.slug}.example"
    customer = firm.administrator.get(f"/v1/customers/{created['customerId']}")
    change = {"email": email, "etag": customer["etag"]}
    firm.administrator.patch(f"/v1/customers/{created['customerId']}", change, updateMask="email")
    invitation = {"form": "ADDRESS_FORM_SIE", "releaseChoice": "RELEASE_CHOICE_ALL"}
    firm.administrator.post(f"/v1/customers/{created['customerId']}/invitations", invitation)
    home, trusted = Visitor.enter(browser, stage.base_url), Visitor.enter(browser, stage.base_url)
    home.choose_password(link_in_mail_to(stage, email))
    yield Scene(stage, email, home, f"anna.{secrets.token_hex(3)}@{firm.slug}.example", trusted)
    home.leave()
    trusted.leave()


def test_customer_names_somebody(scene: Scene) -> None:
    """From the empty page to an invitation with a folder, and rules of her own."""
    home = scene.home
    home.open("/kunde/dokumente?neu=ordner")
    home.fill("Name des Ordners", "Vorsorge")
    home.press("Ordner anlegen")
    home.is_told("ist angelegt")
    home.go("Notfallzugang")
    home.sees("Noch niemand benannt")
    home.looks_right("emergency-empty")
    home.follow("Vertrauensperson benennen")
    home.fill("Name", "Anna Brandt")
    home.fill("E-Mail-Adresse", scene.trusted_email)
    home.page.get_by_label("Vorsorge").check()
    home.looks_right("emergency-person")
    home.press("Einladung senden")
    home.is_told("ist unterwegs")
    home.sees("Sieht im Notfall: Vorsorge")
    home.page.get_by_label("Wartezeit bis zur Freigabe").select_option(label="3 Stunden")
    home.press("Speichern")
    home.is_told("Die Regeln sind gespeichert.")
    home.sees("Die Wartezeit läuft: 3 Stunden.")
    home.looks_right("emergency-invited")


def test_customer_fills_her_emergency_folder(scene: Scene) -> None:
    """Where the original lies, a password that only a release opens, a task, and the card for the wallet (F73–F76)."""
    home = scene.home
    home.follow("Notfallordner")
    home.sees("0 von 8")
    home.looks_right("emergency-folder-empty")
    home.follow("Vollmacht")
    home.page.get_by_label("Wo liegt das Original?").fill("Stahlschrank im Flur, zweites Fach")
    home.press("Speichern")
    home.is_told("steht in Ihrem Notfallordner")
    home.follow("Konto oder Gerät")
    home.fill("Bezeichnung", "E-Mail-Postfach")
    home.page.get_by_label("Passwort, PIN oder Schlüssel").fill(SECRET)
    home.page.get_by_label("Wer soll es im Notfall lesen?").select_option(label="Wer den Ordner „Vorsorge“ sieht")
    home.looks_right("emergency-item")
    home.press("Speichern")
    home.is_told("steht in Ihrem Notfallordner")
    home.follow("Aufgabe")
    home.fill("Bezeichnung", "Katze füttern")
    home.page.get_by_label("Wann?").fill("sofort, dann morgens und abends")
    home.press("Speichern")
    home.sees("4 von 8")
    home.does_not_see(SECRET)
    home.looks_right("emergency-folder")
    home.follow("Notfallkarte")
    home.sees("Stahlschrank im Flur, zweites Fach")
    home.looks_right("emergency-card")


def test_trusted_person_accepts(scene: Scene) -> None:
    """The link in the mail leads to an area of her own with nothing else in it."""
    anna = scene.trusted
    anna.choose_password(link_in_mail_to(scene.stage, scene.trusted_email))
    anna.sees("Vertrauensperson für Julia Brandt")
    anna.looks_right("trusted-home")
    anna.page.get_by_label("Was ist geschehen?").fill(REASON)
    anna.press("Um Zugang bitten")
    anna.is_told("Ihre Anfrage ist gestellt.")
    anna.sees(re.compile("noch 3 Stunden|noch 2 Stunden"))
    anna.looks_right("trusted-waiting")


def test_customer_refuses_on_her_page(scene: Scene) -> None:
    """The big button on the page ends it."""
    home = scene.home
    home.go("Notfallzugang")
    home.sees("Jemand bittet um Zugang zu Ihren Unterlagen")
    home.sees(REASON)
    home.looks_right("emergency-running")
    home.press(STOP)
    home.is_told("Der Zugriff ist abgelehnt.")
    home.follow("Verlauf")
    home.sees("Die Anfrage wurde durch ein Lebenszeichen beendet")
    home.looks_right("emergency-history")


def test_somebody_declines_and_the_order_changes(scene: Scene, enter: Callable[[], Visitor]) -> None:
    """The invitation's page offers to decline, which needs no access; the customer sees it and reorders."""
    home, email = scene.home, scene.trusted_email.replace("anna", "tom")
    home.open("/kunde/notfall/neu")
    home.fill("Name", "Tom Brandt")
    home.fill("E-Mail-Adresse", email)
    home.press("Einladung senden")
    home.is_told("ist unterwegs")
    tom = enter()
    tom.open(link_in_mail_to(scene.stage, email))
    tom.looks_right("trusted-invitation")
    tom.follow("Ich möchte die Aufgabe nicht übernehmen")
    tom.sees("Möchten Sie die Einladung ablehnen?")
    tom.looks_right("trusted-decline")
    tom.press("Einladung ablehnen")
    tom.sees("Sie haben abgelehnt")
    home.open("/kunde/notfall")
    home.sees("Hat abgelehnt")
    home.press("Tom Brandt nach oben")
    home.sees("1. Tom Brandt")
    home.looks_right("emergency-two")
    home.press("Entfernen Tom Brandt")
    home.is_told("Tom Brandt ist keine Vertrauensperson mehr.")


def test_customer_shares_in_life(scene: Scene) -> None:
    """Apart from any emergency she lets her trusted person see a folder, and takes it back (F3, F76)."""
    home, anna = scene.home, scene.trusted
    anna.go("Unterlagen")
    anna.sees("Noch ist nichts für Sie freigegeben")
    home.open("/kunde/dokumente")
    home.follow("Vorsorge")
    home.page.get_by_text(re.compile("^Für andere")).click()
    home.page.get_by_label("Für wen?").select_option(label="Anna Brandt")
    home.page.get_by_label("Darf auch etwas in den Ordner legen").check()
    home.press("So freigeben")
    home.is_told("Freigegeben.")
    home.looks_right("customer-folder-shared")
    anna.go("Unterlagen")
    anna.follow("Vorsorge")
    anna.looks_right("trusted-shared-folder")
    home.open("/kunde/dokumente/freigaben")
    home.sees("Für Anna Brandt, Vertrauensperson")
    home.looks_right("customer-shares-of-all-kinds")
    home.press("Beenden Vorsorge")
    home.sees("Nichts ist freigegeben")
    anna.go("Unterlagen")
    anna.sees("Noch ist nichts für Sie freigegeben")


def test_release_and_undo_by_the_link(scene: Scene, enter: Callable[[], Visitor]) -> None:
    """A day later she does not answer: Anna sees the folder, until somebody presses the button in the mail."""
    stage, anna = scene.stage, scene.trusted
    scene.home.open("about:blank")  # nobody is at home
    stage.advance_clock(timedelta(hours=25))
    anna.go("Notfallzugang")
    anna.page.get_by_label("Was ist geschehen?").fill(REASON)
    anna.press("Um Zugang bitten")
    anna.is_told("Ihre Anfrage ist gestellt.")
    before = len(stage.mails())
    stage.advance_clock(timedelta(hours=3))
    mail = journey.text_of(journey.mail_to(stage, scene.email, subject="freigegeben", after=before))

    def opened() -> bool:
        anna.open("/vertrauen/unterlagen")
        return anna.page.get_by_role("link", name="Vorsorge").count() == 1

    until(opened, seconds=20, what="the folder that the vault hears of by an event")
    anna.looks_right("trusted-folders")
    anna.follow("Vorsorge")
    anna.sees("Hier liegt kein Dokument")
    anna.go("Notfallordner")
    anna.sees("Stahlschrank im Flur, zweites Fach")
    anna.press("Geheimnis zeigen")
    anna.sees(SECRET)
    anna.press("Erledigt")
    anna.sees("Erledigt von Anna Brandt")
    anna.looks_right("trusted-plan")

    link = STOP_LINK.search(mail)
    assert link is not None, mail
    guest = enter()
    guest.open(link.group())
    guest.sees("Geht es Ihnen gut?")
    guest.looks_right("emergency-link")
    guest.press("Zugriff sofort zurücknehmen")
    guest.sees("Es ist alles erledigt")
    guest.looks_right("emergency-link-done")
    anna.go("Unterlagen")
    anna.sees("Noch ist nichts für Sie freigegeben")
    anna.go("Notfallzugang")
    anna.sees("Die letzte Anfrage vom")
    expect(anna.page.get_by_role("main")).to_contain_text("Zurückgenommen")
