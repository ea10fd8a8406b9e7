"""Settings of the vault's service and of its file edge."""

from __future__ import annotations

from ipaddress import ip_network
from typing import Annotated, Self

from kontor_chassis.settings import Address, EdgeSettings, HttpUrl, SecretFile, ServiceSettings
from pydantic import AfterValidator, Field, model_validator

from kontor_vault.tiers import TIER_2_BYTES

STORE_SCHEMES = frozenset({"file", "s3", "gs", "az"})


def _store_url(text: str) -> str:
    if text.partition("://")[0] not in STORE_SCHEMES:
        raise ValueError(f"must begin with one of {', '.join(sorted(STORE_SCHEMES))} and ://")
    return text


def _networks(text: str) -> str:
    for each in text.split(","):
        ip_network(each.strip())
    return text


Networks = Annotated[str, AfterValidator(_networks)]
"""Networks of hosts, separated by commas: ``10.0.0.0/8, 192.0.2.7/32``."""
StoreUrl = Annotated[str, AfterValidator(_store_url)]
"""Where objects lie: ``file:///directory`` or ``s3://bucket/prefix``."""


class VaultSettings(ServiceSettings):
    """Settings of `serve`, `work`, `all` and `migrate`."""

    object_store_url: StoreUrl
    key_encryption_key_file: SecretFile | None = None
    """Keys that wrap customers' data keys: 32 bytes, raw, hexadecimal or base64; of several lines the first wraps."""
    transit_url: HttpUrl | None = None
    """Vault or OpenBao, whose Transit engine wraps instead of the file, which then opens what it wrapped before."""
    transit_key: str = "kontor"
    transit_mount: str = "transit"
    transit_token_file: SecretFile | None = None
    transit_ca_file: SecretFile | None = None
    """Certificate authority of `transit_url`; the machine's own unless set."""
    object_replica_url: StoreUrl | None = None
    """A second object store that gets a copy of every content and from which damaged ones are repaired."""
    integrity_megabytes_per_minute: int = Field(default=480, ge=0)
    """How much is read anew each minute to see that it is still what was stored; 0: nothing."""
    identity_address: Address
    contracts_address: Address
    """Asked for the contracts that a paper may name, with the token of whoever files it."""
    experts_address: Address
    """Asked whether an order is running before its expert sees what a customer shares with him."""
    default_quota_bytes: int = Field(default=TIER_2_BYTES, ge=0)
    """Storage of a customer whose service agreement says nothing; 0 leaves tier 1 without any (F14)."""

    mail_domain: str = ""
    """Domain of customers' addresses for papers, such as `post.example.com`; where it is not set there are none."""
    mail_listen: Address = "127.0.0.1:2525"
    """Where `receive-mail` takes mails."""
    mail_relays: Networks = "127.0.0.0/8"
    """Networks, separated by commas, of the mail servers that may hand mails over; nobody else is answered."""
    mail_authserv_id: str = ""
    """By which name these servers sign their Authentication-Results; without it every mail waits to be confirmed."""
    malware_scanner: Address | None = None
    """A clamd for attachments of mails; where one is named, nothing is stored that it has not called clean."""

    text_recognition_command: str = "tesseract"
    """What recognises text in pictures; without it, or without German, everything but that works."""
    reads_texts: bool = True
    """Whether `work` also reads the text of documents; false where processes of `read-texts` do."""

    @model_validator(mode="after")
    def _some_key(self) -> Self:
        if self.key_encryption_key_file is None and self.transit_url is None:
            raise ValueError("needs KONTOR_KEY_ENCRYPTION_KEY_FILE or KONTOR_TRANSIT_URL")
        if self.transit_url is not None and self.transit_token_file is None:
            raise ValueError("KONTOR_TRANSIT_URL needs KONTOR_TRANSIT_TOKEN_FILE")
        return self


class VaultEdgeSettings(EdgeSettings):
    """Settings of `http`."""

    http_threads: int = Field(default=216, ge=1, le=1024)
    """More than other edges have: a thread waits as long as a file takes, and mostly for the client's line."""
    object_store_url: StoreUrl
    vault_address: Address
    malware_scanner: Address | None = None
    """A clamd; where one is named, nothing is stored that it has not called clean."""
