"""What a customer has beside folders and documents, as an archive tells it: what was recognised and learned,
deliveries with their proofs, originals and sheets of scanned post, what retention says.

Only what was recognised and learned comes alive again where an archive is read in. The rest tells of a firm, a scan
centre and consents of the installation that made it; it is kept and handed on as it came.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Protocol
from uuid import UUID

from kontor.vault.v1.deliveries_pb2 import DeliveryStage
from kontor.vault.v1.vault_pb2 import DocumentKind, SightingAction
from kontor_chassis.database import Transaction
from sqlalchemy import select

from kontor_vault import archive_format as form
from kontor_vault.deliveries import Delivered, Parties, all_deliveries
from kontor_vault.file_names import unique_name
from kontor_vault.filing_rules import KeptLesson, kept_lessons
from kontor_vault.filing_tables import FilingProposal
from kontor_vault.keeping_tables import EarlierFile
from kontor_vault.keys import CustomerKeys
from kontor_vault.originals import steps_of
from kontor_vault.proposals import Proposals
from kontor_vault.recognising.letters import Facts
from kontor_vault.retention import Rule, end_by_rule, protected_until, rules_of
from kontor_vault.scan_tables import Original, OriginalStep, ScanSheet
from kontor_vault.tables import Document, Origin, Sighting

_STAGE = "DELIVERY_STAGE_"


class KnowsParties(Protocol):
    """Knows who delivered to whom."""

    async def parties(self, tenant_id: UUID, customer_id: UUID) -> Parties:
        """Return the firm and its customer by name."""
        ...


@dataclass(frozen=True)
class Beside:
    """All of it, read at one moment."""

    proposals: Mapping[UUID, tuple[FilingProposal, Facts]]
    lessons: Sequence[KeptLesson]
    deliveries: Sequence[Delivered]
    originals: Sequence[Original]
    original_steps: Mapping[UUID, list[OriginalStep]]
    sheets: Sequence[ScanSheet]
    rules: Mapping[int, Rule]
    grantees: Mapping[UUID, str]
    """Names by grant."""
    files: Sequence[EarlierFile]
    """Of archives that were read in before."""
    now: datetime

    def proof_paths(self) -> dict[UUID, str]:
        """Return where the proof of each delivery lies below `data/`."""
        taken: set[str] = set()
        return {
            each.delivery.delivery_id: unique_name("Zustellnachweise/", f"{each.delivery.title}.pdf", taken)
            for each in self.deliveries
        }


async def beside_of(tx: Transaction, keys: CustomerKeys, customer_id: UUID) -> Beside:
    """Read it."""
    proposals, read = Proposals(keys), tx.session.scalars
    originals = await read(select(Original).where(Original.customer_id == customer_id).order_by(Original.original_id))
    found = originals.all()
    sheets = await read(select(ScanSheet).where(ScanSheet.customer_id == customer_id).order_by(ScanSheet.sheet_id))
    given = await read(
        select(Sighting)
        .where(Sighting.customer_id == customer_id, Sighting.action == SightingAction.SIGHTING_ACTION_SHARE)
        .order_by(Sighting.sequence)
    )
    files = await read(select(EarlierFile).where(EarlierFile.customer_id == customer_id).order_by(EarlierFile.file_id))
    return Beside(
        await proposals.kept(tx, customer_id),
        await kept_lessons(tx, customer_id, await proposals.lessons_key(tx, customer_id)),
        await all_deliveries(tx, customer_id),
        found,
        await steps_of(tx, [original.original_id for original in found]),
        sheets.all(),
        await rules_of(tx, tx.principal.required_tenant()),
        {entry.grant_id: entry.party_name for entry in given if entry.grant_id is not None},
        files.all(),
        tx.now,
    )


def archived_proposal(beside: Beside, document_id: UUID) -> form.ArchivedProposal | None:
    """Return what was recognised in a document."""
    row, facts = beside.proposals.get(document_id, (None, None))
    if row is None or facts is None:
        return None
    said = {**asdict(facts), "kind": DocumentKind.Name(facts.kind), "numbers": list(facts.numbers)}
    times = {"create_time": row.create_time, "update_time": row.update_time}
    return form.ArchivedProposal.model_validate({**said, **times, "state": row.state})


def archived_retention(beside: Beside, document: Document) -> form.ArchivedRetention | None:
    """Return what the firm's rules say about what it filed."""
    if document.origin != Origin.FIRM:
        return None
    rule = beside.rules[document.kind]
    return form.ArchivedRetention(
        protected_until=protected_until(document, beside.rules, beside.now),
        ends_on=document.end_on or end_by_rule(document, rule),
        basis=rule.basis,
    )


def archived_rules(beside: Beside, folders: set[UUID]) -> list[form.ArchivedFilingRule]:
    """Return what the household has taught; a folder that is gone is none."""
    return [
        form.ArchivedFilingRule(
            filing_rule_id=each.row.filing_rule_id,
            sender=each.lesson.sender,
            name=each.lesson.name,
            kind=DocumentKind.Name(DocumentKind.ValueType(each.lesson.kind)),
            folder_id=_folder(each.lesson.folder_id, folders),
            title_pattern=each.lesson.title_pattern,
            confirmations=each.lesson.confirmations,
            create_time=each.row.create_time,
            update_time=each.row.update_time,
        )
        for each in beside.lessons
    ]


def archived_deliveries(beside: Beside) -> list[form.ArchivedDelivery]:
    """Return deliveries with their stages."""
    proofs = beside.proof_paths()
    return [_archived_delivery(each, proofs[each.delivery.delivery_id]) for each in beside.deliveries]


def archived_originals(beside: Beside) -> list[form.ArchivedOriginal]:
    """Return the paper twins."""
    plain = ("original_id", "document_id", "box", "position", "pages", "sheets", "period")
    return [
        form.ArchivedOriginal(
            **{name: getattr(original, name) for name in plain},
            scan_time=original.scan_time,
            keep_until=original.keep_until,
            state=original.state,
            return_address=original.return_address,
            steps=[
                form.ArchivedOriginalStep(
                    number=step.number,
                    state=step.state,
                    account_id=step.account_id,
                    account_name=step.account_name,
                    time=step.time,
                )
                for step in beside.original_steps[original.original_id]
            ],
        )
        for original in beside.originals
    ]


def archived_sheets(beside: Beside) -> list[form.ArchivedScanSheet]:
    """Return separator sheets."""
    return [
        form.ArchivedScanSheet(
            sheet_id=sheet.sheet_id,
            number=sheet.number,
            label=sheet.label,
            create_time=sheet.create_time,
            expire_time=sheet.expire_time,
            revoke_time=sheet.revoke_time,
        )
        for sheet in beside.sheets
    ]


def archived_files(beside: Beside) -> list[form.ArchivedEarlierFile]:
    """Return where files of archives that were read in before lie in this one."""
    return [
        form.ArchivedEarlierFile(
            archive_id=file.archive_id, name=file.name, path=f"metadata/earlier/{file.archive_id}/{file.name}"
        )
        for file in beside.files
    ]


def _archived_delivery(delivered: Delivered, proof_path: str) -> form.ArchivedDelivery:
    one = delivered.delivery
    plain = ("delivery_id", "document_id", "number", "title", "file_name", "size_bytes", "e_post_entry_id")
    return form.ArchivedDelivery(
        **{name: getattr(one, name) for name in plain},
        sha256=one.sha256.hex(),
        consent_version=one.consent_version,
        consent_time=one.consent_time,
        steps=[
            form.ArchivedDeliveryStep(
                stage=DeliveryStage.Name(DeliveryStage.ValueType(step.stage)).removeprefix(_STAGE),
                time=step.time,
                account_id=step.account_id,
                account_name=step.account_name,
                sequence=step.sequence,
                hash=step.hash.hex(),
            )
            for step in delivered.steps
        ],
        proof_path=proof_path,
    )


def _folder(folder_id: str, folders: set[UUID]) -> UUID | None:
    found = UUID(folder_id) if folder_id else None
    return found if found in folders else None
