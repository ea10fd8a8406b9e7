"""People who use Kontor through the gateway: they sign in as a browser would and call the JSON API."""

from __future__ import annotations

import base64
import hashlib
import json
import re
import secrets
import weakref
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cache
from html.parser import HTMLParser
from importlib.resources import files
from typing import Any
from urllib.parse import parse_qs, urljoin, urlsplit
from uuid import uuid4

import httpx

from tests.e2e.waiting import eventually

Json = dict[str, Any]
UNDELIVERED = {502, 503, 504}
PASSWORD = "Wolkenbruch-am-Deich-17"


class RefusedError(Exception):
    """The gateway's refusal: HTTP status, stable reason and text of google.rpc.Status."""

    def __init__(self, response: httpx.Response) -> None:
        self.status = response.status_code
        try:
            body = response.json()
        except ValueError:
            body = {"message": response.text[:300]}
        self.message = str(body.get("message", ""))
        details = body.get("details", [])
        self.reason = next((d["reason"] for d in details if "reason" in d), "")
        self.fields = [v["field"] for d in details for v in d.get("fieldViolations", [])]
        super().__init__(
            f"{response.request.method} {response.request.url.path} → {self.status} {self.reason}: {self.message}"
        )


@cache
def _operations() -> list[tuple[str, re.Pattern[str], bool]]:
    """Return method, path pattern and whether the body carries the request id, of every operation of the API."""
    document = json.loads((files("kontor_protos") / "openapi.json").read_text(encoding="utf-8"))
    schemas = document["components"]["schemas"]
    found = []
    for path, operations in document["paths"].items():
        pattern = re.compile(
            "".join("[^/:]+" if i % 2 else re.escape(t) for i, t in enumerate(re.split(r"(\{[^}]*\})", path)))
        )
        for method, operation in operations.items():
            content = operation.get("requestBody", {}).get("content", {}).get("application/json", {})
            reference = content.get("schema", {}).get("$ref", "").removeprefix("#/components/schemas/")
            found.append((method.upper(), pattern, "requestId" in schemas.get(reference, {}).get("properties", {})))
    return found


def request_id_is_in_body(method: str, path: str) -> bool:
    """Whether the operation takes its request id in the body (`body: "*"`) or beside it, as the OpenAPI text says."""
    return next((in_body for m, pattern, in_body in _operations() if m == method and pattern.fullmatch(path)), False)


class _Forms(HTMLParser):
    """The forms of a page with their fields."""

    def __init__(self) -> None:
        super().__init__()
        self.forms: list[tuple[str, dict[str, str]]] = []
        self.types: dict[str, str] = {}

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        if tag == "form":
            self.forms.append((given.get("action", ""), {}))
        if tag == "input" and self.forms and given.get("name"):
            self.types[given["name"]] = given.get("type", "text")
            self.forms[-1][1][given["name"]] = given.get("value", "")


def submit(client: httpx.Client, page: httpx.Response, **by_type: str) -> httpx.Response:
    """Fill the page's form (`email=`, `password=`: by the type of the input) and send it as a browser would."""
    parser = _Forms()
    parser.feed(page.text)
    forms = [form for form in parser.forms if any(parser.types.get(name) == "password" for name in form[1])]
    assert forms, f"{page.url} has no form for a password: {page.status_code} {page.text[:500]}"
    action, values = forms[0]
    for name in values:
        values[name] = by_type.get(parser.types[name], values[name])
    target = urljoin(str(page.url), action or str(page.url))
    origin = "{0.scheme}://{0.netloc}".format(urlsplit(target))
    return client.post(target, data=values, headers={"Origin": origin})


@dataclass(eq=False)
class Person:
    """Somebody with an account; `token` is his access token for one membership."""

    base_url: str
    email: str
    password: str = PASSWORD
    token: str = ""
    refresh_token: str = ""
    patience: float = 0.0
    """Seconds for which he repeats what could not be delivered, with the same request id: no outage shows."""
    claims: Json = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.api = httpx.Client(base_url=self.base_url, timeout=60)
        weakref.finalize(self, self.api.close)

    def sign_in(self) -> Person:
        """Go the whole OpenID Connect way: authorize with PKCE, sign-in page, code, token."""
        verifier = secrets.token_urlsafe(48)
        challenge = base64.urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest()).rstrip(b"=").decode()
        redirect_uri = f"{self.base_url}/auth/callback"
        state = secrets.token_urlsafe(12)
        query = {
            "response_type": "code",
            "client_id": "portal",
            "redirect_uri": redirect_uri,
            "scope": "openid profile",
            "state": state,
            "nonce": secrets.token_urlsafe(12),
            "code_challenge": challenge,
            "code_challenge_method": "S256",
        }
        with httpx.Client(base_url=self.base_url, timeout=30) as browser:
            page = _follow(browser, browser.get("/oauth/authorize", params=query), redirect_uri)
            answer = _follow(browser, submit(browser, page, email=self.email, password=self.password), redirect_uri)
            location = answer.headers.get("location", "")
            assert location.startswith(redirect_uri), (
                f"sign-in of {self.email} ended at {answer.url}: {answer.text[:500]}"
            )
            returned = parse_qs(urlsplit(location).query)
            assert returned["state"] == [state]
            self._exchange(
                {
                    "grant_type": "authorization_code",
                    "code": returned["code"][0],
                    "redirect_uri": redirect_uri,
                    "code_verifier": verifier,
                }
            )
        return self

    def refresh(self) -> None:
        """Get a new access token with the rotating refresh token."""
        self._exchange({"grant_type": "refresh_token", "refresh_token": self.refresh_token})

    def _exchange(self, form: dict[str, str]) -> None:
        response = self.api.post("/oauth/token", data={"client_id": "portal", **form})
        assert response.status_code == 200, response.text
        tokens = response.json()
        self.token, self.refresh_token = tokens["access_token"], tokens["refresh_token"]
        payload = self.token.split(".")[1]
        self.claims = json.loads(base64.urlsafe_b64decode(payload + "=" * (-len(payload) % 4)))

    @property
    def account_id(self) -> str:
        """His account."""
        return str(self.claims["sub"])

    @property
    def customer_id(self) -> str:
        """The customer he acts as."""
        return str(self.claims["cid"])

    @property
    def headers(self) -> dict[str, str]:
        """What every call of his carries."""
        return {"Authorization": f"Bearer {self.token}"}

    def get(self, path: str, **query: Any) -> Json:
        """Read; raises RefusedError."""
        return self._call("GET", path, query)

    def post(self, path: str, body: Json | None = None, **query: Any) -> Json:
        """Create or command, with a request id of its own; raises RefusedError."""
        return self._write("POST", path, body, query)

    def patch(self, path: str, body: Json, **query: Any) -> Json:
        """Update; raises RefusedError."""
        return self._write("PATCH", path, body, query)

    def put(self, path: str, body: Json, **query: Any) -> Json:
        """Replace; raises RefusedError."""
        return self._write("PUT", path, body, query)

    def delete(self, path: str, **query: Any) -> Json:
        """Delete; raises RefusedError."""
        return self._call("DELETE", path, query)

    def _write(self, method: str, path: str, body: Json | None, query: Json) -> Json:
        sent = dict(body or {})
        place = sent if request_id_is_in_body(method, path) else query
        place.setdefault("requestId", str(uuid4()))
        return self._call(method, path, query, sent)

    def _call(self, method: str, path: str, query: Json, body: Json | None = None) -> Json:
        def answer() -> httpx.Response | None:
            try:
                response = self.api.request(method, path, json=body, params=query, headers=self.headers)
            except httpx.TransportError:
                if not self.patience:
                    raise
                return None
            return response if response.status_code not in UNDELIVERED or not self.patience else None

        return _json(eventually(answer, seconds=self.patience, what=f"an answer to {method} {path}"))

    @contextmanager
    def watch(self, path: str, **query: Any) -> Iterator[Iterator[Json]]:
        """Open a stream of server-sent events; yields the messages as they arrive."""
        timeout = httpx.Timeout(10, read=30)
        with self.api.stream("GET", path, params=query, headers=self.headers, timeout=timeout) as response:
            assert response.status_code == 200, response.read()
            assert response.headers["content-type"].startswith("text/event-stream")
            yield _events(response)


def accept_invitation(base_url: str, link: str, password: str = PASSWORD) -> None:
    """Open the link of an invitation mail and choose a password, as the invited person would."""
    with httpx.Client(base_url=base_url, timeout=30) as browser:
        page = browser.get(link)
        assert page.status_code == 200, page.text[:500]
        answer = submit(browser, page, password=password)
        assert answer.is_redirect, answer.text[:800]  # on to the pages: whoever has chosen a password is signed in


@contextmanager
def browse(base_url: str, email: str, password: str = PASSWORD) -> Iterator[httpx.Client]:
    """Sign in on the portal's pages and yield a browser that holds the session's cookies and follows redirects."""
    with httpx.Client(base_url=base_url, timeout=30, follow_redirects=True) as browser:
        arrived = submit(browser, browser.get("/auth/login"), email=email, password=password)
        assert arrived.status_code == 200, arrived.text[:800]
        assert browser.cookies.get("kontor_access")
        yield browser


def _follow(browser: httpx.Client, response: httpx.Response, stop_at: str) -> httpx.Response:
    """Follow redirects on this origin until a page comes or the way leads to `stop_at`."""
    for _ in range(10):
        location = response.headers.get("location")
        if location is None or location.startswith(stop_at):
            return response
        response = browser.get(urljoin(str(response.url), location))
    raise AssertionError("too many redirects")


def _events(response: httpx.Response) -> Iterator[Json]:
    for line in response.iter_lines():
        if line.startswith("data:"):
            yield json.loads(line[5:])


def _json(response: httpx.Response) -> Json:
    if response.status_code >= 400:
        raise RefusedError(response)
    return dict(response.json()) if response.content else {}
