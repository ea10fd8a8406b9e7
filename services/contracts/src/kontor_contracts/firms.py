"""What contracts needs to know of a firm and its customers' accounts: a port to identity."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from enum import Enum
from typing import Protocol
from uuid import UUID


class EntryMode(Enum):
    """What becomes of contracts that customers enter (decision 1; F66, F177)."""

    DIRECT = "DIRECT"
    """They count at once."""
    REQUEST = "REQUEST"
    """They have the status START until the broker confirms them."""
    OFF = "OFF"
    """Customers enter none."""


@dataclass(frozen=True)
class NamedAccount:
    """A bank account without its number."""

    reference: str
    masked: str


class Firms(Protocol):
    """Asks identity."""

    async def entry_mode(self, tenant_id: UUID) -> EntryMode:
        """Return the firm's policy; raises UNAVAILABLE when it cannot be told."""
        ...

    async def name_accounts(self, tenant_id: UUID, ibans: Collection[str]) -> Mapping[str, NamedAccount]:
        """Return names by IBAN as written; those that are formally wrong are left out."""
        ...
