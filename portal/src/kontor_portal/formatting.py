"""How amounts, days, moments and sizes are written, in the reader's language and in German time."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Final
from zoneinfo import ZoneInfo

from babel.dates import format_date, format_datetime, format_time
from babel.numbers import format_currency, format_decimal
from google.protobuf.timestamp_pb2 import Timestamp
from kontor.common.v1.money_pb2 import Money

from kontor_portal.extension import portal
from kontor_portal.i18n import language, t

ZONE: Final = ZoneInfo("Europe/Berlin")
_LOCALES: Final = {"de": "de_DE", "en": "en_GB"}
_DAY: Final = {"de": "d.\u00a0MMMM\u00a0y", "en": "d\u00a0MMMM\u00a0y"}
_DAY_AND_TIME: Final = {"de": "d.\u00a0MMM\u00a0y, HH:mm", "en": "d\u00a0MMM\u00a0y, HH:mm"}
"""No line ends within a day."""
_STEP: Final = 1024
"""As file managers count, and as storage is sold here (F14): 5 GB are 5 · 1024³ bytes."""


def _locale() -> str:
    return _LOCALES[language()]


def money(amount: Money) -> str:
    """Return an amount with its currency; every currency of the platform has two decimals."""
    value = Decimal(amount.minor_units) / 100
    return format_currency(value, amount.currency or "EUR", locale=_locale())


def money_negated(amount: Money) -> str:
    """Return an amount with its sign turned: credits are negative in the ledger and positive on paper."""
    return money(Money(minor_units=-amount.minor_units, currency=amount.currency))


def decimal_text(value: float) -> str:
    """Return a number with one decimal."""
    return format_decimal(value, format="0.0", locale=_locale())


def count_text(number: int) -> str:
    """Return a whole number, with its thousands apart."""
    return format_decimal(number, format="#,##0", locale=_locale())


def euros_input(amount: Money) -> str:
    """Return an amount as people type it into a field, without the currency."""
    return format_decimal(Decimal(amount.minor_units) / 100, format="0.00", locale=_locale())


def local(moment: Timestamp) -> datetime:
    """Return a moment in German time."""
    return moment.ToDatetime(ZoneInfo("UTC")).astimezone(ZONE)


def moment_text(moment: Timestamp) -> str:
    """Return day and time of a moment."""
    pattern = _DAY_AND_TIME[language()]
    return format_datetime(local(moment), pattern, locale=_locale())


def time_text(moment: Timestamp) -> str:
    """Return the time of day of a moment."""
    return format_time(local(moment), "HH:mm", locale=_locale())


def day_text(day: str | date | Timestamp) -> str:
    """Return a calendar day; the empty string stays empty, a text that is no day is shown as it is."""
    if isinstance(day, str):
        try:
            known = date.fromisoformat(day)
        except ValueError:
            return day
    else:
        known = local(day).date() if isinstance(day, Timestamp) else day
    return format_date(known, _DAY[language()], locale=_locale())


def short_day(day: str | Timestamp) -> str:
    """Return a calendar day in figures; a text that is no day is shown as it is."""
    try:
        known = date.fromisoformat(day) if isinstance(day, str) else local(day).date()
    except ValueError:
        return str(day)
    return format_date(known, "dd.MM.y" if language() == "de" else "dd/MM/y", locale=_locale())


def month_text(month: str) -> str:
    """Return the name of a month given as `2026-07`."""
    try:
        first = date.fromisoformat(f"{month[:7]}-01")
    except ValueError:
        return month
    return format_date(first, "MMMM y", locale=_locale())


def relative_day(moment: Timestamp) -> str:
    """Return “Heute”, “Gestern” or the day."""
    day, today = local(moment).date(), portal().clock.now().astimezone(ZONE).date()
    if day == today:
        return t("Heute")
    if day == today - timedelta(days=1):
        return t("Gestern")
    return day_text(day)


def brief_moment(moment: Timestamp) -> str:
    """Return the time for today, else the day: what a list of messages shows."""
    here = local(moment)
    if here.date() == portal().clock.now().astimezone(ZONE).date():
        return time_text(moment)
    return short_day(here.date().isoformat())


def size_text(size: int) -> str:
    """Return a file size with a unit that people know."""
    value = Decimal(size)
    for unit in ("Byte", "kB", "MB"):
        if value < _STEP:
            return f"{format_decimal(value, format='0.#' if unit == 'MB' else '0', locale=_locale())} {unit}"
        value /= _STEP
    return f"{format_decimal(value, format='0.#', locale=_locale())} GB"


def initials(name: str) -> str:
    """Return one or two letters for an avatar."""
    words = [word for word in name.replace("-", " ").split() if word[:1].isalpha()]
    return "".join(word[0] for word in (words[:1] + words[-1:] if len(words) > 1 else words)).upper() or "?"


def monogram(name: str) -> str:
    """Return one or two letters for a firm without a logo: of its first two words."""
    words = [word for word in name.replace("-", " ").split() if word[:1].isalpha()]
    return "".join(word[0] for word in words[:2]).upper() or "?"


def stars_text(hundredths: int) -> str:
    """Return a mean rating with one decimal."""
    return format_decimal(Decimal(hundredths) / 100, format="0.0", locale=_locale())
