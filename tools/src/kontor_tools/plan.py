"""Which processes an installation consists of, in which order they start, and what each of them is told.

A process is given exactly the settings that its own settings class declares (kontor_chassis refuses others), so this
module holds one table of all values and asks the classes what they want.
"""

from __future__ import annotations

import importlib
import sys
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from urllib.parse import quote

from kontor_chassis.settings import UNIX, EdgeSettings, ProcessSettings, ServiceSettings

from kontor_tools import containers
from kontor_tools.credentials import random_key, service_key
from kontor_tools.embedded.process import LOOPBACK
from kontor_tools.folders import Folders

SERVICES = ("identity", "contracts", "vault", "billing", "chat", "experts", "notifications")
EDGES = {"identity-http": "identity", "vault-http": "vault", "portal": "portal"}
"""Flask edges, by the package that holds them."""

STORAGE, DOMAIN, EDGE, GATEWAY = "storage", "services", "edges", "gateway"
START_ORDER = (STORAGE, DOMAIN, EDGE, GATEWAY)
"""Groups of processes; each group starts when the one before it is ready, and they stop the other way round."""


TEST_LIMITS = {
    f"KONTOR_{who}_{what}": "100000" for who in ("USER", "ADDRESS") for what in ("BURST", "REQUESTS_PER_SECOND")
}
"""In a test installation one machine is everybody, so the gateway's limits would only be in the way."""


@dataclass(frozen=True)
class Options:
    """What an installation is started with."""

    port: int = 8080
    environment: str = "development"
    replicas: int = 1
    """Processes per service and edge; from 2 on, serving and working are separate processes too."""
    otlp_endpoint: str | None = None
    log_level: str = "info"
    groups: tuple[str, ...] = START_ORDER
    """Which groups of processes to start; a shorter list is for those who run the rest elsewhere, and for tests."""
    gateway: dict[str, str] = field(default_factory=dict)
    """Further settings of the gateway, for example its rate limits in a benchmark."""
    image_tag: str | None = None
    """Run services, edges and gateway from the container images with this tag; None runs them as plain processes."""

    @property
    def issuer(self) -> str:
        """The public base URL."""
        return f"http://localhost:{self.port}"


@dataclass(frozen=True)
class Program:
    """One process of the installation."""

    name: str
    group: str
    command: list[str]
    ready: str
    """Address for `readiness.is_ready`."""
    environment: dict[str, str] = field(default_factory=dict)
    stop_signal: str = "TERM"
    stop_seconds: int = 30


class Ports:
    """Hands out listeners by name; the same name always gets the same address."""

    def __init__(self, free: list[int], given: dict[str, int] | None = None) -> None:
        self._free = list(free)
        self.given = dict(given or {})

    def port(self, name: str) -> int:
        """Return the port of a listener."""
        if name not in self.given:
            self.given[name] = self._free.pop()
        return self.given[name]

    def address(self, name: str) -> str:
        """Return the listener as host:port."""
        return f"{LOOPBACK}:{self.port(name)}"


def ports_needed(options: Options) -> int:
    """Return how many internal listeners the installation opens."""
    return 11 + options.replicas * (4 * len(SERVICES) + 2 * len(EDGES))


class Plan:
    """All processes of an installation with the options it is started with."""

    def __init__(self, folders: Folders, options: Options, ports: Ports) -> None:
        self.folders = folders
        self.options = options
        self.ports = ports
        makers = {STORAGE: self._storage, DOMAIN: self._services, EDGE: self._edges, GATEWAY: self._gateway}
        self.programs = [program for group in options.groups for program in makers[group]()]

    def group(self, name: str) -> list[Program]:
        """Return the processes of one group."""
        return [program for program in self.programs if program.group == name]

    def command_environment(self, service: str) -> dict[str, str]:
        """Return what a command of a service that runs once and ends is told."""
        return self._environment(service, service, 1, "command")

    def migration_environment(self, service: str) -> dict[str, str]:
        """Return what `migrate` is told besides."""
        owner = f"kontor_{service}_owner"
        return {
            "KONTOR_MIGRATION_DATABASE_URL": self._database_url(service, owner),
            "KONTOR_MIGRATION_DATABASE_PASSWORD_FILE": str(self.folders.secrets / f"{owner}.password"),
        }

    def command(self, package: str, arguments: Sequence[str], settings: Iterable[str]) -> list[str]:
        """Return the command that runs a package of ours, given the names of the settings in its environment."""
        if self.options.image_tag is None:
            return _module(f"kontor_{package}", *arguments)
        return containers.command(self.folders, self.options.image_tag, package, arguments, settings)

    def _storage(self) -> Iterator[Program]:
        postgres, nats, smtp = (self.ports.port(name) for name in ("postgres", "nats", "smtp"))
        embedded = {"postgres": (self.folders.postgres, postgres), "nats": (self.folders.nats, nats)}
        for name, (home, port) in embedded.items():
            command = _module(f"kontor_tools.embedded.{name}", "--home", str(home), "--port", str(port))
            scheme, stop_signal = ("postgresql", "INT") if name == "postgres" else (name, "TERM")
            yield Program(name, STORAGE, command, f"{scheme}://{LOOPBACK}:{port}", stop_signal=stop_signal)
        sink = _module("kontor_tools.mail_sink", "--folder", str(self.folders.mail), "--port", str(smtp))
        yield Program("smtp", STORAGE, sink, f"smtp://{LOOPBACK}:{smtp}", stop_seconds=5)

    def _services(self) -> Iterator[Program]:
        modes = ("all",) if self.options.replicas == 1 else ("serve", "work")
        for service in SERVICES:
            for mode in modes:
                for replica in range(1, self.options.replicas + 1):
                    yield self._python(service, service, DOMAIN, replica, mode)
        yield self._mail_in()

    def _mail_in(self) -> Program:
        """Return the process that takes customers' mails; it is ready when it greets."""
        environment = self._environment("vault", "vault", 1, "receive-mail")
        command = self.command("vault", ["receive-mail"], environment)
        return Program("vault-mail", DOMAIN, command, f"smtp://{self.ports.address('mail-in')}", environment)

    def _edges(self) -> Iterator[Program]:
        for edge, package in EDGES.items():
            for replica in range(1, self.options.replicas + 1):
                yield self._python(edge, package, EDGE, replica, "http")

    def _python(self, name: str, package: str, group: str, replica: int, mode: str) -> Program:
        process = name if self.options.replicas == 1 else f"{name}-{replica}"
        if mode == "work":
            process = f"{name}-work-{replica}"
        environment = self._environment(name, package, replica, mode)
        ready = f"http://{environment['KONTOR_METRICS_LISTEN']}/readyz"
        return Program(process, group, self.command(package, [mode], environment), ready, environment)

    def _gateway(self) -> Iterator[Program]:
        environment = {
            "KONTOR_ENVIRONMENT": self.options.environment,
            "KONTOR_ISSUER": self.options.issuer,
            "KONTOR_HTTP_LISTEN": f"{LOOPBACK}:{self.options.port}",
            "KONTOR_INTERNAL_LISTEN": self.ports.address("gateway"),
            "KONTOR_ADMIN_LISTEN": self.ports.address("gateway-admin"),
            "KONTOR_METRICS_LISTEN": self.ports.address("gateway-metrics"),
            "KONTOR_WORKER_THREADS": "2",
            **{f"KONTOR_{_key(name)}_ADDRESS": self._addresses(name) for name in (*SERVICES, *EDGES)},
            **({"KONTOR_OTLP_ENDPOINT": self.options.otlp_endpoint} if self.options.otlp_endpoint else {}),
            **(TEST_LIMITS if self.options.environment == "test" else {}),
            **self.options.gateway,
        }
        ready = f"http://{LOOPBACK}:{self.options.port}/healthz"
        # In a container Envoy's configuration lies in /tmp, because nothing else can be written.
        visible = () if self.options.image_tag else ("--configuration", str(self.folders.run / "envoy.json"))
        command = self.command("gateway", ["serve", *visible], environment)
        yield Program("gateway", GATEWAY, command, ready, environment)

    def _environment(self, name: str, package: str, replica: int, mode: str) -> dict[str, str]:
        wanted = settings_class(package, EdgeSettings if mode == "http" else ServiceSettings).model_fields
        known = {f"KONTOR_{field_name.upper()}" for field_name in wanted}
        return {key: value for key, value in self._values(name, package, replica, mode).items() if key in known}

    def _values(self, name: str, package: str, replica: int, mode: str) -> dict[str, str]:
        """Return every setting that any Python process of the installation may want."""
        folders, ports, options = self.folders, self.ports, self.options
        values = {
            "KONTOR_ENVIRONMENT": options.environment,
            "KONTOR_LOG_LEVEL": options.log_level,
            "KONTOR_ISSUER": options.issuer,
            "KONTOR_PUBLIC_URL": options.issuer,
            "KONTOR_METRICS_LISTEN": ports.address(f"{name}-{mode}-metrics-{replica}"),
            "KONTOR_GRPC_LISTEN": ports.address(_listener(name, mode, replica)),
            "KONTOR_HTTP_LISTEN": self._main_address(name, mode, replica),
            "KONTOR_DATABASE_URL": self._database_url(package, f"kontor_{package}_app"),
            "KONTOR_DATABASE_PASSWORD_FILE": str(folders.secrets / f"kontor_{package}_app.password"),
            "KONTOR_NATS_URL": f"nats://{ports.address('nats')}",
            "KONTOR_JWKS_URL": f"http://{ports.address(_listener('identity-http', 'http', 1))}/oauth/jwks.json",
            "KONTOR_SERVICE_KEY_FILE": str(service_key(folders, name)),
            "KONTOR_SERVICE_CERTIFICATES_DIR": str(folders.service_certificates),
            "KONTOR_CLOCK_FILE": str(folders.clock),
            "KONTOR_KEY_ENCRYPTION_KEY_FILE": str(random_key(folders, f"{package}.encryption")),
            "KONTOR_COOKIE_KEY_FILE": str(random_key(folders, f"{package}.cookie")),
            "KONTOR_OBJECT_STORE_URL": f"file://{quote(str(folders.objects))}",
            "KONTOR_MAIL_LISTEN": ports.address("mail-in"),
            "KONTOR_MAIL_DOMAIN": "post.kontor.example",
            "KONTOR_MAIL_AUTHSERV_ID": "mx.kontor.example",
            "KONTOR_SMTP_HOST": LOOPBACK,
            "KONTOR_SMTP_PORT": str(ports.port("smtp")),
            "KONTOR_GATEWAY_ADDRESS": ports.address("gateway"),
            "KONTOR_SUPPORT_PHONE": "0800 555 0199",
            "KONTOR_SUPPORT_HOURS": "Mo–Fr 8–18 Uhr, kostenfrei",
            "KONTOR_SUPPORT_EMAIL": "hilfe@kontor.example",
            **{f"KONTOR_{_key(service)}_ADDRESS": self._addresses(service) for service in SERVICES},
        }
        if options.otlp_endpoint:
            values["KONTOR_OTLP_ENDPOINT"] = options.otlp_endpoint
        return values

    def _database_url(self, package: str, role: str) -> str:
        return f"postgresql://{role}@{self.ports.address('postgres')}/kontor_{package}"

    def _addresses(self, name: str) -> str:
        """Return where to call a service or edge: one address, or all of its replicas in gRPC's own notation."""
        mode = "http" if name in EDGES else "serve"
        replicas = range(1, self.options.replicas + 1)
        addresses = [self._main_address(name, mode, replica) for replica in replicas]
        several = ",".join(addresses)
        return several if len(addresses) == 1 or several.startswith(UNIX) else f"ipv4:{several}"

    def _main_address(self, name: str, mode: str, replica: int) -> str:
        """Return where a replica takes requests.

        The file edge has a Unix socket, because 100 MB cost a sixth less processor time that way. Containers do not
        share one: each sees the installation's folder read-only.
        """
        if name == "vault-http" and self.options.image_tag is None:
            return f"{UNIX}{self.folders.socket_of(f'{name}-{replica}')}"
        return self.ports.address(_listener(name, mode, replica))


def _listener(name: str, mode: str, replica: int) -> str:
    """Name the main listener of a process; `all` listens where `serve` would."""
    return f"{name}-{'serve' if mode == 'all' else mode}-{replica}"


def _key(name: str) -> str:
    return name.upper().replace("-", "_")


def _module(name: str, *arguments: str) -> list[str]:
    return [sys.executable, "-m", name, *arguments]


def settings_class(package: str, kind: type[ProcessSettings]) -> type[ProcessSettings]:
    """Return the settings class of that kind that a package's config module declares, or the kind itself."""
    module = importlib.import_module(f"kontor_{package}.config")
    own = [c for c in vars(module).values() if isinstance(c, type) and issubclass(c, kind) and c is not kind]
    return own[0] if own else kind
