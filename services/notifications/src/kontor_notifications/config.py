"""Settings of the notifications service."""

from __future__ import annotations

from urllib.parse import urlsplit

from kontor_chassis.settings import Address, HttpUrl, SecretFile, ServiceSettings
from pydantic import Field


class NotificationsSettings(ServiceSettings):
    """Settings of `serve`, `work`, `all` and `migrate`."""

    identity_address: Address
    public_url: HttpUrl
    """Where links in mails lead."""
    smtp_host: str
    smtp_port: int = Field(ge=1, le=65535)
    smtp_user: str = ""
    smtp_password_file: SecretFile | None = None
    smtp_starttls: bool | None = None
    """True requires it, False forbids it; unset uses it when the server offers it."""
    mail_from_address: str = Field(default="", pattern=r"^([^@\s]+@[^@\s]+)?$")
    """Address behind the firms' names; unset: post@ the host of the public URL."""

    def sender_address(self) -> str:
        """Return the address that mails come from."""
        return self.mail_from_address or f"post@{urlsplit(self.public_url).hostname}"
