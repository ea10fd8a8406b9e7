"""The green eye (F176): when what the firm filed becomes visible to its customer.

One by one, by category for one customer, with his invitation (F171), or by the firm's rule as soon as it is filed.
Until then a document does not exist for the customer.
"""

from __future__ import annotations

from collections.abc import Collection
from uuid import UUID

from kontor.identity.v1.events_pb2 import ReleaseRequested
from kontor.vault.v1.vault_pb2 import DocumentKind, SightingAction
from kontor_chassis.database import Transaction
from kontor_chassis.events import EventMeta
from sqlalchemy import delete, exists, select

from kontor_vault.documents import get_document, publish_released, require_in_use
from kontor_vault.sightings import Happening, record
from kontor_vault.tables import Document, Origin, ReleaseRule

_KIND = "DOCUMENT_KIND_"


async def release_document(tx: Transaction, *, customer_id: UUID, document_id: UUID) -> Document:
    """Make a document that the firm filed visible to the customer; releasing twice changes nothing."""
    document = await get_document(tx, document_id=document_id, customer_id=customer_id, for_update=True)
    require_in_use(document)
    if document.release_time is None:
        await release(tx, document)
    return document


async def release_documents(tx: Transaction, *, customer_id: UUID, kinds: Collection[int]) -> int:
    """Make everything that the firm filed for a customer visible to him, or certain kinds; return how many."""
    filed = select(Document).where(
        Document.tenant_id == tx.principal.tenant_id,
        Document.customer_id == customer_id,
        Document.origin == Origin.FIRM,
        Document.release_time.is_(None),
        Document.trash_time.is_(None),
    )
    if kinds:
        filed = filed.where(Document.kind.in_(kinds))
    documents = (await tx.session.scalars(filed.order_by(Document.document_id).with_for_update())).all()
    for document in documents:
        await release(tx, document)
    return len(documents)


async def release_with_invitation(tx: Transaction, event: ReleaseRequested, _meta: EventMeta) -> None:
    """Release what the firm filed, all or certain kinds, when it invites the customer (F171)."""
    kinds = [kind for name, kind in DocumentKind.items() if name.removeprefix(_KIND) in event.categories]
    if event.everything or kinds:
        customer_id = UUID(event.customer_id)
        await release_documents(tx, customer_id=customer_id, kinds=[] if event.everything else kinds)


async def is_released_by_rule(tx: Transaction, kind: int) -> bool:
    """Whether the caller's firm lets its customers see documents of this kind as soon as it files them."""
    rule = exists().where(ReleaseRule.tenant_id == tx.principal.tenant_id, ReleaseRule.kind == kind)
    return bool(await tx.session.scalar(select(rule)))


async def release_rules(tx: Transaction) -> list[int]:
    """Return the kinds that the caller's firm releases by rule."""
    of_firm = select(ReleaseRule.kind).where(ReleaseRule.tenant_id == tx.principal.required_tenant())
    return list(await tx.session.scalars(of_firm.order_by(ReleaseRule.kind)))


async def set_release_rules(tx: Transaction, kinds: Collection[int]) -> None:
    """Let the firm's customers see these kinds from the next document on, and no others."""
    tenant_id = tx.principal.required_tenant()
    await tx.session.execute(delete(ReleaseRule).where(ReleaseRule.tenant_id == tenant_id))
    account_id = tx.principal.required_account()
    tx.session.add_all(
        ReleaseRule(tenant_id=tenant_id, kind=kind, account_id=account_id, set_time=tx.now) for kind in kinds
    )
    await tx.session.flush()


async def record_release(tx: Transaction, document: Document) -> None:
    """Write into the customer's ledger that he sees a document from now on."""
    happening = Happening(SightingAction.SIGHTING_ACTION_RELEASE, document_id=document.document_id)
    await record(tx, document.tenant_id, document.customer_id, happening)


async def release(tx: Transaction, document: Document) -> None:
    """Make a locked document that nobody released yet visible to the customer."""
    document.release_time = document.update_time = tx.now
    await tx.session.flush()
    await record_release(tx, document)
    publish_released(tx, document)
