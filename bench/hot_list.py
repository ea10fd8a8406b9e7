"""Row 1: the list of 20 documents out of half a million, through the whole gateway path, against a bare handler.

Both ways lead through an Envoy with the same rendered configuration, to the same database and the same statement. The
peer (`bare_vault`) does nothing else; Kontor verifies the token, checks the declared access, validates, and reads
within row-level security.
"""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from statistics import median
from urllib.parse import quote
from uuid import UUID

import httpx
from kontor_tools.embedded.process import free_port, stop
from kontor_tools.plan import Options, Plan, Ports

from bench import folder_rows
from bench.http_load import Load, run
from bench.office import Office
from bench.results import Row, share

ROUNDS = 5
REQUESTS = 3000
WARM_UP = 1500
READY_SECONDS = 30


def measure(office: Office, folder: Path) -> list[Row]:
    """Fill the vault, then let both ways answer in turns; returns one row for many lists and one for a hot one."""
    asyncio.run(_fill(office))
    office.sign_in_again()
    targets = [(_path(guest.customer_id), f"Authorization: Bearer {guest.person.token}") for guest in office.guests]
    rows = []
    with _bare_way(office, folder) as bare_port:
        _until_ready(bare_port, *targets[0])
        for name, chosen in (("lists of several customers", targets), ("one customer's list", targets[:1])):
            kontor, bare = _in_turns(office.port, bare_port, chosen)
            rows.append(share(f"20 of {folder_rows.DOCUMENTS:,} documents, {name}", kontor, bare, "req/s"))
    return rows


def _path(customer_id: str) -> str:
    return f"/v1/customers/{customer_id}/documents?pageSize=20"


def _in_turns(kontor_port: int, bare_port: int, targets: list[tuple[str, str]]) -> tuple[float, float]:
    """Return the median requests per second of both, measured in alternating rounds after a warm-up."""
    speeds: dict[int, list[float]] = {kontor_port: [], bare_port: []}
    for port in speeds:
        run(Load(port, targets, requests=WARM_UP))
    for _ in range(ROUNDS):
        for port, measured in speeds.items():
            measured.append(run(Load(port, targets, requests=REQUESTS)).per_second)
    return median(speeds[kontor_port]), median(speeds[bare_port])


async def _fill(office: Office) -> None:
    connection = await office.installation.postgres().connect("kontor_vault")
    try:
        firm = folder_rows.FirmRows(office.tenant_id, [UUID(guest.customer_id) for guest in office.guests])
        await folder_rows.fill(connection, firm)
    finally:
        await connection.close()


@contextmanager
def _bare_way(office: Office, folder: Path) -> Iterator[int]:
    """Run the bare handler and an Envoy of its own that sends the vault's calls there; yields that Envoy's port."""
    postgres = office.installation.postgres()
    login = f"postgresql://postgres:{quote(postgres.superuser_password(), safe='')}"
    database = f"{login}@127.0.0.1:{postgres.port}/kontor_vault"
    vault_port, gateway_port = free_port(), free_port()
    environment = _gateway_environment(office, vault_port, gateway_port)
    handler = [sys.executable, "-m", "bench.bare_vault", str(vault_port)]
    gateway = [sys.executable, "-m", "kontor_gateway", "serve", "--configuration", str(folder / "envoy.json")]
    path = {"PATH": os.environ["PATH"]}
    with (folder / "bare.log").open("wb") as log:
        handling = subprocess.Popen(handler, env=path | {"BENCH_DATABASE_URL": database}, stdout=log, stderr=log)
        routing = subprocess.Popen(gateway, env=path | environment, stdout=log, stderr=log)
        try:
            yield gateway_port
        finally:
            stop(routing)
            stop(handling)


def _gateway_environment(office: Office, vault_port: int, gateway_port: int) -> dict[str, str]:
    """Return what the installation's own gateway is told, but for the listeners and the vault's address."""
    installation = office.installation
    state = installation.run_state()
    plan = Plan(installation.folders, Options(**state.options), Ports([], state.ports))
    told = next(program.environment for program in plan.programs if program.name == "gateway")
    listeners = {name: f"127.0.0.1:{free_port()}" for name in told if name.endswith("_LISTEN")}
    own = {"KONTOR_HTTP_LISTEN": f"127.0.0.1:{gateway_port}", "KONTOR_VAULT_ADDRESS": f"127.0.0.1:{vault_port}"}
    return told | listeners | own


def _until_ready(port: int, path: str, header: str) -> None:
    headers = dict([header.split(": ", 1)])
    end = time.monotonic() + READY_SECONDS
    while True:
        try:
            answer = httpx.get(f"http://127.0.0.1:{port}{path}", headers=headers)
            if answer.status_code == 200 and len(answer.json()["documents"]) == 20:
                return
            said = answer.text
        except httpx.TransportError as error:
            said = str(error)
        if time.monotonic() > end:
            raise RuntimeError(f"the bare way does not answer: {said[:500]}")
        time.sleep(0.1)
