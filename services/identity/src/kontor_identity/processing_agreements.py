"""The processing agreement under Art. 28 GDPR: versions, and the proof that a firm accepted one (F94)."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from uuid import UUID

from kontor_chassis.database import Transaction
from kontor_chassis.errors import DomainError, ErrorKind
from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert

from kontor_identity.firm_tables import ProcessingAcceptance, ProcessingText


@dataclass(frozen=True)
class AgreementView:
    """The version in force and its acceptance by one firm."""

    text: ProcessingText
    acceptance: ProcessingAcceptance | None


async def agreement_in_force(tx: Transaction, tenant_id: UUID) -> AgreementView:
    """Return the latest version and whether the firm accepted it."""
    text = await _latest(tx)
    return AgreementView(text, await tx.session.get(ProcessingAcceptance, (tenant_id, text.version)))


async def accept_agreement(tx: Transaction, version: int, sha256: str) -> AgreementView:
    """Accept for the caller's firm; a second acceptance changes nothing.

    Raises CONFLICT "AGREEMENT_CHANGED" when the text read is not the one in force.
    """
    tenant_id, text = tx.principal.required_tenant(), await _latest(tx)
    if (text.version, text.sha256) != (version, sha256):
        raise DomainError(
            ErrorKind.CONFLICT,
            "AGREEMENT_CHANGED",
            "Inzwischen gilt eine neue Fassung. Bitte lesen Sie sie und stimmen Sie dann zu.",
        )
    proof = insert(ProcessingAcceptance).values(
        tenant_id=tenant_id,
        version=version,
        account_id=tx.principal.required_account(),
        display_name=tx.principal.display_name,
        sha256=sha256,
        accepted_at=tx.now,
    )
    await tx.session.execute(proof.on_conflict_do_nothing())
    return AgreementView(text, await tx.session.get_one(ProcessingAcceptance, (tenant_id, version)))


async def publish_agreement(tx: Transaction, body: str) -> AgreementView:
    """Publish the next version; every firm is asked anew."""
    latest = await _latest(tx)
    text = ProcessingText(
        version=latest.version + 1,
        body=body,
        sha256=hashlib.sha256(body.encode()).hexdigest(),
        published_at=tx.now,
        published_by=tx.principal.required_account(),
    )
    tx.session.add(text)
    await tx.session.flush()
    return AgreementView(text, None)


async def _latest(tx: Transaction) -> ProcessingText:
    statement = select(ProcessingText).order_by(ProcessingText.version.desc()).limit(1)
    found: ProcessingText = (await tx.session.execute(statement)).scalar_one()
    return found
