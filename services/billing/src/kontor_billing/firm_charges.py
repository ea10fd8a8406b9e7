"""What the platform charges a firm for a month (F79, F82–F89). Pure values and rules, no I/O.

A plan is charged by the day, from the day it was chosen; of two chosen on one day the later counts. Terms are those of
the month's first day, contacts those at its end. One-off prices fall into the month in which the plan, or white label,
came first. Where a price is given on request (F87) and none was agreed, it is named as missing and nothing is charged.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import TypeVar

from kontor_billing.periods import Period

T = TypeVar("T", int, bool)
PLAN_NAMES = {1: "Pay-per-Use", 2: "PREMIUMstarter", 3: "PREMIUM"}


@dataclass(frozen=True)
class PlanPrice:
    """Net prices of a plan in cents; None: on request."""

    base_minor: int | None
    contact_minor: int
    setup_minor: int | None


@dataclass(frozen=True)
class AgreedPrices:
    """Net prices agreed with a firm in cents; None: as the plan says."""

    base_minor: int | None = None
    setup_minor: int | None = None
    white_label_minor: int | None = None
    white_label_setup_minor: int | None = None


@dataclass(frozen=True)
class FirmFacts:
    """What billing knows of a firm when it charges a month."""

    plans: Sequence[tuple[date, int]] = ()
    """Plans by the German day they were chosen, in the order of choosing."""
    white_label: Sequence[tuple[date, bool]] = ()
    """White label booked or ended, likewise."""
    trials: Sequence[int] = ()
    """Net prices of the further trials that were ordered in the month."""
    prices: Mapping[int, PlanPrice] = field(default_factory=dict)
    contacts: int = 0
    agreed: AgreedPrices = AgreedPrices()


@dataclass(frozen=True)
class Line:
    """One line of an invoice; `net_minor` in cents."""

    title: str
    detail: str
    net_minor: int


@dataclass(frozen=True)
class Charges:
    """The lines of a month, and which prices are still to be agreed before it can be billed."""

    lines: tuple[Line, ...]
    missing: tuple[str, ...]


def charges_of(period: Period, facts: FirmFacts) -> Charges:
    """Return what a firm is charged for a month; lines of 0.00 € are left out."""
    collected = _Collected()
    for plan, days in _days_by_value(period, facts.plans).items():
        _charge_plan(collected, period, facts, plan, days)
    first_plan = next(iter(facts.plans), None)
    if first_plan and Period.of(first_plan[0]) == period:
        price = facts.prices.get(first_plan[1])
        setup = _agreed(facts.agreed.setup_minor, price.setup_minor if price else None)
        collected.add("Einrichtung", "einmalig, mit Einweisung und Vertragspaket", setup)
    _charge_white_label(collected, period, facts)
    for net_minor in facts.trials:
        collected.add("Weitere Testphase", "30 Tage", net_minor)
    return Charges(tuple(collected.lines), tuple(collected.missing))


def share(amount_minor: int, days: int, of_days: int) -> int:
    """Return the part of a monthly amount for some of its days, rounded half up."""
    return (amount_minor * days * 2 + of_days) // (2 * of_days)


class _Collected:
    """Lines and missing prices while a month is put together."""

    def __init__(self) -> None:
        self.lines: list[Line] = []
        self.missing: list[str] = []

    def add(self, title: str, detail: str, net_minor: int | None) -> None:
        """Add a line; a price that nobody has agreed is missing, one of nothing needs no line."""
        if net_minor is None:
            self.missing.append(title)
        elif net_minor:
            self.lines.append(Line(title, detail, net_minor))


def _charge_plan(collected: _Collected, period: Period, facts: FirmFacts, plan: int, days: int) -> None:
    of_days, price = _length(period), facts.prices.get(plan)
    base = _agreed(facts.agreed.base_minor, price.base_minor if price else None)
    collected.add(f"Grundpreis {PLAN_NAMES[plan]}", _span(days, of_days), _part(base, days, of_days))
    if price and price.contact_minor and facts.contacts:
        detail = f"{facts.contacts} zu {price.contact_minor / 100:.2f} € im Monat, {_span(days, of_days)}"
        net = share(facts.contacts * price.contact_minor, days, of_days)
        collected.add("Kontakte", detail.replace(".", ",", 1), net)


def _charge_white_label(collected: _Collected, period: Period, facts: FirmFacts) -> None:
    of_days, days = _length(period), _days_by_value(period, facts.white_label).get(True, 0)
    if days:
        collected.add("White Label", _span(days, of_days), _part(facts.agreed.white_label_minor, days, of_days))
    booked = next((day for day, on in facts.white_label if on), None)
    if booked and Period.of(booked) == period:
        collected.add("White Label, Einrichtung", "einmalig", facts.agreed.white_label_setup_minor)


def _days_by_value(period: Period, changes: Sequence[tuple[date, T]]) -> dict[T, int]:
    """Return on how many days of the month each value held; days before the first change have none."""
    days: dict[T, int] = {}
    for offset in range(_length(period)):
        day = period.first_day + timedelta(days=offset)
        held = [value for since, value in changes if since <= day]
        if held:
            days[held[-1]] = days.get(held[-1], 0) + 1
    return days


def _part(amount_minor: int | None, days: int, of_days: int) -> int | None:
    return None if amount_minor is None else share(amount_minor, days, of_days)


def _agreed(agreed_minor: int | None, listed_minor: int | None) -> int | None:
    return listed_minor if agreed_minor is None else agreed_minor


def _length(period: Period) -> int:
    return period.last_day.day


def _span(days: int, of_days: int) -> str:
    return "ganzer Monat" if days == of_days else f"{days} von {of_days} Tagen"
