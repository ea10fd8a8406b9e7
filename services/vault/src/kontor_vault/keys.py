"""One data key per customer, stored only wrapped; content keys are derived from it (ARCHITECTURE §7)."""

from __future__ import annotations

import os
from typing import Protocol
from uuid import UUID

from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
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
        return derive_content_key(await self._data_key(tx, tenant_id, customer_id), content_id)

    async def ledger_key(
        self, tx: Transaction, tenant_id: UUID, customer_id: UUID, *, make: bool = False
    ) -> bytes | None:
        """Return the 32-byte key that seals a customer's sight ledger; raises KeyUnusableError.

        None when he has no data key (any more); `make` gives him one.
        """
        if not make and await self._wrapped(tx, tenant_id, customer_id) is None:
            return None
        data_key = await self._data_key(tx, tenant_id, customer_id)
        return HKDF(SHA256(), KEY_BYTES, salt=None, info=b"kontor.vault.ledger").derive(data_key)

    async def _data_key(self, tx: Transaction, tenant_id: UUID, customer_id: UUID) -> bytes:
        wrapped = await self._wrapped(tx, tenant_id, customer_id) or await self._make(tx, tenant_id, customer_id)
        return await self._key_encryption.unwrap(wrapped, tenant_id.bytes + customer_id.bytes)

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
