"""JetStream is only the transport: with every stream deleted, consumers still get what they had not seen, once."""

from __future__ import annotations

from collections import Counter
from datetime import timedelta

import pytest
from kontor_chassis.testing.waiting import until
from nats.aio.client import Client

from tests.e2e import journey
from tests.e2e.journey import Guest
from tests.e2e.quiet import mails_of, unpublished, wait_until_quiet, with_nats
from tests.e2e.stage import InstalledStage
from tests.e2e.story import Story, invited_customer
from tests.e2e.told import told_twice

STOPPED = ("notifications-work-1", "notifications-work-2")
RECONCILED_SECONDS = 120
"""The reconciler asks every 30 s for events older than 30 s."""


@pytest.fixture(scope="module")
def customer(twofold: InstalledStage, twofold_story: Story) -> Guest:
    """A second customer of the firm, who signed for tier 2."""
    guest = invited_customer(twofold, twofold_story.firm, among=1)
    journey.sign_tier_two(guest)
    return guest


def test_deleted_streams_lose_and_repeat_nothing(
    twofold: InstalledStage, twofold_story: Story, customer: Guest
) -> None:
    """Events that nobody had consumed come back from the outbox; those that were consumed do nothing again (F12)."""
    supervisor = twofold.installation.supervisor
    wait_until_quiet(twofold)
    period = _end_of_month(twofold, twofold_story, customer)
    before = mails_of(twofold, twofold_story.firm)
    for name in STOPPED:
        supervisor.stop(name)
    try:
        journey.bill(twofold, period)
        journey.start_chat(customer, "Ist die Rechnung schon da?")
        until(lambda: not unpublished(twofold), seconds=30, what="all events in their streams")
        deleted = with_nats(twofold, _delete_all_streams)
        assert "billing" in " ".join(deleted).lower()
    finally:
        for name in STOPPED:
            supervisor.resume(name)

    invoice = f"an invoice mail for {customer.person.email}"
    until(lambda: _invoices(twofold, twofold_story, customer, before), seconds=RECONCILED_SECONDS, what=invoice)
    rung = until(lambda: _rung(twofold_story, customer), seconds=RECONCILED_SECONDS, what="the broker's bell")
    assert len(rung) == 1, "one notification for one message"

    # What comes later arrives as ever: streams and consumers are there again.
    journey.start_chat(customer, "Und noch eine Frage.")
    until(lambda: len(_rung(twofold_story, customer)) == 2, seconds=30, what="the next message")
    wait_until_quiet(twofold)
    assert told_twice(twofold, twofold_story) == []
    assert len(_invoices(twofold, twofold_story, customer, before)) == 1
    assert len(_invoices(twofold, twofold_story, twofold_story.guest, before)) == 1, "his second month"


def _end_of_month(stage: InstalledStage, story: Story, customer: Guest) -> str:
    """Let a month pass in which both customers had tier 2; returns it."""
    agreements = customer.person.get(f"/v1/customers/{customer.customer_id}/serviceAgreements")["agreements"]
    _read_all_chats(story)
    wait_until_quiet(stage)  # so that nobody is mailed about messages that were posted before
    stage.advance_clock(timedelta(days=32))
    for person in (stage.operator, story.firm.administrator, story.guest.person, customer.person):
        person.refresh()
    wait_until_quiet(stage)
    return str(agreements[0]["signTime"])[:7]


def _read_all_chats(story: Story) -> None:
    for reader in (story.firm.administrator, story.guest.person):
        for chat in reader.get("/v1/chats", pageSize=100)["chats"]:
            newest = {"upToMessageId": chat["lastMessage"]["messageId"]}
            reader.post(f"/v1/chats/{chat['chatId']}:markRead", newest)


def _invoices(
    stage: InstalledStage, story: Story, guest: Guest, before: Counter[tuple[str, str, str]]
) -> list[tuple[str, str, str]]:
    """Return the new mails that bring a customer an invoice (not those that remind of one)."""
    new = mails_of(stage, story.firm) - before
    return [mail for mail in new.elements() if guest.person.email in mail[0] and mail[1].startswith("Ihre Rechnung")]


def _rung(story: Story, customer: Guest) -> list[str]:
    """Return the chats of a customer that the broker's bell tells of."""
    broker = story.firm.administrator
    chats = {chat["chatId"] for chat in broker.get("/v1/chats", pageSize=100)["chats"]}
    own = {chat["chatId"] for chat in customer.person.get("/v1/chats", pageSize=100)["chats"]}
    bell = broker.get("/v1/notifications", pageSize=100)["notifications"]
    return [n["subjectId"] for n in bell if n["subjectId"] in chats & own]


async def _delete_all_streams(client: Client) -> list[str]:
    jetstream = client.jetstream()
    names = [stream.config.name or "" for stream in await jetstream.streams_info()]
    for name in names:
        await jetstream.delete_stream(name)
    return names
