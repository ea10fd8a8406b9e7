"""Retention: rules by kind that protect what a firm filed, and end it; a due day is neither.

A period begins with the end of the calendar year in which a document was filed (§ 257 (5) HGB, § 147 (4) AO). What a
firm filed by mistake it can take back for a few days, as long as the customer has not seen it. Customers' own documents
no rule touches. The application asks here before it trashes, destroys or erases anything.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Final
from uuid import UUID

from kontor.vault.v1.vault_pb2 import DocumentKind as Kind
from kontor_chassis.clock import billing_day
from kontor_chassis.database import Transaction
from kontor_chassis.errors import DomainError, ErrorKind, invalid
from kontor_chassis.sentences import said
from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert

from kontor_vault.retention_tables import RetentionRuleRow
from kontor_vault.tables import Document, Origin

CORRECTABLE: Final = timedelta(days=7)
"""How long a firm can take back what it filed by mistake."""


@dataclass(frozen=True)
class Rule:
    """How long documents of one kind are kept; years of 0 mean: not protected, no end."""

    kind: int
    protect_years: int
    end_years: int
    basis: str
    is_default: bool = True


_LIABILITY = "§§ 61–63 VVG, § 199 Abs. 3 BGB"
DEFAULTS: Final[Mapping[int, Rule]] = {
    rule.kind: rule
    for rule in (
        Rule(Kind.DOCUMENT_KIND_OTHER, 0, 0, ""),
        Rule(Kind.DOCUMENT_KIND_POLICY, 10, 0, _LIABILITY),
        Rule(Kind.DOCUMENT_KIND_ADDENDUM, 10, 0, _LIABILITY),
        Rule(Kind.DOCUMENT_KIND_CERTIFICATE, 10, 0, _LIABILITY),
        Rule(Kind.DOCUMENT_KIND_TERMS, 10, 0, _LIABILITY),
        Rule(Kind.DOCUMENT_KIND_INVOICE, 8, 0, "§ 257 Abs. 4 HGB, § 147 Abs. 3 AO"),
        Rule(Kind.DOCUMENT_KIND_BENEFIT_STATEMENT, 6, 0, "§ 257 Abs. 4 HGB"),
        Rule(Kind.DOCUMENT_KIND_CORRESPONDENCE, 6, 0, "§ 257 Abs. 4 HGB"),
    )
}
_NAMES: Final = {
    Kind.DOCUMENT_KIND_POLICY: "Versicherungsschein",
    Kind.DOCUMENT_KIND_ADDENDUM: "Nachtrag",
    Kind.DOCUMENT_KIND_CERTIFICATE: "Bescheinigung",
    Kind.DOCUMENT_KIND_TERMS: "Bedingungen",
    Kind.DOCUMENT_KIND_INVOICE: "Rechnung",
    Kind.DOCUMENT_KIND_BENEFIT_STATEMENT: "Leistungsabrechnung",
    Kind.DOCUMENT_KIND_CORRESPONDENCE: "Schriftwechsel",
}


async def rules_of(tx: Transaction, tenant_id: UUID) -> dict[int, Rule]:
    """Return a firm's rule for every kind."""
    own = await tx.session.scalars(select(RetentionRuleRow).where(RetentionRuleRow.tenant_id == tenant_id))
    departing = {row.kind: Rule(row.kind, row.protect_years, row.end_years, row.basis, False) for row in own}
    return {**DEFAULTS, **departing}


async def set_rules(tx: Transaction, rules: Iterable[Rule]) -> None:
    """Set rules of the caller's firm; raises INVALID for an end before the protection is over."""
    for number, rule in enumerate(rules):
        if rule.end_years and rule.end_years < rule.protect_years:
            raise invalid(
                f"rules.rules[{number}].end_years",
                "Gelöscht werden kann erst, wenn die Aufbewahrungsfrist vorbei ist.",
            )
        values = {
            "tenant_id": tx.principal.required_tenant(),
            "kind": rule.kind,
            "protect_years": rule.protect_years,
            "end_years": rule.end_years,
            "basis": " ".join(rule.basis.split()),
            "account_id": tx.principal.required_account(),
            "set_time": tx.now,
        }
        row = insert(RetentionRuleRow).values(**values)
        await tx.session.execute(row.on_conflict_do_update(index_elements=["tenant_id", "kind"], set_=values))


async def require_unprotected(tx: Transaction, document: Document) -> None:
    """Raise PRECONDITION "RETENTION", naming day and rule, for a document that must be kept."""
    if document.origin == Origin.FIRM:
        rules = await rules_of(tx, document.tenant_id)
        until = protected_until(document, rules, tx.now)
        if until is not None:
            raise kept_until(until, rules[document.kind])


async def is_protected(tx: Transaction, document: Document) -> bool:
    """Whether a document must be kept at this moment."""
    return protected_until(document, await rules_of(tx, document.tenant_id), tx.now) is not None


async def require_kind_keeps(tx: Transaction, document: Document, kind: int) -> None:
    """Raise the same where another kind would let a protected document go earlier."""
    if document.origin != Origin.FIRM or kind == document.kind:
        return
    rules = await rules_of(tx, document.tenant_id)
    until = protected_until(document, rules, tx.now)
    if until is not None and _last_day(document.create_time, rules[kind].protect_years) < until:
        raise kept_until(until, rules[document.kind])


async def kept_documents(tx: Transaction, tenant_id: UUID, customer_id: UUID) -> dict[UUID, tuple[date, Rule]]:
    """Return which of a customer's documents his firm must keep, with the last day and the rule of each."""
    rules = await rules_of(tx, tenant_id)
    filed = await tx.session.scalars(
        select(Document).where(
            Document.tenant_id == tenant_id, Document.customer_id == customer_id, Document.origin == Origin.FIRM
        )
    )
    kept = {each.document_id: (protected_until(each, rules, tx.now), rules[each.kind]) for each in filed}
    return {document_id: (until, rule) for document_id, (until, rule) in kept.items() if until is not None}


def protected_until(document: Document, rules: Mapping[int, Rule], now: datetime) -> date | None:
    """Return the last day on which a document is protected; None where it is not, or not any more."""
    rule = rules[document.kind]
    if document.origin != Origin.FIRM or not rule.protect_years:
        return None
    if document.release_time is None and now < document.create_time + CORRECTABLE:
        return None
    until = _last_day(document.create_time, rule.protect_years)
    return until if today_of(now) <= until else None


def end_by_rule(document: Document, rule: Rule) -> date | None:
    """Return the day on which a rule ends a document: the first one after its years."""
    if document.origin != Origin.FIRM or not rule.end_years:
        return None
    return _last_day(document.create_time, rule.end_years) + timedelta(days=1)


def kept_until(until: date, rule: Rule) -> DomainError:
    """Return the refusal to delete something that must be kept."""
    return DomainError(
        ErrorKind.PRECONDITION,
        "RETENTION",
        said(
            "Dieses Dokument muss bis zum %(day)s aufbewahrt werden und lässt sich vorher nicht löschen. "
            "Regel: %(kind)s, %(years)s Jahre (%(basis)s).",
            day=f"{until:%d.%m.%Y}",
            kind=_NAMES.get(Kind.ValueType(rule.kind), "Sonstiges"),
            years=rule.protect_years,
            basis=rule.basis or "–",
        ),
    )


def today_of(now: datetime) -> date:
    """Return the day in Germany."""
    return date.fromisoformat(billing_day(now))


def _last_day(filed: datetime, years: int) -> date:
    return date(today_of(filed).year + years, 12, 31)
