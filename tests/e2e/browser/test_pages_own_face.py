"""A firm's own face: its domain without a trace of the platform, the office seen as a customer sees it."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from urllib.parse import urlsplit

import httpx
import pytest
from kontor_chassis.testing.waiting import until
from playwright.sync_api import Browser, expect

from tests.e2e.browser.cast import Client, Office
from tests.e2e.browser.conftest import FIRM_HOST
from tests.e2e.browser.visitor import Visitor
from tests.e2e.stage import InstalledStage

PLATFORM = re.compile("kontor", re.IGNORECASE)
PAGES = ("/", "/f/{slug}", "/f/{slug}/karte", "/f/{slug}/karte.vcf", "/auth/login", "/password", "/offline", "/sw.js")
FILES = ("/brand/{slug}/manifest.webmanifest", "/brand/{slug}/icon.svg", "/brand/{slug}.css")
ERRORS = ("/gibt-es-nicht", "/registrieren", "/docs", "/openapi.json", "/f/andere", "/v1/gibt-es-nicht", "/betrieb")
OF_THE_CONNECTION = {"date", "x-request-id", "etag"}


@pytest.fixture(scope="module")
def white(stage: InstalledStage, operator: Visitor, client: Client, office: Office) -> Office:
    """The firm with white label, and a domain that the operator has confirmed."""
    administrator = office.administrator
    tenants = stage.operator.get("/v1/tenants", pageSize=100)["tenants"]
    tenant_id = next(each["tenantId"] for each in tenants if each["slug"] == office.slug)
    operator.open(f"/betrieb/betriebe/{tenant_id}/auftritt")
    operator.press("White Label buchen")
    operator.is_told("White Label ist gebucht.")
    administrator.open("/makler/marke/adresse")
    administrator.fill("Domain", FIRM_HOST)
    administrator.press("Domain vormerken")
    administrator.is_told("Die Domain ist vorgemerkt.")
    operator.open(f"/betrieb/betriebe/{tenant_id}/auftritt")
    operator.press("Von Hand bestätigen")
    operator.is_told("Die Domain ist bestätigt.")
    operator.looks_right("operator-firm-face")
    return office


@pytest.fixture
def guest(stage: InstalledStage, browser: Browser, white: Office) -> Iterator[Visitor]:
    """A browser that goes to the firm's own domain."""
    port = stage.base_url.rpartition(":")[2]
    visitor = Visitor.enter(browser, f"http://{FIRM_HOST}:{port}")
    yield visitor
    visitor.leave()


def test_provider_is_named_without_white_label(enter: Callable[[], Visitor], office: Office) -> None:
    """F78: at the foot of the firm's page and of its sign-in page, and nowhere else."""
    visitor = enter()
    for address in (f"/f/{office.slug}", f"/login?firm={office.slug}"):
        visitor.open(address)
        expect(visitor.page.get_by_role("contentinfo")).to_contain_text("Bereitgestellt mit Kontor")


def test_nothing_names_the_platform(stage: InstalledStage, white: Office) -> None:
    """F47, F79: pages, headers, manifest, icon, business card, styles and errors under the firm's own domain."""
    pages = ("/", "/password")
    until(lambda: not _traces(stage, white.slug, pages), seconds=90, what="the new look on all pages")
    assert _traces(stage, white.slug, (*PAGES, *FILES, *ERRORS)) == []


def _traces(stage: InstalledStage, slug: str, addresses: Sequence[str]) -> list[str]:
    """Return where the platform is named under the firm's domain; pages keep a firm's look for up to a minute."""
    found: list[str] = []
    asked = {"accept": "text/html,*/*", "host": f"{FIRM_HOST}:{urlsplit(stage.base_url).port}"}
    with httpx.Client(base_url=stage.base_url, headers=asked, timeout=20) as visitor:
        for address in addresses:
            answer = visitor.get(address.format(slug=slug))
            if (answer.status_code == 404) != (address in ERRORS):
                found.append(f"{address}: {answer.status_code}")
            headers = [f"{name}: {value}" for name, value in answer.headers.items() if name not in OF_THE_CONNECTION]
            for text in (answer.text, *headers):
                found += [
                    f"{address}: {text[max(0, at.start() - 80) : at.end() + 40]}" for at in PLATFORM.finditer(text)
                ]
    return found


def test_pages_under_the_firms_domain(guest: Visitor, client: Client) -> None:
    """F79: the customer's pages under the domain. (Signing in there needs https: see test_own_domain of identity.)"""
    client.visitor.open("/kunde")
    for cookie in client.visitor.context.cookies():
        value = {"name": str(cookie["name"]), "value": str(cookie["value"]), "url": guest.base_url}
        guest.context.add_cookies([value])  # type: ignore[list-item]  # the parts of a cookie that are its content
    for address in ("/kunde", "/kunde/vertraege", "/kunde/kontakt"):
        guest.open(address)
        expect(guest.page.get_by_role("heading", level=1)).to_be_visible()
        assert not PLATFORM.search(guest.page.content()), address


def test_mails_of_the_firm_do_not_name_the_platform(stage: InstalledStage, client: Client, white: Office) -> None:
    """F47, F79: subject, sender, text and headers of what customers receive."""
    received = [mail for mail in stage.mails() if client.email in str(mail["To"])]
    assert received
    for mail in received:
        assert not PLATFORM.search(mail.as_string()), mail["Subject"]


def test_staff_see_what_the_customer_sees(client: Client, office: Office) -> None:
    """Section 7, ID: read-only, without his documents, announced to him and listed for him."""
    desk = office.administrator
    desk.open(client.page)
    name = desk.page.locator("summary[aria-label^='Konto von']").get_attribute("aria-label") or ""
    desk.press("Sehen, was der Kunde sieht")
    expect(desk.page.get_by_role("complementary", name="Ansicht als Kunde")).to_be_visible()
    desk.sees("Nur für den Kunden sichtbar")
    desk.looks_right("view-as-customer")
    with desk.refused():
        refused = desk.page.evaluate(
            """async () => (await fetch("/v1/notifications:markRead",
                 {method: "POST", headers: {"content-type": "application/json"}, body: '{"all": true}'})).status"""
        )
    assert refused == 403
    desk.press("Ansicht beenden")
    desk.page.wait_for_url(client.page)
    client.visitor.open("/kunde/ansichten")
    client.visitor.sees(name.removeprefix("Konto von "))
    client.visitor.looks_right("customer-views")


def test_start_pages_show_what_matters(client: Client, office: Office) -> None:
    """F129: messages, customers, expert network for the broker. F131: the adviser at once for the customer."""
    desk = office.administrator
    desk.open("/makler")
    for area in ("Nachrichten", "Kunden", "Expertennetzwerk"):
        expect(desk.page.get_by_role("heading", level=2, name=area)).to_be_visible()
    visitor = client.visitor
    visitor.open("/kunde")
    expect(visitor.page.get_by_role("region", name="Ihr Ansprechpartner")).to_be_visible()
    visitor.open("/kunde/kontakt")
    expect(visitor.page.get_by_role("region", name="Ihr Ansprechpartner")).to_be_visible()
    visitor.looks_right("customer-contact")


def test_button_for_the_homepage_leads_to_the_sign_in(enter: Callable[[], Visitor], office: Office) -> None:
    """F80: the line for the firm's homepage holds a picture that leads to its entrance; other sites may show it."""
    desk = office.administrator
    desk.open("/makler/marke/adresse")
    line = desk.page.get_by_label("Zeile für Ihre Internetseite").inner_text()
    address = re.search(r'href="([^"]+)"', line)
    picture = re.search(r'src="([^"]+)"', line)
    assert address is not None
    assert picture is not None
    visitor = enter()
    drawn = visitor.context.request.get(picture[1].replace(f"http://{FIRM_HOST}", "http://localhost"))
    assert drawn.headers["content-type"].startswith("image/svg+xml")
    assert drawn.headers["cross-origin-resource-policy"] == "cross-origin"
    visitor.open(f"/f/{office.slug}")
    visitor.follow("Anmelden")
    expect(visitor.page.locator(".auth__brand")).to_contain_text(office.name)
