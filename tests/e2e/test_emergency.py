"""Emergency access as a story through the gateway: trust, request, signs of life, release by the clock, undo."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import timedelta

import httpx
import pytest
from kontor_chassis.testing.waiting import until
from kontor_tools.people import Json, RefusedError

from tests.e2e import journey
from tests.e2e.journey import Firm, Guest
from tests.e2e.people import Person
from tests.e2e.stage import InstalledStage

REASON = "Mutter liegt seit gestern auf der Intensivstation."
STOP_LINK = re.compile(r"https?://\S+/notfall/[\w-]{20,}")
WAITING = timedelta(hours=3)
PAUSE = timedelta(hours=25)
"""After a request ended the next one is refused for a day."""


@dataclass
class Household:
    """A customer with two folders, and two people of whom each is trusted with one."""

    stage: InstalledStage
    firm: Firm
    guest: Guest
    anna: Person
    tom: Person
    folders: dict[str, str]
    documents: dict[str, str]

    @property
    def path(self) -> str:
        """Where the customer's things are in the API."""
        return f"/v1/customers/{self.guest.customer_id}"

    def everybody(self) -> list[str]:
        """Return the addresses of all involved."""
        return [self.guest.person.email, self.anna.email, self.tom.email]

    def told(self, after: int, subject: str, *addresses: str) -> None:
        """Wait until all these people have a mail about it, in the firm's name."""
        for address in addresses:
            mail = journey.mail_to(self.stage, address, subject=subject, after=after)
            assert self.firm.name in str(mail["From"])

    def request(self) -> str:
        """Let Anna ask and Tom agree, which starts the waiting period; returns the request."""
        before = len(self.stage.mails())
        asked = self.anna.post(f"{self.path}/emergencyRequests", {"reason": REASON})
        assert asked["state"] == "EMERGENCY_REQUEST_STATE_REQUESTED"
        self.told(before, "bittet um Zugang", self.guest.person.email)
        self.told(before, "Ihre Zustimmung", self.anna.email, self.tom.email)
        before, of = len(self.stage.mails()), asked["emergencyRequestId"]
        confirmed = self.tom.post(f"{self.path}/emergencyRequests/{of}:confirm")
        assert confirmed["state"] == "EMERGENCY_REQUEST_STATE_WAITING"
        self.told(before, "wird am", self.guest.person.email)
        self.told(before, "Freigabe am", self.anna.email, self.tom.email)
        return str(of)

    def state(self) -> str:
        """Return where the newest request stands, as Tom sees it: the customer stays away."""
        return str(self.tom.get(f"{self.path}/emergencyRequests")["requests"][0]["state"])

    def becomes(self, state: str) -> None:
        """Wait until the newest request stands there."""
        until(lambda: self.state() == f"EMERGENCY_REQUEST_STATE_{state}", seconds=20, what=f"the state {state}")

    def seen_by(self, person: Person) -> tuple[set[str], set[str]]:
        """Return the names of folders and titles of documents that somebody sees of the customer."""
        try:
            folders = person.get(f"{self.path}/folders", pageSize=100).get("folders", [])
            documents = person.get(f"{self.path}/documents", pageSize=100).get("documents", [])
        except RefusedError as refusal:
            if refusal.status != 404:
                raise
            return set(), set()
        return {one["name"] for one in folders}, {one["title"] for one in documents}


def _stored(guest: Guest, title: str, folder_id: str) -> str:
    content = f"%PDF-1.7 {title}".encode()
    wanted = {"fileName": f"{title}.pdf", "sizeBytes": str(len(content)), "title": title, "folderId": folder_id}
    permit = guest.person.post(f"/v1/customers/{guest.customer_id}/uploads", wanted)
    stored = guest.person.api.put(permit["uploadPath"], content=content, headers=guest.person.headers, timeout=60)
    assert stored.status_code == 201, stored.text
    return str(permit["documentId"])


@pytest.fixture(scope="module")
def household(stage: InstalledStage) -> Household:
    """The customer names two people, who follow the links in their mails."""
    firm = journey.open_firm(stage, "Nordlicht Makler", "nordlicht")
    person = {"givenName": "Julia", "familyName": "Brandt", "salutation": "SALUTATION_FRAU"}
    created: Json = firm.administrator.post("/v1/customers", person)
    address = f"julia.brandt@{firm.slug}.example"
    guest = journey.invite_customer(stage, firm, created["customerId"], address, "ADDRESS_FORM_SIE")
    path = f"/v1/customers/{guest.customer_id}"
    folders = {name: guest.person.post(f"{path}/folders", {"name": name})["folderId"] for name in ("Vorsorge", "Geld")}
    documents = {
        title: _stored(guest, title, folders[name]) for title, name in (("Vollmacht", "Vorsorge"), ("Konten", "Geld"))
    }
    invited: list[Person] = []
    for name, folder in (("Anna", "Vorsorge"), ("Tom", "Geld")):
        before, email = len(stage.mails()), f"{name.lower()}@{firm.slug}.example"
        trusted = {"name": f"{name} Brandt", "email": email, "relation": "Kind", "folderIds": [folders[folder]]}
        guest.person.post(f"{path}/trustedPersons", trusted)
        mail = journey.mail_to(stage, email, after=before)
        assert "Julia Brandt vertraut Ihnen" in str(mail["Subject"])
        invited.append(journey.invited(stage, email))
        journey.mail_to(stage, address, subject="ist jetzt Ihre Vertrauensperson", after=before)
    plan = guest.person.get(f"{path}/emergencyPlan")
    rules = {"quorum": 2, "waitingHours": 3, "accessDays": 30, "etag": plan["etag"]}
    guest.person.patch(f"{path}/emergencyPlan", rules)
    return Household(stage, firm, guest, invited[0], invited[1], folders, documents)


def test_the_button_behind_the_link_vetoes_and_the_link_does_not(household: Household) -> None:
    """F75: a scanner that opens the link in the mail changes nothing; the button ends the request, without sign-in."""
    stage, home = household.stage, household
    before = len(stage.mails())
    home.request()
    mail = journey.text_of(journey.mail_to(stage, home.guest.person.email, subject="wird am", after=before))
    link = STOP_LINK.search(mail)
    assert link is not None, mail
    with httpx.Client(base_url=stage.base_url, timeout=30) as browser:
        page = browser.get(link.group())
        assert "Ich lebe – Zugriff ablehnen" in page.text
        assert home.state() == "EMERGENCY_REQUEST_STATE_WAITING"
        before = len(stage.mails())
        stopped = browser.post(link.group(), headers={"Origin": stage.base_url})
        assert "Es ist alles erledigt" in stopped.text
    home.becomes("VETOED")
    home.told(before, "beendet", *home.everybody())
    stage.advance_clock(WAITING)
    assert home.seen_by(home.anna) == (set(), set())


def test_a_chat_message_is_a_sign_of_life(household: Household) -> None:
    """F75: identity hears of it by chat's event, although the customer does not sign in anew."""
    home = household
    home.stage.advance_clock(PAUSE)
    home.request()
    journey.start_chat(home.guest, "Wann haben Sie Zeit für mich?")
    home.becomes("VETOED")


def test_an_upload_is_a_sign_of_life(household: Household) -> None:
    """F75: identity hears of it by vault's event."""
    home = household
    home.stage.advance_clock(PAUSE)
    home.request()
    _stored(home.guest, "Einkaufszettel", home.folders["Geld"])
    home.becomes("VETOED")


def test_release_by_the_clock_and_back(household: Household) -> None:
    """F73, F75: nobody signs in, the clock opens to each his own folder; the link in the mail closes it at once."""
    stage, home = household.stage, household
    stage.advance_clock(PAUSE)
    home.request()
    before = len(stage.mails())
    stage.advance_clock(WAITING)
    home.told(before, "freigegeben", *home.everybody())
    until(lambda: home.seen_by(home.anna) == ({"Vorsorge"}, {"Vollmacht"}), seconds=20, what="Anna's folder")
    until(lambda: home.seen_by(home.tom) == ({"Geld"}, {"Konten", "Einkaufszettel"}), seconds=20, what="Tom's folder")
    assert journey.download(home.anna, home.documents["Vollmacht"]).status_code == 200
    assert journey.download(home.anna, home.documents["Konten"]).status_code == 404
    broker = home.firm.administrator
    with pytest.raises(RefusedError):
        broker.get(f"{home.path}/trustedPersons")

    mail = journey.text_of(journey.mail_to(stage, home.guest.person.email, subject="freigegeben", after=before))
    link = STOP_LINK.search(mail)
    assert link is not None, mail
    before = len(stage.mails())
    httpx.post(link.group(), headers={"Origin": stage.base_url}, timeout=30)
    assert home.seen_by(home.anna) == (set(), set()), "at once"
    assert journey.download(home.anna, home.documents["Vollmacht"]).status_code == 404
    home.told(before, "zurückgenommen", *home.everybody())
    person = home.guest.person
    seen = person.get(f"{home.path}/sightings")["sightings"]
    looks = [(one["documentId"], one["role"]) for one in seen if one.get("documentId")]
    assert looks == [(home.documents["Vollmacht"], "ROLE_TRUSTED_PERSON")]
    entries = person.get(f"{home.path}/emergencyEntries", pageSize=100)["entries"]
    assert [entry["step"].removeprefix("EMERGENCY_STEP_") for entry in entries[:5]] == [
        "UNDO",
        "RELEASE",
        "WAIT",
        "CONFIRM",
        "REQUEST",
    ]


def test_signing_in_is_a_sign_of_life(household: Household) -> None:
    """F75: new tokens of the customer's account end the request."""
    home = household
    home.stage.advance_clock(PAUSE)
    home.request()
    home.guest.person.sign_in()
    home.becomes("VETOED")
