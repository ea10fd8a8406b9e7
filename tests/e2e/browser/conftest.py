"""One browser and one story for all tests here: each scene brings its people in when they are first needed."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
from kontor_tools import chromium
from playwright.sync_api import Browser, expect, sync_playwright

from tests.e2e.browser import cast
from tests.e2e.browser.cast import Client, Office, Specialist
from tests.e2e.browser.visitor import Visitor
from tests.e2e.stage import NETWORK, OPERATOR, InstalledStage

FIRM_HOST = "buero.nordwind.example"
"""Domain of a firm's own, which leads to the platform as its DNS entry would."""
ARGUMENTS = [
    f"--host-resolver-rules=MAP {FIRM_HOST} localhost",
    "--no-sandbox",  # the tests may run as root, where Chromium has no sandbox
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
]


@pytest.fixture(scope="package")
def browser(stage: InstalledStage) -> Iterator[Browser]:
    """The system's Chromium; started after the platform, whose start needs an event loop of its own."""
    expect.set_options(timeout=15_000)
    with sync_playwright() as playwright:
        started = playwright.chromium.launch(executable_path=chromium.ensure(), args=ARGUMENTS)
        yield started
        started.close()


@pytest.fixture
def enter(stage: InstalledStage, browser: Browser) -> Iterator[Callable[[], Visitor]]:
    """Browsers that nobody has used before, closed after the test."""
    entered: list[Visitor] = []

    def open_browser() -> Visitor:
        entered.append(Visitor.enter(browser, stage.base_url))
        return entered[-1]

    yield open_browser
    for visitor in entered:
        visitor.leave()


def _signed_in(stage: InstalledStage, browser: Browser, email: str) -> Visitor:
    visitor = Visitor.enter(browser, stage.base_url)
    visitor.sign_in(email)
    return visitor


@pytest.fixture(scope="package")
def operator(stage: InstalledStage, browser: Browser) -> Visitor:
    """The operator at his desk."""
    return _signed_in(stage, browser, OPERATOR)


@pytest.fixture(scope="package")
def network(stage: InstalledStage, browser: Browser) -> Visitor:
    """The organiser of the expert network at his desk."""
    return _signed_in(stage, browser, NETWORK)


@pytest.fixture(scope="package")
def office(stage: InstalledStage, browser: Browser, operator: Visitor) -> Office:
    """Step 1: a firm that was let in from the waiting list."""
    return cast.open_office(stage, browser, operator)


@pytest.fixture(scope="package")
def portfolio(office: Office) -> Office:
    """Step 2: the firm with its customers and contracts."""
    cast.read_portfolio(office)
    return office


@pytest.fixture(scope="package")
def client(stage: InstalledStage, browser: Browser, portfolio: Office) -> Client:
    """Step 3: a customer who was invited and has a password."""
    return cast.invite_client(stage, browser, portfolio)


@pytest.fixture(scope="package")
def expert(stage: InstalledStage, browser: Browser) -> Specialist:
    """An expert without any service yet."""
    return cast.engage_expert(stage, browser)
