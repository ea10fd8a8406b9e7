"""Where lessons are kept: one sealed row each, few per household, so that all of them are opened at once."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from datetime import datetime
from uuid import UUID

from kontor_chassis.database import Transaction
from kontor_chassis.errors import not_found
from kontor_chassis.ids import new_id
from sqlalchemy import select

from kontor_vault.filing_tables import FilingRule
from kontor_vault.lessons import Lesson
from kontor_vault.sealed_texts import open_text, seal_text
from kontor_vault.visibility import require_customer_scope

MOST_RULES = 500
"""Of one household; the oldest goes when one more comes."""


@dataclass(frozen=True)
class KeptLesson:
    """A lesson and its row."""

    row: FilingRule
    lesson: Lesson


async def kept_lessons(tx: Transaction, customer_id: UUID, key: bytes) -> list[KeptLesson]:
    """Return what a household has taught, in the order of the learning."""
    found = await tx.session.scalars(
        select(FilingRule).where(FilingRule.customer_id == customer_id).order_by(FilingRule.filing_rule_id)
    )
    return [KeptLesson(row, _opened(row, key)) for row in found]


async def learn(tx: Transaction, customer_id: UUID, key: bytes, lesson: Lesson) -> None:
    """Keep a lesson: the same once more counts, another about the same post replaces what was there."""
    kept = await kept_lessons(tx, customer_id, key)
    for each in kept:
        if each.lesson.key == lesson.key:
            same = replace(each.lesson, confirmations=1) == lesson
            counted = replace(lesson, confirmations=each.lesson.confirmations + 1) if same else lesson
            each.row.lesson = _sealed(counted, key, each.row.filing_rule_id)
            each.row.update_time = tx.now
            await tx.session.flush()
            return
    if len(kept) >= MOST_RULES:
        await tx.session.delete(min(kept, key=lambda each: each.row.update_time).row)
    tx.session.add(_row(tx, customer_id, key, lesson, (tx.now, tx.now)))
    await tx.session.flush()


async def take_over(
    tx: Transaction, customer_id: UUID, key: bytes, lessons: Sequence[tuple[Lesson, tuple[datetime, datetime]]]
) -> int:
    """Keep lessons from elsewhere, made and changed at these times, where none is known yet; return how many."""
    known = {each.lesson.key for each in await kept_lessons(tx, customer_id, key)}
    new = {lesson.key: (lesson, times) for lesson, times in lessons if lesson.key not in known}
    taken = list(new.values())[: max(MOST_RULES - len(known), 0)]
    tx.session.add_all([_row(tx, customer_id, key, lesson, times) for lesson, times in taken])
    await tx.session.flush()
    return len(taken)


async def list_rules(tx: Transaction, *, customer_id: UUID, after: UUID, size: int) -> Sequence[FilingRule]:
    """Return rules of a household in the order of the learning."""
    require_customer_scope(tx.principal, customer_id)
    found = await tx.session.scalars(
        select(FilingRule)
        .where(FilingRule.customer_id == customer_id, FilingRule.filing_rule_id > after)
        .order_by(FilingRule.filing_rule_id)
        .limit(size)
    )
    return found.all()


def opened_lessons(rows: Sequence[FilingRule], key: bytes) -> list[KeptLesson]:
    """Return rows with what they say."""
    return [KeptLesson(row, _opened(row, key)) for row in rows]


async def forget(tx: Transaction, *, customer_id: UUID, filing_rule_id: UUID) -> None:
    """Forget a rule; raises NOT_FOUND."""
    require_customer_scope(tx.principal, customer_id)
    found = await tx.session.scalar(
        select(FilingRule)
        .where(FilingRule.filing_rule_id == filing_rule_id, FilingRule.customer_id == customer_id)
        .with_for_update()
    )
    if found is None:
        raise not_found("Die Regel")
    await tx.session.delete(found)
    await tx.session.flush()


def _row(
    tx: Transaction, customer_id: UUID, key: bytes, lesson: Lesson, times: tuple[datetime, datetime]
) -> FilingRule:
    rule_id = new_id()
    return FilingRule(
        filing_rule_id=rule_id,
        tenant_id=tx.principal.required_tenant(),
        customer_id=customer_id,
        lesson=_sealed(lesson, key, rule_id),
        create_time=times[0],
        update_time=times[1],
    )


def _opened(row: FilingRule, key: bytes) -> Lesson:
    return Lesson(**json.loads(open_text(row.lesson, key, row.filing_rule_id.bytes)))


def _sealed(lesson: Lesson, key: bytes, rule_id: UUID) -> bytes:
    return seal_text(json.dumps(asdict(lesson)), key, rule_id.bytes)
