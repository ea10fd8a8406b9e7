"""Consent to electronic delivery (F140, decision 8): every word is kept, the latest applies, from its instant on.

The text is versioned with the code: a new wording gets a new file and number, and whoever agreed to an older one stays
bound by what he read. Revoking takes effect at once, because services ask at the moment of delivery and keep no copy.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from datetime import datetime
from functools import cache
from importlib.resources import files
from typing import Final
from uuid import UUID

from google.protobuf.timestamp_pb2 import Timestamp
from kontor.identity.v1.epost_pb2 import EPostDecision
from kontor.identity.v1.events_pb2 import EPostConsentChanged
from kontor_chassis.database import Transaction
from kontor_chassis.errors import DomainError, ErrorKind
from kontor_chassis.ids import new_id
from sqlalchemy import select, tuple_

from kontor_identity.customers import customer_for_update
from kontor_identity.proofs.tables import EPostEntryRow

VERSION: Final = 1


@cache
def text_in_force() -> tuple[str, str]:
    """Return the text and its SHA-256 in hexadecimal digits."""
    body = (files("kontor_identity") / "data" / f"epost_consent_{VERSION}.txt").read_text(encoding="utf-8")
    return body, hashlib.sha256(body.encode()).hexdigest()


async def latest_entry(tx: Transaction, customer_id: UUID, at: datetime | None = None) -> EPostEntryRow | None:
    """Return a customer's latest word, as it was at an instant."""
    statement = select(EPostEntryRow).where(EPostEntryRow.customer_id == customer_id)
    if at is not None:
        statement = statement.where(EPostEntryRow.decided_at <= at)
    newest = statement.order_by(EPostEntryRow.decided_at.desc(), EPostEntryRow.epost_entry_id.desc())
    return (await tx.session.scalars(newest.limit(1))).one_or_none()


async def entries_of(
    tx: Transaction, customer_id: UUID, before: tuple[datetime, UUID], limit: int
) -> Sequence[EPostEntryRow]:
    """Return a page of a customer's words, newest first."""
    key = tuple_(EPostEntryRow.decided_at, EPostEntryRow.epost_entry_id)
    statement = select(EPostEntryRow).where(EPostEntryRow.customer_id == customer_id, key < tuple_(*before))
    newest = statement.order_by(EPostEntryRow.decided_at.desc(), EPostEntryRow.epost_entry_id.desc())
    return (await tx.session.scalars(newest.limit(limit))).all()


async def decide(tx: Transaction, customer_id: UUID, decision: int, sha256: str) -> EPostEntryRow:
    """Keep the caller's word; the same word again changes nothing.

    Raises CONFLICT "CONSENT_TEXT_CHANGED" when he agrees to a text that is not in force, and PRECONDITION
    "NOTHING_TO_REVOKE".
    """
    customer = await customer_for_update(tx, customer_id)
    _, in_force = text_in_force()
    latest = await latest_entry(tx, customer_id)
    given = latest is not None and latest.decision == EPostDecision.E_POST_DECISION_GIVEN
    if decision == EPostDecision.E_POST_DECISION_GIVEN and sha256 != in_force:
        raise DomainError(
            ErrorKind.CONFLICT,
            "CONSENT_TEXT_CHANGED",
            "Inzwischen gilt eine neue Fassung. Bitte lesen Sie sie und entscheiden Sie dann.",
        )
    if decision != EPostDecision.E_POST_DECISION_GIVEN and given:
        decision = int(EPostDecision.E_POST_DECISION_REVOKED)
    elif decision == EPostDecision.E_POST_DECISION_REVOKED:
        raise DomainError(
            ErrorKind.PRECONDITION, "NOTHING_TO_REVOKE", "Sie haben nicht eingewilligt; es gibt nichts zu widerrufen."
        )
    if latest is not None and latest.decision == decision and latest.version == VERSION:
        return latest
    entry = EPostEntryRow(
        epost_entry_id=new_id(),
        tenant_id=customer.tenant_id,
        customer_id=customer_id,
        decision=decision,
        version=VERSION,
        sha256=in_force,
        decided_at=tx.now,
        account_id=tx.principal.required_account(),
    )
    tx.session.add(entry)
    await tx.session.flush()
    _announce(tx, entry)
    return entry


def _announce(tx: Transaction, entry: EPostEntryRow) -> None:
    decided = Timestamp()
    decided.FromDatetime(entry.decided_at)
    event = EPostConsentChanged(
        tenant_id=str(entry.tenant_id),
        customer_id=str(entry.customer_id),
        e_post_entry_id=str(entry.epost_entry_id),
        decision=EPostDecision.ValueType(entry.decision),
        version=entry.version,
        decide_time=decided,
    )
    tx.publish(event, aggregate=entry.customer_id)
