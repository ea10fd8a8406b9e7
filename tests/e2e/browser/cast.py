"""Who takes part in the story, and how each of them gets in: by the pages that a person would use."""

from __future__ import annotations

import re
import secrets
from dataclasses import dataclass

from playwright.sync_api import Browser, expect

from tests.e2e import journey
from tests.e2e.browser.visitor import Visitor
from tests.e2e.journey import LINK, mail_to, text_of
from tests.e2e.stage import InstalledStage
from tests.e2e.story import SAMPLE

LOGO = (
    b'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 64 64">'
    b'<rect width="64" height="64" rx="14" fill="#0f4c4a"/>'
    b'<path d="M14 40 32 16l18 24h-9l-9-12-9 12z" fill="#f2b84b"/></svg>'
)
PRIMARY, ACCENT = "#0f4c4a", "#b3541e"
CUSTOMER = "Ingrid Petersen"
"""Somebody in the project's own GDV sample who has more than one contract."""


@dataclass(frozen=True)
class Office:
    """A firm that was let in, with its administrator at his desk."""

    name: str
    slug: str
    email: str
    administrator: Visitor


@dataclass(frozen=True)
class Client:
    """A customer with access, at home."""

    email: str
    visitor: Visitor
    page: str
    """Address of his page in the firm's portal."""


@dataclass(frozen=True)
class Specialist:
    """An expert of the network."""

    email: str
    firm: str
    visitor: Visitor


def open_office(stage: InstalledStage, browser: Browser, operator: Visitor) -> Office:
    """Step 1 (F45): a firm registers, the operator lets it in, the link in a mail brings its administrator in."""
    slug = f"nordwind-{secrets.token_hex(3)}"
    name, email = "Nordwind Assekuranz", f"leitung@{slug}.example"
    visitor = Visitor.enter(browser, stage.base_url)
    visitor.open("/")
    visitor.follow("Betrieb anmelden")
    visitor.fill("Name des Betriebs", name)
    visitor.page.get_by_label("Kurzname für die Adresse").fill(slug)
    visitor.fill("Name der Ansprechperson", "Frauke Nordwind")
    visitor.fill("E-Mail-Adresse", email)
    visitor.page.get_by_label("Telefonnummer").fill("040 123456")
    visitor.press("Auf die Warteliste")
    visitor.sees("Sie stehen auf der Warteliste")
    visitor.looks_right("public-registered")

    operator.go("Warteliste")
    operator.looks_right("operator-waiting")
    operator.page.get_by_role("row").filter(has_text=email).get_by_role("button", name="Freischalten").click()
    operator.is_told(f"{name} ist freigeschaltet.")
    visitor.choose_password(link_in_mail_to(stage, email))
    return Office(name, slug, email, visitor)


def link_in_mail_to(stage: InstalledStage, address: str) -> str:
    """Wait for an invitation and return its link."""
    found = LINK.search(text_of(mail_to(stage, address)))
    assert found is not None, f"the mail to {address} has a link"
    return found.group()


def read_portfolio(office: Office) -> None:
    """Step 2 (F95): the administrator reads the portfolio in from a GDV file."""
    desk = office.administrator
    desk.go("Bestand einlesen")
    desk.page.get_by_label("GDV-Datei").set_input_files(SAMPLE)
    desk.press("Prüfen und übernehmen")
    desk.is_told("Der Bestand ist eingelesen.")
    desk.page.wait_for_url(re.compile("/makler/import/"))


def find_customer(office: Office, name: str) -> None:
    """Look a customer up by his name, as it is typed letter by letter."""
    desk = office.administrator
    desk.go("Kunden")
    surname = name.split()[-1]
    desk.page.get_by_label("Kunden suchen").press_sequentially(surname, delay=10)
    rows = desk.page.get_by_role("row").filter(has_not_text="Nummer")
    expect(rows.filter(has_not_text=surname)).to_have_count(0)
    rows.filter(has_text=name).get_by_role("link", name=name).click()
    desk.page.wait_for_url(re.compile("/makler/kunden/[0-9a-f-]{36}$"))


def invite_client(stage: InstalledStage, browser: Browser, office: Office) -> Client:
    """Step 3 (F172, F174): the broker invites formally, the customer chooses a password from the link in his mail."""
    desk, email = office.administrator, f"ingrid.petersen@{office.slug}.example"
    find_customer(office, CUSTOMER)
    page = desk.page.url
    desk.page.get_by_label("E-Mail-Adresse").fill(email)
    desk.press("Speichern")
    desk.is_told("Die Daten sind gespeichert.")
    desk.page.get_by_role("radio", name="Sie förmlich").check()
    desk.press("Einladung senden")
    desk.is_told(f"Die Einladung an {email} ist unterwegs.")
    visitor = Visitor.enter(browser, stage.base_url)
    visitor.choose_password(link_in_mail_to(stage, email))
    return Client(email, visitor, page)


def engage_expert(stage: InstalledStage, browser: Browser) -> Specialist:
    """Set an expert's firm up (not shown here: it opens like any other) and let the expert sign in."""
    firm = journey.open_firm(stage, "Ostsee Risikoprüfung", "ostsee", kind="TENANT_KIND_EXPERT")
    email = f"wiebke.sund@{firm.slug}.example"
    invitation = {"displayName": "Wiebke Sund", "email": email, "roles": ["ROLE_EXPERT"]}
    firm.administrator.post("/v1/staff:invite", invitation)
    visitor = Visitor.enter(browser, stage.base_url)
    visitor.choose_password(link_in_mail_to(stage, email))
    return Specialist(email, firm.name, visitor)
