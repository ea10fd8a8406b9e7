"""What the vault must know about people before it acts for them."""

from __future__ import annotations

from typing import Protocol
from uuid import UUID


class People(Protocol):
    """Knows a firm's customers and employees."""

    async def require_customer(self, tenant_id: UUID, customer_id: UUID) -> None:
        """Raise NOT_FOUND unless the firm has this customer."""
        ...

    async def require_employee(self, tenant_id: UUID, account_id: UUID) -> str:
        """Return the name of an employee of this firm; raises INVALID for anybody else."""
        ...

    async def require_release(self, tenant_id: UUID, customer_id: UUID, account_id: UUID) -> UUID:
        """Return the emergency release through which a trusted person sees something at this moment; else NOT_FOUND."""
        ...
