"""What a price is made of, and what it comes to with taxes. Pure values and rules, no I/O.

Owns price components, tax kinds and totals. Tax is computed once per kind on the sum of its components, never per
component (EN 16931 BR-CO-17), so that net and taxes on an invoice add up as printed.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from enum import StrEnum
from typing import Any

from kontor_billing.money import percentage

CURRENCY = "EUR"
FREE_TIER = 1
TIERS = (1, 2, 3)
"""Service tiers (F7); only tier 1 needs no service agreement (F9)."""


class TaxKind(StrEnum):
    """The tax that a component bears (F13, decision 4); its rate is data by date."""

    VAT = "VAT"
    INSURANCE_TAX = "INSURANCE_TAX"
    """Insurance tax; exempt from value added tax (§ 4 Nr. 10 UStG)."""
    NONE = "NONE"


class Payee(StrEnum):
    """Who receives a component; never shown to a customer (F11)."""

    POOL = "POOL"
    BROKER = "BROKER"


TaxRates = Mapping[TaxKind, int]
"""Rate in basis points by kind, on one day."""


@dataclass(frozen=True)
class PriceComponent:
    """One part of a tier's monthly price; `net_minor` in cents."""

    code: str
    name: str
    payee: Payee
    net_minor: int
    tax_kind: TaxKind

    def to_json(self) -> dict[str, Any]:
        """Return it as stored with a signed price."""
        return asdict(self)

    @staticmethod
    def from_json(stored: Mapping[str, Any]) -> PriceComponent:
        """Return what `to_json` stored."""
        kinds = {"payee": Payee(stored["payee"]), "tax_kind": TaxKind(stored["tax_kind"])}
        return PriceComponent(**{**stored, **kinds})


@dataclass(frozen=True)
class TaxAmount:
    """Tax of all components of one kind."""

    kind: TaxKind
    rate_basis_points: int
    base_minor: int
    tax_minor: int

    def to_json(self) -> dict[str, Any]:
        """Return it as stored with an invoice."""
        return asdict(self)

    @staticmethod
    def from_json(stored: Mapping[str, Any]) -> TaxAmount:
        """Return what `to_json` stored."""
        return TaxAmount(**{**stored, "kind": TaxKind(stored["kind"])})


@dataclass(frozen=True)
class Totals:
    """Net, tax per kind, gross: all that a customer sees of a price."""

    net_minor: int
    taxes: tuple[TaxAmount, ...]

    @property
    def gross_minor(self) -> int:
        """What is to be paid."""
        return self.net_minor + sum(tax.tax_minor for tax in self.taxes)

    def negated(self) -> Totals:
        """Return the totals of the document that cancels this one, cent by cent."""
        taxes = (TaxAmount(t.kind, t.rate_basis_points, -t.base_minor, -t.tax_minor) for t in self.taxes)
        return Totals(-self.net_minor, tuple(taxes))


def totals_of(components: Sequence[PriceComponent], rates: TaxRates) -> Totals:
    """Return what the components come to; each tax is computed on the sum of its components, rounded half up."""
    taxes = []
    for kind in TaxKind:
        base = sum(component.net_minor for component in components if component.tax_kind is kind)
        if base:
            taxes.append(TaxAmount(kind, rates[kind], base, percentage(base, rates[kind])))
    return Totals(sum(component.net_minor for component in components), tuple(taxes))


def price_version(tier: int, components: Sequence[PriceComponent]) -> str:
    """Return the name of exactly this price: equal content gives an equal name, any change another one.

    A customer sends back the name he was shown, so the price charged is the price shown.
    """
    content = json.dumps([tier, CURRENCY, [component.to_json() for component in components]], separators=(",", ":"))
    return f"t{tier}-{hashlib.sha256(content.encode()).hexdigest()[:24]}"
