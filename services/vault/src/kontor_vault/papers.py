"""What a household says about a paper beside its title: tags, a note, whom it concerns, its day, what is due (F1)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from kontor.vault.v1 import events_pb2
from kontor_chassis.clock import billing_day
from kontor_chassis.database import RowReader, Transaction
from kontor_chassis.errors import invalid
from kontor_chassis.principal import Principal
from sqlalchemy import Select, Uuid, bindparam, func, select

from kontor_vault.folders import UNCHANGED, Unchanged
from kontor_vault.tables import Document
from kontor_vault.visibility import is_owner

MOST_LABELS = 100


@dataclass(frozen=True)
class Said:
    """New values of what is said about a document; UNCHANGED leaves a field alone."""

    tags: list[str] | Unchanged = UNCHANGED
    note: str | Unchanged = UNCHANGED
    concerned_person: str | Unchanged = UNCHANGED
    dated_on: date | Unchanged | None = UNCHANGED
    due_on: date | Unchanged | None = UNCHANGED
    remind_days: int | Unchanged = UNCHANGED


NOTHING_SAID = Said()


def day_of(text: str, field: str) -> date | None:
    """Return a day such as "2026-07-31", None for an empty text; raises INVALID for one that no calendar has."""
    try:
        return date.fromisoformat(text) if text else None
    except ValueError:
        raise invalid(field, "Diesen Tag gibt es nicht.") from None


def say(document: Document, said: Said, now: datetime) -> None:
    """Change what is said about a document; a new due day means a new reminder."""
    if not isinstance(said.tags, Unchanged):
        document.tags = _clean_tags(said.tags)
    if not isinstance(said.note, Unchanged):
        document.note = said.note.strip()
    if not isinstance(said.concerned_person, Unchanged):
        document.concerned_person = " ".join(said.concerned_person.split())
    if not isinstance(said.dated_on, Unchanged):
        document.dated_on = said.dated_on
    before = (document.due_on, document.remind_days)
    if not isinstance(said.due_on, Unchanged):
        document.due_on = said.due_on
    if not isinstance(said.remind_days, Unchanged):
        document.remind_days = said.remind_days
    if (document.due_on, document.remind_days) != before:
        document.remind_on = _reminder(document.due_on, document.remind_days, date.fromisoformat(billing_day(now)))


def note_shown_to(principal: Principal, document: Document) -> str:
    """Return the note for whoever may read it: of a released document only the customer."""
    return document.note if is_owner(principal) or document.release_time is None else ""


async def remind_of_due(tx: Transaction, most: int) -> int:
    """Tell of documents whose reminder has come, at most `most` of them; return how many.

    What the customer cannot see, or threw away, waits: it is told of when it is released or restored.
    """
    found = await tx.session.scalars(
        select(Document)
        .where(
            Document.remind_on <= date.fromisoformat(billing_day(tx.now)),
            Document.release_time.is_not(None),
            Document.trash_time.is_(None),
        )
        .order_by(Document.remind_on)
        .limit(most)
        .with_for_update(skip_locked=True)
    )
    documents = found.all()
    for document in documents:
        event = events_pb2.DocumentDueReached(
            tenant_id=str(document.tenant_id),
            customer_id=str(document.customer_id),
            document_id=str(document.document_id),
            due_on=str(document.due_on),
        )
        tx.publish(event, aggregate=document.document_id, tenant_id=document.tenant_id)
        document.remind_on = None
    return len(documents)


async def count_labels(rows: RowReader, principal: Principal, customer_id: Any) -> dict[str, dict[str, int]]:
    """Return tags and people that a customer's documents name, with the number of documents, the most used first."""
    given = {"customer_id": customer_id}
    found = {name: await rows.rows(statement, given, principal=principal) for name, statement in _LABELS.items()}
    return {name: {row["name"]: row["documents"] for row in each} for name, each in found.items()}


async def count_kinds(rows: RowReader, principal: Principal, customer_id: Any) -> dict[int, int]:
    """Return the kinds of a customer's documents, with the number of documents, the most frequent first (F147)."""
    found = await rows.rows(_KINDS, {"customer_id": customer_id}, principal=principal)
    return {row["kind"]: row["documents"] for row in found}


def _labels(name: Any) -> Select[Any]:
    named = (
        select(name.label("name"))
        .where(
            Document.customer_id == bindparam("customer_id", type_=Uuid),
            Document.release_time.is_not(None),
            Document.trash_time.is_(None),
        )
        .subquery()
    )
    documents = func.count().label("documents")
    statement = select(named.c.name, documents).where(named.c.name != "").group_by(named.c.name)
    return statement.order_by(documents.desc(), named.c.name).limit(MOST_LABELS)


_KINDS = (
    select(Document.kind, func.count().label("documents"))
    .where(
        Document.customer_id == bindparam("customer_id", type_=Uuid),
        Document.release_time.is_not(None),
        Document.trash_time.is_(None),
    )
    .group_by(Document.kind)
    .order_by(func.count().desc(), Document.kind)
)
_LABELS = {"tags": _labels(func.unnest(Document.tags)), "concerned_persons": _labels(Document.concerned_person)}


def _reminder(due_on: date | None, days: int, today: date) -> date | None:
    """Return the day of the reminder: today when it should have been before, none when all is over."""
    if due_on is None or due_on < today:
        return None
    return max(due_on - timedelta(days=days), today)


def _clean_tags(tags: list[str]) -> list[str]:
    """Return the tags without double ones, which differ at most in case and blanks; the first spelling stays."""
    cleaned = {" ".join(tag.split()).casefold(): " ".join(tag.split()) for tag in reversed(tags)}
    if "" in cleaned:
        raise invalid("document.tags", "Ein Schlagwort darf nicht leer sein.")
    return list(reversed(cleaned.values()))
