"""Row 5: 5,000 customers invited at once, against the bare SQL of the same rows, with the memory of the process.

Kontor's way is the public API: one call, then the job invites batch by batch, each with its events and outcomes. The
peer writes the same rows in the same batches over one connection as superuser and knows no rules. Customers are written
straight into the database: setup only.
"""

from __future__ import annotations

import asyncio
import time
from uuid import UUID, uuid4

import asyncpg
import psutil
from kontor_tools.people import Json
from kontor_tools.plan import Options, Plan, Ports

from bench import customer_rows
from bench.office import Office
from bench.results import Row, limit, share

CUSTOMERS = 5000
BATCH = 250
MOST_MEGABYTES = 32
MOST_SECONDS = 600

_FINISHED = "SELECT finished_at IS NOT NULL FROM bulk_invitations WHERE bulk_invitation_id = $1"
_INVITE = """
INSERT INTO invitations (invitation_id, tenant_id, customer_id, display_name, email, letter_greeting, form, roles,
  rights, standing, release_choice, release_categories, state, created_at, expires_at)
VALUES ($1, $2, $3, 'Mara Messwert', 'mara@messing.example', 'Sehr geehrte Frau Messwert', 1, '{1}', '{}', 1, 0, '{}',
  1, now(), now() + interval '14 days')
"""
_EVENT = """
INSERT INTO outbox (id, type, aggregate, tenant_id, headers, payload, created_at, sent_at)
VALUES ($1, 'kontor.identity.v1.InvitationCreated', $2, $3, '{}', $4, now(), now())
"""


def measure(office: Office) -> list[Row]:
    """Invite everybody by the API, then write the same by hand; returns speed, memory and mails."""
    asyncio.run(customer_rows.customers(office, "Messwert", 100_000, CUSTOMERS))
    office.sign_in_again()
    process = _identity(office)
    before = process.memory_info().rss
    began = time.monotonic()
    bulk_id = office.firm.administrator.post("/v1/bulkInvitations", {"audience": {"query": "messwert1"}})[
        "bulkInvitationId"
    ]
    peak = asyncio.run(_finished(office, bulk_id, process))
    invited = time.monotonic() - began
    bare = asyncio.run(_by_hand(office))
    mailed = _mails(office, bulk_id, began)
    grown = max(0, peak - before) / 1e6
    return [
        share(f"{CUSTOMERS:,} customers invited at once", CUSTOMERS / invited, CUSTOMERS / bare, "invitations/s", 30),
        limit("memory that inviting them takes", grown, "MB", MOST_MEGABYTES),
        limit(
            "until the mail server has all their mails", mailed, "s", MOST_SECONDS,
            f"{mailed:,.0f} s, {CUSTOMERS / mailed:,.0f} mails/s",
        ),
    ]  # fmt: skip


async def _finished(office: Office, bulk_id: str, process: psutil.Process) -> int:
    """Wait until nobody waits for an invitation any more; returns the largest resident set meanwhile.

    The row is read directly: the API counts all 5,000 outcomes, and asking it again and again would be work of its own.
    """
    connection = await office.installation.postgres().connect("kontor_identity")
    began, peak = time.monotonic(), 0
    try:
        while not await connection.fetchval(_FINISHED, UUID(bulk_id)):
            peak = max(peak, process.memory_info().rss)
            _within(began)
            await asyncio.sleep(0.02)
        return peak
    finally:
        await connection.close()


def _standing(office: Office, bulk_id: str) -> Json:
    return office.firm.administrator.get(f"/v1/bulkInvitations/{bulk_id}")


def _mails(office: Office, bulk_id: str, began: float) -> float:
    """Return the seconds until every mail was taken."""
    while True:
        reached = _standing(office, bulk_id).get("progress", [])
        counts = {one["progress"]: one["customers"] for one in reached}
        if counts.get("INVITATION_PROGRESS_DELIVERED", 0) >= CUSTOMERS:
            return time.monotonic() - began
        _within(began)
        time.sleep(0.5)
        office.sign_in_again()


def _within(began: float) -> None:
    if time.monotonic() - began > 2 * MOST_SECONDS:
        raise RuntimeError("inviting does not come to an end")


async def _by_hand(office: Office) -> float:
    """Return the seconds that the same rows take without any rules."""
    customers = await customer_rows.customers(office, "Handarbeit", 200_000, CUSTOMERS)
    connection = await office.installation.postgres().connect("kontor_identity")
    try:
        began = time.monotonic()
        for start in range(0, CUSTOMERS, BATCH):
            async with connection.transaction():
                await _batch(connection, office.tenant_id, customers[start : start + BATCH])
        return time.monotonic() - began
    finally:
        await connection.close()


async def _batch(connection: asyncpg.Connection, tenant_id: UUID, customers: list[UUID]) -> None:
    ids = [uuid4() for _ in customers]
    await connection.executemany(_INVITE, [(one, tenant_id, who) for one, who in zip(ids, customers, strict=True)])
    await connection.executemany(_EVENT, [(uuid4(), str(one), tenant_id, b"x" * 120) for one in ids])
    await connection.execute(
        "UPDATE customers SET access_state = 2, version = version + 1 WHERE customer_id = ANY ($1)", customers
    )


def _identity(office: Office) -> psutil.Process:
    """Return the process of identity, which serves and works in this installation."""
    installation = office.installation
    state = installation.run_state()
    plan = Plan(installation.folders, Options(**state.options), Ports([], state.ports))
    told = next(program.environment for program in plan.programs if program.name == "identity")
    for process in psutil.process_iter(["cmdline"]):
        command = process.info["cmdline"] or []
        if "kontor_identity" not in command or "http" in command:
            continue
        if process.environ().get("KONTOR_DATABASE_URL") == told["KONTOR_DATABASE_URL"]:
            return process
    raise RuntimeError("identity does not run")
