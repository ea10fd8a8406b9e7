"""Typed configuration from the environment (`KONTOR_*`); secrets are paths of files, never values.

All faults are reported at once, and a key that no field stands for is refused, so a typing error cannot pass as a
default. Nothing here connects to anything.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import Annotated, Literal, Self
from urllib.parse import quote, urlsplit, urlunsplit

from pydantic import AfterValidator, Field, ValidationError, model_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

from kontor_chassis.clock import Clock, ShiftedClock, SystemClock

PREFIX = "KONTOR_"
UNIX = "unix:"
"""How the address of a Unix domain socket begins; its absolute path follows."""
_ADDRESS_SUFFIX = "_address"


def _host_and_port(text: str) -> str:
    host, _, port = text.rpartition(":")
    if not host or not port.isdecimal() or int(port) > 65535:
        raise ValueError("must be host:port")
    return text


def _host_and_port_or_socket(text: str) -> str:
    if text.startswith(f"{UNIX}/"):
        return text
    try:
        return _host_and_port(text)
    except ValueError:
        raise ValueError(f"must be host:port or {UNIX}/path") from None


def _existing_file(path: Path) -> Path:
    if not path.is_file():
        raise ValueError("file does not exist")
    return path


def _existing_directory(path: Path) -> Path:
    if not path.is_dir():
        raise ValueError("directory does not exist")
    return path


def _postgresql_url(text: str) -> str:
    parts = urlsplit(text)
    if parts.scheme != "postgresql" or not parts.path.strip("/"):
        raise ValueError("must be postgresql://user@host:port/database")
    if parts.password:
        raise ValueError("must not hold the password; name a file in the matching *_PASSWORD_FILE")
    return text


def _http_url(text: str) -> str:
    if urlsplit(text).scheme not in {"http", "https"} or not urlsplit(text).netloc:
        raise ValueError("must be an http(s) URL")
    return text.rstrip("/")


def _jwks_url(text: str) -> str:
    if urlsplit(text).scheme not in {"http", "https", "file"}:
        raise ValueError("must be an http(s) or file URL")
    return text


Address = Annotated[str, AfterValidator(_host_and_port)]
"""`host:port` of something to listen on or to call."""
EdgeAddress = Annotated[str, AfterValidator(_host_and_port_or_socket)]
"""`host:port` or `unix:/path`: an edge on the gateway's machine may be reached without TCP."""
SecretFile = Annotated[Path, AfterValidator(_existing_file)]
"""Path of a file that holds a secret."""
Directory = Annotated[Path, AfterValidator(_existing_directory)]
DatabaseUrl = Annotated[str, AfterValidator(_postgresql_url)]
HttpUrl = Annotated[str, AfterValidator(_http_url)]
JwksUrl = Annotated[str, AfterValidator(_jwks_url)]


class SettingsError(Exception):
    """The configuration cannot be used; `faults` lists everything that is wrong with it, one sentence each."""

    def __init__(self, faults: list[str]) -> None:
        super().__init__("\n".join(faults))
        self.faults = faults


class ProcessSettings(BaseSettings):
    """What every process of the platform is told: services and HTTP edges alike."""

    model_config = SettingsConfigDict(env_prefix=PREFIX, env_ignore_empty=True, frozen=True, extra="forbid")

    environment: Literal["development", "test", "production"]
    log_level: Literal["debug", "info", "warning", "error"] = "info"
    metrics_listen: Address
    issuer: HttpUrl
    """Public base URL of the installation; also the `iss` of access tokens."""
    otlp_endpoint: Address | None = None
    """Collector for traces (OTLP over gRPC); unset switches tracing off."""
    clock_file: Path | None = None
    """File with the installation's clock offset in seconds; refused in production."""

    @classmethod
    def load(cls) -> Self:
        """Return the settings of this process's environment; raises SettingsError with all faults."""
        faults = [f"{key}: unknown setting" for key in _unknown_keys(cls)]
        try:
            loaded = cls()
        except ValidationError as error:
            faults += [_fault(problem["loc"], problem["msg"]) for problem in error.errors(include_input=False)]
            raise SettingsError(sorted(faults)) from None
        if faults:
            raise SettingsError(sorted(faults))
        return loaded

    @property
    def is_production(self) -> bool:
        """Whether this is a production installation."""
        return self.environment == "production"

    def addresses(self) -> dict[str, str]:
        """Return `host:port` by service name, from the fields that are named `<service>_address`."""
        fields = (name for name in type(self).model_fields if name.endswith(_ADDRESS_SUFFIX))
        given = {name.removesuffix(_ADDRESS_SUFFIX): getattr(self, name) for name in fields}
        return {service: address for service, address in given.items() if address is not None}

    def make_clock(self) -> Clock:
        """Return the installation's clock: shifted where a clock file is configured, else the machine's."""
        return SystemClock() if self.clock_file is None else ShiftedClock(self.clock_file)

    @model_validator(mode="after")
    def _clock_stands_in_production(self) -> Self:
        if self.is_production and self.clock_file is not None:
            raise ValueError("KONTOR_CLOCK_FILE is refused in production")
        return self

    @model_validator(mode="after")
    def _production_is_encrypted(self) -> Self:
        if self.is_production and not self.issuer.startswith("https://"):
            raise ValueError("KONTOR_ISSUER must be https in production")
        return self


class ServiceSettings(ProcessSettings):
    """Settings of a gRPC service and its workers.

    A service that needs more subclasses it; for each service it calls it declares a field `<service>_address: Address`.
    """

    database_url: DatabaseUrl
    """Application role: cannot bypass row-level security."""
    database_password_file: SecretFile | None = None
    migration_database_url: DatabaseUrl | None = None
    """Owner role; only `migrate` uses it."""
    migration_database_password_file: SecretFile | None = None
    nats_url: str
    nats_replicas: int = Field(default=1, ge=1, le=5)
    """Copies of each JetStream stream; 3 in a cluster."""
    grpc_listen: Address
    jwks_url: JwksUrl
    service_key_file: SecretFile
    """EC P-256 private key (PEM) with which this service signs its own calls."""
    service_certificates_dir: Directory
    """`<service>.pem` of every service: public key or certificate."""
    clock_file: Path | None = None
    """File with the installation's clock offset in seconds; refused in production."""
    notice_seconds: float = Field(default=0.5, ge=0)
    """How long after SIGTERM calls are still taken, while callers learn to send theirs elsewhere."""
    drain_seconds: float = Field(default=25.0, gt=0)
    """How long calls in hand may take after that; together a little less than Kubernetes' 30 s."""

    def database_dsn(self) -> str:
        """Return the application role's URL with its password."""
        return _with_password(self.database_url, self.database_password_file)

    def migration_dsn(self) -> str:
        """Return the owner role's URL with its password; raises SettingsError when it is not configured."""
        if self.migration_database_url is None:
            raise SettingsError(["KONTOR_MIGRATION_DATABASE_URL: required by `migrate`"])
        return _with_password(self.migration_database_url, self.migration_database_password_file)


class EdgeSettings(ProcessSettings):
    """Settings of a Flask edge: it holds no state, reads no database and calls gRPC services."""

    http_listen: EdgeAddress
    http_threads: int = Field(default=16, ge=1, le=256)
    """Threads of the one worker process; more load means more replicas."""
    http_stall_seconds: float = Field(default=30.0, gt=0)
    """So long a client may take or send no byte of a body; then its connection is given up, and its thread is free."""


def _unknown_keys(cls: type[BaseSettings]) -> list[str]:
    known = {PREFIX + name.upper() for name in cls.model_fields}
    return [key for key in os.environ if key.startswith(PREFIX) and key not in known]


def _fault(location: tuple[int | str, ...], message: str) -> str:
    text = message.removeprefix("Value error, ")
    return f"{PREFIX}{str(location[0]).upper()}: {text}" if location else text


def _with_password(url: str, password_file: Path | None) -> str:
    if password_file is None:
        return url
    parts = urlsplit(url)
    password = quote(password_file.read_text(encoding="utf-8").strip(), safe="")
    user, _, location = parts.netloc.rpartition("@")
    return urlunsplit(parts._replace(netloc=f"{user}:{password}@{location}"))
