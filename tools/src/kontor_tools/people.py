"""People who use a running installation as browsers and programs do: they follow links, fill forms, call the JSON API.

Used by the demo and by the end-to-end tests; nothing here knows more than the public address.
"""

from __future__ import annotations

import base64
import hashlib
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from html.parser import HTMLParser
from typing import Any
from urllib.parse import parse_qs, urljoin, urlsplit
from uuid import NAMESPACE_URL, uuid5

import httpx

Json = dict[str, Any]
MOST_REDIRECTS = 10
SECONDS = 30
CLIENT = "portal"
"""The OpenID Connect client people sign in with."""


class RefusedError(Exception):
    """The installation refused something; says what and why, with the reason and the fields of google.rpc.Status."""

    def __init__(self, response: httpx.Response) -> None:
        self.status = response.status_code
        try:
            body = response.json()
        except ValueError:
            body = {"message": " ".join(response.text.split())[:500]}
        details = body.get("details", [])
        self.message = str(body.get("message", ""))
        self.reason = next((detail["reason"] for detail in details if "reason" in detail), "")
        self.fields = [violation["field"] for detail in details for violation in detail.get("fieldViolations", [])]
        asked = f"{response.request.method} {response.request.url.path}"
        super().__init__(f"{asked} was answered {self.status} {self.reason}: {self.message}")


@dataclass(frozen=True)
class Tokens:
    """What signing in gives."""

    access: str
    refresh: str


class _Forms(HTMLParser):
    """The forms of a page: where each goes, and its inputs with type and value."""

    def __init__(self) -> None:
        super().__init__()
        self.forms: list[tuple[str, dict[str, tuple[str, str]]]] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        if tag == "form":
            self.forms.append((given.get("action", ""), {}))
        if tag == "input" and self.forms and given.get("name"):
            self.forms[-1][1][given["name"]] = (given.get("type", "text"), given.get("value", ""))


def submit(browser: httpx.Client, page: httpx.Response, **by_type: str) -> httpx.Response:
    """Fill the page's form that asks for a password (`email=`, `password=`: by the inputs' types) and send it."""
    parser = _Forms()
    parser.feed(page.text)
    asking = [form for form in parser.forms if "password" in {kind for kind, _ in form[1].values()}]
    if not asking:
        raise RefusedError(page)
    action, inputs = asking[0]
    target = urljoin(str(page.url), action or str(page.url))
    origin = "{0.scheme}://{0.netloc}".format(urlsplit(target))
    values = {name: by_type.get(kind, value) for name, (kind, value) in inputs.items()}
    return browser.post(target, data=values, headers={"Origin": origin})


def accept_invitation(base_url: str, link: str, password: str) -> None:
    """Open the link of an invitation mail and choose a password."""
    with httpx.Client(base_url=base_url, timeout=SECONDS) as browser:
        answer = submit(browser, browser.get(link), password=password)
    if not answer.is_redirect:
        raise RefusedError(answer)


class Person:
    """Somebody with an account, signed in."""

    def __init__(self, base_url: str, email: str, password: str) -> None:
        self.base_url = base_url
        self.email = email
        headers = {"Authorization": f"Bearer {sign_in(base_url, email, password).access}"}
        self._api = httpx.Client(base_url=base_url, timeout=SECONDS, headers=headers)

    def close(self) -> None:
        """Close the connections."""
        self._api.close()

    def get(self, path: str, **query: Any) -> Json:
        """Read."""
        return answer_of(self._api.get(path, params=query))

    def create(self, path: str, resource: Json, key: str) -> Json:
        """Create what the body describes; the same `key` creates it once, however often this runs."""
        return answer_of(self._api.post(path, json=resource, params={"requestId": self._request_id(path, key)}))

    def command(self, path: str, body: Json, key: str) -> Json:
        """Call an RPC whose whole message is the body; the same `key` has its effect once."""
        return answer_of(self._api.post(path, json={**body, "requestId": self._request_id(path, key)}))

    def put(self, path: str, body: Json) -> Json:
        """Replace."""
        return answer_of(self._api.put(path, json=body))

    def update(self, path: str, resource: Json) -> Json:
        """Change the fields that the resource holds."""
        return answer_of(self._api.patch(path, json=resource, params={"updateMask": ",".join(resource)}))

    def upload(self, path: str, content: bytes) -> None:
        """Send the content of a file."""
        answer = self._api.put(path, content=content, headers={"Content-Type": "application/octet-stream"})
        if answer.status_code >= 300:
            raise RefusedError(answer)

    def _request_id(self, path: str, key: str) -> str:
        return str(uuid5(NAMESPACE_URL, f"{self.base_url}{path}#{self.email}#{key}"))


def sign_in(base_url: str, email: str, password: str) -> Tokens:
    """Go the whole OpenID Connect way (code and PKCE) as the portal does."""
    verifier = secrets.token_urlsafe(48)
    redirect_uri = f"{base_url}/auth/callback"
    state = secrets.token_urlsafe(12)
    query = {
        "response_type": "code",
        "client_id": CLIENT,
        "redirect_uri": redirect_uri,
        "scope": "openid profile",
        "state": state,
        "nonce": secrets.token_urlsafe(12),
        "code_challenge": base64.urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest()).rstrip(b"=").decode(),
        "code_challenge_method": "S256",
    }
    with httpx.Client(base_url=base_url, timeout=SECONDS) as browser:
        page = _follow(browser, browser.get("/oauth/authorize", params=query), redirect_uri)
        back = _follow(browser, submit(browser, page, email=email, password=password), redirect_uri)
        location = back.headers.get("location", "")
        returned = parse_qs(urlsplit(location).query)
        if not location.startswith(redirect_uri) or returned.get("state") != [state] or "code" not in returned:
            raise RefusedError(back)
        code = {"code": returned["code"][0], "redirect_uri": redirect_uri, "code_verifier": verifier}
        return _exchange(browser, {"grant_type": "authorization_code", **code})


def renew(base_url: str, refresh_token: str) -> Tokens:
    """Return new tokens for the rotating refresh token, which is used up."""
    with httpx.Client(base_url=base_url, timeout=SECONDS) as browser:
        return _exchange(browser, {"grant_type": "refresh_token", "refresh_token": refresh_token})


def _exchange(browser: httpx.Client, form: Mapping[str, str]) -> Tokens:
    origin = str(browser.base_url).rstrip("/")  # who holds cookies says where the request comes from
    posted = browser.post("/oauth/token", data={"client_id": CLIENT, **form}, headers={"Origin": origin})
    answer = answer_of(posted)
    return Tokens(answer["access_token"], answer["refresh_token"])


def _follow(browser: httpx.Client, response: httpx.Response, stop_at: str) -> httpx.Response:
    """Follow redirects until a page comes or the way leads to `stop_at`."""
    for _ in range(MOST_REDIRECTS):
        location = response.headers.get("location")
        if location is None or location.startswith(stop_at):
            return response
        response = browser.get(urljoin(str(response.url), location))
    raise RefusedError(response)


def answer_of(response: httpx.Response) -> Json:
    """Return the JSON of an answer; raises RefusedError for any that is no success."""
    if response.status_code >= 300:
        raise RefusedError(response)
    return dict(response.json()) if response.content else {}
