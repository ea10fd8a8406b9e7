"""The package as it is started in an installation: commands, and the edge under gunicorn."""

from __future__ import annotations

import asyncio
import os
import sys
from asyncio.subprocess import PIPE
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import httpx
import pytest
from kontor.identity.v1 import signin_pb2
from kontor_chassis.testing.tokens import test_issuer
from kontor_chassis.testing.waiting import eventually
from kontor_tools.embedded.nats import EmbeddedNats
from kontor_tools.embedded.process import LOOPBACK, free_port

from services.identity.tests.identity_office import PASSWORD, Identity

pytestmark = pytest.mark.integration

Environment = dict[str, str]


def _environment(values: Mapping[str, object]) -> Environment:
    return {"PATH": os.environ["PATH"], **{f"KONTOR_{key.upper()}": str(value) for key, value in values.items()}}


@pytest.fixture
def environment(identity: Identity, nats: EmbeddedNats, key_file: Path, tmp_path: Path) -> Environment:
    """Environment of a command beside the running service, on the same database."""
    url = urlsplit(str(identity.service.platform.work._engine.url.render_as_string(hide_password=False)))
    password = tmp_path / "database.password"
    password.write_text(url.password or "")
    values: dict[str, Any] = {
        "environment": "test",
        "nats_url": nats.url,
        "grpc_listen": f"{LOOPBACK}:0",
        "metrics_listen": f"{LOOPBACK}:0",
        "public_url": "http://localhost:8080",
        "key_encryption_key_file": key_file,
        "database_url": f"postgresql://{url.username}@{url.hostname}:{url.port}{url.path}",
        "database_password_file": password,
        **test_issuer().settings("identity"),
    }
    return _environment(values)


async def _run(environment: Environment, *arguments: str) -> tuple[int, str]:
    command = [sys.executable, "-m", "kontor_identity", *arguments]
    process = await asyncio.create_subprocess_exec(*command, env=environment, stdout=PIPE, stderr=PIPE)
    output, errors = await process.communicate()
    return process.returncode or 0, (output + errors).decode()


async def test_the_first_operator_is_made_by_command(
    identity: Identity, environment: Environment, tmp_path: Path
) -> None:
    """A second run changes nothing; a weak password is refused with the reason; the operator can sign in."""
    secret = tmp_path / "secret"
    secret.write_text("passwort123\n")
    asked = ("bootstrap-operator", "betrieb@kontor.example", str(secret), "Betrieb", "operator")
    status, said = await _run(environment, *asked)
    assert (status, "leicht zu erraten" in said) == (1, True)
    secret.write_text(f"{PASSWORD}\n")
    status, said = await _run(environment, *asked)
    assert (status, "operator created" in said) == (0, True), said
    status, said = await _run(environment, *asked)
    assert (status, "operator exists already" in said) == (0, True), said
    session = await identity.sign_in.SignIn(signin_pb2.SignInRequest(email="betrieb@kontor.example", password=PASSWORD))
    assert session.memberships[0].tenant_slug == "kontor"


async def test_a_signing_key_is_rotated_by_command(identity: Identity, environment: Environment) -> None:
    """The new key is among the published ones at once."""
    status, said = await _run(environment, "rotate-signing-key", "now")
    assert status == 0, said
    published = (await identity.sign_in.GetJwks(signin_pb2.GetJwksRequest())).jwks_json
    assert said.strip().splitlines()[-1] in published


async def test_the_edge_serves_under_gunicorn_and_stops_cleanly(identity: Identity, key_file: Path) -> None:
    """`python -m kontor_identity http`: ready, answers, ends on SIGTERM with status 0."""
    port, metrics_port = free_port(), free_port()
    edge = _environment(
        {
            "environment": "test",
            "issuer": "http://localhost:8080",
            "public_url": "http://localhost:8080",
            "http_listen": f"{LOOPBACK}:{port}",
            "metrics_listen": f"{LOOPBACK}:{metrics_port}",
            "identity_address": identity.service.address,
            "cookie_key_file": key_file,
            "service_key_file": test_issuer().service_key("identity-http"),
        }
    )
    command = [sys.executable, "-m", "kontor_identity", "http"]
    process = await asyncio.create_subprocess_exec(*command, env=edge, stdout=PIPE, stderr=PIPE)
    try:
        async with httpx.AsyncClient(base_url=f"http://{LOOPBACK}:{port}") as visitor:
            answer = await _when_ready(visitor, "/oauth/jwks.json")
            assert answer.json()["keys"][0]["alg"] == "ES256"
            assert (await visitor.get("/login")).status_code == 200
    finally:
        process.terminate()
        await process.communicate()
    assert process.returncode == 0


async def _when_ready(visitor: httpx.AsyncClient, path: str) -> httpx.Response:
    """Ask until the server accepts connections."""

    async def answer() -> httpx.Response | None:
        with suppress(httpx.ConnectError):
            return await visitor.get(path)
        return None

    return await eventually(answer, seconds=30)
