"""Reading of single fields: text, days, amounts, versions. Each raises `FieldError` naming the field."""

from __future__ import annotations

import re
from datetime import date

from kontor_chassis.sentences import said

from kontor_contracts.gdv.faults import FieldError
from kontor_contracts.gdv.layouts import Field, Version
from kontor_contracts.gdv.records import Record

_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f]")
_DIGITS = re.compile(r"[0-9]+")


def text(field: Field, record: Record) -> str:
    """Return the text without padding.

    Control characters are refused: in ISO 8859-1 they mean that the file was written in another character set
    (CP850 puts its umlauts at 0x80-0x9F), and names would be garbled.
    """
    value = field.text_in(record.content)
    if _CONTROL.search(value):
        raise FieldError(record.number, field.name, "enthält Zeichen, die nicht zum Zeichensatz ISO 8859-1 gehören")
    return value.strip()


def number(field: Field, record: Record) -> int | None:
    """Return a whole number, or None for a blank field. Amounts come as minor units: two decimals are implied."""
    value = text(field, record)
    if not value:
        return None
    if not _DIGITS.fullmatch(value):
        raise FieldError(record.number, field.name, said("„%(value)s“ ist keine Zahl.", value=value))
    return int(value)


def day(field: Field, record: Record) -> date | None:
    """Return a day written TTMMJJJJ, or None if it is blank or zero.

    The norm allows "00" for an unknown day or month; such a date is None too, since no day can be named.
    """
    value = text(field, record)
    if not value.strip("0"):
        return None
    if not re.fullmatch(r"[0-9]{8}", value):
        raise FieldError(record.number, field.name, said("„%(value)s“ ist kein Datum (TTMMJJJJ).", value=value))
    in_month, month, year = int(value[:2]), int(value[2:4]), int(value[4:])
    if year and (in_month == 0 or month == 0) and in_month <= 31 and month <= 12:
        return None
    try:
        return date(year, month, in_month)
    except ValueError:
        raise FieldError(
            record.number, field.name, said("„%(value)s“ ist kein Datum (TTMMJJJJ).", value=value)
        ) from None


def version(field: Field, record: Record) -> Version | None:
    """Return a record version such as 2.3, or None for a blank field."""
    value = text(field, record)
    if not value:
        return None
    if not re.fullmatch(r"[0-9]\.[0-9]", value):
        raise FieldError(record.number, field.name, said("„%(value)s“ ist keine Versionsnummer.", value=value))
    return int(value[0]), int(value[2])
