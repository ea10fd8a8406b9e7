"""What the world can reach through the real gateway, and what it cannot."""

from __future__ import annotations

import asyncio
import base64
import hashlib
import hmac
import json
import os
import re
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.resources import files
from pathlib import Path
from typing import Any

import grpc
import httpx
import pytest
from google.protobuf.descriptor import MethodDescriptor
from joserfc import jwt
from joserfc.jwk import ECKey, KeySet
from kontor_chassis.testing.waiting import until
from kontor_chassis.tokens import ServiceTokens
from kontor_identity.sealing import Sealer
from kontor_tools.credentials import service_key
from kontor_tools.embedded.process import free_port
from kontor_tools.people import submit
from kontor_tools.plan import GATEWAY, Options, Plan, Ports
from kontor_tools.readiness import is_ready

from tests.architecture.contracts import all_methods, is_internal, public_methods
from tests.e2e.people import PASSWORD, Person
from tests.e2e.stage import InstalledStage
from tests.e2e.story import Story

OPENAPI = files("kontor_protos") / "openapi.json"
INTERNAL = [method for method in all_methods() if is_internal(method)]
EVIL = "https://boese-seite.example"


@pytest.fixture(scope="module")
def connection(stage: InstalledStage) -> Iterator[httpx.Client]:
    """Connections to the gateway, kept open."""
    with httpx.Client(base_url=stage.base_url, timeout=30) as client:
        yield client


@pytest.fixture
def anybody(connection: httpx.Client) -> httpx.Client:
    """A caller without cookies and tokens."""
    connection.cookies.clear()
    return connection


@pytest.fixture(scope="module")
def service_token(stage: InstalledStage) -> str:
    """The genuine token of a service, as if it had leaked."""
    return ServiceTokens("notifications", service_key(stage.installation.folders, "notifications")).token()


def test_there_are_internal_methods() -> None:
    """The next tests talk about something, and about each RPC exactly once."""
    assert len(INTERNAL) > 20
    assert {m.full_name for m in INTERNAL} | {m.full_name for m in public_methods()} == {
        m.full_name for m in all_methods()
    }


@pytest.mark.parametrize("method", INTERNAL, ids=lambda method: method.full_name)
def test_internal_rpcs_are_out_of_reach(
    stage: InstalledStage, anybody: httpx.Client, service_token: str, method: MethodDescriptor
) -> None:
    """Neither as JSON nor as native gRPC, neither for strangers nor with the genuine token of a service (F96)."""
    path = f"/{method.containing_service.full_name}/{method.name}"
    for token in ("", stage.operator.token, service_token):
        headers = {"Authorization": f"Bearer {token}"} if token else {}
        allowed = {404} if token != service_token else {401}  # the gateway does not know services' tokens
        assert anybody.post(path, json={}, headers=headers).status_code in allowed
        grpc_web = {**headers, "Content-Type": "application/grpc-web+proto"}
        assert anybody.post(path, content=b"\0\0\0\0\0", headers=grpc_web).status_code in allowed
        for listener in (f"localhost:{stage.installation.options.port}", stage.installation.address("gateway")):
            assert _native(listener, path, token) in {grpc.StatusCode.UNIMPLEMENTED, grpc.StatusCode.UNAUTHENTICATED}


@pytest.mark.parametrize(
    "path",
    [
        "/grpc.reflection.v1.ServerReflection/ServerReflectionInfo",
        "/grpc.reflection.v1alpha.ServerReflection/ServerReflectionInfo",
        "/grpc.health.v1.Health/Check",
        "/-/ready",
        "/metrics/../metrics",
        "/config_dump",
        "/stats",
    ],
)
def test_what_operates_the_platform_stays_inside(anybody: httpx.Client, path: str) -> None:
    """Reflection, health, metrics and Envoy's administration are nobody's business (F96)."""
    assert anybody.post(path).status_code in {403, 404, 405}
    answer = anybody.get(path)
    assert answer.status_code == 404
    assert "envoy" not in answer.text.lower()


def test_health_is_that_of_every_service(stage: InstalledStage, anybody: httpx.Client) -> None:
    """`/healthz` says ok only while each service is ready."""
    assert (anybody.get("/healthz").status_code, anybody.get("/healthz").text) == (200, "ok\n")
    supervisor = stage.installation.supervisor
    supervisor.stop("experts")
    try:
        until(lambda: anybody.get("/healthz").status_code == 503, seconds=20, what="/healthz saying no")
    finally:
        supervisor.resume("experts")
    until(lambda: anybody.get("/healthz").status_code == 200, seconds=60, what="/healthz saying ok again")


def test_the_contract_is_published(anybody: httpx.Client) -> None:
    """`/openapi.json` is the generated file; `/docs` is readable and loads nothing from elsewhere (F95)."""
    served = anybody.get("/openapi.json")
    assert served.headers["content-type"].startswith("application/json")
    assert served.json() == json.loads(OPENAPI.read_text(encoding="utf-8"))
    assert served.json()["openapi"].startswith("3.1")
    page = anybody.get("/docs")
    assert page.status_code == 200
    assert "/v1/customers" in page.text
    assert not re.search(r"""(?:src|href)=["'](?:https?:)?//""", page.text)


@pytest.mark.parametrize("path", ["/v1/customers", "/files/documents/x", "/auth/logout", "/login", "/oauth/token"])
@pytest.mark.parametrize("origin", [EVIL, "null"])
def test_foreign_pages_change_nothing(anybody: httpx.Client, story: Story, path: str, origin: str) -> None:
    """A foreign page makes a signed-in browser send its cookie; nothing comes of it (F97)."""
    cookie = {"Cookie": f"office_access={story.firm.administrator.token}", "Origin": origin}
    answer = anybody.post(path, json={"familyName": "Fremd"}, headers=cookie)
    assert answer.status_code == 403
    assert answer.json()["details"][0]["reason"] == "FOREIGN_ORIGIN"
    own = {**cookie, "Origin": str(anybody.base_url).rstrip("/")}
    assert anybody.post(path, json={"familyName": "Eigen"}, headers=own).status_code != 403


@pytest.mark.parametrize("kind", ["expired", "garbage", "alg none", "alg HS256", "more rights", "signed by a stranger"])
@pytest.mark.parametrize("path", ["/v1/me", "/files/documents/01890000-0000-7000-8000-000000000000"])
def test_bad_tokens_are_refused(
    stage: InstalledStage, anybody: httpx.Client, story: Story, kind: str, path: str
) -> None:
    """Whatever is wrong with a token, it is 401 in words people understand, by header and by cookie (F96)."""
    token = _bad_token(kind, story.firm.administrator, asyncio.run(_signing_key(stage)))
    for headers in ({"Authorization": f"Bearer {token}"}, {"Cookie": f"office_access={token}"}):
        answer = anybody.get(path, headers=headers)
        assert answer.status_code == 401
        assert "Anmeldung" in answer.json()["message"]
        assert answer.json()["details"][0]["reason"] == "TOKEN_INVALID"


@pytest.mark.parametrize("path", ["/", "/login", "/kunde", "/v1/me", "/v1/unknown", "/files/x", "/openapi.json", "/x"])
def test_security_headers_are_everywhere(anybody: httpx.Client, path: str) -> None:
    """On pages, API, files and errors alike; pages run only their own scripts (F96, F97)."""
    answer = anybody.get(path)
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert answer.headers["referrer-policy"] == "same-origin"
    assert answer.headers["cross-origin-opener-policy"] == "same-origin"
    assert "x-powered-by" not in answer.headers
    assert answer.headers.get("server", "web") == "web"
    if answer.headers.get("content-type", "").startswith("text/html"):
        policy = answer.headers["content-security-policy"]
        assert "default-src 'self'" in policy or "default-src 'none'" in policy
        scripts = re.search(r"script-src ([^;]*)", policy)
        assert "unsafe" not in (scripts.group(1) if scripts else "")
        assert "frame-ancestors" in policy


def test_guessing_passwords_becomes_slow(stage: InstalledStage, story: Story) -> None:
    """After a few wrong passwords one waits and is told how long; until then even the right one does not help (F96)."""
    email = story.expert.email
    said = [_try_password(stage, email, f"falsch-{n}") for n in range(7)]
    assert "Zu viele Fehlversuche" in said[-1].text
    assert re.search(r"noch \d+ (Sekunden|Minuten?)", said[-1].text)
    assert said[-1].status_code == 429
    assert "Zu viele Fehlversuche" not in said[0].text
    assert said[0].text.count(email) <= 1, "whether an account exists is not told"
    assert "Zu viele Fehlversuche" in _try_password(stage, email, PASSWORD).text
    Person(stage.base_url, story.guest.person.email).sign_in()  # others are not slowed


def test_a_stolen_refresh_token_ends_the_session(stage: InstalledStage, story: Story) -> None:
    """Each refresh token works once; who comes with a used one ends the session for thief and owner (F96)."""
    person = Person(stage.base_url, story.guest.person.email).sign_in()
    other = Person(stage.base_url, story.guest.person.email).sign_in()
    stolen = person.refresh_token
    person.refresh()
    person.refresh()
    for token in (stolen, person.refresh_token):
        form = {"grant_type": "refresh_token", "client_id": "portal", "refresh_token": token}
        answer = person.api.post("/oauth/token", data=form)
        assert (answer.status_code, answer.json()["error"]) == (400, "invalid_grant")
    other.refresh()


def test_the_provider_describes_itself(anybody: httpx.Client, story: Story) -> None:
    """Discovery names endpoints on this origin; the published keys verify tokens and hold no secret (F96)."""
    issuer = str(anybody.base_url).rstrip("/")
    document = anybody.get("/.well-known/openid-configuration").json()
    assert document["issuer"] == issuer
    assert document["code_challenge_methods_supported"] == ["S256"]
    assert all(document[name].startswith(issuer) for name in document if name.endswith(("_endpoint", "_uri")))
    keys = anybody.get(document["jwks_uri"]).json()
    assert all("d" not in key for key in keys["keys"])
    claims = jwt.decode(story.firm.administrator.token, KeySet.import_key_set(keys), algorithms=["ES256"]).claims
    assert (claims["iss"], claims["aud"], claims["sub"]) == (issuer, "kontor", story.firm.administrator.account_id)


def test_one_person_cannot_ask_too_much(stage: InstalledStage, story: Story, tmp_path: Path) -> None:
    """Who asks faster than people do is told so, others are served, and a moment later so is he (F96)."""
    with _strict_gateway(stage, tmp_path) as url, httpx.Client(base_url=url) as client:
        greedy, other = story.guest.person.headers, story.firm.administrator.headers
        answers = [client.get("/v1/me", headers=greedy) for _ in range(20)]
        refused = next(answer for answer in answers if answer.status_code != 200)
        assert refused.status_code == 429
        assert refused.json()["code"] == 8
        assert refused.json()["details"][0]["reason"] == "TOO_MANY_REQUESTS"
        assert "Bitte" in refused.json()["message"]
        assert int(refused.headers["retry-after"]) >= 1
        assert client.get("/v1/me", headers=other).status_code == 200
        until(lambda: client.get("/v1/me", headers=greedy).status_code == 200, what="patience helps")


@contextmanager
def _strict_gateway(stage: InstalledStage, folder: Path) -> Iterator[str]:
    """Run a second gateway over the same services, with limits that a test can reach; yields its address."""
    installation = stage.installation
    state = installation.run_state()
    listens = {f"KONTOR_{name}_LISTEN": f"127.0.0.1:{free_port()}" for name in ("HTTP", "INTERNAL", "ADMIN", "METRICS")}
    limits = {"KONTOR_USER_BURST": "5", "KONTOR_USER_REQUESTS_PER_SECOND": "1"}
    options = Options(**{**state.options, "gateway": {**listens, **limits}})
    [program] = Plan(installation.folders, options, Ports([], state.ports)).group(GATEWAY)
    command = [*program.command[:-1], str(folder / "envoy.json")]
    environment = {"PATH": os.environ["PATH"], **program.environment}
    with (folder / "gateway.log").open("wb") as log:
        process = subprocess.Popen(command, env=environment, stdout=log, stderr=log)
    try:
        url = f"http://{listens['KONTOR_HTTP_LISTEN']}"
        until(lambda: is_ready(f"{url}/healthz"), seconds=60, what="the second gateway")
        yield url
    finally:
        process.terminate()
        process.wait(30)


def _native(listener: str, path: str, token: str) -> grpc.StatusCode:
    metadata = (("authorization", f"Bearer {token}"),) if token else ()
    with grpc.insecure_channel(listener) as channel:
        try:
            call: Any = channel.unary_unary(path)  # bytes in, bytes out
            call(b"", metadata=metadata, timeout=10)
        except grpc.RpcError as refusal:
            code: grpc.StatusCode = refusal.code()
            return code
    return grpc.StatusCode.OK


def _bad_token(kind: str, person: Person, key: ECKey) -> str:
    """Return a token with one thing wrong; `key` is the provider's own, so that nothing else is."""
    header = {"alg": "ES256", "typ": "at+jwt", "kid": key.kid}
    claims = person.claims
    now = int(time.time())
    match kind:
        case "expired":
            return jwt.encode(header, {**claims, "iat": now - 1200, "exp": now - 600}, key)
        case "garbage":
            return "eyJhbGciOiJFUzI1NiJ9.Unsinn.Unsinn"
        case "alg none":
            return f"{_encoded({**header, 'alg': 'none'})}.{_encoded(claims)}."
        case "alg HS256":  # the public key, which anybody has, taken for a shared secret
            signed = f"{_encoded({**header, 'alg': 'HS256'})}.{_encoded(claims)}"
            mac = hmac.digest(key.as_pem(private=False), signed.encode(), hashlib.sha256)
            return f"{signed}.{base64.urlsafe_b64encode(mac).rstrip(b'=').decode()}"
        case "more rights":
            first, _, signature = person.token.split(".")
            return f"{first}.{_encoded({**claims, 'roles': ['OPERATOR']})}.{signature}"
        case _:
            return jwt.encode(header, claims, ECKey.generate_key("P-256"))


def _encoded(value: dict[str, Any]) -> str:
    return base64.urlsafe_b64encode(json.dumps(value).encode()).rstrip(b"=").decode()


async def _signing_key(stage: InstalledStage) -> ECKey:
    """Open the provider's signing key, as only identity can."""
    folders = stage.installation.folders
    connection = await stage.installation.postgres().connect("kontor_identity")
    try:
        row = await connection.fetchrow("SELECT kid, private_sealed FROM signing_keys")
    finally:
        await connection.close()
    assert row is not None
    kid = str(row["kid"])
    sealer = Sealer.from_file(folders.secrets / "identity.encryption.key")
    return ECKey.import_key(sealer.unseal(row["private_sealed"], kid), {"kid": kid})


def _try_password(stage: InstalledStage, email: str, password: str) -> httpx.Response:
    with httpx.Client(base_url=stage.base_url, timeout=30) as browser:
        return submit(browser, browser.get("/login"), email=email, password=password)
