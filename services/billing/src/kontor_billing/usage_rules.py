"""What further use comes to: units, prices, positions of an invoice. Pure values and rules, no I/O (F14–F17).

Decision 3: the quota counts pieces, the charge counts the sheets of the pieces beyond it, in the order in which they
were scanned. Ten further gigabytes are charged by whole months, each at the most that was held in it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from kontor_billing.periods import Period
from kontor_billing.prices import Payee, PriceComponent, TaxKind

BLOCK_BYTES = 10 << 30
"""Bytes of one block of further storage."""


class Item(StrEnum):
    """What is counted beside a tier."""

    SCANNED_SHEET = "SCANNED_SHEET"
    SCANNED_BINDER = "SCANNED_BINDER"
    STORAGE_BLOCK = "STORAGE_BLOCK"


@dataclass(frozen=True)
class UnitPrice:
    """Net price of a unit in cents, in its two parts, and how many pieces of a month are free."""

    pool_minor: int
    broker_minor: int
    tax_kind: TaxKind
    free_pieces: int = 0

    @property
    def net_minor(self) -> int:
        """What the customer pays for a unit."""
        return self.pool_minor + self.broker_minor

    def components(self, item: Item, units: int = 1) -> tuple[PriceComponent, ...]:
        """Return the parts that so many units come to, without those of nothing."""
        code = item.lower().replace("_", "-")
        shares = ((Payee.POOL, self.pool_minor * units), (Payee.BROKER, self.broker_minor * units))
        return tuple(PriceComponent(code, _NAMES[item], payee, net, self.tax_kind) for payee, net in shares if net)


@dataclass(frozen=True)
class Use:
    """What was used of one thing in a month."""

    item: Item
    period: Period
    pieces: int
    units: int
    """What is charged of it."""
    price: UnitPrice

    @property
    def net_minor(self) -> int:
        """What it comes to."""
        return self.units * self.price.net_minor


@dataclass(frozen=True)
class Position:
    """A position of an invoice as printed; `net` in cents, never split (F11)."""

    title: str
    detail: str
    net: int


@dataclass(frozen=True)
class Holding:
    """Further storage from a day on, at the price of that day."""

    since: date
    blocks: int
    price: UnitPrice

    @property
    def net_minor(self) -> int:
        """What a month of it costs."""
        return self.blocks * self.price.net_minor


_NAMES = {
    Item.SCANNED_SHEET: "Papierpost scannen",
    Item.SCANNED_BINDER: "Ordner scannen",
    Item.STORAGE_BLOCK: "Weiterer Speicherplatz",
}


def charged_units(pieces: Sequence[int], free_pieces: int) -> int:
    """Return the units of the pieces beyond the free ones; `pieces` holds the units of each, in order."""
    return sum(pieces[free_pieces:])


def most_held(holdings: Sequence[Holding], period: Period) -> Holding | None:
    """Return what a month of further storage is charged by: the dearest held in it; None without any.

    `holdings` in the order of time; of several changes on one day each was held.
    """
    before = [holding for holding in holdings if holding.since < period.first_day]
    held = [*before[-1:], *(h for h in holdings if period.first_day <= h.since <= period.last_day)]
    dearest = max(held, key=lambda holding: holding.net_minor, default=None)
    return dearest if dearest is not None and dearest.blocks else None


def position_of(use: Use) -> Position:
    """Return the position of what was used."""
    return Position(f"{_NAMES[use.item]}, {use.period.title}", _detail(use), use.net_minor)


def _detail(use: Use) -> str:
    price = f"{use.price.net_minor / 100:.2f}\N{NO-BREAK SPACE}€".replace(".", ",")
    if use.item is Item.STORAGE_BLOCK:
        return f"{use.units * 10}\N{NO-BREAK SPACE}GB, je 10\N{NO-BREAK SPACE}GB {price} im Monat"
    if use.item is Item.SCANNED_BINDER:
        return f"{use.units} zu {price}"
    return f"Poststücke: {use.pieces}, davon frei: {use.price.free_pieces}; {use.units} Blatt zu {price}"
