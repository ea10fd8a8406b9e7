"""kill -9 around the commit of every step of an emergency access: each step happens wholly and once, or not at all."""

from __future__ import annotations

import asyncio
import signal
import sys
from datetime import UTC, timedelta
from pathlib import Path
from uuid import UUID

import pytest
from kontor.identity.v1 import emergency_pb2 as pb
from kontor.identity.v1 import events_pb2

from services.identity.tests.emergency_office import Household, household
from services.identity.tests.identity_office import Identity

pytestmark = pytest.mark.integration

PROGRAM = Path(__file__).parents[1] / "emergency_crash_program.py"
NOTHING = UUID(int=0)
WAITING_HOURS, ACCESS_DAYS = 3, 2


async def steps_in(home: Household, step: str, dies: str, *, by: int = 0) -> int:
    """Let a process of its own take a step at the installation's present instant; returns how it ended."""
    requests = await home.customer.ListEmergencyRequests(pb.ListEmergencyRequestsRequest(customer_id=home.cid))
    of = requests.requests[0].emergency_request_id if requests.requests else NOTHING
    ids = map(str, (home.tenant_id, home.customer_id, home.trusted[by].account_id, of))
    database = home.identity.service.platform.settings.database_dsn()
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, str(PROGRAM), database, home.identity.clock.now().isoformat(), step, dies, *ids),
        stdout=asyncio.subprocess.DEVNULL,
    )
    return await asyncio.wait_for(process.wait(), 60)


async def survives(home: Household, step: str, *, by: int = 0) -> None:
    """Kill the step before its commit, which changes nothing, then right after it, which changes everything, once."""
    before = (await home.history(), await home.steps_told())
    assert await steps_in(home, step, "before", by=by) == -signal.SIGKILL
    assert (await home.history(), await home.steps_told()) == before
    assert await steps_in(home, step, "after", by=by) == -signal.SIGKILL
    assert len(await home.steps_told()) == len(before[1]) + 1
    assert len(await home.history()) > len(before[0])


async def test_killed_around_every_step_up_to_the_end(identity: Identity) -> None:
    """F75: request, confirmation, release and end date, each exactly at its instant although its first try died."""
    home = await household(identity)
    await home.trust("Anna Brandt")
    await home.trust("Max Brandt")
    await home.rules(quorum=2, waiting_hours=WAITING_HOURS, access_days=ACCESS_DAYS)
    await survives(home, "request")
    await survives(home, "confirm", by=1)
    due = identity.clock.now() + timedelta(hours=WAITING_HOURS)
    identity.clock.advance(timedelta(hours=WAITING_HOURS, minutes=7))
    await survives(home, "clock")
    assert await home.clock_strikes() == 0, "the next run of the job finds nothing left to do"
    released = await home.latest()
    assert released.state == pb.EMERGENCY_REQUEST_STATE_RELEASED
    assert released.release_time.ToDatetime(UTC) == due
    granted = await home.events(events_pb2.EmergencyAccessGranted)
    assert [one.account_id for one in granted] == [str(person.account_id) for person in home.trusted]
    identity.clock.advance(timedelta(days=ACCESS_DAYS))
    await survives(home, "clock")
    assert (await home.latest()).access_end_time.ToDatetime(UTC) == due + timedelta(days=ACCESS_DAYS)
    assert len(await home.events(events_pb2.EmergencyAccessRevoked)) == len(granted)
    assert await home.steps_told() == ["REQUEST", "WAIT", "RELEASE", "END"]


@pytest.mark.parametrize("released", [False, True])
async def test_killed_while_the_customer_stops_it(identity: Identity, released: bool) -> None:
    """F75: a veto, or taking access back, whose process died is either wholly there or can be repeated."""
    home = await household(identity)
    await home.trust("Anna Brandt")
    await home.rules(waiting_hours=WAITING_HOURS)
    await home.ask()
    if released:
        identity.clock.advance(timedelta(hours=WAITING_HOURS))
        assert await home.clock_strikes() == 1
    await survives(home, "stop")
    assert await steps_in(home, "stop", "never") == 0, "pressing the button again is fine"
    assert not await home.opens()
    assert await home.clock_strikes() == 0
    assert await home.steps_told() == (["WAIT", "RELEASE", "UNDO"] if released else ["WAIT", "VETO"])
    assert len(await home.events(events_pb2.EmergencyAccessRevoked)) == int(released)
