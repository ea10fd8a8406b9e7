"""Crypto-erasure: destroying a key destroys everything that was ever encrypted with it, and a certificate says so.

The certificate is written in the transaction that deletes the wrapped key: whose, how many documents went with it, and
the digest of the wrapped key itself, so that a copy that turns up in a backup can be told to be the destroyed one.
Certificates are chained by their hashes and cannot be changed or deleted, not even with their firm.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from datetime import UTC, timedelta
from uuid import UUID

from kontor.vault.v1 import events_pb2
from kontor_chassis.database import Transaction, UnitOfWork
from kontor_chassis.principal import Principal
from sqlalchemy import delete, exists, func, select, text
from sqlalchemy.dialects.postgresql import insert

from kontor_vault.remains import DELETIONS, NOT_KEPT, OF_CUSTOMER
from kontor_vault.retention import kept_documents, kept_until, today_of
from kontor_vault.retention_tables import PendingErasure
from kontor_vault.tables import CustomerKey, Document, Erasure, Version

_GENESIS = bytes(32)
_PORTION = 1000


async def erase_customer(tx: Transaction, *, tenant_id: UUID, customer_id: UUID) -> Erasure:
    """Destroy a customer's key and everything kept about him; doing it again returns the first certificate.

    Raises PRECONDITION "RETENTION", naming the last day and its rule, while the firm must keep something.
    """
    await _one_after_the_other(tx)
    known = await tx.session.scalar(
        select(Erasure).where(Erasure.of_tenant_id == tenant_id, Erasure.of_customer_id == customer_id)
    )
    if known is not None:
        return known
    kept = await kept_documents(tx, tenant_id, customer_id)
    if kept:
        raise kept_until(*max(kept.values(), key=lambda each: each[0]))
    of_customer = (CustomerKey.tenant_id == tenant_id, CustomerKey.customer_id == customer_id)
    destroyed = await tx.session.execute(
        delete(CustomerKey).where(*of_customer).returning(CustomerKey.customer_id, CustomerKey.wrapped_key)
    )
    certificate = await _certify(tx, tenant_id, customer_id, {row[0]: row[1] for row in destroyed})
    await _delete_all(tx, tenant_id, customer_id)
    erased = events_pb2.CustomerErased(
        tenant_id=str(tenant_id),
        customer_id=str(customer_id),
        certificate=certificate.sequence,
        documents=certificate.documents,
        size_bytes=certificate.size_bytes,
        keys_digest=certificate.keys_digest.hex(),
        hash=certificate.hash.hex(),
    )
    erased.erase_time.FromDatetime(certificate.time)
    tx.publish(erased, aggregate=customer_id, tenant_id=tenant_id)
    return certificate


async def erase_as_far_as_allowed(tx: Transaction, *, tenant_id: UUID, customer_id: UUID) -> None:
    """Erase a customer; what his firm must keep (Art. 17 (3) b GDPR) waits, all else goes at once."""
    kept = await kept_documents(tx, tenant_id, customer_id)
    if not kept:
        await erase_customer(tx, tenant_id=tenant_id, customer_id=customer_id)
        return
    await _delete_all(tx, tenant_id, customer_id, NOT_KEPT, kept=list(kept))
    due_on = max(until for until, _ in kept.values()) + timedelta(days=1)
    waiting = insert(PendingErasure).values(
        tenant_id=tenant_id, customer_id=customer_id, due_on=due_on, create_time=tx.now
    )
    key = ["tenant_id", "customer_id"]
    await tx.session.execute(waiting.on_conflict_do_update(index_elements=key, set_={"due_on": due_on}))


async def carry_out_pending(work: UnitOfWork) -> int:
    """Erase one customer whose firm need not keep anything any more; return how many."""
    async with work.work(Principal.of_service("vault")) as tx:
        due = select(PendingErasure).where(PendingErasure.due_on <= today_of(tx.now)).order_by(PendingErasure.due_on)
        found = await tx.session.scalar(due.limit(1).with_for_update(skip_locked=True))
        if found is None:
            return 0
        tenant_id, customer_id = found.tenant_id, found.customer_id
    async with work.work(Principal.of_service("vault", tenant_id)) as tx:
        await erase_as_far_as_allowed(tx, tenant_id=tenant_id, customer_id=customer_id)
        await tx.commit()
    return 1


async def destroy_keys_of_firm(tx: Transaction, tenant_id: UUID, portion: int) -> int:
    """Destroy the keys of a deleted firm, a portion at a time, each with its certificate; return how many."""
    some = select(CustomerKey.customer_id).where(CustomerKey.tenant_id == tenant_id).limit(portion)
    customers = (await tx.session.scalars(some)).all()
    if not customers:
        return 0
    await _one_after_the_other(tx)
    destroyed = await tx.session.execute(
        delete(CustomerKey)
        .where(CustomerKey.tenant_id == tenant_id, CustomerKey.customer_id.in_(customers))
        .returning(CustomerKey.customer_id, CustomerKey.wrapped_key)
    )
    keys = {row[0]: row[1] for row in destroyed}
    await _certify(tx, tenant_id, None, keys)
    return len(keys)


async def verify_certificates(tx: Transaction) -> int:
    """Recompute the chain of all certificates; return the first that is missing or altered, 0 if none is."""
    previous, expected = _GENESIS, 1
    async for certificate in await tx.session.stream_scalars(select(Erasure).order_by(Erasure.sequence)):
        if certificate.sequence != expected or certificate.hash != certificate_hash(certificate, previous):
            return expected
        previous, expected = certificate.hash, expected + 1
    return 0


def certificate_hash(certificate: Erasure, previous: bytes) -> bytes:
    """Return SHA-256 over the previous certificate's hash and this one as canonical JSON."""
    fields = {
        "sequence": certificate.sequence,
        "tenant_id": str(certificate.of_tenant_id),
        "customer_id": str(certificate.of_customer_id or ""),
        "keys": certificate.keys,
        "keys_digest": certificate.keys_digest.hex(),
        "documents": certificate.documents,
        "size_bytes": certificate.size_bytes,
        "time": certificate.time.astimezone(UTC).isoformat(timespec="microseconds"),
    }
    return hashlib.sha256(previous + json.dumps(fields, sort_keys=True, separators=(",", ":")).encode()).digest()


def digest_of(keys: dict[UUID, bytes]) -> bytes:
    """Return the digest by which destroyed wrapped keys are told again, in order of their customers."""
    return hashlib.sha256(b"".join(hashlib.sha256(keys[owner]).digest() for owner in sorted(keys))).digest()


async def _certify(tx: Transaction, tenant_id: UUID, customer_id: UUID | None, keys: dict[UUID, bytes]) -> Erasure:
    last = await tx.session.scalar(select(Erasure).order_by(Erasure.sequence.desc()).limit(1))
    of_them = (Document.tenant_id == tenant_id, Document.customer_id.in_(list(keys)))
    documents = await tx.session.scalar(select(func.count()).select_from(Document).where(*of_them))
    size = await tx.session.scalar(
        select(func.coalesce(func.sum(Version.size_bytes), 0)).where(
            exists().where(Document.document_id == Version.document_id, *of_them)
        )
    )
    certificate = Erasure(
        sequence=last.sequence + 1 if last else 1,
        of_tenant_id=tenant_id,
        of_customer_id=customer_id,
        keys=len(keys),
        keys_digest=digest_of(keys),
        documents=int(documents or 0),
        size_bytes=int(size or 0),
        time=tx.now,
    )
    certificate.hash = certificate_hash(certificate, last.hash if last else _GENESIS)
    tx.session.add(certificate)
    await tx.session.flush()
    return certificate


async def _delete_all(
    tx: Transaction, tenant_id: UUID, customer_id: UUID, deletions: Sequence[str] = DELETIONS, **more: object
) -> None:
    values = {"tenant": tenant_id, "customer": customer_id, "portion": _PORTION, **more}
    for statement in deletions:
        now = {"now": tx.now} if ":now" in statement else {}
        given = {name: value for name, value in values.items() if f":{name}" in statement or name not in more}
        while True:
            done = await tx.session.execute(text(statement.format(whose=OF_CUSTOMER)), {**given, **now})
            if not getattr(done, "rowcount", 0):
                break


async def _one_after_the_other(tx: Transaction) -> None:
    await tx.session.execute(text("SELECT pg_advisory_xact_lock(hashtext('erasures'))"))
