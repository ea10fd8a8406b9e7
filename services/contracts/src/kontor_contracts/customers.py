"""What contracts needs to know of customers: that one exists, and the ids of those a portfolio brings.

People and their data belong to identity; this is the port to it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Protocol
from uuid import UUID

from kontor_contracts.gdv import PolicyHolder


class Customers(Protocol):
    """Asks identity."""

    async def require(self, tenant_id: UUID, customer_id: UUID) -> None:
        """Raise NOT_FOUND unless the firm has this customer."""
        ...

    async def take_in(self, tenant_id: UUID, import_id: UUID, holders: Sequence[PolicyHolder]) -> Mapping[str, UUID]:
        """Create or update the firm's customers from a portfolio; return their ids by external number. Repeatable."""
        ...
