"""Row 9: finding documents in a firm with a million of them, through the whole gateway path, against a limit.

An administrator searches all customers' papers and customers their own: frequent words, rare ones, several, misspelt.
"""

from __future__ import annotations

import asyncio
from pathlib import Path
from urllib.parse import quote
from uuid import UUID, uuid4

from bench import search_rows
from bench.http_load import Load, run
from bench.office import Office
from bench.results import Row, limit
from bench.search_rows import word

DOCUMENTS = 1_000_000
QUERIES = (
    "Versicherung",
    "Sturmflut",
    "Rechnung",
    f"{word(17)} Versicherung",
    f"{word(3)} {word(11)}",
    word(15_000),
    "Kündgung",
)
CLIENTS, REQUESTS, WARM_UP = 2, 400, 100
MOST_MS = 100


def measure(office: Office, _folder: Path) -> list[Row]:
    """Fill the vault, then let the firm search and its customers; returns the 95th percentile of each."""
    asyncio.run(_fill(office))
    office.sign_in_again()
    bearers = [f"Authorization: Bearer {guest.person.token}" for guest in office.guests]
    customers = [(_path(query), bearer) for bearer in bearers for query in QUERIES]
    firm = [(_path(query), f"Authorization: Bearer {office.firm.administrator.token}") for query in QUERIES]
    return [
        limit(f"search in {DOCUMENTS:,} documents of a firm, {who}, p95", _p95(office.port, targets), "ms", MOST_MS)
        for who, targets in (("by the firm", firm), ("by customers", customers))
    ]


def _p95(port: int, targets: list[tuple[str, str]]) -> float:
    run(Load(port, targets, clients=CLIENTS, requests=WARM_UP, least_bytes=20))
    return run(Load(port, targets, clients=CLIENTS, requests=REQUESTS, least_bytes=20)).p95_ms


def _path(query: str) -> str:
    return f"/v1/documents:search?pageSize=20&query={quote(query)}"


async def _fill(office: Office) -> None:
    connection = await office.installation.postgres().connect("kontor_vault")
    try:
        customers = [UUID(guest.customer_id) for guest in office.guests]
        customers += [uuid4() for _ in range(search_rows.CUSTOMERS - len(customers))]
        await search_rows.fill(connection, office.tenant_id, customers, DOCUMENTS)
    finally:
        await connection.close()
