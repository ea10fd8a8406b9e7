"""Until when a letter wants something paid or done: named as a day, or as a term from the day it bears."""

from __future__ import annotations

import re
from datetime import date, timedelta

from kontor_vault.recognising.days import DAY, day_of

_PAY = r"(?:zahlbar|fällig|zu zahlen|begleichen|überweisen|überweisung|zahlen|zahlung|einzahlen|entrichten)"
_ACT = rf"(?:{_PAY}|zurück|zurücksenden|senden|einreichen|einzureichen|melden|mitteilen|mitzuteilen|vorlegen)"
_WITHIN = r"(?:[^.!?]|\.(?=\d))"
_DUE = (
    re.compile(
        rf"(?<!\w)(?:zahlungsziel|zahlungsfrist|fälligkeit|fälligkeitsdatum|fällig am|fällig zum|zahlbar bis|frist"
        rf"|rückmeldung bis)\W{{0,3}}(?:bis |zum |am |spätestens ){{0,3}}({DAY})",
        re.IGNORECASE,
    ),
    re.compile(
        rf"(?<!\w){_PAY}{_WITHIN}{{0,90}}?(?<!\w)(?:bis|spätestens)(?: spätestens)?(?: zum| am)? ({DAY})", re.IGNORECASE
    ),
    re.compile(
        rf"(?<!\w)(?:bis|spätestens)(?: spätestens)?(?: zum| am| einschließlich)? ({DAY})"
        rf"{_WITHIN}{{0,90}}?(?<!\w){_ACT}",
        re.IGNORECASE,
    ),
)
_TERMS = {
    "sieben": 7,
    "acht": 8,
    "zehn": 10,
    "vierzehn": 14,
    "dreißig": 30,
    "zwei": 2,
    "drei": 3,
    "vier": 4,
    "einem": 1,
}
_TERM = re.compile(
    rf"(?<!\w)(?:innerhalb|binnen)(?: von)? (\d{{1,2}}|{'|'.join(_TERMS)}) (tagen|wochen|monat\w{{0,2}})", re.IGNORECASE
)
_AROUND = 120
_NEAR = re.compile(rf"(?<!\w){_PAY}", re.IGNORECASE)
_DEBIT = re.compile(
    r"lastschrift|abgebucht|buchen wir|eingezogen|ziehen wir|abbuchung|einzugsermächtigung", re.IGNORECASE
)
_LONGEST_TERM = timedelta(days=400)


def due_day(whole: str, dated_on: date | None, today: date) -> tuple[date | None, str]:
    """Return the day until which something is to be paid or done, and the words; none for what is debited anyway."""
    first = dated_on or today - _LONGEST_TERM
    for pattern in _DUE:
        for found in pattern.finditer(whole):
            day = day_of(found[1])
            around = whole[max(0, found.start() - _AROUND) : found.end() + _AROUND]
            if day is not None and first <= day <= first + 2 * _LONGEST_TERM and not _DEBIT.search(around):
                return day, found.group()[-_AROUND:]
    for found in _TERM.finditer(whole):
        around = whole[max(0, found.start() - _AROUND) : found.end() + _AROUND]
        if dated_on is not None and _NEAR.search(around) and not _DEBIT.search(around):
            return dated_on + _term(found[1], found[2]), found.group()
    return None, ""


def _term(count: str, unit: str) -> timedelta:
    number = int(count) if count.isdecimal() else _TERMS[count.casefold()]
    return timedelta(days=number * {"t": 1, "w": 7, "m": 30}[unit[0].casefold()])
