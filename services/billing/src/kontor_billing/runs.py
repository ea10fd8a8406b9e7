"""The billing run: one invoice per agreement and finished month, however often it runs (F34).

Owns which agreements are due and in which portions they are billed. Works firm by firm in the name of the service,
in portions of one transaction each; whatever is interrupted is made up by the next run.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Protocol
from uuid import UUID

import structlog
from kontor_chassis.clock import Clock
from kontor_chassis.database import Transaction, UnitOfWork
from kontor_chassis.errors import DomainError, ErrorKind
from kontor_chassis.principal import Principal
from kontor_chassis.sentences import said
from sqlalchemy import Select, func, or_, select
from sqlalchemy.dialects.postgresql import insert

from kontor_billing import agreements, invoices, tables
from kontor_billing.parties import Party, Seller
from kontor_billing.periods import Period, unsettled
from kontor_billing.tax_rates import rate_table
from kontor_billing.unbilled import Reason, UnbilledMonth, note_unbilled, unbilled_agreements, unbilled_months
from kontor_billing.usage import use_to_bill

SERVICE = Principal.of_service("billing")
PORTION = 50
"""Invoices per transaction: a firm's counter is locked no longer than these take."""

GRACE = timedelta(hours=1)
"""So long after its end a month is looked at again: what was signed in its last second commits a little later."""

log = structlog.get_logger(__name__)


class Parties(Protocol):
    """Tells who bills and who pays; raises DomainError when that cannot be told now."""

    async def seller(self, tenant_id: UUID) -> Seller:
        """Return the firm as it bills today."""
        ...

    async def buyer(self, tenant_id: UUID, customer_id: UUID) -> Party:
        """Return a customer with his address of today."""
        ...


@dataclass(frozen=True)
class RunResult:
    """What a run did; sums over firms with `+`."""

    tenants: int = 0
    issued: int = 0
    existing: int = 0
    postponed: int = 0
    gross_minor: int = 0
    unbilled: tuple[UnbilledMonth, ...] = ()
    """What of the month is settled as never to be billed, by this run or an earlier one."""

    def __add__(self, other: RunResult) -> RunResult:
        return RunResult(
            self.tenants + other.tenants,
            self.issued + other.issued,
            self.existing + other.existing,
            self.postponed + other.postponed,
            self.gross_minor + other.gross_minor,
            self.unbilled + other.unbilled,
        )


class BillingRuns:
    """Runs billing over all firms, or one."""

    def __init__(self, work: UnitOfWork, parties: Parties, clock: Clock) -> None:
        self._work = work
        self._parties = parties
        self._clock = clock

    async def run(self, period: Period, tenant_id: UUID | None = None) -> RunResult:
        """Bill a finished month for all firms, or for one; raises PRECONDITION "PERIOD_NOT_OVER" before its end."""
        require_over(period, self._clock.now())
        result = RunResult()
        for tenant in await billed_tenants(self._work, tenant_id):
            result += await self._bill(tenant, period)
        log.info("billing_run_finished", period=str(period), issued=result.issued, postponed=result.postponed)
        return result

    async def run_due(self) -> RunResult:
        """Bill every finished month that was not billed completely yet, oldest first; the monthly job."""
        result = RunResult()
        for tenant in await billed_tenants(self._work):
            for period in await self._due_periods(tenant):
                result += await self._bill(tenant, period)
        return result

    async def _due_periods(self, tenant_id: UUID) -> list[Period]:
        """Return the months from the firm's first agreement to the last finished one that no complete run covers."""
        async with self._work.work(SERVICE.within(tenant_id)) as tx:
            first_day = await tx.session.scalar(select(func.min(tables.Agreement.signed_on)))
            finished = set(await tx.session.scalars(select(tables.BillingRun.period)))
        return unsettled(first_day, finished, self._clock.now())

    async def _bill(self, tenant_id: UUID, period: Period) -> RunResult:
        async with self._work.work(SERVICE.within(tenant_id)) as tx:
            existing = len(await _invoiced(tx, period))
            due = await _due_agreements(tx, period)
        result = RunResult(tenants=1, existing=existing)
        for start in range(0, len(due), PORTION):
            result += await self._bill_portion(tenant_id, period, due[start : start + PORTION])
        async with self._work.work(SERVICE.within(tenant_id)) as tx:
            result += RunResult(unbilled=await unbilled_months(tx, period))
        if not result.postponed and period.is_over(self._clock.now() - GRACE):
            await self._note_finished(tenant_id, period)
        return result

    async def _bill_portion(self, tenant_id: UUID, period: Period, due: Sequence[tables.Agreement]) -> RunResult:
        """Issue the invoices of one portion; those whose buyer cannot be told now are left for the next run.

        Whoever has a buyer no more is settled as unbilled.
        """
        try:
            seller = await self._parties.seller(tenant_id)
        except DomainError as error:
            log.warning("billing_seller_unknown", tenant_id=str(tenant_id), reason=error.reason)
            return RunResult(postponed=len(due))
        buyers, gone = await self._buyers(tenant_id, due)
        result = RunResult(postponed=len(due) - len(buyers) - len(gone))
        async with self._work.work(SERVICE.within(tenant_id)) as tx:
            await note_unbilled(tx, gone, period, Reason.CUSTOMER_GONE)
            rates = (await rate_table(tx)).on(period.last_day)
            still_due = await _still_due(tx, period, list(buyers))
            uses = await use_to_bill(tx, still_due, period)
            for agreement in still_due:
                issued = await invoices.issue_invoice(
                    tx,
                    agreement,
                    period,
                    components=await agreements.price_components(tx, agreement.price_version),
                    uses=uses.get(agreement.agreement_id, ()),
                    rates=rates,
                    seller=seller,
                    buyer=buyers[agreement.agreement_id],
                )
                result += RunResult(issued=1, gross_minor=issued.gross_minor)
            await tx.commit()
        return result

    async def _buyers(
        self, tenant_id: UUID, due: Sequence[tables.Agreement]
    ) -> tuple[dict[UUID, Party], list[tables.Agreement]]:
        """Return who pays by agreement, and the agreements whose customer is gone; the rest cannot be told now."""
        answers = await asyncio.gather(
            *(self._parties.buyer(tenant_id, agreement.customer_id) for agreement in due), return_exceptions=True
        )
        buyers: dict[UUID, Party] = {}
        gone = []
        for agreement, answer in zip(due, answers, strict=True):
            if isinstance(answer, Party):
                buyers[agreement.agreement_id] = answer
            elif isinstance(answer, DomainError):
                log.warning("billing_buyer_unknown", agreement_id=str(agreement.agreement_id), reason=answer.reason)
                if answer.kind is ErrorKind.NOT_FOUND:
                    gone.append(agreement)
            else:
                raise answer
        return buyers, gone

    async def _note_finished(self, tenant_id: UUID, period: Period) -> None:
        async with self._work.work(SERVICE.within(tenant_id)) as tx:
            run = insert(tables.BillingRun).values(tenant_id=tenant_id, period=str(period), finished_at=tx.now)
            await tx.session.execute(run.on_conflict_do_nothing())
            await tx.commit()


def require_over(period: Period, now: datetime) -> None:
    """Raise PRECONDITION "PERIOD_NOT_OVER" before the end of a month."""
    if not period.is_over(now):
        raise DomainError(
            ErrorKind.PRECONDITION,
            "PERIOD_NOT_OVER",
            said(
                "Der Monat %(month)s ist noch nicht zu Ende; abgerechnet wird ab dem Ersten des Folgemonats.",
                month=period.title,
            ),
        )


async def billed_tenants(work: UnitOfWork, only: UUID | None = None) -> list[UUID]:
    """Return the firms to bill; a deleted one is none of them."""
    known, deleted = tables.KnownTenant.tenant_id, select(tables.DeletedFirm.tenant_id)
    wanted = select(known).where(known.not_in(deleted)).order_by(known)
    async with work.work(SERVICE) as tx:
        found = await tx.session.scalars(wanted.where(known == only) if only else wanted)
        return list(found)


async def note_tenant(tx: Transaction, tenant_id: UUID, activated_at: datetime) -> None:
    """Remember an activated firm, so that the run looks at it."""
    known = insert(tables.KnownTenant).values(tenant_id=tenant_id, activated_at=activated_at)
    await tx.session.execute(known.on_conflict_do_nothing())


async def _due_agreements(tx: Transaction, period: Period) -> list[tables.Agreement]:
    """Return the agreements in force in a month that have no invoice for it."""
    table = tables.Agreement
    found = await tx.session.scalars(
        select(table)
        .where(table.state.in_([agreements.State.ACTIVE, agreements.State.CANCELLED]))
        .where(table.signed_on <= period.last_day)
        .where(or_(table.ends_on.is_(None), table.ends_on >= period.first_day))
        .where(table.agreement_id.not_in(_invoiced_agreements(period)))
        .where(table.agreement_id.not_in(unbilled_agreements(period)))
        .order_by(table.agreement_id)
    )
    return list(found)


async def _still_due(tx: Transaction, period: Period, candidates: Sequence[UUID]) -> list[tables.Agreement]:
    """Lock the candidates, in one order for all, and return those that neither a withdrawal nor another run took."""
    table = tables.Agreement
    locked = await tx.session.scalars(
        select(table)
        .where(table.agreement_id.in_(candidates))
        .where(table.state.in_([agreements.State.ACTIVE, agreements.State.CANCELLED]))
        .order_by(table.agreement_id)
        .with_for_update()
    )
    rows = locked.all()
    invoiced = await _invoiced(tx, period)  # after the locks, so that it sees what another run has committed
    return [row for row in rows if row.agreement_id not in invoiced]


async def _invoiced(tx: Transaction, period: Period) -> set[UUID]:
    return set(await tx.session.scalars(_invoiced_agreements(period)))


def _invoiced_agreements(period: Period) -> Select[UUID]:
    return (
        select(tables.Invoice.agreement_id)
        .where(tables.Invoice.period == str(period))
        .where(tables.Invoice.kind == invoices.Kind.INVOICE)
    )
