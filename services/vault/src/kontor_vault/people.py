"""What the vault must know about people before it acts for them."""

from __future__ import annotations

from typing import Protocol
from uuid import UUID

from kontor_vault.grants import Grantee


class People(Protocol):
    """Knows a firm's customers and employees, and whom a customer named."""

    async def require_customer(self, tenant_id: UUID, customer_id: UUID) -> None:
        """Raise NOT_FOUND unless the firm has this customer."""
        ...

    async def require_employee(self, tenant_id: UUID, account_id: UUID) -> str:
        """Return the name of an employee of this firm; raises INVALID for anybody else."""
        ...

    async def require_household_person(self, tenant_id: UUID, customer_id: UUID, person_id: UUID) -> Grantee:
        """Return a person of the customer's household with a reduced view; raises INVALID for anybody else."""
        ...

    async def require_trusted_person(self, tenant_id: UUID, customer_id: UUID, person_id: UUID) -> Grantee:
        """Return a trusted person of the customer who accepted; raises INVALID for anybody else."""
        ...

    async def release_of(self, tenant_id: UUID, customer_id: UUID, account_id: UUID) -> UUID | None:
        """Return the emergency release through which a trusted person sees something at this moment, if any."""
        ...

    async def email_of(self, tenant_id: UUID, account_id: UUID) -> str:
        """Return the address with which somebody signs in; nothing when it is not known."""
        ...
