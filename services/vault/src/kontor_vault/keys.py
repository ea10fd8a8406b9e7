"""One data key per customer, stored only wrapped; content keys are derived from it (ARCHITECTURE §7).

What wraps is a port with two implementations: a key file and the Transit engine of HashiCorp Vault or OpenBao
(`adapters/kms.py`, `adapters/transit.py`). A wrapped key names the version that wrapped it, so that a new version can
begin to wrap while older ones still open, and so that an installation can move from one kind to the other.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Protocol
from uuid import UUID

from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from kontor_chassis.database import Transaction
from kontor_chassis.errors import not_found
from sqlalchemy import exists, select
from sqlalchemy.dialects.postgresql import insert

from kontor_vault.content import derive_content_key
from kontor_vault.segments import KEY_BYTES
from kontor_vault.tables import CustomerKey, Erasure


@dataclass(frozen=True)
class WrappedKey:
    """A data key that only the key `under` opens; the name begins with the kind: `file:…` or `transit:…`."""

    under: str
    wrapped: bytes


class KeyEncryption(Protocol):
    """A key-encryption key in all its versions, wherever they are kept."""

    @property
    def kind(self) -> str:
        """How names of its versions begin."""
        ...

    async def newest(self) -> str:
        """Return the name of the version that wraps from now on."""
        ...

    async def wrap(self, data_key: bytes, bound_to: bytes) -> WrappedKey:
        """Return `data_key` encrypted under the newest version and bound to `bound_to`."""
        ...

    async def unwrap(self, key: WrappedKey, bound_to: bytes) -> bytes:
        """Return the data key; raises KeyUnusableError if it was wrapped under another key or for something else."""
        ...


class KeyUnusableError(Exception):
    """A wrapped key cannot be opened with this key-encryption key."""


class KeyEncryptions:
    """One kind that wraps, and others that still open what they wrapped: how an installation moves between kinds."""

    def __init__(self, wrapping: KeyEncryption, former: Sequence[KeyEncryption] = ()) -> None:
        self._wrapping = wrapping
        self._by_kind = {each.kind: each for each in (*former, wrapping)}

    @property
    def kind(self) -> str:
        """How names of new versions begin."""
        return self._wrapping.kind

    async def newest(self) -> str:
        """Return the name of the version that wraps from now on."""
        return await self._wrapping.newest()

    async def wrap(self, data_key: bytes, bound_to: bytes) -> WrappedKey:
        """Wrap under the newest version."""
        return await self._wrapping.wrap(data_key, bound_to)

    async def unwrap(self, key: WrappedKey, bound_to: bytes) -> bytes:
        """Let the kind that wrapped a key open it."""
        kind = key.under.partition(":")[0] or "file"
        if kind not in self._by_kind:
            raise KeyUnusableError(f"no key-encryption key of the kind {kind} is configured")
        return await self._by_kind[kind].unwrap(key, bound_to)


class CustomerKeys:
    """Gives the key of one object of one customer; a customer's data key is made at his first document."""

    def __init__(self, key_encryption: KeyEncryption) -> None:
        self._key_encryption = key_encryption

    async def content_key(self, tx: Transaction, tenant_id: UUID, customer_id: UUID, content_id: UUID) -> bytes:
        """Return the 32-byte key of a content; raises KeyUnusableError when it was wrapped under another key."""
        return derive_content_key(await self._data_key(tx, tenant_id, customer_id), content_id)

    async def content_keys(
        self, tx: Transaction, tenant_id: UUID, customer_id: UUID, content_ids: Iterable[UUID]
    ) -> dict[UUID, bytes]:
        """Return the keys of many contents of one customer; raises KeyUnusableError."""
        data_key = await self._data_key(tx, tenant_id, customer_id)
        return {content_id: derive_content_key(data_key, content_id) for content_id in content_ids}

    async def ledger_key(
        self, tx: Transaction, tenant_id: UUID, customer_id: UUID, *, make: bool = False
    ) -> bytes | None:
        """Return the 32-byte key that seals a customer's sight ledger; raises KeyUnusableError.

        None when he has no data key (any more); `make` gives him one.
        """
        if not make and await self._wrapped(tx, tenant_id, customer_id) is None:
            return None
        return _derived(await self._data_key(tx, tenant_id, customer_id), b"kontor.vault.ledger")

    async def purpose_key(self, tx: Transaction, tenant_id: UUID, customer_id: UUID, purpose: bytes) -> bytes:
        """Return the 32-byte key of a customer for one purpose, derived from his data key; raises KeyUnusableError."""
        return _derived(await self._data_key(tx, tenant_id, customer_id), purpose)

    async def newest(self) -> str:
        """Return the name of the key-encryption key that wraps from now on."""
        return await self._key_encryption.newest()

    async def rewrap(self, row: CustomerKey) -> None:
        """Wrap a data key anew under the newest key-encryption key; what was encrypted with it stays as it is."""
        bound_to = _bound_to(row.tenant_id, row.customer_id)
        data_key = await self._key_encryption.unwrap(WrappedKey(row.wrapped_under, row.wrapped_key), bound_to)
        wrapped = await self._key_encryption.wrap(data_key, bound_to)
        row.wrapped_under, row.wrapped_key = wrapped.under, wrapped.wrapped

    async def _data_key(self, tx: Transaction, tenant_id: UUID, customer_id: UUID) -> bytes:
        wrapped = await self._wrapped(tx, tenant_id, customer_id) or await self._make(tx, tenant_id, customer_id)
        return await self._key_encryption.unwrap(wrapped, _bound_to(tenant_id, customer_id))

    async def _make(self, tx: Transaction, tenant_id: UUID, customer_id: UUID) -> WrappedKey:
        if await tx.session.scalar(select(exists().where(Erasure.of_customer_id == customer_id))):
            raise not_found("Der Kunde")  # what arrives late must not bring an erased customer back
        wrapped = await self._key_encryption.wrap(os.urandom(KEY_BYTES), _bound_to(tenant_id, customer_id))
        row = {"wrapped_key": wrapped.wrapped, "wrapped_under": wrapped.under, "create_time": tx.now}
        owner = {"tenant_id": tenant_id, "customer_id": customer_id}
        await tx.session.execute(insert(CustomerKey).values(**owner, **row).on_conflict_do_nothing())
        stored = await self._wrapped(tx, tenant_id, customer_id)  # another's, if he was first
        if stored is None:
            raise LookupError("the customer's key is not visible in this transaction")
        return stored

    async def _wrapped(self, tx: Transaction, tenant_id: UUID, customer_id: UUID) -> WrappedKey | None:
        found = (
            await tx.session.execute(
                select(CustomerKey.wrapped_under, CustomerKey.wrapped_key).where(
                    CustomerKey.tenant_id == tenant_id, CustomerKey.customer_id == customer_id
                )
            )
        ).one_or_none()
        return None if found is None else WrappedKey(found.wrapped_under, found.wrapped_key)


def _bound_to(tenant_id: UUID, customer_id: UUID) -> bytes:
    return tenant_id.bytes + customer_id.bytes


def _derived(data_key: bytes, purpose: bytes) -> bytes:
    return HKDF(SHA256(), KEY_BYTES, salt=None, info=purpose).derive(data_key)
