"""Renders the Envoy configuration: the template, filled with the settings and with what the protos say."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterable
from dataclasses import dataclass
from html import escape
from importlib import resources

import jinja2
import yaml
from kontor_chassis.settings import UNIX

from kontor_gateway.config import GatewaySettings
from kontor_gateway.contracts import PublicService, descriptors, public_services

EDGES = ("identity-http", "vault-http", "portal")

IDENTITY_PAGES = (
    {"path_separated_prefix": "/.well-known/openid-configuration"},
    {"path_separated_prefix": "/.well-known/oauth-authorization-server"},
    {"path_separated_prefix": "/.well-known/webauthn"},
    {"prefix": "/oauth/"},
    {"path_separated_prefix": "/login"},
    {"path_separated_prefix": "/logout"},
    {"prefix": "/invitation/"},
    {"path_separated_prefix": "/password"},
    {"prefix": "/email/"},
)
"""What the sign-in pages and the OpenID provider own; every other path that is not data belongs to the portal."""


@dataclass(frozen=True)
class PartnerLimit:
    """How many requests a partner system may send, by the name that its token bears, per gateway replica."""

    name: str
    requests_per_second: int
    burst: int


PARTNER_LIMITS = (PartnerLimit("small", 2, 20), PartnerLimit("medium", 10, 100), PartnerLimit("large", 50, 300))
"""As `PartnerRate` in kontor/identity/v1/partner_clients.proto promises."""

SECURITY_HEADERS = {
    "x-content-type-options": "nosniff",
    "x-frame-options": "SAMEORIGIN",
    # Not no-referrer: browsers would then send `Origin: null` with our own forms.
    "referrer-policy": "same-origin",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
    "permissions-policy": "camera=(self), geolocation=(), microphone=(), payment=(), usb=()",
}
STRICT_TRANSPORT = "max-age=63072000; includeSubDomains"


@dataclass(frozen=True)
class Cluster:
    """Upstream replicas that do the same work."""

    name: str
    endpoints: tuple[str, ...]
    grpc: bool


@dataclass(frozen=True)
class Problem:
    """An answer of the gateway itself: HTTP status, google.rpc code, machine-readable reason, sentence for people."""

    status: int
    code: int
    reason: str
    sentence: str
    details: str = ""
    """How Envoy's own reason begins, where the status alone does not tell (a wrong audience would be 403)."""

    @property
    def page(self) -> str:
        """The same as a small page; percent signs would be Envoy's."""
        return (
            '<!doctype html><html lang="de"><meta charset="utf-8"><meta name="viewport" content="width=device-width">'
            f"<title>{self.status}</title><h1>{self.status}</h1><p>{escape(self.sentence)}</p>"
            '<p><a href="/">Zur Startseite</a></p></html>'
        )


PROBLEMS = (
    Problem(400, 3, "REQUEST_INVALID", "Die Anfrage ist nicht lesbar."),
    Problem(
        401,
        16,
        "TOKEN_INVALID",
        "Die Anmeldung ist abgelaufen oder ungültig. Bitte melden Sie sich neu an.",
        details="jwt_authn_access_denied",
    ),
    Problem(403, 7, "FOREIGN_ORIGIN", "Die Anfrage kam von einer fremden Seite und wurde abgelehnt."),
    Problem(404, 5, "NOT_FOUND", "Diese Adresse gibt es nicht."),
    Problem(413, 3, "REQUEST_TOO_LARGE", "Die Anfrage ist zu groß."),
    Problem(429, 8, "TOO_MANY_REQUESTS", "Zu viele Anfragen. Bitte versuchen Sie es gleich noch einmal."),
    Problem(503, 14, "UNAVAILABLE", "Kontor ist gerade nicht erreichbar. Bitte versuchen Sie es gleich noch einmal."),
    Problem(504, 4, "TIMEOUT", "Die Antwort hat zu lange gedauert. Bitte versuchen Sie es noch einmal."),
)


def render(settings: GatewaySettings) -> str:
    """Return the configuration as JSON text."""
    files = descriptors()
    services = public_services(files)
    text = _template().render(
        settings=settings,
        services=services,
        clusters=clusters(settings, services),
        descriptor_set=base64.b64encode(files.SerializeToString(deterministic=True)).decode("ascii"),
        partner_limits=PARTNER_LIMITS,
        identity_pages=[json.dumps(match) for match in IDENTITY_PAGES],
        problems=PROBLEMS,
        security_headers_to_set=_security_headers(settings),
    )
    return json.dumps(yaml.load(text, Loader=yaml.CSafeLoader))  # a safe loader, only faster


def clusters(settings: GatewaySettings, services: Iterable[PublicService]) -> list[Cluster]:
    """Return every upstream: the services that have public RPCs, and the Flask edges."""
    addresses = settings.addresses()
    domain = dict.fromkeys(service.cluster for service in services)
    return [
        *(Cluster(name, replicas(addresses[name]), grpc=True) for name in domain),
        *(Cluster(name, replicas(addresses[name.replace("-", "_")]), grpc=False) for name in EDGES),
    ]


def replicas(address: str) -> tuple[str, ...]:
    """Return the single addresses of "a:1,b:2", "ipv4:a:1,b:2" or "dns:///a:1" (gRPC's own notations)."""
    return tuple(address.removeprefix("ipv4:").removeprefix("dns:///").split(","))


def _security_headers(settings: GatewaySettings) -> list[tuple[str, str]]:
    encrypted = {"strict-transport-security": STRICT_TRANSPORT} if settings.issuer.startswith("https://") else {}
    return list((SECURITY_HEADERS | encrypted).items())


def _template() -> jinja2.Template:
    environment = jinja2.Environment(autoescape=False, undefined=jinja2.StrictUndefined)  # noqa: S701  # YAML, not HTML
    environment.filters["socket"] = _socket
    source = resources.files("kontor_gateway").joinpath("envoy.yaml.j2").read_text(encoding="utf-8")
    return environment.from_string(source)


def _socket(address: str) -> str:
    if address.startswith(UNIX):
        return json.dumps({"pipe": {"path": address.removeprefix(UNIX)}})
    host, _, port = address.rpartition(":")
    return json.dumps({"socket_address": {"address": host.strip("[]"), "port_value": int(port)}})
