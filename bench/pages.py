"""Row 8: the start pages of customer and broker through the gateway, with 100,000 customers in the database.

A page is timed from the request to its last byte, as a browser's request with cookies, a few visitors at a time. The
peer is the same SQL by itself (`statements`): the share of the page that no code of ours can take away. Customers and
contracts are written straight into the databases: setup only.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from statistics import quantiles

import httpx

from bench import customer_rows, statements
from bench.http_load import Load, run
from bench.office import Office
from bench.results import Row, limit
from tests.e2e.people import Person

CUSTOMERS = 100_000
VISITORS = 4
REQUESTS = 400
WARM_UP = 100
REPLAYS = 100
MOST_MS = {"customer": 150, "broker": 250}


@dataclass(frozen=True)
class _Page:
    """A page and who opens it."""

    name: str
    path: str
    people: list[Person]


def measure(office: Office) -> list[Row]:
    """Fill the databases, then open the pages; returns a row for each."""
    asyncio.run(customer_rows.portfolio(office, CUSTOMERS))
    office.sign_in_again()
    pages = (
        _Page("customer", "/kunde", [guest.person for guest in office.guests]),
        _Page("broker", "/makler", [office.firm.administrator]),
    )
    return [_row(office, page) for page in pages]


def _row(office: Office, page: _Page) -> Row:
    targets = [(page.path, _cookies(office, person)) for person in page.people]
    run(Load(office.port, targets, clients=VISITORS, requests=WARM_UP))
    recording = asyncio.run(_recorded(office, page))
    alone = quantiles(asyncio.run(statements.replay(office.installation, recording, REPLAYS)), n=100)[94] * 1000
    loaded = run(Load(office.port, targets, clients=VISITORS, requests=REQUESTS))
    said = f"{loaded.p95_ms:,.0f} ms (its {recording.statements} statements alone: {alone:,.1f} ms)"
    name = f"start page of a {page.name}, {VISITORS} at a time, {CUSTOMERS:,} customers, p95"
    return limit(name, loaded.p95_ms, "ms", MOST_MS[page.name], said)


async def _recorded(office: Office, page: _Page) -> statements.Recording:
    """Open the page once and return the SQL behind it."""
    person = page.people[0]
    headers = dict([_cookies(office, person).split(": ", 1)])
    async with statements.recorded(office.installation, person.account_id) as recording:
        async with httpx.AsyncClient(base_url=office.stage.base_url) as browser:
            answer = await browser.get(page.path, headers=headers)
        if answer.status_code != 200:
            raise RuntimeError(f"{page.path} was answered {answer.status_code}: {answer.text[:500]}")
    return recording


def _cookies(office: Office, person: Person) -> str:
    """Return what the browser of somebody who signed in sends."""
    return f"Cookie: office_access={person.token}; office_firm={office.firm.slug}; office_person=sie-broker"
