"""German figures of mails, said in English.

Parameters of a mail are kept as the bell says them, in German; which language its reader wants is known only when the
mail is written. Boundary: whole values of known forms; everything else, a name or a title, stays as it is.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import date

_DAY = re.compile(r"(\d{2})\.(\d{2})\.(\d{4})(?:, (\d{2}:\d{2}) Uhr)?")
_MONEY = re.compile(r"(-?)([\d.]+),(\d{2}) €")
_ENDS = re.compile(r" Der Zugriff endet am (.+)\.")
_FEE = re.compile(r" Darin enthalten ist eine Mahngebühr von (.+)\.")
_DAYS_LEFT = re.compile(r"in (\d+) Tagen")
_WORDS = {
    "in Bearbeitung": "in progress",
    "storniert": "cancelled",
    "einen Experten aus unserem Netzwerk": "an expert of our network",
    "Jemand aus unserem Büro": "Somebody of our office",
    "morgen": "tomorrow",
    "heute": "today",
}
_JOINED = {"supporters": (" und ", " and "), "device": (" unter ", " on ")}


def in_english(parameters: Mapping[str, str]) -> dict[str, str]:
    """Return the same parameters as an English mail says them."""
    return {name: _joined(name, _said(value)) for name, value in parameters.items()}


def _said(value: str) -> str:
    if day := _DAY.fullmatch(value):
        return _day(day)
    if money := _MONEY.fullmatch(value):
        sign, whole, cents = money.groups()
        return f"{sign}€{whole.replace('.', ',')}.{cents}"
    if ends := _ENDS.fullmatch(value):
        return f" Access ends on {_said(ends[1])}."
    if fee := _FEE.fullmatch(value):
        return f" This includes a reminder fee of {_said(fee[1])}."
    if left := _DAYS_LEFT.fullmatch(value):
        return f"in {left[1]} days"
    return _WORDS.get(value, value)


def _day(found: re.Match[str]) -> str:
    day, month, year, clock = found.groups()
    said = f"{date(int(year), int(month), int(day)):%-d %B %Y}"
    return f"{said}, {clock} (German time)" if clock else said


def _joined(name: str, value: str) -> str:
    german, english = _JOINED.get(name, ("", ""))
    return value.replace(german, english) if german else value
