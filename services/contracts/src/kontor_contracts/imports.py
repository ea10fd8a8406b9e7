"""Portfolio imports: a checked file becomes customers (in identity) and contracts (here).

Three steps, each repeatable: read and check the whole file; identity takes the customers in; contracts are written in
one transaction. A crash in between leaves at most customers without contracts, and sending the file again completes
it. The file's format is `gdv`'s business.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from uuid import NAMESPACE_OID, UUID, uuid5

from kontor.contracts.v1.events_pb2 import ContractWithdrawn, PortfolioImported
from kontor_chassis.database import Transaction
from kontor_chassis.errors import DomainError, ErrorKind, FieldProblem
from kontor_chassis.ids import new_id
from kontor_chassis.sentences import said
from sqlalchemy import func, select

from kontor_contracts import gdv
from kontor_contracts.firms import NamedAccount
from kontor_contracts.gdv.model import Interval as GdvInterval
from kontor_contracts.gdv.model import PolicyContract, Remark, Standing
from kontor_contracts.lines import ensure_default_lines, lines_by_gdv_key
from kontor_contracts.tables import Contract, Interval, Origin, PortfolioImport, Status

_STATUS = {
    Standing.ACTIVE: Status.ACTIVE,
    Standing.PREMIUM_FREE: Status.PREMIUM_FREE,
    Standing.SUSPENDED: Status.SUSPENDED,
    Standing.ENDED: Status.ENDED,
}
_INTERVAL = {
    GdvInterval.UNKNOWN: Interval.UNSPECIFIED,
    GdvInterval.YEARLY: Interval.YEARLY,
    GdvInterval.HALF_YEARLY: Interval.HALF_YEARLY,
    GdvInterval.QUARTERLY: Interval.QUARTERLY,
    GdvInterval.MONTHLY: Interval.MONTHLY,
    GdvInterval.SINGLE: Interval.SINGLE,
    GdvInterval.NONE: Interval.NONE,
}


@dataclass(frozen=True)
class Brought:
    """What identity made of a portfolio's people."""

    customers: Mapping[str, UUID]
    """Ids by external number."""
    accounts: Mapping[str, NamedAccount]
    """Bank accounts by IBAN as the file writes it."""


async def read_file(content: bytes) -> gdv.Portfolio:
    """Read and check a portfolio file, beside the event loop.

    Raises INVALID "GDV_FILE_REFUSED" with one field problem per fault: `content.records[17].Geburtsdatum`.
    """
    try:
        return await asyncio.to_thread(gdv.read_portfolio, content)
    except gdv.GdvFileError as refused:
        first = refused.problems[0]
        raise DomainError(
            ErrorKind.INVALID,
            "GDV_FILE_REFUSED",
            said("Die Datei wurde nicht importiert. %(fault)s", fault=first),
            tuple(FieldProblem(_place(problem), problem.message) for problem in refused.problems),
            {"record_number": str(first.record_number), "field": first.field},
        ) from refused


def import_id_for(tenant_id: UUID, request_id: str) -> UUID:
    """Return the id of the import that this request makes; a repeated request makes the same one."""
    if not request_id:
        return new_id()
    return uuid5(uuid5(NAMESPACE_OID, "kontor.portfolio_imports"), f"{tenant_id}/{UUID(request_id)}")


def summary(portfolio: gdv.Portfolio, *, file_name: str) -> PortfolioImport:
    """Return what an import of the portfolio would begin with, counted but not stored."""
    return PortfolioImport(
        file_name=file_name,
        packages=portfolio.packages,
        records=portfolio.records,
        customers=len(portfolio.holders),
        contracts=len(portfolio.contracts),
        contracts_created=0,
        contracts_updated=0,
        contracts_unchanged=0,
        report=_report(portfolio, ()),
    )


async def apply_portfolio(
    tx: Transaction, *, import_id: UUID, file_name: str, portfolio: gdv.Portfolio, brought: Brought
) -> PortfolioImport:
    """Write the contracts of a portfolio and the import itself.

    Contracts are told apart by insurer, policy and line: known ones are updated, and keep their description and
    whether they are released; new ones are not released (F176).
    """
    tenant_id = tx.principal.required_tenant()
    await _one_import_at_a_time(tx, tenant_id)
    await ensure_default_lines(tx)
    writing = _Writing(tx, tenant_id, await lines_by_gdv_key(tx), await _known(tx, portfolio), brought)
    for contract in portfolio.contracts:
        writing.write(contract)
    finished = summary(portfolio, file_name=file_name)
    finished.import_id, finished.tenant_id, finished.create_time = import_id, tenant_id, tx.now
    finished.imported_by_account_id = tx.principal.account_id
    finished.report = _report(portfolio, writing.remarks)
    await tx.session.flush()
    finished.contracts_created, finished.contracts_updated = writing.created, writing.updated
    finished.contracts_unchanged = len(portfolio.contracts) - writing.created - writing.updated
    tx.session.add(finished)
    tx.publish(
        PortfolioImported(
            tenant_id=str(tenant_id),
            import_id=str(import_id),
            customers=finished.customers,
            contracts=finished.contracts,
            imported_by_account_id=str(tx.principal.account_id or ""),
        ),
        aggregate=import_id,
    )
    await tx.session.flush()
    return finished


@dataclass
class _Writing:
    """The contracts of one import on their way into the database."""

    tx: Transaction
    tenant_id: UUID
    lines: Mapping[str, UUID]
    known: Mapping[str, Contract]
    brought: Brought
    created: int = 0
    updated: int = 0
    remarks: list[Remark] = field(default_factory=list)

    def write(self, contract: PolicyContract) -> None:
        """Create or update one contract."""
        values = self._values(contract)
        row = self.known.get(contract.identity)
        if row is None:
            self.tx.session.add(self._new(contract, values))
            self.created += 1
            return
        changed = {name: value for name, value in values.items() if getattr(row, name) != value}
        if not changed:
            return
        if "customer_id" in changed:
            self._hide_from_former_holder(row)
        for name, value in changed.items():
            setattr(row, name, value)
        row.update_time = self.tx.now
        self.updated += 1

    def _new(self, contract: PolicyContract, values: dict[str, Any]) -> Contract:
        return Contract(
            contract_id=new_id(),
            tenant_id=self.tenant_id,
            import_key=contract.identity,
            description=contract.product,
            released=False,
            origin=Origin.IMPORT,
            create_time=self.tx.now,
            update_time=self.tx.now,
            **values,
        )

    def _hide_from_former_holder(self, row: Contract) -> None:
        """A policy that passed to somebody else must be released to him anew."""
        if row.released:
            row.released = False
            self.tx.publish(
                ContractWithdrawn(
                    tenant_id=str(self.tenant_id), contract_id=str(row.contract_id), customer_id=str(row.customer_id)
                ),
                aggregate=row.contract_id,
            )

    def _values(self, contract: PolicyContract) -> dict[str, Any]:
        line = self.lines.get(contract.line_key)
        if line is None:
            line = self.lines[""]
            self.remarks.append(
                Remark(
                    0,
                    "Sparte",
                    said(
                        "Sparte %(line)s (Vertrag %(contract)s) steht unter „Sonstige“.",
                        line=contract.line_key,
                        contract=contract.policy,
                    ),
                )
            )
        return {
            **self._account("account", contract.accounts.debit),
            **self._account("credit_account", contract.accounts.credit),
            "customer_id": self.brought.customers[contract.holder],
            "line_of_business_id": line,
            "number": contract.printed_number,
            "insurer_name": contract.insurer_name or f"VU {contract.insurer_number}",
            "insurer_number": contract.insurer_number,
            "status": _STATUS[contract.standing].value,
            "premium_minor_units": contract.premium_minor_units,
            "premium_currency": contract.currency,
            "payment_interval": _INTERVAL[contract.interval].value,
            "begin_day": contract.begin,
            "expiry_day": contract.expiry,
        }

    def _account(self, column: str, iban: str) -> dict[str, str]:
        """Return an account that the file names; where it names none, the known one stays."""
        named = self.brought.accounts.get(iban)
        return {f"{column}_reference": named.reference, f"{column}_masked": named.masked} if named else {}


async def _one_import_at_a_time(tx: Transaction, tenant_id: UUID) -> None:
    """Wait for another import of the same firm: two files with the same new contract must not collide."""
    await tx.session.execute(select(func.pg_advisory_xact_lock(func.hashtextextended(f"import:{tenant_id}", 0))))


async def _known(tx: Transaction, portfolio: gdv.Portfolio) -> Mapping[str, Contract]:
    keys = [contract.identity for contract in portfolio.contracts]
    statement = select(Contract).where(Contract.import_key.in_(keys)).with_for_update()
    return {row.import_key or "": row for row in await tx.session.scalars(statement)}


def _report(portfolio: gdv.Portfolio, more: list[Remark] | tuple[()]) -> dict[str, Any]:
    remarks = [*portfolio.remarks, *more]
    return {
        "skipped": dict(portfolio.skipped),
        "notes": [[remark.record_number, remark.field, remark.message] for remark in remarks[:200]],
    }


def _place(problem: gdv.Problem) -> str:
    record = f"content.records[{problem.record_number}]" if problem.record_number else "content"
    return f"{record}.{problem.field}" if problem.field else record
