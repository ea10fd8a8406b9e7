"""People protect their access in a real browser: passkey, authenticator app, devices, history, another password."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import httpx
import pyotp
import pytest
from kontor_chassis.clock import SystemClock
from playwright.sync_api import Route, expect

from tests.e2e.browser.cast import Office
from tests.e2e.browser.visitor import Visitor
from tests.e2e.journey import mail_to, text_of
from tests.e2e.people import PASSWORD
from tests.e2e.stage import InstalledStage

HOME = "/konto/sicherheit"
CODE = re.compile(r"^(\d{6})\s*$", re.MULTILINE)


@pytest.fixture(scope="module")
def person(stage: InstalledStage) -> str:
    """Somebody whose access nobody else's story needs."""
    email = "sicher@plattform.example"
    stage.add_operator(email)
    return email


@contextmanager
def device_with_passkeys(visitor: Visitor) -> Iterator[Callable[[bool], None]]:
    """Give the browser a built-in authenticator whose owner is there (Chromium's own, by its debugging protocol).

    Yields how to say whether the owner's finger is on the device; without it every ceremony waits.
    """
    session = visitor.context.new_cdp_session(visitor.page)
    session.send("WebAuthn.enable", {"enableUI": False})
    options = {
        "protocol": "ctap2",
        "transport": "internal",
        "hasResidentKey": True,
        "hasUserVerification": True,
        "isUserVerified": True,
        "automaticPresenceSimulation": True,
    }
    made = session.send("WebAuthn.addVirtualAuthenticator", {"options": options})

    def touch(there: bool) -> None:
        wanted = {"authenticatorId": made["authenticatorId"], "enabled": there}
        session.send("WebAuthn.setAutomaticPresenceSimulation", wanted)

    yield touch
    session.send("WebAuthn.disable")


def code_of(secret: str, steps_ahead: int = 0) -> str:
    return pyotp.TOTP(secret).generate_otp(int(SystemClock().now().timestamp()) // 30 + steps_ahead)


def test_passkey_app_and_devices(stage: InstalledStage, person: str, enter: Callable[[], Visitor]) -> None:
    """Section 7 ID: a passkey opens the account, the app asks after the password, every device can be signed out."""
    recovery = _adds_passkey_and_app(enter(), person)
    other = enter()
    _comes_in_by_recovery_code(other, person, recovery)
    assert "zum Anmelden benutzt" in text_of(mail_to(stage, person, subject="Wiederherstellungscode wurde benutzt"))
    assert "Chrome auf Linux" in text_of(mail_to(stage, person, subject="Neue Anmeldung"))
    _leaves_other_devices_and_proofs(other)


def _adds_passkey_and_app(visitor: Visitor, person: str) -> str:
    """Add a passkey, sign in with it, add the app; return the first recovery code."""
    with device_with_passkeys(visitor) as touch:
        visitor.open("/login")
        visitor.looks_right("login-with-passkey")
        visitor.sign_in(person)
        visitor.open(HOME)
        visitor.looks_right("security-bare")
        visitor.follow("Passkey hinzufügen")
        visitor.page.get_by_label("Name").fill("Dienst-Laptop")
        visitor.looks_right("security-passkey")
        visitor.press("Passkey anlegen")
        visitor.is_told("Der Passkey „Dienst-Laptop“ ist eingerichtet.")
        visitor.page.locator("summary", has=visitor.page.locator(".avatar")).click()
        visitor.press("Abmelden")
        visitor.sees("Möchten Sie sich abmelden?")
        visitor.press("Abmelden")
        visitor.sees("Sie sind abgemeldet")
        touch(False)
        with visitor.page.expect_response("**/login/passkey/options"):
            visitor.open("/auth/login")
        _touches_when_asked(visitor, touch)
        visitor.press("Mit Passkey anmelden")
        visitor.page.wait_for_url(lambda url: "/login" not in url and "/auth/" not in url)
        visitor.open(f"{HOME}/zweiter-faktor")
        visitor.looks_right("security-factor")
        visitor.page.get_by_text("Code von Hand eingeben").click()
        secret = visitor.page.locator(".qr__secret").inner_text().replace(" ", "")
        visitor.fill("Sechs Ziffern", "000000")
        with visitor.refused():
            visitor.press("Einschalten")
            visitor.sees("Dieser Code passt nicht.")
        visitor.fill("Sechs Ziffern", code_of(secret, -1))
        visitor.press("Einschalten")
        visitor.sees("bewahren Sie sie sicher auf")
        visitor.looks_right("security-recovery-codes")
        recovery = visitor.page.locator(".codes li").first.inner_text()
        visitor.follow("Ich habe die Codes gesichert")
        visitor.looks_right("security-full")
    return recovery


def _touches_when_asked(visitor: Visitor, touch: Callable[[bool], None]) -> None:
    """Put the finger on the device once the button was pressed: what the page offered before stays unanswered."""

    def answer(route: Route) -> None:
        touch(True)
        route.continue_()

    visitor.page.route("**/login/passkey/options", answer)


def _comes_in_by_recovery_code(other: Visitor, person: str, recovery: str) -> None:
    other.open("/auth/login")
    other.fill("E-Mail-Adresse", person)
    other.fill("Passwort", PASSWORD)
    other.press("Anmelden")
    other.sees("Bitte bestätigen Sie, dass Sie es sind")
    other.looks_right("login-second-factor")
    other.fill("Code aus Ihrer App", recovery)
    other.press("Bestätigen")
    other.page.wait_for_url(lambda url: "/login" not in url and "/auth/" not in url)


def _leaves_other_devices_and_proofs(other: Visitor) -> None:
    other.open(f"{HOME}/geraete")
    other.looks_right("security-devices")
    other.press("Alle anderen Geräte abmelden")
    other.is_told(re.compile("abgemeldet"))
    other.open(f"{HOME}/verlauf")
    other.sees("Mit einem Wiederherstellungscode angemeldet")
    other.looks_right("security-history")
    other.open(f"{HOME}/zweiter-faktor/ausschalten")
    other.looks_right("security-factor-off")
    other.press("Ausschalten")
    other.is_told("Der zweite Faktor ist ausgeschaltet.")
    other.follow("Dienst-Laptop entfernen")
    other.looks_right("security-passkey-off")
    other.press("Entfernen")
    other.is_told("Der Passkey ist entfernt.")


def test_a_code_by_mail_opens(stage: InstalledStage, person: str, enter: Callable[[], Visitor]) -> None:
    """Section 7 ID: without a password, by six digits from the mailbox."""
    visitor = enter()
    visitor.open("/auth/login")
    visitor.follow("Code per E-Mail senden")
    visitor.looks_right("login-code-request")
    visitor.fill("E-Mail-Adresse", person)
    visitor.press("Code anfordern")
    visitor.sees("Bitte sehen Sie in Ihr Postfach")
    visitor.looks_right("login-code-enter")
    found = CODE.search(text_of(mail_to(stage, person, subject="Code")))
    assert found is not None
    visitor.fill("Code aus der E-Mail", found[1])
    visitor.press("Anmelden")
    visitor.page.wait_for_url(lambda url: "/login" not in url and "/auth/" not in url)
    visitor.open(f"{HOME}/email")
    visitor.looks_right("security-email")
    visitor.fill("Neue E-Mail-Adresse", "sicher-neu@plattform.example")
    visitor.press("Link anfordern")
    visitor.sees("Bestätigen Sie Ihre neue E-Mail-Adresse")
    visitor.looks_right("security-email-pending")
    visitor.press("Änderung zurücknehmen")
    visitor.is_told("Die Änderung ist zurückgenommen.")
    visitor.open(f"{HOME}/passwort")
    visitor.looks_right("security-password")
    visitor.fill("Neues Passwort", "passwort2026")
    visitor.fill("Passwort wiederholen", "passwort2026")
    with visitor.refused():
        visitor.press("Passwort speichern")
        visitor.sees("Dieses Passwort ist leicht zu erraten.")
    expect(visitor.page.get_by_label("Neues Passwort")).to_have_value("")


def test_a_partner_system_is_let_in_and_shut_out(stage: InstalledStage, office: Office) -> None:
    """F95: the administrator names it, sees its secret once; it reads the firm's customers through the gateway."""
    desk = office.administrator
    desk.go("Schnittstellen")
    desk.looks_right("partners-none")
    desk.follow("Zugang anlegen")
    desk.fill("Name des Programms", "Vergleichsrechner")
    desk.page.get_by_label("Kunden lesen").check()
    desk.looks_right("partners-new")
    desk.press("Zugang anlegen")
    desk.sees("Wir zeigen es kein zweites Mal.")
    desk.looks_right("partners-secret")
    client_id, secret = (desk.page.locator(".qr__secret").nth(place).inner_text() for place in (0, 1))
    with httpx.Client(base_url=stage.base_url) as http:
        asked = {"grant_type": "client_credentials"}
        answer = http.post("/oauth/token", data=asked, auth=(client_id, secret)).json()
        bearer = {"Authorization": f"Bearer {answer['access_token']}"}
        assert http.get("/v1/customers", headers=bearer).status_code == 200
        assert http.get("/v1/invoices", headers=bearer).status_code in (403, 404)
        desk.follow("Ich habe das Geheimnis gesichert")
        desk.looks_right("partners-one")
        desk.press("Zugang beenden")
        desk.is_told("Der Zugang ist beendet.")
        assert http.post("/oauth/token", data=asked, auth=(client_id, secret)).status_code == 401
