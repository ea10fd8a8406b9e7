"""German days in texts: "02.01.2026", "2. Januar 2026", "2026-01-02"."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date

MONTHS = (
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
_BY_START = {month[:3].casefold(): number for number, month in enumerate(MONTHS, 1)} | {"mrz": 3}
_NAMED = "|".join([*MONTHS, *(f"{month[:3]}\\." for month in MONTHS), "Mrz\\.", "Sept\\."])
DAY = (
    r"(?:\d{1,2}\.\s?\d{1,2}\.\s?(?:\d{4}|\d{2})(?!\d)"
    rf"|\d{{1,2}}\.\s?(?:{_NAMED})\s?\d{{4}}(?!\d)|\d{{4}}-\d{{2}}-\d{{2}}(?!\d))"
)
"""A pattern for a day, to be used within others, without regard to case."""
_DAY = re.compile(rf"(?<![\d.]){DAY}", re.IGNORECASE)
_FIGURES = re.compile(r"(\d{1,2})\.\s?(\d{1,2})\.\s?(\d{2,4})")
_WORDS = re.compile(r"(\d{1,2})\.\s?([^\W\d]+)\.?\s?(\d{4})")


@dataclass(frozen=True)
class Found:
    """A day and where it stands in a text."""

    day: date
    start: int
    end: int


def days_in(text: str) -> Iterator[Found]:
    """Yield the days in a text; what no calendar has is passed over."""
    for match in _DAY.finditer(text):
        day = day_of(match.group())
        if day is not None:
            yield Found(day, match.start(), match.end())


def day_of(written: str) -> date | None:
    """Return the day that is written so."""
    try:
        if written[4:5] == "-":
            return date.fromisoformat(written)
        if match := _FIGURES.fullmatch(written):
            day, month, year = map(int, match.groups())
            return date(year if year > 99 else 2000 + year, month, day)
        if match := _WORDS.fullmatch(written):
            return date(int(match[3]), _BY_START.get(match[2][:3].casefold(), 0), int(match[1]))
    except ValueError:
        return None
    return None


def compact_day(digits: str) -> date | None:
    """Return the day of eight digits in a file's name, 20260131 or 31012026; None for a number that is none."""
    for year, month, day in ((digits[:4], digits[4:6], digits[6:]), (digits[4:], digits[2:4], digits[:2])):
        if len(digits) == 8 and 1950 <= int(year) <= 2099:
            try:
                return date(int(year), int(month), int(day))
            except ValueError:
                continue
    return None


def german(day: date) -> str:
    """Return a day as people write it here."""
    return f"{day:%d.%m.%Y}"
