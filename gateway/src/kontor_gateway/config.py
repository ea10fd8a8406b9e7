"""Settings of the gateway, from the environment like those of every other process."""

from __future__ import annotations

from kontor_chassis.settings import Address, EdgeAddress, ProcessSettings, SecretFile
from pydantic import Field, model_validator


class GatewaySettings(ProcessSettings):
    """Where to listen, whom to call, and how much anybody may ask for.

    Addresses may name several replicas: "a:1,b:2" or gRPC's own "ipv4:a:1,b:2". Those of edges may be Unix sockets on
    the same machine: "unix:/run/a.sock,unix:/run/b.sock".
    """

    http_listen: Address
    """The public listener: browsers, partner systems, native gRPC."""
    internal_listen: Address | None = None
    """Native gRPC (cleartext HTTP/2) for the portal, which speaks for many people from one address."""
    admin_listen: Address = "127.0.0.1:9901"
    """Envoy's administration interface; loopback only."""

    identity_address: Address
    contracts_address: Address
    vault_address: Address
    billing_address: Address
    chat_address: Address
    experts_address: Address
    notifications_address: Address
    identity_http_address: EdgeAddress
    vault_http_address: EdgeAddress
    portal_address: EdgeAddress

    tls_certificate_file: SecretFile | None = None
    """Certificate chain (PEM) of the public listener; unset means cleartext, behind something that ends TLS."""
    tls_key_file: SecretFile | None = None
    trusted_hops: int = Field(default=0, ge=0)
    """How many proxies in front append to x-forwarded-for and are believed."""

    user_requests_per_second: int = Field(default=50, ge=1)
    """Sustained requests of one signed-in person, per gateway replica."""
    user_burst: int = Field(default=300, ge=1)
    address_requests_per_second: int = Field(default=100, ge=1)
    """Sustained requests of everybody who is not signed in from one address, per gateway replica."""
    address_burst: int = Field(default=600, ge=1)
    largest_request_bytes: int = Field(default=6 * 1024 * 1024, ge=1024)
    """Largest body of a call below /v1/ (a portfolio file of 4 MB in base64); content below /files/ is not limited."""
    health_check_seconds: float = Field(default=2.0, gt=0)
    """Pause between two questions to an upstream whether it is ready."""
    trace_sampling_percent: float = Field(default=100.0, ge=0, le=100)
    worker_threads: int | None = Field(default=None, ge=1)
    """Envoy's worker threads; unset means one per core."""
    drain_seconds: float = Field(default=30.0, gt=0)
    """How long `drain` waits for requests in flight."""

    @model_validator(mode="after")
    def _certificate_has_its_key(self) -> GatewaySettings:
        if (self.tls_certificate_file is None) != (self.tls_key_file is None):
            raise ValueError("KONTOR_TLS_CERTIFICATE_FILE and KONTOR_TLS_KEY_FILE belong together")
        return self

    @model_validator(mode="after")
    def _administration_stays_inside(self) -> GatewaySettings:
        if not self.admin_listen.startswith(("127.", "localhost:", "[::1]:")):
            raise ValueError("KONTOR_ADMIN_LISTEN must be a loopback address")
        return self
