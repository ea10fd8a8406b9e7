"""Who has to prove more than he did is sent to do so, and comes back to where he was."""

from __future__ import annotations

import time
from urllib.parse import parse_qs, urlsplit

import pytest
from flask import Flask
from flask.testing import FlaskClient
from kontor.identity.v1.account_security_pb2 import AccountSecurity
from kontor_chassis.edge import Problem
from kontor_portal.problems import show_problem
from kontor_portal.session import Session, read_session
from kontor_portal.step_up import before_a_change

from .conftest import ORIGIN, access_token

PAGE = "/konto/sicherheit/passwort"
FRESH = Problem(403, "FRESH_LOGIN_REQUIRED", "", metadata={"max_age": "300"})
STRONGER = Problem(403, "STRONGER_LOGIN_REQUIRED", "", metadata={"acr_values": "2"})


def session(*, seconds_ago: float, acr: str) -> Session:
    """Somebody who signed in so long ago, so strongly."""
    found = read_session(access_token(roles=["CUSTOMER"], auth_time=int(time.time() - seconds_ago), acr=acr))
    assert found is not None
    return found


def asked_in(location: str) -> dict[str, str]:
    """What the login is asked for."""
    assert location.startswith("/auth/login?")
    return {name: values[0] for name, values in parse_qs(urlsplit(location).query).items()}


@pytest.mark.parametrize(
    ("seconds_ago", "acr", "security", "wanted"),
    [
        (10, "1", AccountSecurity(), {}),
        (10, "2", AccountSecurity(totp_enabled=True), {}),
        (200, "1", AccountSecurity(), {"max_age": "180"}),
        (10, "1", AccountSecurity(passkey_count=1), {"acr_values": "2"}),
        (9_999, "1", AccountSecurity(totp_enabled=True), {"max_age": "180", "acr_values": "2"}),
    ],
)
def test_a_page_of_changes_asks_before_it_is_shown(
    app: Flask, seconds_ago: float, acr: str, security: AccountSecurity, wanted: dict[str, str]
) -> None:
    """Section 7 ID: nobody types into a form that the platform would refuse afterwards."""
    with app.test_request_context(PAGE, base_url=ORIGIN):
        answer = before_a_change(session(seconds_ago=seconds_ago, acr=acr), security)
        if not wanted:
            assert answer is None
            return
        asked = asked_in(app.make_response(answer or "").location)
    assert asked == {"next": PAGE, **wanted}


@pytest.mark.parametrize(("problem", "wanted"), [(FRESH, {"max_age": "300"}), (STRONGER, {"acr_values": "2"})])
def test_a_refusal_leads_to_the_login_and_back(app: Flask, problem: Problem, wanted: dict[str, str]) -> None:
    """RFC 9470: what the platform demands goes to the provider; after a form one comes back to its page."""
    with app.test_request_context(PAGE, base_url=ORIGIN):
        assert asked_in(app.make_response(show_problem(problem)).location) == {"next": PAGE, **wanted}
    sent = {"method": "POST", "headers": {"Referer": f"{ORIGIN}{PAGE}"}, "base_url": ORIGIN}
    with app.test_request_context("/konto/sicherheit/zweiter-faktor/ausschalten", **sent):
        assert asked_in(app.make_response(show_problem(problem)).location) == {"next": PAGE, **wanted}
    foreign = {"method": "POST", "headers": {"Referer": "https://evil.example/x"}, "base_url": ORIGIN}
    with app.test_request_context(PAGE, **foreign):
        assert asked_in(app.make_response(show_problem(problem)).location)["next"] == "/konto/sicherheit"


def test_a_customer_below_level_2_is_led_to_where_he_gets_it(app: Flask) -> None:
    """F164: the refusal of an RPC that asks for a proven identity opens that page, and from there he goes on."""
    problem = Problem(403, "IDENTITY_LEVEL_REQUIRED", "", metadata={"identity_level": "2"})
    with app.test_request_context("/kunde/irgendwo", base_url=ORIGIN):
        location = app.make_response(show_problem(problem)).location
    assert location == "/kunde/identitaet?next=%2Fkunde%2Firgendwo"


def test_the_login_passes_the_demand_on(browser: FlaskClient) -> None:
    """OpenID Connect Core 3.1.2.1: `max_age` and `acr_values` reach the provider, and nothing else does."""
    answer = browser.get(f"/auth/login?next={PAGE}&max_age=300&acr_values=2&prompt=none")
    asked = parse_qs(urlsplit(answer.location).query)
    assert (asked["max_age"], asked["acr_values"]) == (["300"], ["2"])
    assert "prompt" not in asked
