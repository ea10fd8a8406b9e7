"""When others hear that a cancelled agreement has ended."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING
from uuid import UUID

import asyncpg
import pytest
from kontor.billing.v1 import billing_pb2 as pb
from kontor_billing.ends import tell_due_ends
from kontor_chassis.jobs import JobContext

if TYPE_CHECKING:
    from .conftest import Firm, World

pytestmark = pytest.mark.integration


async def _cancelled(firm: Firm) -> UUID:
    customer = await firm.new_customer()
    signed = await firm.sign(customer)
    wanted = pb.CancelAgreementRequest(customer_id=str(customer), agreement_id=signed.agreement_id)
    await firm.customer(customer).CancelAgreement(wanted)
    return customer


async def _told(world: World) -> list[str]:
    """Return which events about agreements billing has published, oldest first."""
    owner = await asyncpg.connect(world.database.owner_url)
    try:
        rows = await owner.fetch("SELECT type FROM outbox WHERE type LIKE '%ServiceAgreement%' ORDER BY position")
    finally:
        await owner.close()
    return [row["type"].rpartition("ServiceAgreement")[2] for row in rows]


async def test_an_end_is_told_once_and_not_before_the_last_day_has_passed(world: World) -> None:
    """F9, F14: until the month is over in Germany the tier holds; then everybody hears of the end, once."""
    jobs = JobContext(work=world.service.platform.work, clock=world.clock)
    for firm in (await world.firm(), await world.firm()):
        await _cancelled(firm)
    world.clock.advance(timedelta(days=9, hours=11, minutes=59))  # 31 July, 23:59 in Berlin
    await tell_due_ends(jobs)
    assert "Ended" not in await _told(world)
    world.clock.advance(timedelta(minutes=1))
    for _ in range(2):
        await tell_due_ends(jobs)
    assert (await _told(world)).count("Ended") == 2


async def test_an_end_is_told_before_the_next_agreement(world: World) -> None:
    """F14: whoever signs again before the job has run keeps the storage of the new agreement."""
    firm = await world.firm()
    customer = await _cancelled(firm)
    world.clock.advance(timedelta(days=10))
    await firm.sign(customer)
    await tell_due_ends(JobContext(work=world.service.platform.work, clock=world.clock))
    assert await _told(world) == ["Signed", "Cancelled", "Ended", "Signed"]
