"""What retention means for one document, and what the clock does about it: announce ends, then end.

What a firm filed is destroyed on the day that its rule gives, after it was announced for 30 days; a customer's own goes
into the trash on the day that he chose. A rule that changed meanwhile counts, and an announcement that it no longer
bears out is taken back.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Final
from uuid import UUID

from kontor.vault.v1.events_pb2 import DocumentEndsAnnounced
from kontor.vault.v1.vault_pb2 import SightingAction
from kontor_chassis.clock import BILLING_ZONE
from kontor_chassis.database import Transaction
from kontor_chassis.errors import DomainError, ErrorKind, invalid
from sqlalchemy import select

from kontor_vault.documents import get_document
from kontor_vault.objects import Objects
from kontor_vault.papers import day_of
from kontor_vault.retention import CORRECTABLE, Rule, end_by_rule, protected_until, rules_of, today_of
from kontor_vault.retention_tables import RetentionRuleRow
from kontor_vault.sightings import Happening, record
from kontor_vault.tables import Document, Origin
from kontor_vault.trash import destroy_document

WARNED_BEFORE: Final = timedelta(days=30)
"""How long before its end a document's owner is told."""


@dataclass(frozen=True)
class Retention:
    """What the rules mean for one document."""

    rule: Rule | None = None
    protected_until: date | None = None
    correct_until: datetime | None = None
    end_on: date | None = None


async def retention_of(tx: Transaction, *, customer_id: UUID, document_id: UUID) -> Retention:
    """Return what applies to a document that the caller may see; raises NOT_FOUND."""
    document = await get_document(tx, document_id=document_id, customer_id=customer_id)
    if document.origin != Origin.FIRM:
        return Retention(end_on=document.end_on)
    rules = await rules_of(tx, document.tenant_id)
    rule = rules[document.kind]
    end_of_mistakes = document.create_time + CORRECTABLE
    correctable = document.release_time is None and tx.now < end_of_mistakes
    return Retention(
        rule,
        protected_until(document, rules, tx.now),
        end_of_mistakes if correctable else None,
        document.end_on or end_by_rule(document, rule),
    )


async def set_end(tx: Transaction, *, customer_id: UUID, document_id: UUID, end_on: str) -> Retention:
    """Set the day on which a customer's own document goes into the trash, or take it back.

    Raises NOT_FOUND, INVALID for a day that is not in the future, FORBIDDEN "NOT_OWN" for what the firm filed.
    """
    document = await get_document(tx, document_id=document_id, customer_id=customer_id, for_update=True)
    if document.origin != Origin.CUSTOMER:
        raise DomainError(
            ErrorKind.FORBIDDEN,
            "NOT_OWN",
            "Ein Ende lässt sich nur für Dokumente setzen, die Sie selbst abgelegt haben.",
        )
    day, today = day_of(end_on, "end_on"), today_of(tx.now)
    if day is not None and day <= today:
        raise invalid("end_on", "Bitte wählen Sie einen Tag, der in der Zukunft liegt.")
    document.end_on = day
    document.end_warn_on = None if day is None else max(day - WARNED_BEFORE, today)
    document.update_time = tx.now
    await tx.session.flush()
    return Retention(end_on=day)


async def firms_with_ends(tx: Transaction) -> Sequence[UUID]:
    """Return the firms that have a rule which ends documents."""
    ending = select(RetentionRuleRow.tenant_id).where(RetentionRuleRow.end_years > 0).distinct()
    return (await tx.session.scalars(ending)).all()


async def announce_ends(tx: Transaction, tenant_id: UUID, most: int) -> int:
    """Announce which of a firm's filings go within 30 days, to whoever set the rules and the customers who see them."""
    soon = today_of(tx.now) + WARNED_BEFORE
    announced: list[Document] = []
    for rule in (await rules_of(tx, tenant_id)).values():
        if rule.end_years:
            announced += await _ending(tx, tenant_id, rule, soon, most)
    for document in announced:
        document.end_on = soon
    told = Counter((document.customer_id, soon) for document in announced if document.release_time is not None)
    for (customer_id, day), number in told.items():
        _tell(tx, tenant_id, day, number, customer_id=customer_id)
    if announced:
        _tell(tx, tenant_id, soon, len(announced), recipients=await _rule_setters(tx, tenant_id))
    await tx.session.flush()
    return len(announced)


async def warn_owners(tx: Transaction, most: int) -> int:
    """Remind customers of ends that they chose themselves; return of how many documents."""
    found = await tx.session.scalars(
        select(Document)
        .where(Document.end_warn_on <= today_of(tx.now))
        .order_by(Document.end_warn_on)
        .limit(most)
        .with_for_update(skip_locked=True)
    )
    documents = found.all()
    told = Counter(
        (each.tenant_id, each.customer_id, each.end_on) for each in documents if each.end_on and not each.trash_time
    )
    for (tenant_id, customer_id, day), number in told.items():
        _tell(tx, tenant_id, day, number, customer_id=customer_id, into_trash=True)
    for document in documents:
        document.end_warn_on = None
    await tx.session.flush()
    return len(documents)


async def end_some(tx: Transaction, objects: Objects, most: int) -> int:
    """End documents whose day has come; return how many were looked at."""
    found = await tx.session.scalars(
        select(Document)
        .where(Document.end_on <= today_of(tx.now))
        .order_by(Document.end_on)
        .limit(most)
        .with_for_update(skip_locked=True)
    )
    documents = found.all()
    for document in documents:
        document.end_on = None
        if document.origin == Origin.CUSTOMER:
            document.trash_time = document.trash_time or tx.now
        elif await _is_over(tx, document):
            if document.release_time is not None:
                happening = Happening(SightingAction.SIGHTING_ACTION_END, document_id=document.document_id)
                await record(tx, document.tenant_id, document.customer_id, happening)
            await destroy_document(tx, objects, document)
    await tx.session.flush()
    return len(documents)


async def _is_over(tx: Transaction, document: Document) -> bool:
    rules = await rules_of(tx, document.tenant_id)
    end = end_by_rule(document, rules[document.kind])
    return end is not None and end <= today_of(tx.now) and protected_until(document, rules, tx.now) is None


async def _ending(tx: Transaction, tenant_id: UUID, rule: Rule, soon: date, most: int) -> Sequence[Document]:
    """Return what a rule ends by then and nobody announced yet: everything filed before the year it reaches back to."""
    before = datetime(soon.year - rule.end_years, 1, 1, tzinfo=BILLING_ZONE).astimezone(UTC)
    found = await tx.session.scalars(
        select(Document)
        .where(
            Document.tenant_id == tenant_id,
            Document.kind == rule.kind,
            Document.origin == Origin.FIRM,
            Document.create_time < before,
            Document.end_on.is_(None),
        )
        .order_by(Document.create_time)
        .limit(most)
        .with_for_update(skip_locked=True)
    )
    return found.all()


async def _rule_setters(tx: Transaction, tenant_id: UUID) -> list[str]:
    ending = select(RetentionRuleRow.account_id).where(
        RetentionRuleRow.tenant_id == tenant_id, RetentionRuleRow.end_years > 0
    )
    return sorted({str(account_id) for account_id in await tx.session.scalars(ending)})


def _tell(
    tx: Transaction,
    tenant_id: UUID,
    day: date,
    documents: int,
    *,
    customer_id: UUID | None = None,
    into_trash: bool = False,
    recipients: Sequence[str] = (),
) -> None:
    event = DocumentEndsAnnounced(
        tenant_id=str(tenant_id),
        customer_id=str(customer_id or ""),
        documents=documents,
        end_on=str(day),
        into_trash=into_trash,
        recipient_account_ids=recipients,
    )
    tx.publish(event, aggregate=customer_id or tenant_id, tenant_id=tenant_id)
