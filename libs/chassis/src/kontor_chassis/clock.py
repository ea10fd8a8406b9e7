"""The clock. Nobody reads the system's time but this module.

In a development or test installation the installation's clock can be moved forward for all services at once:
`kontor clock advance 5m` rewrites one small file that holds an offset, and every process reads it. A production
configuration refuses the file (see `settings`), so there the switch does not exist.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Protocol
from zoneinfo import ZoneInfo

BILLING_ZONE = ZoneInfo("Europe/Berlin")
"""Billing days and office hours are German days."""


class Clock(Protocol):
    """Tells the time of this installation."""

    def now(self) -> datetime:
        """Return the current instant, aware, in UTC."""
        ...


class SystemClock:
    """The machine's own time. Also used for tokens, because the gateway checks their expiry against it."""

    def now(self) -> datetime:
        """Return the machine's time in UTC."""
        return datetime.now(UTC)


class ShiftedClock:
    """The machine's time plus an offset in seconds that stands in a file shared by all processes."""

    def __init__(self, offset_file: Path) -> None:
        self._file = offset_file
        self._seen: tuple[int, int] | None = None
        self._offset = timedelta()

    def now(self) -> datetime:
        """Return the shifted time in UTC; the file is read again whenever it changed."""
        try:
            stat = self._file.stat()
        except FileNotFoundError:
            return datetime.now(UTC)
        seen = (stat.st_mtime_ns, stat.st_ino)
        if seen != self._seen:
            self._offset = timedelta(seconds=float(self._file.read_text(encoding="ascii").strip() or 0))
            self._seen = seen
        return datetime.now(UTC) + self._offset


class FixedClock:
    """A clock that stands still until it is moved; for tests of rules."""

    def __init__(self, instant: datetime) -> None:
        if instant.tzinfo is None:
            raise ValueError("instant must be aware")
        self._instant = instant

    def now(self) -> datetime:
        """Return the instant it stands at."""
        return self._instant

    def advance(self, step: timedelta) -> None:
        """Move forward by `step`."""
        self._instant += step


def billing_day(instant: datetime) -> str:
    """Return the German calendar day of an instant as ISO text, for example "2026-07-31"."""
    return instant.astimezone(BILLING_ZONE).date().isoformat()
