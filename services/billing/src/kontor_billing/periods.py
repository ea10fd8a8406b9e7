"""Billing periods: German calendar months.

Rule (F10): a month is billed whole. The month of signing is billed in full, and so is the month in which a
cancellation takes effect, because a cancellation ends an agreement on the last day of a month. So a customer pays
the price he was shown in every month that has an invoice, and no invoice ever shows a part of it.
"""

from __future__ import annotations

import calendar
import re
from collections.abc import Collection
from dataclasses import dataclass
from datetime import UTC, date, datetime, time

from kontor_chassis.clock import BILLING_ZONE
from kontor_chassis.errors import invalid

_FORMAT = re.compile(r"(\d{4})-(0[1-9]|1[0-2])")
_MONTHS = (
    "Januar",
    "Februar",
    "März",
    "April",
    "Mai",
    "Juni",
    "Juli",
    "August",
    "September",
    "Oktober",
    "November",
    "Dezember",
)


@dataclass(frozen=True, order=True)
class Period:
    """One calendar month."""

    year: int
    month: int

    @staticmethod
    def parse(text: str, field: str = "period") -> Period:
        """Return the period written as "2026-07"; raises INVALID naming `field`."""
        match = _FORMAT.fullmatch(text)
        if match is None:
            raise invalid(field, "Bitte geben Sie den Monat in der Form 2026-07 an.")
        return Period(int(match[1]), int(match[2]))

    @staticmethod
    def of(day: date) -> Period:
        """Return the period that a day lies in."""
        return Period(day.year, day.month)

    @property
    def first_day(self) -> date:
        """First day of service."""
        return date(self.year, self.month, 1)

    @property
    def last_day(self) -> date:
        """Last day of service."""
        return date(self.year, self.month, calendar.monthrange(self.year, self.month)[1])

    @property
    def end(self) -> datetime:
        """The instant at which the month is over in Germany."""
        return datetime.combine(self.next().first_day, time(), BILLING_ZONE).astimezone(UTC)

    @property
    def title(self) -> str:
        """German name, for example "Juli 2026"."""
        return f"{_MONTHS[self.month - 1]} {self.year}"

    def next(self) -> Period:
        """Return the following month."""
        return Period(self.year + 1, 1) if self.month == 12 else Period(self.year, self.month + 1)

    def previous(self) -> Period:
        """Return the month before."""
        return Period(self.year - 1, 12) if self.month == 1 else Period(self.year, self.month - 1)

    def is_over(self, now: datetime) -> bool:
        """Whether the month has ended in Germany at this instant."""
        return german_day(now) > self.last_day

    def __str__(self) -> str:
        return f"{self.year:04d}-{self.month:02d}"


def unsettled(first_day: date | None, settled: Collection[str], now: datetime) -> list[Period]:
    """Return the unsettled months from a day's to the last finished one, oldest first; none without a day."""
    if first_day is None:
        return []
    due, period = [], Period.of(first_day)
    while period.is_over(now):
        if str(period) not in settled:
            due.append(period)
        period = period.next()
    return due


def german_day(instant: datetime) -> date:
    """Return the calendar day in Germany at an instant."""
    return instant.astimezone(BILLING_ZONE).date()


def parse_day(text: str, field: str) -> date:
    """Return the day written as "2026-07-31"; raises INVALID naming `field` for one that the calendar lacks."""
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise invalid(field, "Diesen Tag gibt es im Kalender nicht.") from None
