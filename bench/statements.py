"""The SQL that a page costs, taken from the server's log and run again by nobody but a bare connection.

While `recorded` is open the server logs every statement with its values. Transactions that bear the person's own
account among the settings of row-level security are the page's; jobs and other services' work are left out.
`replay` sends the same transactions again, over one open connection to each database, as the same role, prepared
beforehand and with the values already in place: what the database alone takes.
"""

from __future__ import annotations

import re
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

import asyncpg
from kontor_tools.installation import Installation

_ENTRY = re.compile(r"^\d{4}-\d\d-\d\d [\d:.]+ UTC \[(\d+)\] (?:\S+@(\S+) )?(LOG|DETAIL):  ", re.MULTILINE)
_PREPARED = re.compile(r"execute [^:]*: (.*)", re.DOTALL)
_VALUE = re.compile(r"\$(\d+) = (NULL|'(?:[^']|'')*')")
_PLACE = re.compile(r"\$(\d+)")
_ENDS = ("COMMIT", "ROLLBACK")
_BOUNDS = ("BEGIN", *_ENDS)


@dataclass
class Recording:
    """Transactions in the order they began: the database and the texts of each."""

    transactions: list[tuple[str, list[str]]] = field(default_factory=list)

    @property
    def statements(self) -> int:
        """How many statements there are, without those that begin and end transactions."""
        return sum(len(texts) - sum(text.startswith(_BOUNDS) for text in texts) for _, texts in self.transactions)


@asynccontextmanager
async def recorded(installation: Installation, account_id: str) -> AsyncIterator[Recording]:
    """Record what is asked on behalf of an account while the block runs."""
    log = installation.folders.log / "postgres.log"
    connection = await installation.postgres().connect()
    recording = Recording()
    try:
        await _log(connection, "all")
        start = log.stat().st_size
        yield recording
        recording.transactions = of_account(account_id, read_log(log, start))
    finally:
        await _log(connection, "none")
        await connection.close()


async def replay(installation: Installation, recording: Recording, rounds: int) -> list[float]:
    """Return the seconds that each of so many rounds took."""
    connections = {name: await installation.postgres().connect(name) for name, _ in recording.transactions}
    try:
        for name, connection in connections.items():
            await connection.execute(f'SET ROLE "{name}_app"')
        ready = [
            (connections[name], [await _ready(connections[name], text) for text in texts])
            for name, texts in recording.transactions
        ]
        seconds = []
        for _ in range(rounds):
            began = time.perf_counter()
            for connection, steps in ready:
                for step in steps:
                    await (connection.execute(step) if isinstance(step, str) else step.fetch())
            seconds.append(time.perf_counter() - began)
        return seconds
    finally:
        for connection in connections.values():
            await connection.close()


async def _log(connection: asyncpg.Connection, which: str) -> None:
    await connection.execute(f"ALTER SYSTEM SET log_statement = '{which}'")
    await connection.execute("SELECT pg_reload_conf()")
    while await connection.fetchval("SHOW log_statement") != which:
        pass


async def _ready(connection: asyncpg.Connection, text: str) -> str | asyncpg.prepared_stmt.PreparedStatement:
    """Return the text prepared; what begins and ends transactions stays text."""
    return text if text.startswith(_BOUNDS) else await connection.prepare(text)


def read_log(log: Path, start: int) -> list[tuple[str, str, str]]:
    """Return session, database and statement of every entry, values in place, in the order of the log."""
    with log.open("rb") as content:
        content.seek(start)
        text = content.read().decode(errors="replace")
    entries = list(_ENTRY.finditer(text))
    ends = [entry.start() for entry in entries[1:]] + [len(text)]
    found: list[tuple[str, str, str]] = []
    for entry, end in zip(entries, ends, strict=True):
        said = text[entry.end() : end].rstrip("\n").replace("\n\t", "\n")
        if entry[3] == "DETAIL":
            session, database, statement = found[-1]
            found[-1] = session, database, _with_values(statement, dict(_VALUE.findall(said)))
        elif said.startswith("statement: "):
            found.append((entry[1], entry[2], said.removeprefix("statement: ")))
        elif prepared := _PREPARED.match(said):
            found.append((entry[1], entry[2], prepared[1]))
    return found


def _with_values(statement: str, values: dict[str, str]) -> str:
    return _PLACE.sub(lambda place: values[place[1]], statement)


def of_account(account_id: str, statements: list[tuple[str, str, str]]) -> list[tuple[str, list[str]]]:
    """Return the transactions of one account; a statement outside of any is one of its own."""
    transactions: list[tuple[str, list[str]]] = []
    open_ones: dict[str, list[str]] = {}
    for session, database, text in statements:
        if text.startswith("BEGIN"):
            open_ones[session] = []
            transactions.append((database, open_ones[session]))
        if session in open_ones:
            open_ones[session].append(text)
        else:
            transactions.append((database, [text]))
        if text in _ENDS:
            open_ones.pop(session, None)
    return [each for each in transactions if any(account_id in text for text in each[1])]
