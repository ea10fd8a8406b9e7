"""Somebody with a browser of his own: what he does is clicking and typing, what goes wrong in his browser is noted."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from playwright.sync_api import (
    Browser,
    BrowserContext,
    ConsoleMessage,
    FilePayload,
    Locator,
    Page,
    Request,
    Response,
    expect,
)

from tests.e2e.browser.rules import NARROW, WIDE, assert_readable
from tests.e2e.people import PASSWORD


@dataclass(eq=False)
class Visitor:
    """A browser context with one page; `faults` is what its reader would never see but its author must."""

    base_url: str
    context: BrowserContext
    page: Page
    faults: list[str] = field(default_factory=list)
    _expected_refusals: int = 0

    @classmethod
    def enter(cls, browser: Browser, base_url: str) -> Visitor:
        """Open a browser that nobody has used before."""
        width, height = WIDE
        context = browser.new_context(
            base_url=base_url,
            viewport={"width": width, "height": height},
            locale="de-DE",
            timezone_id="Europe/Berlin",
            reduced_motion="reduce",
        )
        context.set_default_timeout(15_000)
        visitor = cls(base_url, context, context.new_page())
        context.on("console", visitor._note_console)
        context.on("weberror", lambda error: visitor.faults.append(f"script: {error.error}"))
        context.on("requestfailed", visitor._note_failure)
        context.on("response", visitor._note_answer)
        return visitor

    def leave(self) -> None:
        """Close the browser."""
        self.context.close()

    def open(self, address: str) -> None:
        """Type an address; a path is one of this platform."""
        self.page.goto(address)

    def sign_in(self, email: str, password: str = PASSWORD) -> None:
        """Go to the sign-in page, and in."""
        self.open("/auth/login")
        self.fill("E-Mail-Adresse", email)
        self.fill("Passwort", password)
        self.press("Anmelden")
        self.page.wait_for_url(lambda url: "/login" not in url and "/auth/" not in url)

    def proves_himself(self, address: str, password: str = PASSWORD) -> None:
        """Sign in again where a page asks for it, and be back there."""
        if "/login" in self.page.url:
            self.page.get_by_label("Passwort", exact=True).fill(password)
            self.press("Anmelden")
            self.page.wait_for_url(lambda url: url.endswith(address))

    def choose_password(self, link: str, password: str = PASSWORD) -> None:
        """Follow the link of an invitation, choose a password and be in."""
        self.open(link)
        self.looks_right("invitation")
        self.page.get_by_label("Neues Passwort").fill(password)
        self.fill("Passwort wiederholen", password)
        self.press("Einladung annehmen")
        self.page.wait_for_url(lambda url: "/invitation/" not in url and "/auth/" not in url)

    def fill(self, label: str, value: str) -> None:
        """Write into the field with this label."""
        self.page.get_by_label(label, exact=True).first.fill(value)

    def choose_file(self, label: str, name: str, media_type: str, content: bytes) -> None:
        """Choose a file of his computer in the field with this label."""
        chosen = FilePayload(name=name, mimeType=media_type, buffer=content)
        self.page.get_by_label(label).set_input_files(chosen)

    def press(self, name: str) -> None:
        """Press the button with this name."""
        self.page.get_by_role("button", name=name).first.click()

    def follow(self, name: str) -> None:
        """Follow the link with this name, in the content before the menu."""
        inside = self.page.get_by_role("main").get_by_role("link", name=name)
        link = (inside if inside.count() else self.page.get_by_role("link", name=name)).first
        self._load(link)

    def go(self, item: str) -> None:
        """Choose an item of the menu, among its further ones where it is not shown."""
        menu = self.page.get_by_role("navigation", name="Hauptmenü").first
        wanted = self.page.get_by_role("link", name=item, exact=True, include_hidden=True)
        further = menu.locator("details:not([open])").filter(has=wanted)
        if further.count():
            further.locator("summary").click()
        self._load(menu.get_by_role("link", name=item, exact=True))

    def sees(self, text: str | re.Pattern[str]) -> Locator:
        """Wait until the page says so; returns the place."""
        place = self.page.get_by_role("main").get_by_text(text).locator("visible=true").first
        expect(place).to_be_visible()
        return place

    def does_not_see(self, text: str) -> None:
        """Fail if the page as it is says so anywhere."""
        assert text not in self.page.content(), f"{self.page.url} says {text!r}"

    def opened(self, name: str) -> bytes:
        """Follow a link that opens a PDF in a tab of its own; returns the file.

        A browser without a viewer closes the tab and saves the file, so the answer is what counts.
        """
        with self.context.expect_page() as opening, self.context.expect_event("response", _is_pdf) as answering:
            self.page.get_by_role("main").get_by_role("link", name=name).first.click()
        opening.value.close()
        answer = self.context.request.get(answering.value.url)
        assert (answer.status, answer.headers["content-type"]) == (200, "application/pdf")
        return answer.body()

    def is_told(self, text: str | re.Pattern[str]) -> None:
        """Wait for a notice at the edge of the window."""
        expect(self.page.locator("#toasts").get_by_text(text).first).to_be_visible()

    def looks_right(self, name: str) -> None:
        """Check the page at both widths and that nothing went wrong on the way; keeps pictures where asked to.

        KONTOR_SHOTS names the folder for pictures.
        """
        self.page.wait_for_load_state()
        assert_readable(self.page)
        self.has_no_faults()
        folder = os.environ.get("KONTOR_SHOTS")
        if not folder:
            return
        for width, height in (NARROW, WIDE):
            self.page.set_viewport_size({"width": width, "height": height})
            self.page.screenshot(path=Path(folder) / f"{name}-{width}.png", full_page=True, timeout=60_000)

    def has_no_faults(self) -> None:
        """Fail if his browser complained about anything so far."""
        assert not self.faults, "\n".join(self.faults)

    @contextmanager
    def refused(self) -> Iterator[None]:
        """Around what the platform must refuse: an answer of 4xx is no fault here."""
        self._expected_refusals += 1
        try:
            yield
        finally:
            self._expected_refusals -= 1

    def _load(self, link: Locator) -> None:
        with self.page.expect_event("load"):
            link.click()

    def _note_console(self, message: ConsoleMessage) -> None:
        if message.type == "error" and not (self._expected_refusals and "Failed to load resource" in message.text):
            self.faults.append(f"console: {message.text} ({message.location.get('url', '')})")

    def _note_failure(self, request: Request) -> None:
        # Leaving a page ends its streams, and a download ends its navigation: neither is a failure.
        if request.failure != "net::ERR_ABORTED":
            self.faults.append(f"request: {request.failure} {request.method} {request.url}")

    def _note_answer(self, response: Response) -> None:
        if response.status >= 500 or (response.status >= 400 and not self._expected_refusals):
            self.faults.append(f"answer: {response.status} {response.request.method} {response.url}")


def _is_pdf(answer: Response) -> bool:
    return answer.headers.get("content-type") == "application/pdf"
