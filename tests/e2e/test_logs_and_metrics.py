"""What a process says about its work: logs without people in them, metrics for everything that can go wrong.

Runs last, so that it reads what all stories of the session have left behind.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

import httpx
import pytest
from kontor_chassis.testing.waiting import until
from kontor_tools.people import Json
from kontor_tools.plan import EDGES, SERVICES

from tests.architecture.contracts import public_methods
from tests.e2e import journey
from tests.e2e.people import PASSWORD
from tests.e2e.stage import InstalledStage
from tests.e2e.story import Story

LOOKS_PERSONAL = {
    "e-mail address": re.compile(r"[\w.+-]+@[\w-]+\.[A-Za-z]{2,}"),
    "token": re.compile(r"eyJ[\w-]{8,}\.[\w-]{8,}"),
    "invitation or password link": re.compile(r"/(?:invitation|password)/[\w-]{16,}"),
    "query": re.compile(r"[?&](?:code|state|code_challenge|code_verifier|token|next|updateMask|pageToken)="),
    "IBAN": re.compile(r"\bDE\d{2}(?: ?\d{4}){4} ?\d{2}\b"),
}
SHORTEST = 4
"""Shorter names are found in words that are nobody's."""
CONSUMERS = ("billing", "chat", "contracts", "notifications", "vault")


@pytest.fixture(scope="module")
def logs(stage: InstalledStage, story: Story) -> dict[str, str]:
    """What each process of the installation has written, the supervisor and the storage included."""
    story.firm.administrator.get("/v1/me")
    files = sorted(stage.installation.folders.log.glob("*.log*"))
    return {file.name: file.read_text(encoding="utf-8", errors="replace") for file in files}


def test_every_process_writes_a_log(stage: InstalledStage, logs: dict[str, str]) -> None:
    """There is something to read: a log per process, and a line per request of the gateway."""
    states = stage.installation.supervisor.states()
    assert {f"{state.name}.log" for state in states} | {"supervisord.log"} <= set(logs)
    assert logs["gateway.log"].count('"event":"request"') > 50


@pytest.mark.parametrize("what", LOOKS_PERSONAL)
def test_nothing_in_the_logs_looks_personal(logs: dict[str, str], what: str) -> None:
    """No addresses, tokens, one-time links or queries, whoever's they are (F93)."""
    found = {name: LOOKS_PERSONAL[what].findall(text)[:3] for name, text in logs.items()}
    assert {name: hits for name, hits in found.items() if hits} == {}


def test_nobody_is_named_in_the_logs(stage: InstalledStage, story: Story, logs: dict[str, str]) -> None:
    """Names, addresses, phone numbers, texts, titles and secrets of the story's people are in no log (F93)."""
    secrets = set(_personal(stage, story))
    assert len(secrets) > 50
    found = {name: [s for s in secrets if re.search(rf"\b{re.escape(s)}\b", text)] for name, text in logs.items()}
    assert {name: hits for name, hits in found.items() if hits} == {}


def test_every_process_has_metrics(stage: InstalledStage, story: Story) -> None:
    """Requests, errors and durations per RPC and per page; outbox depth and lag; consumer lag; the gateway's own."""
    told = {name: _metrics(address) for name, address in _processes(stage)}
    assert set(told) == {*SERVICES, *EDGES, "gateway"}
    for service in SERVICES:
        text = told[service]
        for method in (m for m in public_methods() if m.containing_service.file.package == f"kontor.{service}.v1"):
            labels = rf'{{[^}}]*grpc_method="{method.name}",grpc_service="{method.containing_service.full_name}"'
            assert re.search(rf"^grpc_server_handled_total{labels}", text, re.MULTILINE), method.full_name
            assert re.search(rf"^grpc_server_handling_seconds_bucket{labels}", text, re.MULTILINE), method.full_name
        assert f'kontor_outbox_depth{{service="{service}"}}' in text
        assert f'kontor_outbox_lag_seconds{{service="{service}"}}' in text
    waiting = until(lambda: all("kontor_consumer_lag{" in _metrics(_address(stage, s)) for s in CONSUMERS))
    assert waiting
    for edge in EDGES:
        assert "http_server_requests_total{" in told[edge]
        assert "http_server_request_seconds_bucket{" in told[edge]
    assert "envoy_http_downstream_rq_xx" in told["gateway"]


def test_errors_are_counted_by_code(stage: InstalledStage, story: Story) -> None:
    """A refused call is a count under its code, so that a rise is seen (F96)."""
    path = "/v1/customers/01890000-0000-7000-8000-000000000000"

    def refusals() -> float:
        pattern = r'^grpc_server_handled_total{grpc_code="NOT_FOUND",grpc_method="GetCustomer"[^}]*} (\S+)$'
        return sum(map(float, re.findall(pattern, _metrics(_address(stage, "identity")), re.MULTILINE)))

    before = refusals()
    answer = story.firm.administrator.api.get(path, headers=story.firm.administrator.headers)
    assert answer.status_code == 404
    assert refusals() == before + 1


def test_outboxes_are_empty_at_rest(stage: InstalledStage, story: Story) -> None:
    """At rest nothing waits, and the metrics say so."""

    def at_rest() -> bool:
        told = [_metrics(_address(stage, service)) for service in SERVICES]
        return all(re.findall(r"^kontor_outbox_depth{[^}]*} (\S+)$", text, re.MULTILINE) == ["0.0"] for text in told)

    until(at_rest, seconds=30, what="empty outboxes in the metrics")


def _personal(stage: InstalledStage, story: Story) -> Iterator[str]:
    """Everything personal that the story has used."""
    yield PASSWORD
    yield from story.texts
    for person in story.people():
        yield from (person.email, person.token, person.refresh_token)
        yield from _texts(person.get("/v1/me"))
    customers = story.firm.administrator.get("/v1/customers", pageSize=100)["customers"]
    for customer in customers:
        full = story.firm.administrator.get(f"/v1/customers/{customer['customerId']}")
        yield from _texts({key: full.get(key) for key in ("givenName", "familyName", "phone", "email", "birthDate")})
        yield from _texts({"street": (full.get("address") or {}).get("street")})
    for mail in stage.mails():
        yield str(mail["To"])
        yield from (link.rpartition("/")[2] for link in journey.LINK.findall(journey.text_of(mail)))


def _texts(values: Json) -> Iterator[str]:
    for key, value in values.items():
        if isinstance(value, str) and len(value) >= SHORTEST and _is_personal(key):
            yield value


def _is_personal(key: str) -> bool:
    return key.endswith(("Name", "email", "phone", "street", "birthDate")) and key not in {"tenantName", "firmName"}


def _processes(stage: InstalledStage) -> Iterator[tuple[str, str]]:
    for name in (*SERVICES, *EDGES):
        yield name, _address(stage, name)
    yield "gateway", f"http://{stage.installation.address('gateway-metrics')}/metrics"


def _address(stage: InstalledStage, name: str) -> str:
    return stage.installation.run_state().ready[name].replace("/readyz", "/metrics")


def _metrics(address: str) -> str:
    answer = httpx.get(address, timeout=10)
    assert answer.status_code == 200
    return answer.text
