"""What people were told by mail, against what happened."""

from __future__ import annotations

from kontor_tools.people import Json

from tests.e2e.people import Person
from tests.e2e.quiet import mails_of
from tests.e2e.stage import InstalledStage
from tests.e2e.story import Story

NEW_SIGN_IN = "Neue Anmeldung: "
"""How the subject of a mail about a sign-in from an unknown device begins."""


def told_twice(stage: InstalledStage, story: Story) -> list[tuple[str, str]]:
    """Return receiver and subject of the mails that came more often than what they tell of happened.

    A program keeps no cookie by which its device is known, so each of its sign-ins is told, and two within a minute
    read alike; those mails are counted against what the account's history says.
    """
    mails = mails_of(stage, story.firm).items()
    twice = [mail[:2] for mail, times in mails if times > 1 and not mail[1].startswith(NEW_SIGN_IN)]
    received = [mail for mail in stage.mails() if str(mail["Subject"]).startswith(NEW_SIGN_IN)]
    for person in story.people():
        person.refresh()
        history = all_of(person, "/v1/account/events", "events")
        happened = [entry for entry in history if entry["kind"] == "ACCOUNT_EVENT_KIND_NEW_DEVICE"]
        told = [mail for mail in received if person.email in str(mail["To"])]
        if len(told) != len(happened):
            twice.append((person.email, f"{len(told)} mails about {len(happened)} new sign-ins"))
    return twice


def all_of(person: Person, path: str, name: str, **query: str) -> list[Json]:
    """Return what all pages of a list hold."""
    found, token = [], ""
    while True:
        page = person.get(path, pageSize=100, pageToken=token, **query)
        found += page.get(name, [])
        token = page.get("nextPageToken", "")
        if not token:
            return found
