"""Two processes of everything side by side: nothing doubles, nobody is tied to one of them, and one may die."""

from __future__ import annotations

import os
import re
import signal
import threading
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from itertools import count
from urllib.parse import urlsplit
from uuid import uuid4

import grpc
import httpx
import pytest
from kontor.chat.v1 import chat_pb2, chat_pb2_grpc
from kontor_chassis.testing.waiting import until
from kontor_tools.people import Json, RefusedError
from kontor_tools.plan import EDGES, SERVICES

from tests.e2e import journey
from tests.e2e.people import Person, browse
from tests.e2e.quiet import wait_until_quiet
from tests.e2e.stage import InstalledStage
from tests.e2e.story import Story
from tests.e2e.told import all_of, told_twice

REPLICAS = (1, 2)
HANDLED = re.compile(r"^(?:grpc_server_handled_total|http_server_requests_total)\{[^}]*\} ([0-9.e+]+)$", re.MULTILINE)
Kept = Callable[[], list[str]] | None


def test_every_service_serves_and_works_twice(twofold: InstalledStage) -> None:
    """What this module proves, it proves about two serving and two working processes of each service."""
    names = {state.name for state in twofold.installation.supervisor.states() if state.state == "RUNNING"}
    for service in SERVICES:
        assert {f"{service}-{n}" for n in REPLICAS} | {f"{service}-work-{n}" for n in REPLICAS} <= names
    assert {f"{edge}-{n}" for edge in EDGES for n in REPLICAS} <= names


def test_nothing_happens_twice(twofold: InstalledStage, twofold_story: Story) -> None:
    """Jobs and relays of two workers make one mail, one invoice, one notification for one fact (F186, F12, F117)."""
    story = twofold_story
    wait_until_quiet(twofold)
    assert told_twice(twofold, story) == []
    path = f"/v1/customers/{story.guest.customer_id}/invoices"
    invoices = story.guest.person.get(path)["invoices"]
    months = Counter(invoice["period"] for invoice in invoices)
    assert story.invoice["period"] in months
    assert set(months.values()) == {1}, "one invoice a month"
    assert journey.bill(twofold, story.invoice["period"]).get("invoicesIssued", 0) == 0
    for person in story.people():
        bell = person.get("/v1/notifications", pageSize=100)["notifications"]
        told = Counter((n["kind"], n["subjectId"], n["text"]) for n in bell)
        assert [kind for kind, times in told.items() if times > 1] == []
    steps = story.firm.administrator.get(f"/v1/orders/{story.order_id}/history")["entries"]
    assert Counter(step["step"] for step in steps).most_common(1)[0][1] == 1


@pytest.mark.parametrize("sends", REPLICAS)
@pytest.mark.parametrize("listens", REPLICAS)
def test_a_stream_hears_what_any_replica_is_told(
    twofold: InstalledStage, twofold_story: Story, listens: int, sends: int
) -> None:
    """Whoever is connected to one process hears within a second what was sent through the other (F183)."""
    broker, customer = twofold_story.firm.administrator, twofold_story.guest.person
    text = f"Von {sends} nach {listens}"
    heard = threading.Event()
    with _chat(twofold, listens) as listening, _chat(twofold, sends) as sending:
        stream = listening.WatchChats(chat_pb2.WatchChatsRequest(), metadata=_token(broker), timeout=30)
        next(stream)  # it says at once that it lives

        def listen() -> None:
            if any(event.message.text == text for event in stream):
                heard.set()

        thread = threading.Thread(target=listen, daemon=True)
        thread.start()
        request = chat_pb2.SendMessageRequest(chat_id=twofold_story.chat_id, text=text, request_id=str(uuid4()))
        sending.SendMessage(request, metadata=_token(customer), timeout=10)
        assert heard.wait(1.0)
        thread.join(5)


def test_nobody_is_tied_to_a_replica(twofold: InstalledStage, twofold_story: Story) -> None:
    """Sign-in, refresh and pages work while each request may meet another process (F96)."""
    before = {name: _handled(twofold, name) for name in _two_of("identity-http", "portal", "identity")}
    email = twofold_story.guest.person.email
    for _ in range(4):
        person = Person(twofold.base_url, email).sign_in()
        for _ in range(3):
            person.refresh()
            assert person.get("/v1/me")
    with browse(twofold.base_url, email) as browser:
        for turn in range(12):
            if turn % 4 == 3:
                browser.cookies.delete("office_access")
            page = browser.get("/kunde")
            assert page.status_code == 200, page.text[:500]
            assert urlsplit(str(page.url)).path.startswith("/kunde"), "still signed in"
            assert twofold_story.firm.name in page.text
    for name, handled in before.items():
        assert _handled(twofold, name) > handled, f"{name} took its share"


def test_killed_replicas_lose_nothing(twofold: InstalledStage, twofold_story: Story) -> None:
    """kill -9 of one of every two processes under load: accepted requests stay, once, and what died is restarted."""
    writers = [_Writer(*work) for work in _works(twofold, twofold_story)]
    stop = threading.Event()
    threads = [threading.Thread(target=writer.run, args=(stop,), daemon=True) for writer in writers]
    for thread in threads:
        thread.start()
    try:
        _more_done(writers)
        victims = [*_first_of(SERVICES), *(f"{service}-work-1" for service in SERVICES), *_first_of(EDGES)]
        restarts = {name: _restarts(twofold, name) for name in victims}
        for name in victims:
            os.kill(twofold.installation.pid(name), signal.SIGKILL)
        _more_done(writers)
        until(lambda: _signs_in(twofold, twofold_story), seconds=90, what="a sign-in with one replica dead")
        until(lambda: all(_restarts(twofold, name) > n for name, n in restarts.items()), seconds=30)
        twofold.installation.wait_ready(120)
    finally:
        stop.set()
        for thread in threads:
            thread.join(60)
    for writer in writers:
        assert writer.failure is None, f"{writer.name}: {writer.failure}"
        if writer.kept is None:
            continue  # each write proved the one before it
        kept = Counter(writer.kept())
        assert {text: kept[text] for text in writer.accepted} == dict.fromkeys(writer.accepted, 1), writer.name
    wait_until_quiet(twofold, seconds=90)
    assert told_twice(twofold, twofold_story) == []


def _more_done(writers: list[_Writer]) -> None:
    """Wait until each writer has had three more things accepted."""
    before = [len(writer.accepted) for writer in writers]

    def done() -> bool:
        failed = [f"{writer.name}: {writer.failure!r}" for writer in writers if writer.failure]
        assert not failed, failed
        return all(len(writer.accepted) >= n + 3 for writer, n in zip(writers, before, strict=True))

    until(done, seconds=60, what="more work of every writer")


def _signs_in(stage: InstalledStage, story: Story) -> bool:
    """Sign in; a form that met a dying process is sent again by the person, nothing else does it for him."""
    try:
        return bool(_patient(stage, story.guest.person).get("/v1/me"))
    except RefusedError:
        return False


class _Writer:
    """Writes one thing after the other to one service, and remembers what was accepted."""

    def __init__(self, name: str, write: Callable[[str], object], kept: Kept) -> None:
        self.name = name
        self.accepted: list[str] = []
        self.failure: BaseException | None = None
        self.kept = kept
        self._write = write

    def run(self, stop: threading.Event) -> None:
        """Work until told to stop."""
        try:
            for number in count():
                if stop.wait(0.05):
                    return
                self._write(f"{self.name} {number}")
                self.accepted.append(f"{self.name} {number}")
        except BaseException as failure:
            self.failure = failure


def _works(stage: InstalledStage, story: Story) -> Iterator[tuple[str, Callable[[str], object], Kept]]:
    """What is written to each service through the gateway, and how to read all of it back."""
    broker, customer = (_patient(stage, person) for person in (story.firm.administrator, story.guest.person))
    own = f"/v1/customers/{story.guest.customer_id}"
    messages = f"/v1/chats/{story.chat_id}/messages"
    line = story.contract["lineOfBusinessId"]
    contract = {"lineOfBusinessId": line, "insurerName": "Nordlicht", "status": "CONTRACT_STATUS_ACTIVE"}
    order = {"serviceId": story.service_id, "customerId": story.guest.customer_id}
    yield (
        "identity",
        lambda text: broker.post("/v1/customers", {"familyName": text}),
        lambda: [c["familyName"] for c in all_of(broker, "/v1/customers", "customers")],
    )
    yield (
        "contracts",
        lambda text: broker.post(f"{own}/contracts", {"contract": {**contract, "number": text}}),
        lambda: [c["number"] for c in all_of(broker, f"{own}/contracts", "contracts")],
    )
    yield (
        "vault",
        lambda text: customer.post(f"{own}/folders", {"name": text}),
        lambda: [f["name"] for f in all_of(customer, f"{own}/folders", "folders")],
    )
    yield (
        "chat",
        lambda text: customer.post(messages, {"text": text}),
        lambda: [m["text"] for m in all_of(customer, messages, "messages")],
    )
    yield (
        "experts",
        lambda text: broker.post("/v1/orders", {**order, "answers": {"branche": text}}),
        lambda: [
            broker.get(f"/v1/orders/{o['orderId']}")["answers"]["branche"]
            for o in all_of(broker, "/v1/orders", "orders")
        ],
    )

    yield "notifications", _chain_of_choices(customer), None
    yield (
        "billing",
        lambda text: broker.post("/v1/pricePlan:setBrokerShare", _share(text)),
        lambda: [f"billing {int(share['net']['minorUnits']) - 300}" for share in _shares(broker)],
    )


def _chain_of_choices(person: Person) -> Callable[[str], object]:
    """Each choice names the version before it: one that was lost or made twice would break the chain."""
    path = "/v1/notificationPreferences"
    chosen = [person.patch(path, {"chatEmail": True})]

    def choose(_text: str) -> None:
        chosen[0] = person.patch(path, {"chatEmail": True, "etag": chosen[0]["etag"]})

    return choose


def _orders(broker: Person) -> list[Json]:
    return all_of(broker, "/v1/orders", "orders")


def _shares(broker: Person) -> list[Json]:
    """Return all shares of tier 3 that were ever set."""
    return [share for share in broker.get("/v1/pricePlan")["brokerShares"] if share["tier"] == "TIER_3"]


def _share(text: str) -> Json:
    return {"tier": "TIER_3", "net": {"minorUnits": str(300 + int(text.split()[-1])), "currency": "EUR"}}


def _patient(stage: InstalledStage, person: Person) -> Person:
    """Return the same person as a client that repeats what could not be delivered."""
    return Person(stage.base_url, person.email, patience=60.0).sign_in()


@contextmanager
def _chat(stage: InstalledStage, replica: int) -> Iterator[chat_pb2_grpc.ChatServiceStub]:
    with grpc.insecure_channel(stage.installation.address(f"chat-serve-{replica}")) as channel:
        yield chat_pb2_grpc.ChatServiceStub(channel)


def _token(person: Person) -> tuple[tuple[str, str], ...]:
    return (("authorization", f"Bearer {person.token}"),)


def _two_of(*names: str) -> list[str]:
    return [f"{name}-{n}" for name in names for n in REPLICAS]


def _first_of(names: Iterable[str]) -> list[str]:
    return [f"{name}-1" for name in names]


def _handled(stage: InstalledStage, process: str) -> float:
    """Return how many requests a process has answered, by its own metrics."""
    address = stage.installation.run_state().ready[process].replace("/readyz", "/metrics")
    return sum(float(number) for number in HANDLED.findall(httpx.get(address).text))


def _restarts(stage: InstalledStage, name: str) -> int:
    return next(state.restarts for state in stage.installation.supervisor.states() if state.name == name)
