"""Flask edges: the visitor's token is passed on, refusals become problems, requests in hand survive SIGTERM."""

from __future__ import annotations

import asyncio
import http.client
import os
import signal
import sys
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any
from uuid import uuid4

import grpc
import pytest
from flask.testing import FlaskClient
from kontor.common.v1.access_pb2 import Role
from kontor_chassis.principal import Principal, current_principal
from kontor_chassis.testing.server import Serving, serving
from kontor_chassis.testing.tokens import test_issuer, token_for
from kontor_tools.embedded.process import free_port
from kontor_tools.folders import REPOSITORY
from prometheus_client import REGISTRY
from werkzeug.test import TestResponse

from libs.chassis.tests import parcel_edge
from libs.chassis.tests.parcels import Parcels, parcel_servicer
from libs.chassis.tests.shipping import until

REFUSED_BY_GATEWAY = {
    "forged": grpc.StatusCode.UNAUTHENTICATED,
    "often": grpc.StatusCode.RESOURCE_EXHAUSTED,
    "broken": grpc.StatusCode.DATA_LOSS,
}
"""Parcels at which the service answers as Envoy does: with a status, without the platform's details."""


@pytest.fixture
def seen() -> list[Principal]:
    """Who called the service behind the edge."""
    return []


@pytest.fixture
async def sender(seen: list[Principal]) -> AsyncIterator[Serving]:
    """The service behind the edge."""

    async def look(request: Any, context: Any) -> Any:
        if request.text in REFUSED_BY_GATEWAY:
            await context.abort(REFUSED_BY_GATEWAY[request.text], "Jwt verification fails or rate limited")
        seen.append(current_principal())
        return request

    async with serving([parcel_servicer(Parcels(look))]) as serving_sender:
        yield serving_sender


def settings(sender_address: str) -> dict[str, Any]:
    """The settings of the edge."""
    return {
        "environment": "test",
        "issuer": "http://localhost:8080",
        "metrics_listen": f"127.0.0.1:{free_port()}",
        "http_listen": f"127.0.0.1:{free_port()}",
        "sender_address": sender_address,
        "service_key_file": test_issuer().service_key("parcel-http"),
    }


@pytest.fixture
def browser(sender: Serving) -> FlaskClient:
    """A visitor."""
    return parcel_edge.create_app(parcel_edge.ParcelEdgeSettings(**settings(sender.address))).test_client()


async def get(browser: FlaskClient, path: str, **headers: str) -> TestResponse:
    """Fetch a page; the edge blocks, so it runs in a thread beside the service."""
    return await asyncio.to_thread(browser.get, path, headers=headers)


async def test_visitors_token_is_passed_on(browser: FlaskClient, seen: list[Principal]) -> None:
    """From the header or from the browser's cookie; the service sees the person."""
    account = uuid4()
    token = token_for(roles=[Role.ROLE_STAFF], account_id=account)
    assert (await get(browser, "/parcels/eins", Authorization=f"Bearer {token}")).text == "eins"
    browser.set_cookie("office_access", token)
    assert (await get(browser, "/parcels/zwei")).text == "zwei"
    assert [caller.account_id for caller in seen] == [account, account]


async def test_edge_calls_in_its_own_name(browser: FlaskClient, seen: list[Principal]) -> None:
    """With its own key, for one tenant."""
    tenant = uuid4()
    assert (await get(browser, f"/own/{tenant}")).text == "own"
    assert (seen[0].service, seen[0].tenant_id) == ("parcel-http", tenant)


@pytest.mark.parametrize(
    ("path", "status", "reason"),
    [
        ("/parcels/eins", 401, "NOT_SIGNED_IN"),
        ("/refused", 400, "INVALID_FIELD"),
        ("/broken", 500, "INTERNAL"),
        ("/nowhere", 404, "NOT_FOUND"),
    ],
)
async def test_refusals_become_problems(browser: FlaskClient, path: str, status: int, reason: str) -> None:
    """A refusal by the service, one by the edge, a defect and an unknown page: RFC 9457, no secrets."""
    response = await get(browser, path)
    assert response.status_code == status
    assert response.content_type == "application/problem+json"
    problem = response.get_json()
    assert problem["reason"] == reason
    assert "geheim" not in response.text
    assert bool(problem["reference"]) == (status == 500)


@pytest.mark.parametrize(
    ("parcel", "status", "reason"),
    [("forged", 401, "TOKEN_INVALID"), ("often", 429, "TOO_MANY_REQUESTS"), ("broken", 500, "INTERNAL")],
)
async def test_what_the_gateway_itself_refuses_is_no_defect(
    browser: FlaskClient, parcel: str, status: int, reason: str
) -> None:
    """A withdrawn key and a limit come without details: the visitor renews his session or waits; nobody is alarmed."""
    token = token_for(roles=[Role.ROLE_STAFF])
    response = await get(browser, f"/parcels/{parcel}", Authorization=f"Bearer {token}")
    assert (response.status_code, response.get_json()["reason"]) == (status, reason)


async def test_field_problems_and_german_sentences_are_kept(browser: FlaskClient) -> None:
    """A validation error of the service arrives at the visitor field by field."""
    token = token_for(roles=[Role.ROLE_STAFF])
    problem = (await get(browser, "/parcels/" + "x" * 21, Authorization=f"Bearer {token}")).get_json()
    assert problem["fields"] == [{"field": "text", "description": "Bitte geben Sie höchstens 20 Zeichen ein."}]


async def test_headers_of_an_http_refusal_are_kept(browser: FlaskClient) -> None:
    """405 names what is allowed (RFC 9110), in German for the visitor."""
    response = await asyncio.to_thread(browser.post, "/refused")
    assert response.status_code == 405
    assert "GET" in response.headers["Allow"]
    assert response.get_json()["title"] == "Das ist an dieser Adresse nicht möglich."


async def test_service_that_is_away_is_a_503() -> None:
    """The visitor is asked to come back, not told about sockets."""
    app = parcel_edge.create_app(parcel_edge.ParcelEdgeSettings(**settings("127.0.0.1:1")))
    response = await get(app.test_client(), "/parcels/eins")
    assert (response.status_code, response.get_json()["reason"]) == (503, "DEPENDENCY_UNAVAILABLE")


async def test_requests_are_counted_by_route(browser: FlaskClient) -> None:
    """By the route's pattern, so that ids make no new series."""
    labels = {"method": "GET", "route": "/parcels/<text>", "status": "401"}
    before = REGISTRY.get_sample_value("http_server_requests_total", labels) or 0
    await get(browser, "/parcels/eins")
    await get(browser, "/parcels/zwei")
    assert REGISTRY.get_sample_value("http_server_requests_total", labels) == before + 2


def fetch(address: str, path: str) -> tuple[int, str]:
    """Status and text of a page."""
    connection = http.client.HTTPConnection(address, timeout=10)
    try:
        connection.request("GET", path)
        response = connection.getresponse()
        return response.status, response.read().decode()
    finally:
        connection.close()


async def test_request_in_hand_is_finished_after_sigterm(tmp_path: Path) -> None:
    """gunicorn with threads: ready, serving, measured; SIGTERM lets the visitor have his page."""
    values = settings("127.0.0.1:1")
    env = {"PATH": os.environ["PATH"], "PYTHONPATH": str(REPOSITORY)}
    env |= {f"KONTOR_{name.upper()}": str(value) for name, value in values.items()}
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        parcel_edge.__name__,
        "http",
        env=env,
        cwd=tmp_path,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    try:

        async def ready() -> bool:
            assert process.returncode is None
            try:
                return await asyncio.to_thread(fetch, values["metrics_listen"], "/readyz") == (200, "ok\n")
            except OSError:
                return False

        await until(ready)
        page = asyncio.create_task(asyncio.to_thread(fetch, values["http_listen"], "/slow?seconds=1.5"))

        async def in_hand() -> bool:
            metrics = (await asyncio.to_thread(fetch, values["metrics_listen"], "/metrics"))[1]
            return "http_server_in_flight 1.0" in metrics

        await until(in_hand)
        process.send_signal(signal.SIGTERM)

        async def not_ready() -> bool:
            return (await asyncio.to_thread(fetch, values["metrics_listen"], "/readyz"))[0] == 503

        await until(not_ready)
        assert await page == (200, "done")
        log = (await process.communicate())[0].decode()
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
    assert process.returncode == 0
    assert "Traceback" not in log
    assert os.listdir(tmp_path) == []  # nothing is written beside it: a read-only root file system suffices
