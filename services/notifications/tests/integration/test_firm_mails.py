"""Mails to a firm's administrators about the end of its trial."""

from __future__ import annotations

from datetime import timedelta

import pytest
from kontor_chassis.jobs import JobContext
from kontor_identity.jobs import end_trials

from services.notifications.tests.post_office import PostOffice, eventually, text_of

pytestmark = pytest.mark.integration


async def test_administrators_hear_of_the_end_of_their_trial_in_time(office: PostOffice) -> None:
    """F88, decision 10: a reminder 7 days before, and what happens now when it is over; with the way to the archive."""
    hansen = await office.firm("Hansen & Partner", "hansen", "petra.hansen@hansen.example")
    job = JobContext(office.identity.platform.work, office.clock)
    office.clock.advance(timedelta(days=24))
    await end_trials(job)
    reminder = (
        await eventually(lambda: [m for m in office.mailbox.to(hansen.email) if "endet in 7 Tagen" in m["Subject"]])
    )[0]
    assert "31.07.2026" in text_of(reminder)
    assert "/makler/betrieb" in text_of(reminder)
    office.clock.advance(timedelta(days=7))
    await end_trials(job)
    over = (await eventually(lambda: [m for m in office.mailbox.to(hansen.email) if "ist beendet" in m["Subject"]]))[0]
    assert "15.08.2026" in text_of(over), "14 days from then"
