"""Configuration: everything that is wrong is said at once, and nothing wrong starts."""

from __future__ import annotations

from pathlib import Path

import pytest
from kontor_chassis.clock import ShiftedClock, SystemClock
from kontor_chassis.settings import Address, EdgeSettings, ServiceSettings, SettingsError


class OfficeSettings(ServiceSettings):
    """A service that calls another."""

    identity_address: Address


@pytest.fixture
def environment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> pytest.MonkeyPatch:
    """A complete environment of a service."""
    key, password = tmp_path / "key.pem", tmp_path / "password"
    key.write_text("key")
    password.write_text("ge:heim/ö\n", encoding="utf-8")
    for name, value in {
        "ENVIRONMENT": "test",
        "METRICS_LISTEN": "127.0.0.1:9101",
        "ISSUER": "http://localhost:8080/",
        "DATABASE_URL": "postgresql://kontor_vault_app@127.0.0.1:5432/kontor_vault",
        "DATABASE_PASSWORD_FILE": str(password),
        "NATS_URL": "nats://127.0.0.1:4222",
        "GRPC_LISTEN": "127.0.0.1:9001",
        "JWKS_URL": "http://127.0.0.1:8001/oauth/jwks.json",
        "SERVICE_KEY_FILE": str(key),
        "SERVICE_CERTIFICATES_DIR": str(tmp_path),
        "IDENTITY_ADDRESS": "127.0.0.1:9002",
    }.items():
        monkeypatch.setenv(f"KONTOR_{name}", value)
    return monkeypatch


def test_complete_environment_is_read(environment: pytest.MonkeyPatch) -> None:
    """The password comes from its file and is escaped; addresses are found by service."""
    settings = OfficeSettings.load()
    assert settings.database_dsn() == ("postgresql://kontor_vault_app:ge%3Aheim%2F%C3%B6@127.0.0.1:5432/kontor_vault")
    assert settings.addresses() == {"identity": "127.0.0.1:9002"}
    assert settings.issuer == "http://localhost:8080"
    assert isinstance(settings.make_clock(), SystemClock)


def test_all_faults_are_reported_at_once(environment: pytest.MonkeyPatch) -> None:
    """A missing key, a malformed one, a password in the URL, a missing file and an unknown key: five sentences."""
    environment.delenv("KONTOR_NATS_URL")
    environment.setenv("KONTOR_GRPC_LISTEN", "9001")
    environment.setenv("KONTOR_DATABASE_URL", "postgresql://app:secret@127.0.0.1/kontor_vault")
    environment.setenv("KONTOR_SERVICE_KEY_FILE", "nowhere.pem")
    environment.setenv("KONTOR_GRCP_LISTEN", "127.0.0.1:9001")
    with pytest.raises(SettingsError) as refused:
        OfficeSettings.load()
    assert refused.value.faults == [
        "KONTOR_DATABASE_URL: must not hold the password; name a file in the matching *_PASSWORD_FILE",
        "KONTOR_GRCP_LISTEN: unknown setting",
        "KONTOR_GRPC_LISTEN: must be host:port",
        "KONTOR_NATS_URL: Field required",
        "KONTOR_SERVICE_KEY_FILE: file does not exist",
    ]
    assert "secret" not in str(refused.value)


def test_address_of_a_service_that_is_not_called_is_unknown(environment: pytest.MonkeyPatch) -> None:
    """A service names whom it calls; anything else is a mistake in the deployment."""
    with pytest.raises(SettingsError, match="KONTOR_IDENTITY_ADDRESS: unknown setting"):
        ServiceSettings.load()


def test_clock_cannot_be_shifted_in_production(environment: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """The switch that tests use does not exist where it would change invoices."""
    environment.setenv("KONTOR_CLOCK_FILE", str(tmp_path / "clock"))
    assert isinstance(OfficeSettings.load().make_clock(), ShiftedClock)
    environment.setenv("KONTOR_ENVIRONMENT", "production")
    environment.setenv("KONTOR_ISSUER", "https://kontor.example")
    with pytest.raises(SettingsError, match="KONTOR_CLOCK_FILE is refused in production"):
        OfficeSettings.load()


def test_production_needs_https(environment: pytest.MonkeyPatch) -> None:
    """An issuer without encryption is refused in production."""
    environment.setenv("KONTOR_ENVIRONMENT", "production")
    with pytest.raises(SettingsError, match="KONTOR_ISSUER must be https in production"):
        OfficeSettings.load()


def test_empty_values_count_as_unset(environment: pytest.MonkeyPatch) -> None:
    """Charts render optional values as empty strings."""
    environment.setenv("KONTOR_OTLP_ENDPOINT", "")
    assert OfficeSettings.load().otlp_endpoint is None


def test_migration_url_is_required_only_by_migrate(environment: pytest.MonkeyPatch) -> None:
    """The owner's credentials are given to the migration job alone."""
    settings = OfficeSettings.load()
    with pytest.raises(SettingsError, match="KONTOR_MIGRATION_DATABASE_URL"):
        settings.migration_dsn()


def test_edge_needs_no_database(monkeypatch: pytest.MonkeyPatch) -> None:
    """A Flask edge is told where to listen, and no secrets of a database."""
    for name, value in {
        "ENVIRONMENT": "test",
        "METRICS_LISTEN": "127.0.0.1:9102",
        "ISSUER": "http://localhost:8080",
        "HTTP_LISTEN": "127.0.0.1:8002",
    }.items():
        monkeypatch.setenv(f"KONTOR_{name}", value)
    assert EdgeSettings.load().http_threads == 16
    monkeypatch.setenv("KONTOR_HTTP_LISTEN", "unix:/run/kontor/edge.sock")
    assert EdgeSettings.load().http_listen == "unix:/run/kontor/edge.sock"
    monkeypatch.setenv("KONTOR_HTTP_LISTEN", "unix:edge.sock")
    with pytest.raises(SettingsError, match="KONTOR_HTTP_LISTEN: must be host:port or unix:/path"):
        EdgeSettings.load()
