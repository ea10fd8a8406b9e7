"""Where each field stands: layouts of the record types Kontor reads, as data.

Byte positions count from 1 and include both ends, as the norm prints them (GDV "VU-Vermittler", release 2023-12;
rows 0001, 0100, 0200, 9999). The fields read here stand at the same bytes in all versions from 1.0 to 2.x of these
records, tried with a file of 2004 (1.9) and the layouts of 2009 and 2023; `since` is where a part came later.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

Version = tuple[int, int]

RECORD_LENGTH = 256
PART_POSITION = 256
"""Byte that tells the part ("Satznummer") of a record."""


@dataclass(frozen=True)
class Field:
    """One field: its German name in the norm and its bytes."""

    name: str
    first: int
    last: int

    def text_in(self, record: str) -> str:
        """Return the field's characters as they stand in a record of 256 characters."""
        return record[self.first - 1 : self.last]


@dataclass(frozen=True)
class Layout:
    """One part of a record type, with the versions it is known for."""

    record_type: str
    part: str
    since: Version
    before: Version
    fields: Mapping[str, Field]

    def __getitem__(self, key: str) -> Field:
        return self.fields[key]


def _layout(record_type: str, part: str, since: Version, fields: dict[str, Field]) -> Layout:
    return Layout(record_type, part, since, (3, 0), MappingProxyType(fields))


RECORD_TYPE = Field("Satzart", 1, 4)
PART = Field("Satznummer", PART_POSITION, PART_POSITION)

INSURER = Field("VU-Nummer", 5, 9)
LINE = Field("Sparte", 11, 13)
POLICY = Field("Versicherungsschein-Nummer", 14, 30)
CONTRACT_KEY = Field("Vertragsschlüssel", 5, 32)
"""Insurer, bundle mark, line, policy and sequence number: the same in all records of one contract."""

HEADER = _layout(
    "0001",
    "1",
    (1, 0),
    {
        "insurer": INSURER,
        "sender": Field("Absender", 10, 39),
        "version_0100": Field("Version Satzart 0100", 99, 101),
        "version_0200": Field("Version Satzart 0200", 102, 104),
        "version_9999": Field("Version Satzart 9999", 225, 227),
    },
)

TRAILER = _layout(
    "9999",
    "",
    (1, 0),
    {
        "records": Field("Anzahl der Sätze", 5, 14),
        "premiums": Field("Gesamtbeitrag", 25, 39),
    },
)

ADDRESS = (
    _layout(
        "0100",
        "1",
        (1, 0),
        {
            "salutation": Field("Anredeschlüssel", 43, 43),
            "name_1": Field("Name 1", 44, 73),
            "name_2": Field("Name 2", 74, 103),
            "name_3": Field("Name 3", 104, 133),
            "title": Field("Titel", 134, 153),
            "country": Field("Länderkennzeichen", 154, 156),
            "postal_code": Field("Postleitzahl", 157, 162),
            "city": Field("Ort", 163, 187),
            "street": Field("Straße", 188, 217),
            "birth_date": Field("Geburtsdatum", 226, 233),
            "address_kind": Field("Adresskennzeichen", 237, 238),
        },
    ),
    _layout(
        "0100",
        "2",
        (1, 0),
        {
            "insurers_number": Field("Personen-/Kundennummer des Versicherers", 43, 59),
            "brokers_number": Field("Personen-/Kundennummer des Vermittlers", 60, 76),
            **{
                f"channel_{n}": Field(f"Kommunikationstyp {n}", first, first + 1)
                for n, first in zip(range(1, 5), range(157, 245, 22), strict=True)
            },
            **{
                f"contact_{n}": Field(f"Kommunikationsnummer {n}", first, first + 19)
                for n, first in zip(range(1, 5), range(159, 245, 22), strict=True)
            },
        },
    ),
    _layout(
        "0100",
        "3",
        (1, 0),
        {
            **{
                f"channel_{n}": Field(f"Kommunikationstyp {n}", first, first + 1)
                for n, first in zip(range(5, 8), range(43, 229, 62), strict=True)
            },
            **{
                f"contact_{n}": Field(f"Kommunikationsnummer {n}", first, first + 59)
                for n, first in zip(range(5, 8), range(45, 229, 62), strict=True)
            },
        },
    ),
    _layout(
        "0100",
        "4",
        (1, 0),
        {
            "account_type_1": Field("Typ der Bankverbindung 1", 103, 104),
            "account_type_2": Field("Typ der Bankverbindung 2", 105, 106),
            "iban_1": Field("IBAN 1", 209, 242),
        },
    ),
    _layout("0100", "5", (1, 0), {"iban_2": Field("IBAN 2", 43, 76)}),
)

CONTRACT = (
    _layout(
        "0200",
        "1",
        (1, 0),
        {
            "begin": Field("Vertragsbeginn", 44, 51),
            "expiry": Field("Vertragsablauf", 52, 59),
            "interval": Field("Zahlungsweise", 68, 68),
            "status": Field("Vertragsstatus", 69, 69),
            "left_on": Field("Abgangsdatum", 72, 79),
            "currency": Field("Währungsschlüssel", 113, 115),
            "premium": Field("Gesamtbeitrag (Netto) in Währungseinheiten", 116, 127),
        },
    ),
    _layout(
        "0200",
        "2",
        (2, 0),
        {
            "gross_premium": Field("Gesamtbeitrag (Brutto) in Währungseinheiten", 72, 83),
            "printed_number": Field("Druckaufbereitete Versicherungsscheinnummer", 84, 113),
            "product": Field("Produktname", 114, 133),
        },
    ),
)


def layout_for(layouts: tuple[Layout, ...], part: str, version: Version) -> Layout | None:
    """Return the newest layout of a part that exists in `version`, or None for a part Kontor does not read."""
    fitting = [layout for layout in layouts if layout.part == part and layout.since <= version < layout.before]
    return max(fitting, key=lambda layout: layout.since, default=None)


def is_known(version: Version) -> bool:
    """Whether records of this version can be read at all."""
    return (1, 0) <= version < (3, 0)
