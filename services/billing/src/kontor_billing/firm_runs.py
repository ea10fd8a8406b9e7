"""The run over the platform's invoices to firms: each firm and finished month once, however often it runs.

One firm per transaction, serialised by the month's row in `firm_billing_runs`. A firm that cannot be billed yet is
postponed with the reason and tried again by the next run.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Protocol
from uuid import UUID

import structlog
from kontor_chassis.clock import Clock
from kontor_chassis.database import Transaction, UnitOfWork
from kontor_chassis.errors import DomainError
from kontor_chassis.principal import Principal
from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert

from kontor_billing import firm_invoices
from kontor_billing.firm_charges import Charges, PlanPrice, charges_of
from kontor_billing.firm_tables import FirmBillingRun, FirmInvoice, IssuerRow
from kontor_billing.parties import Party
from kontor_billing.periods import Period, german_day, unsettled
from kontor_billing.runs import billed_tenants, require_over
from kontor_billing.tables import KnownTenant
from kontor_billing.tax_rates import rate_table

SERVICE = Principal.of_service("billing")
log = structlog.get_logger(__name__)


class PostponeReason(StrEnum):
    """Why a firm cannot be billed yet."""

    ISSUER_MISSING = "ISSUER_MISSING"
    PRICE_MISSING = "PRICE_MISSING"
    BUYER_UNKNOWN = "BUYER_UNKNOWN"


@dataclass(frozen=True)
class Measure:
    """What identity says a firm is charged by."""

    prices: dict[int, PlanPrice]
    contacts: int


class Firms(Protocol):
    """Tells who the firms are; raises DomainError when that cannot be told now."""

    async def firm(self, tenant_id: UUID) -> Party:
        """Return a firm as printed on an invoice."""
        ...

    async def measure(self, tenant_id: UUID, period: Period) -> Measure:
        """Return the plans' prices of a month and the firm's size at its end."""
        ...


@dataclass(frozen=True)
class Postponed:
    """A firm that the next run tries again."""

    tenant_id: UUID
    reason: PostponeReason
    detail: str = ""


@dataclass(frozen=True)
class FirmRunResult:
    """What a run did; sums over firms with `+`."""

    issued: int = 0
    existing: int = 0
    nothing_due: int = 0
    gross_minor: int = 0
    postponed: tuple[Postponed, ...] = ()

    def __add__(self, other: FirmRunResult) -> FirmRunResult:
        return FirmRunResult(
            self.issued + other.issued,
            self.existing + other.existing,
            self.nothing_due + other.nothing_due,
            self.gross_minor + other.gross_minor,
            self.postponed + other.postponed,
        )


class FirmBillingRuns:
    """Bills firms, all or one."""

    def __init__(self, work: UnitOfWork, firms: Firms, clock: Clock) -> None:
        self._work = work
        self._firms = firms
        self._clock = clock

    async def run(self, period: Period, tenant_id: UUID | None = None) -> FirmRunResult:
        """Bill a finished month for all firms, or for one; raises PRECONDITION "PERIOD_NOT_OVER" before its end."""
        require_over(period, self._clock.now())
        result = FirmRunResult()
        for tenant in await billed_tenants(self._work, tenant_id):
            result += await self._bill(tenant, period)
        log.info("firm_billing_finished", period=str(period), issued=result.issued, postponed=len(result.postponed))
        return result

    async def run_due(self) -> None:
        """Bill every firm's finished months that are not settled yet, oldest first; the monthly job."""
        for tenant in await billed_tenants(self._work):
            for period in await self._due_periods(tenant):
                await self._bill(tenant, period)

    async def _due_periods(self, tenant_id: UUID) -> list[Period]:
        async with self._work.work(SERVICE.within(tenant_id)) as tx:
            since = await tx.session.scalar(select(KnownTenant.activated_at).where(KnownTenant.tenant_id == tenant_id))
            settled = set(await tx.session.scalars(select(FirmBillingRun.period)))
        return unsettled(german_day(since) if since else None, settled, self._clock.now())

    async def _bill(self, tenant_id: UUID, period: Period) -> FirmRunResult:
        """Bill one firm's month, outside questions first, so that nothing waits for them while rows are locked."""
        async with self._work.work(SERVICE.within(tenant_id)) as tx:
            if await _is_settled(tx, tenant_id, period):
                return await _existing(tx, tenant_id, period)
            facts = await firm_invoices.facts_of(tx, tenant_id, period)
            issuer = await firm_invoices.issuer(tx)
        try:
            measure = await self._firms.measure(tenant_id, period)
            buyer = await self._firms.firm(tenant_id)
        except DomainError as error:
            log.warning("billing_firm_unknown", tenant_id=str(tenant_id), reason=error.reason)
            return FirmRunResult(postponed=(Postponed(tenant_id, PostponeReason.BUYER_UNKNOWN),))
        charges = charges_of(period, replace(facts, prices=measure.prices, contacts=measure.contacts))
        if charges.missing:
            missing = Postponed(tenant_id, PostponeReason.PRICE_MISSING, ", ".join(charges.missing))
            return FirmRunResult(postponed=(missing,))
        if charges.lines and issuer is None:
            return FirmRunResult(postponed=(Postponed(tenant_id, PostponeReason.ISSUER_MISSING),))
        return await self._settle(tenant_id, period, charges, issuer, buyer)

    async def _settle(
        self, tenant_id: UUID, period: Period, charges: Charges, issuer: IssuerRow | None, buyer: Party
    ) -> FirmRunResult:
        async with self._work.work(SERVICE.within(tenant_id)) as tx:
            if not await _settle_month(tx, tenant_id, period):
                return await _existing(tx, tenant_id, period)
            result = FirmRunResult(nothing_due=1)
            if charges.lines and issuer is not None:
                rates = (await rate_table(tx)).on(period.last_day)
                row = await firm_invoices.issue(
                    tx, tenant_id, period, lines=charges.lines, rates=rates, seller=issuer, buyer=buyer
                )
                result = FirmRunResult(issued=1, gross_minor=row.gross_minor)
            await tx.commit()
        return result


async def _settle_month(tx: Transaction, tenant_id: UUID, period: Period) -> bool:
    """Take the month for this run; False when another one has it, after waiting for its end."""
    taken = insert(FirmBillingRun).values(tenant_id=tenant_id, period=str(period), finished_at=tx.now)
    return await tx.session.scalar(taken.on_conflict_do_nothing().returning(FirmBillingRun.period)) is not None


async def _is_settled(tx: Transaction, tenant_id: UUID, period: Period) -> bool:
    return await tx.session.get(FirmBillingRun, (tenant_id, str(period))) is not None


async def _existing(tx: Transaction, tenant_id: UUID, period: Period) -> FirmRunResult:
    mine = select(FirmInvoice.firm_invoice_id).where(
        FirmInvoice.tenant_id == tenant_id, FirmInvoice.period == str(period)
    )
    known = await tx.session.scalar(mine) is not None
    return FirmRunResult(existing=1) if known else FirmRunResult(nothing_due=1)
