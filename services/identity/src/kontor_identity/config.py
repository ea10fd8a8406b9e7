"""Settings of identity: the service itself and its HTTP edge."""

from __future__ import annotations

from kontor_chassis.settings import Address, EdgeSettings, HttpUrl, SecretFile, ServiceSettings


class IdentitySettings(ServiceSettings):
    """What the identity service and its workers are told."""

    public_url: HttpUrl
    """Origin that browsers see; links in mails begin with it."""
    key_encryption_key_file: SecretFile
    """Secret of at least 32 bytes that seals signing keys and blinds what is counted per person."""
    name_servers: str = ""
    """Addresses of name servers, separated by commas, each with an optional port; the machine's own when empty."""


class IdentityHttpSettings(EdgeSettings):
    """What the OpenID edge is told."""

    identity_address: Address
    public_url: HttpUrl
    """Origin that browsers see; the portal's redirect address lies below it."""
    cookie_key_file: SecretFile
    """Signs the browser's session cookie and the marks in forms."""
    service_key_file: SecretFile
    """With it the edge proves to the service that it is the edge."""

    @property
    def cookies_are_secure(self) -> bool:
        """Cookies carry `Secure` wherever the public origin is https."""
        return self.public_url.startswith("https://")
