"""Settings of the portal; it owns no address but its own, the gateway's and the public one."""

from __future__ import annotations

from kontor_chassis.settings import Address, EdgeSettings, HttpUrl, SecretFile


class PortalSettings(EdgeSettings):
    """What the portal is told at start."""

    gateway_address: Address
    """Listener of the gateway as the portal reaches it: native gRPC (h2c) and the token endpoint."""
    public_url: HttpUrl
    """Origin that browsers see."""
    cookie_key_file: SecretFile
    """Key that signs the short-lived cookies of the sign-in and of one-time messages."""
    support_phone: str = ""
    """The platform's hotline for those who work with it, as people write it (F49); none when empty."""
    support_hours: str = ""
    """When somebody answers there, for example "Mo–Fr 8–18 Uhr, kostenfrei"."""
    support_email: str = ""
    """Where they write to; none when empty."""

    hosting_place: str = ""
    """Where the installation is run, as everybody reads it, for example "Frankfurt am Main" (F98); empty: not said."""

    @property
    def cookies_are_secure(self) -> bool:
        """Cookies carry `Secure` wherever the public origin is https."""
        return self.public_url.startswith("https://")
