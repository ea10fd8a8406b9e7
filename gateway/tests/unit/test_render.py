"""The configuration in each environment, without starting anything."""

from __future__ import annotations

import json
from typing import Any

import pytest
from kontor_chassis.settings import SettingsError
from kontor_gateway.config import GatewaySettings
from kontor_gateway.contracts import descriptors, public_services
from kontor_gateway.render import render, replicas

ADDRESSES = [f"KONTOR_{name.upper()}" for name in GatewaySettings.model_fields if name.endswith("_address")]


@pytest.fixture
def settings(monkeypatch: pytest.MonkeyPatch) -> pytest.MonkeyPatch:
    """A complete production configuration in the environment; tests change single settings."""
    given = {
        "KONTOR_ENVIRONMENT": "production",
        "KONTOR_ISSUER": "https://kontor.example",
        "KONTOR_HTTP_LISTEN": "0.0.0.0:8080",
        "KONTOR_METRICS_LISTEN": "0.0.0.0:9090",
        **dict.fromkeys(ADDRESSES, "upstream:50051"),
    }
    for name, value in given.items():
        monkeypatch.setenv(name, value)
    return monkeypatch


def rendered() -> dict[str, Any]:
    """Return the configuration of the present environment."""
    return dict(json.loads(render(GatewaySettings.load())))


def listeners(configuration: dict[str, Any]) -> dict[str, Any]:
    """Return the listeners by name."""
    return {listener["name"]: listener for listener in configuration["static_resources"]["listeners"]}


def test_internal_services_are_not_part_of_it(settings: pytest.MonkeyPatch) -> None:
    """What the protos mark internal has no route, no cluster and is not transcoded."""
    services = public_services(descriptors())
    assert services
    assert not [service for service in services if "Internal" in service.name]
    assert "InternalService/" not in render(GatewaySettings.load()).replace("kontor.common", "")


def test_tls_and_hsts_where_the_installation_is_https(settings: pytest.MonkeyPatch, tmp_path: Any) -> None:
    """With a certificate the public listener speaks TLS; HSTS follows the public address."""
    assert "transport_socket" not in listeners(rendered())["public"]["filter_chains"][0]
    for name in ("CERTIFICATE", "KEY"):
        file = tmp_path / name
        file.write_text("pem", encoding="ascii")
        settings.setenv(f"KONTOR_TLS_{name}_FILE", str(file))
    assert "transport_socket" in listeners(rendered())["public"]["filter_chains"][0]
    assert "strict-transport-security" in json.dumps(rendered())
    settings.setenv("KONTOR_ENVIRONMENT", "test")
    settings.setenv("KONTOR_ISSUER", "http://localhost:8080")
    assert "strict-transport-security" not in json.dumps(rendered())


def test_tracing_only_with_a_collector(settings: pytest.MonkeyPatch) -> None:
    """Without a collector nothing is recorded."""
    assert "opentelemetry" not in json.dumps(rendered())
    settings.setenv("KONTOR_OTLP_ENDPOINT", "collector:4317")
    assert "opentelemetry" in json.dumps(rendered())


@pytest.mark.parametrize(
    ("key", "value"), [("KONTOR_ADMIN_LISTEN", "0.0.0.0:9901"), ("KONTOR_TLS_KEY_FILE", "/etc/hostname")]
)
def test_dangerous_settings_are_refused(settings: pytest.MonkeyPatch, key: str, value: str) -> None:
    """The administration interface stays on the loopback; half a certificate is none."""
    settings.setenv(key, value)
    with pytest.raises(SettingsError):
        GatewaySettings.load()


@pytest.mark.parametrize("notation", ["a:1,b:2", "ipv4:a:1,b:2"])
def test_addresses_of_replicas(notation: str) -> None:
    """The same notations as gRPC's own, so that one setting serves callers and the gateway."""
    assert replicas(notation) == ("a:1", "b:2")
    assert replicas("dns:///a:1") == ("a:1",)


def test_edge_on_a_unix_socket(settings: pytest.MonkeyPatch) -> None:
    """Sockets on the same machine are not looked up in the DNS, and are told apart by their paths."""
    settings.setenv("KONTOR_VAULT_HTTP_ADDRESS", "unix:/run/a.sock,unix:/run/b.sock")
    clusters = {cluster["name"]: cluster for cluster in rendered()["static_resources"]["clusters"]}
    edge = clusters["vault-http"]
    endpoints = edge["load_assignment"]["endpoints"][0]["lb_endpoints"]
    addresses = [endpoint["endpoint"]["address"] for endpoint in endpoints]
    assert addresses == [{"pipe": {"path": "/run/a.sock"}}, {"pipe": {"path": "/run/b.sock"}}]
    assert (edge["type"], clusters["portal"]["type"]) == ("STATIC", "STRICT_DNS")


def test_streams_have_no_time_limit_and_only_reads_are_repeated(settings: pytest.MonkeyPatch) -> None:
    """Both are derived from the protos."""
    manager = listeners(rendered())["public"]["filter_chains"][0]["filters"][0]["typed_config"]
    routes = manager["route_config"]["virtual_hosts"][0]["routes"]
    watch = next(route for route in routes if route["match"].get("path") == "/kontor.chat.v1.ChatService/WatchChats")
    assert (watch["route"]["timeout"], watch["route"]["idle_timeout"]) == ("0s", "0s")
    repeated = [route for route in routes if "unavailable" in json.dumps(route.get("route", {}))]
    assert repeated
    for service, route in zip(public_services(descriptors()), repeated, strict=False):
        assert service.reading
        assert set(service.reading).isdisjoint({"SendMessage", "CreateUpload", "RunBilling"})
        assert "safe_regex" in route["match"]
