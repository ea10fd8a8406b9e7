"""The customer takes his office along, and brings an archive: both pages, with what is made of a bad one."""

from __future__ import annotations

from playwright.sync_api import expect

from services.vault.tests.archives import repacked
from tests.e2e.browser.cast import Client

SECOND = 1000


def test_customer_takes_everything_along(client: Client) -> None:
    """An archive is made while he looks on; one that was altered on its way back is refused by the name of its file."""
    home = client.visitor
    home.open("/kunde/dokumente/archiv")
    home.press("Archiv erstellen")
    link = home.page.get_by_role("link", name="Archiv herunterladen")
    expect(link).to_be_visible(timeout=60 * SECOND)
    home.looks_right("customer-archive")
    archive = home.context.request.get(str(link.evaluate("link => link.href"))).body()
    home.open("/kunde/dokumente/archiv/einlesen")
    altered = repacked(archive, {"/data/Lies mich.txt": b"anders"})
    home.choose_file("Dateien auswählen", "Unser Archiv.zip", "application/zip", altered)
    button = home.page.get_by_role("button", name="Unser Archiv einlesen")
    expect(button).to_be_visible(timeout=30 * SECOND)
    button.click()
    expect(home.page.get_by_text("data/Lies mich.txt")).to_be_visible(timeout=60 * SECOND)
    home.sees("Es wurde nichts davon übernommen.")
    home.looks_right("customer-import-refused")
    home.press("Meldung entfernen")
    home.go("Dokumente")
    home.follow("Unser Archiv")
    home.press("In den Papierkorb")
