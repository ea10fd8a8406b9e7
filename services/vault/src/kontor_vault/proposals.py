"""Proposals of where a document belongs (F1, F146): made when it is read, shown, and confirmed or dismissed.

A row keeps, sealed, what was recognised. The proposal is made of it when somebody looks, with the contracts that he
sees and what his household has taught by then. Nothing is filed without a person's word.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from datetime import date, datetime
from typing import Any, Protocol
from uuid import UUID

from kontor_chassis.clock import billing_day
from kontor_chassis.database import Transaction
from kontor_chassis.errors import invalid, not_found
from sqlalchemy import Select, select
from sqlalchemy.dialects.postgresql import insert

from kontor_vault.documents import DocumentChange, update_document
from kontor_vault.filing_rules import kept_lessons, learn
from kontor_vault.filing_tables import FilingProposal, ProposalState
from kontor_vault.keys import CustomerKeys
from kontor_vault.lessons import Learned, Lesson, learned_for, taught_by, title_of
from kontor_vault.papers import Said
from kontor_vault.recognising.letters import Facts, names_contract, recognise
from kontor_vault.sealed_texts import open_text, seal_text
from kontor_vault.tables import Document, Folder, Origin
from kontor_vault.visibility import document_visible_to, require_customer_scope

_FACTS, _LESSONS = b"kontor.vault.filing.facts", b"kontor.vault.filing.rules"


@dataclass(frozen=True)
class OwnContract:
    """A contract that whoever asks sees."""

    contract_id: UUID
    number: str


class Contracts(Protocol):
    """Knows the contracts of a customer as the caller sees them."""

    async def of_customer(self, customer_id: UUID) -> Sequence[OwnContract] | None:
        """Return them; None when they cannot be asked for, or are not his to see."""
        ...


@dataclass(frozen=True)
class Proposal:
    """How a document could be filed, and why."""

    document: Document
    facts: Facts
    title: str
    kind: int
    folder_id: UUID | None
    contract: OwnContract | None
    learned: Learned | None


@dataclass(frozen=True)
class Filed:
    """A document as a person wants it."""

    title: str
    kind: int
    folder_id: UUID | None
    contract_id: UUID | None
    dated_on: date | None
    due_on: date | None


class Proposals:
    """The use cases; they need the customers' keys."""

    def __init__(self, keys: CustomerKeys) -> None:
        self._keys = keys

    async def propose(self, tx: Transaction, document: Document, text: str) -> None:
        """Keep what a new document of the customer says about itself; one that says nothing makes no proposal."""
        if document.origin != Origin.CUSTOMER or document.content_version != 1:
            return
        facts = recognise(text, document.file_name, date.fromisoformat(billing_day(tx.now)))
        if facts.says_something:
            await self.keep(tx, document, facts, ProposalState.OPEN, (tx.now, tx.now))

    async def keep(
        self, tx: Transaction, document: Document, facts: Facts, state: ProposalState, times: tuple[datetime, datetime]
    ) -> None:
        """Keep what was recognised in a document, made and changed at these times; what is kept already stays."""
        key = await self._keys.purpose_key(tx, document.tenant_id, document.customer_id, _FACTS)
        row = {
            "document_id": document.document_id,
            "tenant_id": document.tenant_id,
            "customer_id": document.customer_id,
            "state": state,
            "facts": seal_text(json.dumps(asdict(facts), default=str), key, document.document_id.bytes),
            "create_time": times[0],
            "update_time": times[1],
        }
        await tx.session.execute(insert(FilingProposal).values(**row).on_conflict_do_nothing())

    async def kept(self, tx: Transaction, customer_id: UUID) -> dict[UUID, tuple[FilingProposal, Facts]]:
        """Return all that is kept of a customer's documents, by document."""
        rows = await tx.session.scalars(select(FilingProposal).where(FilingProposal.customer_id == customer_id))
        return {row.document_id: (row, await self._opened(tx, row)) for row in rows.all()}

    async def open_ones(
        self, tx: Transaction, *, customer_id: UUID, before: UUID, size: int, contracts: Sequence[OwnContract]
    ) -> list[Proposal]:
        """Return proposals for documents that wait to be filed, the newest first."""
        require_customer_scope(tx.principal, customer_id)
        statement = _waiting(tx, customer_id).where(FilingProposal.document_id < before)
        found = await tx.session.execute(statement.order_by(FilingProposal.document_id.desc()).limit(size))
        return await self._made(tx, customer_id, [(row[0], row[1]) for row in found], contracts)

    async def open_one(
        self, tx: Transaction, *, customer_id: UUID, document_id: UUID, contracts: Sequence[OwnContract]
    ) -> Proposal:
        """Return the proposal for a document; raises NOT_FOUND when it does not wait to be filed."""
        row, document = await _waiting_one(tx, customer_id, document_id)
        return (await self._made(tx, customer_id, [(row, document)], contracts))[0]

    async def confirm(
        self,
        tx: Transaction,
        *,
        customer_id: UUID,
        document_id: UUID,
        etag: str,
        filed: Filed,
        contracts: Sequence[OwnContract] | None,
    ) -> Document:
        """File a document as a person says, and learn from it; `contracts` is None when nobody could be asked.

        Raises NOT_FOUND (proposal, folder), CONFLICT (etag), INVALID for a contract that is not the customer's.
        """
        row, before = await _waiting_one(tx, customer_id, document_id, for_update=True)
        _require_contract(filed.contract_id, before.contract_id, contracts)
        facts = await self._opened(tx, row)
        change = DocumentChange(filed.title, filed.kind, filed.folder_id, filed.contract_id, _said(filed, before))
        document = await update_document(tx, customer_id=customer_id, document_id=document_id, etag=etag, change=change)
        row.state, row.update_time = ProposalState.CONFIRMED, tx.now
        await tx.session.flush()
        if facts.sender:
            number = next((each.number for each in contracts or () if each.contract_id == filed.contract_id), "")
            dated = replace(facts, dated_on=filed.dated_on or facts.dated_on)
            lesson = taught_by(
                dated, title=document.title, kind=filed.kind, folder_id=filed.folder_id, contract_number=number
            )
            await learn(tx, customer_id, await self.lessons_key(tx, customer_id), lesson)
        return document

    async def dismiss(self, tx: Transaction, *, customer_id: UUID, document_id: UUID) -> None:
        """Leave a document as it is; raises NOT_FOUND when there never was a proposal that the caller may see."""
        require_customer_scope(tx.principal, customer_id)
        row = await tx.session.scalar(
            select(FilingProposal)
            .join(Document, Document.document_id == FilingProposal.document_id)
            .where(
                FilingProposal.document_id == document_id,
                FilingProposal.customer_id == customer_id,
                document_visible_to(tx.principal),
            )
            .with_for_update(of=FilingProposal)
        )
        if row is None:
            raise not_found("Der Ablagevorschlag")
        if row.state == ProposalState.OPEN:
            row.state, row.update_time = ProposalState.DISMISSED, tx.now
            await tx.session.flush()

    async def lessons_key(self, tx: Transaction, customer_id: UUID) -> bytes:
        """Return the key under which a household's lessons are kept."""
        return await self._keys.purpose_key(tx, tx.principal.required_tenant(), customer_id, _LESSONS)

    async def _made(
        self,
        tx: Transaction,
        customer_id: UUID,
        rows: Sequence[tuple[FilingProposal, Document]],
        contracts: Sequence[OwnContract],
    ) -> list[Proposal]:
        if not rows:
            return []
        key = await self.lessons_key(tx, customer_id)
        lessons = [each.lesson for each in await kept_lessons(tx, customer_id, key)]
        folders = set(await tx.session.scalars(select(Folder.folder_id).where(Folder.customer_id == customer_id)))
        standing = [each for each in lessons if not each.folder_id or UUID(each.folder_id) in folders]
        return [_proposal(document, await self._opened(tx, row), standing, contracts) for row, document in rows]

    async def _opened(self, tx: Transaction, row: FilingProposal) -> Facts:
        key = await self._keys.purpose_key(tx, row.tenant_id, row.customer_id, _FACTS)
        return _facts(json.loads(open_text(row.facts, key, row.document_id.bytes)))


def _proposal(
    document: Document, facts: Facts, lessons: Sequence[Lesson], contracts: Sequence[OwnContract]
) -> Proposal:
    learned = learned_for(facts, lessons)
    lesson = learned.lesson if learned else None
    contract = next((each for each in contracts if names_contract(facts, each.number)), None)
    number = contract.number if contract else ""
    title = title_of(facts, number, lesson.title_pattern) if lesson else title_of(facts, number)
    return Proposal(
        document,
        facts,
        title or document.title,
        lesson.kind if lesson else facts.kind if facts.name else document.kind,
        learned.folder_id if learned and document.folder_id is None else document.folder_id,
        contract,
        learned,
    )


def _waiting(tx: Transaction, customer_id: UUID) -> Select[FilingProposal, Document]:
    return (
        select(FilingProposal, Document)
        .join(Document, Document.document_id == FilingProposal.document_id)
        .where(
            FilingProposal.customer_id == customer_id,
            FilingProposal.state == ProposalState.OPEN,
            Document.trash_time.is_(None),
            document_visible_to(tx.principal),
        )
    )


async def _waiting_one(
    tx: Transaction, customer_id: UUID, document_id: UUID, *, for_update: bool = False
) -> tuple[FilingProposal, Document]:
    require_customer_scope(tx.principal, customer_id)
    statement = _waiting(tx, customer_id).where(FilingProposal.document_id == document_id)
    found = (await tx.session.execute(statement.with_for_update() if for_update else statement)).one_or_none()
    if found is None:
        raise not_found("Der Ablagevorschlag")
    return found[0], found[1]


def _require_contract(wanted: UUID | None, present: UUID | None, contracts: Sequence[OwnContract] | None) -> None:
    """Refuse a contract that is not the customer's; where nobody can be asked, any but the present one."""
    if wanted is None or wanted == present or any(each.contract_id == wanted for each in contracts or ()):
        return
    raise invalid("contract_id", "Diesen Vertrag gibt es nicht.")


def _said(filed: Filed, before: Document) -> Said:
    """Return what changes beside title, kind and place; a reminder of the same due day stays as it is."""
    same = filed.due_on == before.due_on
    return Said(dated_on=filed.dated_on) if same else Said(dated_on=filed.dated_on, due_on=filed.due_on)


def _facts(given: dict[str, Any]) -> Facts:
    days = {name: date.fromisoformat(given[name]) if given[name] else None for name in ("dated_on", "due_on")}
    return Facts(**{**given, **days, "numbers": tuple(given["numbers"])})
