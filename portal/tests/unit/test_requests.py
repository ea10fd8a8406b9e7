"""What the portal does before a page is made: who may enter, renewed sessions, foreign origins, headers."""

from __future__ import annotations

import base64

import pytest
from flask.testing import FlaskClient
from kontor_portal.requests import belongs_to
from kontor_portal.session import Persona, read_session

from .conftest import ORIGIN, access_token

AREAS = ["/kunde", "/makler", "/experte", "/netzwerk", "/betrieb", "/benachrichtigungen", "/konto"]


@pytest.mark.parametrize("path", AREAS)
def test_nobody_enters_without_a_session(browser: FlaskClient, path: str) -> None:
    """Without a token the browser is sent to renew its session, and from there to the login."""
    answer = browser.get(path)
    assert answer.status_code == 302
    assert answer.location.startswith("/auth/refresh?next=")


@pytest.mark.parametrize("path", ["/makler", "/experte", "/netzwerk", "/betrieb"])
def test_an_area_is_closed_to_other_roles(customer: FlaskClient, path: str) -> None:
    """A customer who opens a broker's page is told so, and is offered to switch (F126)."""
    answer = customer.get(path)
    assert answer.status_code == 403
    assert "/auth/switch" in answer.text


def test_an_expired_token_is_renewed_and_a_form_is_sent_again(browser: FlaskClient) -> None:
    """307 keeps method and body, so nothing that somebody typed is lost when his ten minutes are over."""
    browser.set_cookie("office_access", access_token(seconds=-1, roles=["CUSTOMER"]))
    assert browser.get("/kunde/chat").status_code == 302
    sent = browser.post("/kunde/chat", data={"text": "Hallo"}, headers={"Origin": ORIGIN})
    assert sent.status_code == 307
    assert sent.location == "/auth/refresh?next=%2Fkunde%2Fchat"


@pytest.mark.parametrize("origin", [None, "https://evil.example", "null", "http://localhost:8080.evil.example"])
def test_foreign_origins_change_nothing(customer: FlaskClient, origin: str | None) -> None:
    """Another site cannot send our forms, whatever cookies the browser adds."""
    headers = {"Origin": origin} if origin is not None else {}
    assert customer.post("/kunde/chat", data={"text": "x"}, headers=headers).status_code == 403
    assert customer.post("/auth/logout", headers=headers).status_code == 403


def test_pages_carry_a_strict_policy(browser: FlaskClient) -> None:
    """No inline script, no inline style, nothing from elsewhere, no framing."""
    answer = browser.get("/")
    policy = answer.headers["Content-Security-Policy"]
    assert "default-src 'none'" in policy
    assert "unsafe" not in policy
    assert "frame-ancestors 'none'" in policy
    assert answer.headers["Cache-Control"] == "no-store"


def test_signing_out_forgets_the_session(customer: FlaskClient) -> None:
    """Both cookies end, and the provider ends the session that its own pages know."""
    answer = customer.post("/auth/logout", headers={"Origin": ORIGIN})
    assert answer.location == "/logout"
    cleared = " ".join(answer.headers.getlist("Set-Cookie"))
    assert "office_access=;" in cleared
    assert "office_refresh=;" in cleared


def test_what_is_no_token_is_no_session() -> None:
    """Anything unreadable counts as nobody."""
    for value in (None, "", "a.b", "a.b.c", "a.e30.c", "...", "a.bm9uc2Vuc2U.c"):
        assert read_session(value) is None
    for claims in ('{"sub": "x", "exp": Infinity}', "[" * 100_000):
        encoded = base64.urlsafe_b64encode(claims.encode()).rstrip(b"=").decode()
        assert read_session(f"a.{encoded}.c") is None


@pytest.mark.parametrize("path", ["/", "/kunde/vertraege", "/f/nordlicht", "/brand/nordlicht.css"])
def test_a_firm_answers_under_its_own_domain(path: str) -> None:
    """F79: with its own pages and those of its people."""
    assert belongs_to("nordlicht", path)


@pytest.mark.parametrize("path", ["/vertrauen", "/notfall/geheim", "/notfall/absage/geheim"])
def test_a_firms_mails_about_emergencies_lead_to_its_own_domain(path: str) -> None:
    """F75, F79: who is to stop a request for emergency access finds the page that his mail names."""
    assert belongs_to("nordlicht", path)


@pytest.mark.parametrize("path", ["/f/andere", "/brand/andere/icon.svg", "/docs", "/betrieb", "/f", "/brand"])
def test_nobody_else_answers_under_a_firms_own_domain(path: str) -> None:
    """F79: neither the platform nor another firm; an address that names no firm is no defect."""
    assert not belongs_to("nordlicht", path)


def test_a_membership_starts_where_its_role_is_at_home() -> None:
    """One person may be broker and expert (F101); the firm's kind decides where he starts."""
    session = read_session(access_token(roles=["STAFF", "EXPERT"], rights=["CHAT"]))
    assert session is not None
    assert session.persona(in_expert_firm=True) is Persona.EXPERT
    assert session.persona(in_expert_firm=False) is Persona.BROKER
    assert session.may("CHAT")
    assert not session.may("BILLING")


def test_language_is_kept_and_leads_back(browser: FlaskClient) -> None:
    """German unless somebody chooses English; the way back never leaves this origin."""
    assert 'lang="de"' in browser.get("/").text
    answer = browser.post("/sprache", data={"language": "en", "next": "//evil.example"}, headers={"Origin": ORIGIN})
    assert answer.location == "/"
    assert 'lang="en"' in browser.get("/").text
