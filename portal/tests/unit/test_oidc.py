"""The sign-in: state, PKCE, and what is refused before anybody is asked."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from urllib.parse import parse_qs, urlsplit

import pytest
from flask.testing import FlaskClient
from kontor_portal.oidc import Flow, FlowCookie, OidcClient, SignInError

ORIGIN = "https://kontor.example"


def test_a_flow_survives_its_cookie() -> None:
    """What was written is read back for the state it belongs to."""
    cookie, flow = FlowCookie(b"k" * 32), Flow.start("/kunde")
    assert cookie.read(cookie.write(flow), flow.state) == flow


def test_a_flow_is_read_only_with_its_own_state() -> None:
    """A code that comes back with another state is not ours (RFC 6749, 10.12)."""
    cookie, flow = FlowCookie(b"k" * 32), Flow.start("/kunde")
    for state in (None, "", "other", flow.nonce):
        with pytest.raises(SignInError):
            cookie.read(cookie.write(flow), state)


def test_a_forged_or_missing_cookie_is_refused() -> None:
    """Only this installation's key signs flows."""
    flow = Flow.start("/kunde")
    forged = FlowCookie(b"x" * 32).write(flow)
    for value in (None, "", "nonsense", forged):
        with pytest.raises(SignInError):
            FlowCookie(b"k" * 32).read(value, flow.state)


def test_the_challenge_is_the_hash_of_the_verifier() -> None:
    """PKCE with S256 (RFC 7636, 4.2); two flows share nothing."""
    one, other = Flow.start("/"), Flow.start("/")
    digest = hashlib.sha256(one.verifier.encode()).digest()
    assert one.challenge == base64.urlsafe_b64encode(digest).rstrip(b"=").decode()
    assert not {one.state, one.nonce, one.verifier} & {other.state, other.nonce, other.verifier}


def test_the_browser_is_sent_to_the_public_address() -> None:
    """The authorization request names client, challenge, nonce and firm; tokens come over the internal address."""
    flow = Flow.start("/kunde")
    url = OidcClient(ORIGIN, ORIGIN, "127.0.0.1:9").authorize_url(flow, firm="hansen")
    query = {name: values[0] for name, values in parse_qs(urlsplit(url).query).items()}
    assert url.startswith(f"{ORIGIN}/oauth/authorize?")
    assert query["client_id"] == "portal"
    assert query["redirect_uri"] == f"{ORIGIN}/auth/callback"
    assert query["code_challenge_method"] == "S256"
    assert (query["state"], query["nonce"], query["firm"]) == (flow.state, flow.nonce, "hansen")


def test_another_issuer_is_refused_before_the_code_is_used() -> None:
    """Mix-up defence (RFC 9207)."""
    client = OidcClient(ORIGIN, ORIGIN, "127.0.0.1:9")
    with pytest.raises(SignInError, match="issuer_mismatch"):
        client.exchange("code", Flow.start("/"), "https://evil.example")


@contextmanager
def provider(status: int, body: str) -> Iterator[OidcClient]:
    """A client of a provider that answers every request like this."""

    class Answers(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            self.rfile.read(int(self.headers["Content-Length"]))
            self.send_response(status)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body.encode())

        def log_message(self, format: str, *args: object) -> None:
            """Say nothing."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Answers) as server:
        Thread(target=server.serve_forever, daemon=True).start()
        yield OidcClient(ORIGIN, ORIGIN, f"127.0.0.1:{server.server_port}")
        server.shutdown()


@pytest.mark.parametrize(
    ("status", "body", "is_over"),
    [
        (400, '{"error": "invalid_grant"}', True),
        (401, '{"error": "invalid_client"}', True),
        (429, '{"error": "slow_down"}', False),
        (403, "RBAC: access denied", False),
        (502, "upstream", False),
        (200, "<html>maintenance</html>", False),
        (200, "[]", False),
        (200, '{"access_token": "a"}', False),
    ],
)
def test_only_a_refusal_ends_the_session(status: int, body: str, is_over: bool) -> None:
    """ID: a limit, a page of a proxy or half an answer says nothing about the session; it is tried again later."""
    with provider(status, body) as client, pytest.raises(SignInError) as failed:
        client.refresh("token")
    assert failed.value.is_passing != is_over


def test_login_sets_a_flow_cookie_and_keeps_where_to_go(browser: FlaskClient) -> None:
    """The cookie is HttpOnly, SameSite and only sent to the sign-in's addresses."""
    answer = browser.get("/auth/login?next=/kunde/vertraege&firm=hansen")
    assert answer.status_code == 302
    cookie = next(value for value in answer.headers.getlist("Set-Cookie") if value.startswith("office_sign_in="))
    assert "HttpOnly" in cookie
    assert "SameSite=Lax" in cookie
    assert "Path=/auth" in cookie


def test_a_callback_without_a_flow_explains_itself(browser: FlaskClient) -> None:
    """Whoever comes back too late, or not by us, can begin anew."""
    answer = browser.get("/auth/callback?code=x&state=y")
    assert answer.status_code == 400
    assert "/auth/login" in answer.text


def test_an_ended_session_leads_to_the_login(browser: FlaskClient) -> None:
    """Without a refresh token the person signs in again and comes back to where he was."""
    answer = browser.get("/auth/refresh?next=/kunde/chat")
    assert answer.status_code == 303
    assert answer.location == "/auth/login?next=%2Fkunde%2Fchat"
    script = browser.post("/auth/refresh", headers={"X-Requested-With": "fetch", "Origin": "http://localhost:8080"})
    assert script.status_code == 401
