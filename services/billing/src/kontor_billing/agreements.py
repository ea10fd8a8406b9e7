"""Service agreements: signing, withdrawing, cancelling, and what is in force (F7–F9).

Owns the states of an agreement; the README draws them. ENDED is never stored: it is CANCELLED whose last day has
passed, so that it needs no job and the clock alone decides. Events go out in the order of a customer, not of an
agreement: one may follow another at once.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum
from uuid import UUID

from kontor.billing.v1.events_pb2 import (
    ServiceAgreementCancelled,
    ServiceAgreementSigned,
    ServiceAgreementWithdrawn,
)
from kontor.billing.v1.prices_pb2 import Tier
from kontor_chassis.database import Transaction
from kontor_chassis.database_errors import UniqueError
from kontor_chassis.errors import DomainError, ErrorKind, invalid, not_found
from kontor_chassis.etags import check_etag
from kontor_chassis.ids import new_id
from kontor_chassis.principal import Principal
from sqlalchemy import or_, select
from sqlalchemy.dialects.postgresql import insert

from kontor_billing import ends, plans, tables
from kontor_billing.periods import Period, german_day
from kontor_billing.prices import FREE_TIER, PriceComponent, Totals, totals_of
from kontor_billing.tax_rates import rate_table

WITHDRAWAL_DAYS = 14
"""Days after the day of signing on which a consumer may withdraw (§ 355 BGB, decision 14)."""


class State(StrEnum):
    """State of an agreement as people see it."""

    ACTIVE = "ACTIVE"
    CANCELLED = "CANCELLED"
    WITHDRAWN = "WITHDRAWN"
    ENDED = "ENDED"


@dataclass(frozen=True)
class SignedAgreement:
    """An agreement with its monthly price at signing and its state on the day of looking."""

    row: tables.Agreement
    monthly: Totals
    state: State

    @property
    def withdrawal_until(self) -> date:
        """Last day of the time for withdrawal."""
        return withdrawal_until(self.row)


def withdrawal_until(row: tables.Agreement) -> date:
    """Return the last day on which an agreement can be withdrawn; the day of signing does not count."""
    return row.signed_on + timedelta(days=WITHDRAWAL_DAYS)


def state_on(row: tables.Agreement, day: date) -> State:
    """Return the state of an agreement on a day."""
    stored = State(row.state)
    if stored is State.CANCELLED and row.ends_on is not None and row.ends_on < day:
        return State.ENDED
    return stored


def customer_in_reach(principal: Principal, customer_id: UUID) -> UUID:
    """Return the customer if the caller may act on him: a customer on himself, staff on their firm's.

    Raises NOT_FOUND for a customer who asks for another one; a foreign firm's are kept away by row-level security.
    """
    if principal.is_customer and principal.required_customer() != customer_id:
        raise not_found("Dieser Kunde")
    return customer_id


async def sign_agreement(
    tx: Transaction, *, customer_id: UUID, tier: int, text_version: str, shown_price: str
) -> SignedAgreement:
    """Sign the agreement for a tier at the price that was shown.

    Raises INVALID for tier 1, TEXT_CHANGED or PRICE_CHANGED when text or price are no longer those of today, and
    AGREEMENT_RUNNING when one is in force.
    """
    customer_in_reach(tx.principal, customer_id)
    today = german_day(tx.now)
    if tier == FREE_TIER:
        raise invalid("tier", "Stufe 1 ist kostenfrei und braucht keine Servicevereinbarung.")
    if text_version != (await current_text(tx, today)).version:
        raise _changed(
            "TEXT_CHANGED",
            "Der Text der Servicevereinbarung wurde inzwischen geändert. Bitte laden Sie die Seite neu und prüfen Sie, "
            "bevor Sie zustimmen.",
        )
    price = next((p for p in await plans.current_prices(tx, today) if p.tier == tier), None)
    if price is None or price.version != shown_price:
        raise _changed(
            "PRICE_CHANGED",
            "Der Preis hat sich inzwischen geändert. Bitte laden Sie die Seite neu und prüfen Sie, bevor Sie "
            "zustimmen.",
        )
    if await agreement_in_force(tx, customer_id, today) is not None:
        raise _running()
    await ends.tell_ends(tx, customer_id)
    await _keep_price(tx, price)
    row = tables.Agreement(
        agreement_id=new_id(),
        tenant_id=tx.principal.required_tenant(),
        customer_id=customer_id,
        tier=tier,
        state=State.ACTIVE,
        text_version=text_version,
        price_version=price.version,
        signed_at=tx.now,
        signed_on=today,
        signed_by_account_id=tx.principal.required_account(),
    )
    tx.session.add(row)
    try:
        await tx.session.flush()
    except UniqueError:
        raise _running() from None
    signed = ServiceAgreementSigned(
        tenant_id=str(row.tenant_id),
        agreement_id=str(row.agreement_id),
        customer_id=str(customer_id),
        tier=Tier.ValueType(tier),
    )
    signed.sign_time.FromDatetime(tx.now)
    tx.publish(signed, aggregate=customer_id)
    return SignedAgreement(row, price.totals, State.ACTIVE)


async def withdraw_agreement(tx: Transaction, *, customer_id: UUID, agreement_id: UUID, etag: str) -> SignedAgreement:
    """Withdraw within 14 days: the agreement counts as never concluded.

    Invoices already issued are cancelled by a consumer of the event, in the name of the service: a customer's own
    transaction has no access to the ledger.
    Raises PRECONDITION "WITHDRAWAL_OVER" afterwards, and "NOT_RUNNING" for one that is withdrawn already.
    """
    row = await _locked(tx, customer_id, agreement_id, etag)
    today = german_day(tx.now)
    if state_on(row, today) not in (State.ACTIVE, State.CANCELLED):
        raise _not_running()
    if today > withdrawal_until(row):
        raise DomainError(
            ErrorKind.PRECONDITION,
            "WITHDRAWAL_OVER",
            "Die Widerrufsfrist von 14 Tagen ist abgelaufen. Sie können die Vereinbarung aber zum Monatsende kündigen.",
        )
    row.state = State.WITHDRAWN
    row.withdrawn_at = tx.now
    await tx.session.flush()
    tx.publish(
        ServiceAgreementWithdrawn(
            tenant_id=str(row.tenant_id),
            agreement_id=str(agreement_id),
            customer_id=str(customer_id),
            tier=Tier.ValueType(row.tier),
        ),
        aggregate=customer_id,
    )
    return (await with_prices(tx, [row]))[0]


async def cancel_agreement(tx: Transaction, *, customer_id: UUID, agreement_id: UUID, etag: str) -> SignedAgreement:
    """End the agreement on the last day of the running month; until then it stays in force.

    Raises PRECONDITION "NOT_RUNNING" when it is not active.
    """
    row = await _locked(tx, customer_id, agreement_id, etag)
    if row.state != State.ACTIVE:
        raise _not_running()
    row.state = State.CANCELLED
    row.ends_on = Period.of(german_day(tx.now)).last_day
    await tx.session.flush()
    tx.publish(
        ServiceAgreementCancelled(
            tenant_id=str(row.tenant_id),
            agreement_id=str(agreement_id),
            customer_id=str(customer_id),
            tier=Tier.ValueType(row.tier),
            ends_on=row.ends_on.isoformat(),
        ),
        aggregate=customer_id,
    )
    return (await with_prices(tx, [row]))[0]


async def agreement_in_force(tx: Transaction, customer_id: UUID, day: date) -> tables.Agreement | None:
    """Return the customer's agreement that is in force on a day, if any."""
    table = tables.Agreement
    found: tables.Agreement | None = await tx.session.scalar(
        select(table)
        .where(table.customer_id == customer_id)
        .where(table.state.in_([State.ACTIVE, State.CANCELLED]))
        .where(table.signed_on <= day)
        .where(or_(table.ends_on.is_(None), table.ends_on >= day))
    )
    return found


async def current_text(tx: Transaction, day: date) -> tables.AgreementText:
    """Return the text that is offered for signing on a day."""
    text: tables.AgreementText | None = await tx.session.scalar(
        select(tables.AgreementText)
        .where(tables.AgreementText.valid_from <= day)
        .order_by(tables.AgreementText.valid_from.desc(), tables.AgreementText.version.desc())
        .limit(1)
    )
    if text is None:
        raise DomainError(ErrorKind.PRECONDITION, "NO_TEXT", "Für diesen Tag gibt es noch keine Servicevereinbarung.")
    return text


async def get_agreement(tx: Transaction, customer_id: UUID, agreement_id: UUID) -> SignedAgreement:
    """Return one agreement; raises NOT_FOUND when it does not exist or may not be seen."""
    customer_in_reach(tx.principal, customer_id)
    row = await tx.session.get(tables.Agreement, agreement_id)
    if row is None or row.customer_id != customer_id:
        raise not_found("Diese Servicevereinbarung")
    return (await with_prices(tx, [row]))[0]


async def with_prices(tx: Transaction, rows: Sequence[tables.Agreement]) -> list[SignedAgreement]:
    """Return agreements with their prices, in the order given; two queries however many they are."""
    if not rows:
        return []
    table = tables.PriceVersion
    kept = await tx.session.scalars(select(table).where(table.price_version.in_({row.price_version for row in rows})))
    components = {price.price_version: _components_of(price) for price in kept}
    rates, today = await rate_table(tx), german_day(tx.now)
    return [
        SignedAgreement(row, totals_of(components[row.price_version], rates.on(row.signed_on)), state_on(row, today))
        for row in rows
    ]


async def price_components(tx: Transaction, version: str) -> tuple[PriceComponent, ...]:
    """Return the components of a price that was signed."""
    kept = await tx.session.get_one(tables.PriceVersion, (tx.principal.required_tenant(), version))
    return _components_of(kept)


def _components_of(kept: tables.PriceVersion) -> tuple[PriceComponent, ...]:
    return tuple(PriceComponent.from_json(part) for part in kept.components)


async def _keep_price(tx: Transaction, price: plans.TierPrice) -> None:
    await tx.session.execute(
        insert(tables.PriceVersion)
        .values(
            tenant_id=tx.principal.required_tenant(),
            price_version=price.version,
            tier=price.tier,
            components=[component.to_json() for component in price.components],
        )
        .on_conflict_do_nothing()
    )


async def _locked(tx: Transaction, customer_id: UUID, agreement_id: UUID, etag: str) -> tables.Agreement:
    customer_in_reach(tx.principal, customer_id)
    row = await tx.session.get(tables.Agreement, agreement_id, with_for_update=True)
    if row is None or row.customer_id != customer_id:
        raise not_found("Diese Servicevereinbarung")
    check_etag(etag, row.version)
    return row


def _changed(reason: str, message: str) -> DomainError:
    return DomainError(ErrorKind.CONFLICT, reason, message)


def _running() -> DomainError:
    return DomainError(
        ErrorKind.PRECONDITION,
        "AGREEMENT_RUNNING",
        "Sie haben bereits eine laufende Servicevereinbarung. Eine neue ist möglich, sobald diese beendet ist.",
    )


def _not_running() -> DomainError:
    return DomainError(ErrorKind.PRECONDITION, "NOT_RUNNING", "Diese Servicevereinbarung läuft nicht mehr.")
