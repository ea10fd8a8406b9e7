"""Row 7: signing in with a password, as a browser does it by way of portal and identity, against argon2 alone.

The journey begins at the portal's sign-in address and ends when the browser holds its access token: authorization
request, sign-in page, password, code, tokens, all through the gateway, one person at a time from a known device with
an open connection. The peer verifies the same password with the same parameters in this process.
"""

from __future__ import annotations

import time
from statistics import median, quantiles
from urllib.parse import urljoin

import httpx
from argon2 import PasswordHasher
from kontor_identity.http.browser import SESSION_COOKIE
from kontor_identity.passwords import MEMORY_KIB, PASSES
from kontor_portal.session import ACCESS_COOKIE, REFRESH_COOKIE
from kontor_tools.people import submit

from bench.office import Office
from bench.results import Row, limit, share
from tests.e2e.people import PASSWORD

JOURNEYS = 80
WARM_UP = 8
MOST_MS = 300
MOST_STEPS = 10


def measure(office: Office) -> list[Row]:
    """Sign in again and again, in turns with the peer; returns the 95th percentile and the speed."""
    hasher = PasswordHasher(time_cost=PASSES, memory_cost=MEMORY_KIB, parallelism=1)
    stored = hasher.hash(PASSWORD)
    journeys, alone = [], []
    with httpx.Client(base_url=office.stage.base_url, timeout=30) as browser:
        for number in range(WARM_UP + JOURNEYS):
            person = office.guests[number % len(office.guests)].person
            began = time.perf_counter()
            _sign_in(browser, person.email)
            ended = time.perf_counter()
            hasher.verify(stored, PASSWORD)
            journeys.append(ended - began)
            alone.append(time.perf_counter() - ended)
            for cookie in (SESSION_COOKIE, ACCESS_COOKIE, REFRESH_COOKIE):
                browser.cookies.delete(cookie)
    journeys, alone = journeys[WARM_UP:], alone[WARM_UP:]
    p95, bare = (1000 * quantiles(seconds, n=100)[94] for seconds in (journeys, alone))
    return [
        limit("signing in with a password, p95", p95, "ms", MOST_MS, f"{p95:,.0f} ms (argon2 alone: {bare:,.0f} ms)"),
        share("people who sign in with a password, one after the other", 1 / median(journeys), 1 / median(alone),
              "per second", 15),
    ]  # fmt: skip


def _sign_in(browser: httpx.Client, email: str) -> None:
    """Go the whole way until the browser holds an access token."""
    page = _follow(browser, browser.get("/auth/login"))
    answer = submit(browser, page, email=email, password=PASSWORD)
    _follow(browser, answer)
    if ACCESS_COOKIE not in browser.cookies:
        raise RuntimeError("signing in did not lead to a session")


def _follow(browser: httpx.Client, answer: httpx.Response) -> httpx.Response:
    """Follow redirects to a page, or until the browser holds an access token."""
    for _ in range(MOST_STEPS):
        if not answer.is_redirect or ACCESS_COOKIE in browser.cookies:
            return answer
        answer = browser.get(urljoin(str(answer.url), answer.headers["location"]))
    raise RuntimeError(f"signing in ended at {answer.url}")
