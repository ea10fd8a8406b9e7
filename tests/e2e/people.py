"""People who use Kontor through the gateway: they sign in as a browser would and call the JSON API."""

from __future__ import annotations

import base64
import json
import re
import weakref
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cache
from importlib.resources import files
from typing import Any
from uuid import uuid4

import httpx
from kontor_chassis.clock import SystemClock
from kontor_chassis.testing.waiting import until
from kontor_tools import people
from kontor_tools.people import Json, answer_of, submit

UNDELIVERED = {502, 503, 504}
RENEW_BEFORE = 120  # seconds before a token expires
PASSWORD = "Wolkenbruch-am-Deich-17"


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


@dataclass(eq=False)
class Person:
    """Somebody with an account, signed in for one membership."""

    base_url: str
    email: str
    password: str = PASSWORD
    refresh_token: str = ""
    patience: float = 0.0
    """Seconds for which he repeats what could not be delivered, with the same request id: no outage shows."""
    claims: Json = field(default_factory=dict)
    _token: str = ""

    def __post_init__(self) -> None:
        self.api = httpx.Client(base_url=self.base_url, timeout=60)
        weakref.finalize(self, self.api.close)

    def sign_in(self) -> Person:
        """Go the whole OpenID Connect way; raises RefusedError."""
        self._hold(people.sign_in(self.base_url, self.email, self.password))
        return self

    def refresh(self) -> None:
        """Get a new access token with the rotating refresh token; raises RefusedError."""
        self._hold(people.renew(self.base_url, self.refresh_token))

    def _hold(self, tokens: people.Tokens) -> None:
        self._token, self.refresh_token = tokens.access, tokens.refresh
        payload = self._token.split(".")[1]
        self.claims = json.loads(base64.urlsafe_b64decode(payload + "=" * (-len(payload) % 4)))

    @property
    def token(self) -> str:
        """His access token; one that is about to expire is renewed first, as tests last longer than tokens."""
        if self.claims and int(self.claims["exp"]) < SystemClock().now().timestamp() + RENEW_BEFORE:
            self.refresh()
        return self._token

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

        return answer_of(until(answer, seconds=self.patience, what=f"an answer to {method} {path}"))

    @contextmanager
    def watch(self, path: str, **query: Any) -> Iterator[Iterator[Json]]:
        """Open a stream of server-sent events; yields the messages as they arrive."""
        timeout = httpx.Timeout(10, read=30)
        with self.api.stream("GET", path, params=query, headers=self.headers, timeout=timeout) as response:
            assert response.status_code == 200, response.read()
            assert response.headers["content-type"].startswith("text/event-stream")
            yield _events(response)


@contextmanager
def browse(base_url: str, email: str, password: str = PASSWORD) -> Iterator[httpx.Client]:
    """Sign in on the portal's pages and yield a browser that holds the session's cookies and follows redirects."""
    with httpx.Client(base_url=base_url, timeout=30, follow_redirects=True) as browser:
        arrived = submit(browser, browser.get("/auth/login"), email=email, password=password)
        assert arrived.status_code == 200, arrived.text[:800]
        assert browser.cookies.get("office_access")
        yield browser


def _events(response: httpx.Response) -> Iterator[Json]:
    for line in response.iter_lines():
        if line.startswith("data:"):
            yield json.loads(line[5:])
