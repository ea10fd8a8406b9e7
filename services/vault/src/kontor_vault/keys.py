"""One data key per customer, stored only wrapped; content keys are derived from it (ARCHITECTURE §7)."""

from __future__ import annotations

import os
from typing import Protocol
from uuid import UUID

from kontor_chassis.database import Transaction
from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert

from kontor_vault.content import derive_content_key
from kontor_vault.segments import KEY_BYTES
from kontor_vault.tables import CustomerKey


class KeyEncryption(Protocol):
    """A key-encryption key, wherever it is kept."""

    async def wrap(self, data_key: bytes, bound_to: bytes) -> bytes:
        """Return `data_key` encrypted and bound to `bound_to`."""
        ...

    async def unwrap(self, wrapped: bytes, bound_to: bytes) -> bytes:
        """Return the data key; raises KeyUnusableError if it was wrapped under another key or for something else."""
        ...


class KeyUnusableError(Exception):
    """A wrapped key cannot be opened with this key-encryption key."""


class CustomerKeys:
    """Gives the key of one object of one customer; a customer's data key is made at his first document."""

    def __init__(self, key_encryption: KeyEncryption) -> None:
        self._key_encryption = key_encryption

    async def content_key(self, tx: Transaction, tenant_id: UUID, customer_id: UUID, content_id: UUID) -> bytes:
        """Return the 32-byte key of a content; raises KeyUnusableError when it was wrapped under another key."""
        wrapped = await self._wrapped(tx, tenant_id, customer_id) or await self._make(tx, tenant_id, customer_id)
        data_key = await self._key_encryption.unwrap(wrapped, tenant_id.bytes + customer_id.bytes)
        return derive_content_key(data_key, content_id)

    async def _make(self, tx: Transaction, tenant_id: UUID, customer_id: UUID) -> bytes:
        wrapped = await self._key_encryption.wrap(os.urandom(KEY_BYTES), tenant_id.bytes + customer_id.bytes)
        row = {"tenant_id": tenant_id, "customer_id": customer_id, "wrapped_key": wrapped, "create_time": tx.now}
        await tx.session.execute(insert(CustomerKey).values(**row).on_conflict_do_nothing())
        stored = await self._wrapped(tx, tenant_id, customer_id)  # another's, if he was first
        if stored is None:
            raise LookupError("the customer's key is not visible in this transaction")
        return stored

    async def _wrapped(self, tx: Transaction, tenant_id: UUID, customer_id: UUID) -> bytes | None:
        return await tx.session.scalar(
            select(CustomerKey.wrapped_key).where(
                CustomerKey.tenant_id == tenant_id, CustomerKey.customer_id == customer_id
            )
        )
