"""Booking further storage, and giving it back (F14). The vault follows `StorageChanged` at once.

Sizes are booked at the price that was shown, in blocks of ten gigabytes. What is stored already is never cut off: a
smaller size is refused while more is used than it holds.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol
from uuid import UUID

from kontor.billing.v1.events_pb2 import StorageChanged
from kontor.billing.v1.prices_pb2 import Tier
from kontor_chassis.database import Transaction
from kontor_chassis.errors import DomainError, ErrorKind
from kontor_chassis.ids import new_id
from kontor_chassis.sentences import said
from sqlalchemy import select

from kontor_billing import tables
from kontor_billing.agreements import agreement_in_force, customer_in_reach
from kontor_billing.periods import german_day
from kontor_billing.prices import FREE_TIER, PriceComponent, TaxRates, Totals, price_version, totals_of
from kontor_billing.storage_orders import latest_order, price_of
from kontor_billing.tax_rates import rate_table
from kontor_billing.usage_prices import price_history
from kontor_billing.usage_rules import BLOCK_BYTES, Item, UnitPrice
from kontor_billing.usage_tables import StorageOrder

OFFERED_BLOCKS = (1, 2, 3, 5, 10)
"""Sizes that are offered; what a block costs is data."""
GIGABYTE = 1 << 30


@dataclass(frozen=True)
class StorageUse:
    """What a customer may store and what he takes, in bytes."""

    limit_bytes: int
    used_bytes: int


class Storage(Protocol):
    """Tells how full a customer's storage is; raises DomainError when that cannot be told now."""

    async def use(self, customer_id: UUID) -> StorageUse:
        """Return it as the vault counts it."""
        ...


@dataclass(frozen=True)
class Offer:
    """One size with its monthly price."""

    blocks: int
    totals: Totals
    version: str


@dataclass(frozen=True)
class Offers:
    """What a customer has booked and could book."""

    tier: int
    order: StorageOrder | None
    booked: Totals
    offers: tuple[Offer, ...]

    @property
    def booked_blocks(self) -> int:
        """Blocks that count now."""
        return self.order.blocks if self.order else 0


async def storage_offers(tx: Transaction, customer_id: UUID) -> Offers:
    """Return what a customer has and could have; nothing in tier 1."""
    customer_in_reach(tx.principal, customer_id)
    agreement = await agreement_in_force(tx, customer_id, german_day(tx.now))
    if agreement is None:
        return Offers(FREE_TIER, None, Totals(0, ()), ())
    rates = (await rate_table(tx)).on(german_day(tx.now))
    order = await latest_order(tx, agreement.agreement_id)
    booked = totals_of(_parts(price_of(order), order.blocks), rates) if order else Totals(0, ())
    price = await _price_of_today(tx, agreement.tier)
    offers = tuple(_offer(agreement.tier, price, blocks, rates) for blocks in OFFERED_BLOCKS) if price else ()
    return Offers(agreement.tier, order, booked, offers)


async def booked_blocks(tx: Transaction, customer_id: UUID) -> int:
    """Return how many blocks a customer has now."""
    return (await storage_offers(tx, customer_id)).booked_blocks


async def change_storage(
    tx: Transaction, *, customer_id: UUID, blocks: int, shown_price: str, use: StorageUse | None
) -> Offers:
    """Book another size; `use` is what the vault says, needed for a smaller one.

    Raises PRECONDITION "NO_AGREEMENT" in tier 1 and "STORAGE_IN_USE", CONFLICT "PRICE_CHANGED" when the price shown is
    not today's, "STORAGE_CHANGED" when somebody booked another size meanwhile.
    """
    customer_in_reach(tx.principal, customer_id)
    agreement = await _locked_agreement(tx, customer_id)
    order = await latest_order(tx, agreement.agreement_id)
    before = order.blocks if order else 0
    if blocks == before:
        return await storage_offers(tx, customer_id)
    if blocks < before:
        _require_room(before - blocks, use)
    price = await _price_of_today(tx, agreement.tier)
    if price is None or (blocks and price_version(agreement.tier, _parts(price, blocks)) != shown_price):
        raise DomainError(
            ErrorKind.CONFLICT,
            "PRICE_CHANGED",
            "Der Preis hat sich inzwischen geändert. Bitte laden Sie die Seite neu und prüfen Sie, bevor Sie buchen.",
        )
    tx.session.add(
        StorageOrder(
            order_id=new_id(),
            tenant_id=agreement.tenant_id,
            customer_id=customer_id,
            agreement_id=agreement.agreement_id,
            blocks=blocks,
            pool_minor=price.pool_minor,
            broker_minor=price.broker_minor,
            tax_kind=price.tax_kind,
            ordered_at=tx.now,
            ordered_on=german_day(tx.now),
            ordered_by_account_id=tx.principal.required_account(),
        )
    )
    await tx.session.flush()
    changed = StorageChanged(
        tenant_id=str(agreement.tenant_id),
        customer_id=str(customer_id),
        agreement_id=str(agreement.agreement_id),
        tier=Tier.ValueType(agreement.tier),
        further_bytes=blocks * BLOCK_BYTES,
    )
    tx.publish(changed, aggregate=customer_id)
    return await storage_offers(tx, customer_id)


async def _locked_agreement(tx: Transaction, customer_id: UUID) -> tables.Agreement:
    """Return the agreement in force, locked, so that two changes at once come one after the other."""
    found = await agreement_in_force(tx, customer_id, german_day(tx.now))
    if found is None:
        raise DomainError(
            ErrorKind.PRECONDITION,
            "NO_AGREEMENT",
            "Weiteren Speicherplatz gibt es in den Stufen 2 und 3. Bitte wählen Sie zuerst eine Servicestufe.",
        )
    wanted = select(tables.Agreement).where(tables.Agreement.agreement_id == found.agreement_id).with_for_update()
    return (await tx.session.scalars(wanted.execution_options(populate_existing=True))).one()


def _require_room(fewer_blocks: int, use: StorageUse | None) -> None:
    if use is None:
        raise DomainError(
            ErrorKind.CONFLICT,
            "STORAGE_CHANGED",
            "Der gebuchte Speicherplatz hat sich inzwischen geändert. Bitte laden Sie die Seite neu.",
        )
    left = use.limit_bytes - fewer_blocks * BLOCK_BYTES
    if use.used_bytes > left:
        raise DomainError(
            ErrorKind.PRECONDITION,
            "STORAGE_IN_USE",
            said(
                "Sie nutzen %(used)s GB; so viel fasst der kleinere Speicher von %(left)s GB nicht. Bitte löschen Sie "
                "zuerst Dokumente und leeren Sie den Papierkorb.",
                used=_gigabytes(use.used_bytes),
                left=_gigabytes(left),
            ),
            metadata={"used_bytes": str(use.used_bytes), "left_bytes": str(left)},
        )


def _gigabytes(size_bytes: int) -> str:
    return f"{size_bytes / GIGABYTE:.1f}".replace(".", ",")


async def _price_of_today(tx: Transaction, tier: int) -> UnitPrice | None:
    return (await price_history(tx)).at(tx.now).get((tier, Item.STORAGE_BLOCK))


def _offer(tier: int, price: UnitPrice, blocks: int, rates: TaxRates) -> Offer:
    parts = _parts(price, blocks)
    return Offer(blocks, totals_of(parts, rates), price_version(tier, parts))


def _parts(price: UnitPrice, blocks: int) -> tuple[PriceComponent, ...]:
    return price.components(Item.STORAGE_BLOCK, blocks)
