"""One step of an emergency access as a process of its own, which ends itself by SIGKILL around the commit.

    python emergency_crash_program.py DATABASE_URL NOW STEP before|after|never TENANT CUSTOMER ACCOUNT REQUEST

NOW is the installation's instant in ISO 8601. Started by `integration/test_emergency_crashes.py`.
"""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from collections.abc import Awaitable, Callable
from datetime import datetime
from uuid import UUID

from kontor.common.v1.access_pb2 import Role
from kontor.identity.v1.emergency_pb2 import EmergencyActor
from kontor_chassis.clock import FixedClock
from kontor_chassis.database import Database, Transaction
from kontor_chassis.principal import Principal
from kontor_identity.directory import DIRECTORY
from kontor_identity.emergency.requests import confirm_request, create_request, settle_next, stop_request

REASON = "Mutter liegt seit gestern auf der Intensivstation."


async def run(database: Database, step: str, dies: str, tenant: UUID, customer: UUID, account: UUID, of: UUID) -> None:
    """Take one step and die where it was asked for."""
    trusted = Principal(
        account_id=account,
        tenant_id=tenant,
        customer_id=customer,
        roles=frozenset({Role.ROLE_TRUSTED_PERSON}),
    )
    link = EmergencyActor.EMERGENCY_ACTOR_LINK
    steps: dict[str, tuple[Principal, Callable[[Transaction], Awaitable[object]]]] = {
        "request": (trusted, lambda tx: create_request(tx, customer, REASON)),
        "confirm": (trusted, lambda tx: confirm_request(tx, customer, of)),
        "clock": (DIRECTORY, settle_next),
        "stop": (DIRECTORY, lambda tx: stop_request(tx, of, link)),
    }
    principal, act = steps[step]
    async with database.work.work(principal) as tx:
        await act(tx)
        await tx.session.flush()
        _die_if(dies == "before")
        await tx.commit()
        _die_if(dies == "after")


def _die_if(wanted: bool) -> None:
    if wanted:
        os.kill(os.getpid(), signal.SIGKILL)


if __name__ == "__main__":
    url, now, step, dies, *ids = sys.argv[1:]
    clock = FixedClock(datetime.fromisoformat(now))
    tenant, customer, account, of = map(UUID, ids)
    asyncio.run(run(Database(url, service="identity", clock=clock), step, dies, tenant, customer, account, of))
