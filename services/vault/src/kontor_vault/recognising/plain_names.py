"""Plain names (F146): what a paper is called for people, by the name of its file or by words in it.

The list is data (`plain_names.toml`) and published as it is. A file's name tells a type only when a machine made it:
when every part of it is a code, a mark, a number or a day. What a person named keeps its name.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from importlib.resources import files
from typing import Any, Final

from kontor.vault.v1.vault_pb2 import DocumentKind

from kontor_vault.file_names import title_of
from kontor_vault.recognising.days import compact_day, german

_PARTS = re.compile(r"[ _.+-]+")
_ISO_DAY = re.compile(r"(?<!\d)(20\d{2})-(\d{2})-(\d{2})(?!\d)")
_ENDING = re.compile(r"\.[A-Za-z0-9]{1,5}$")
_NUMBER = re.compile(r"[A-Za-z]{0,3}\d{4,20}[A-Za-z]?")
_MOST_PARTS = 10


@dataclass(frozen=True)
class PlainName:
    """One entry of the list; without codes it is known by words only, without words by the file's name only."""

    name: str
    kind: DocumentKind.ValueType
    codes: tuple[str, ...] = ()
    words: tuple[str, ...] = ()
    device: str = ""
    """A pattern of names that say only where a file comes from."""
    example: str = ""


@dataclass(frozen=True)
class Named:
    """What the name of a file that a machine made says."""

    plain: PlainName
    number: str
    day: date | None

    def title(self, today: date) -> str:
        """Return a title for people; what says nothing is told apart by its day."""
        number = f" zu {self.number}" if self.number else ""
        day = self.day or (today if self.plain.device else None)
        return f"{self.plain.name}{number}" + (f" vom {german(day)}" if day else "")


def _kind(name: str) -> DocumentKind.ValueType:
    return DocumentKind.Value(f"DOCUMENT_KIND_{name}")


def _read() -> tuple[tuple[PlainName, ...], Mapping[str, Sequence[str]]]:
    data = tomllib.loads((files(__package__) / "plain_names.toml").read_text(encoding="utf-8"))
    types = [_plain(each, _kind(each["kind"])) for each in data["name"]]
    devices = [_plain(each, DocumentKind.DOCUMENT_KIND_OTHER) for each in data["device"]]
    return (*types, *devices), data["markers"]


def _plain(entry: Mapping[str, Any], kind: DocumentKind.ValueType) -> PlainName:
    return PlainName(
        entry["name"],
        kind,
        tuple(entry.get("codes", ())),
        tuple(entry.get("words", ())),
        entry.get("pattern", ""),
        entry.get("example", ""),
    )


PLAIN_NAMES, _MARKERS = _read()
"""The list, what is more exact first."""
_BY_CODE: Final = {code: each for each in PLAIN_NAMES for code in each.codes}
_DEVICES: Final = [(re.compile(each.device, re.IGNORECASE), each) for each in PLAIN_NAMES if each.device]
_OF_CONTRACT, _OTHER = frozenset(_MARKERS["contract"]), frozenset(_MARKERS["other"])


def named_by_machine(file_name: str) -> Named | None:
    """Return what the name of a file says that a machine made; None for a name that a person may have given."""
    stem = _ENDING.sub("", file_name.strip())
    for pattern, plain in _DEVICES:
        if pattern.fullmatch(stem):
            return Named(plain, "", _day_in(stem))
    return _of_delivery([part for part in _PARTS.split(_ISO_DAY.sub(r"\1\2\3", stem)) if part])


def title_for(file_name: str, today: date) -> str:
    """Return a title for a file that came without one."""
    named = named_by_machine(file_name)
    return named.title(today) if named else title_of(file_name)


def kind_for(file_name: str) -> DocumentKind.ValueType:
    """Return the kind that a file's name tells; OTHER when it tells none."""
    named = named_by_machine(file_name)
    return named.plain.kind if named else DocumentKind.DOCUMENT_KIND_OTHER


def _of_delivery(parts: Sequence[str]) -> Named | None:
    """Read a name whose every part is known and of which one is a type, beside a number or a day."""
    plain, number, day, marked = None, "", None, False
    if not 2 <= len(parts) <= _MOST_PARTS:
        return None
    for part in parts:
        if part in _BY_CODE and plain is None:
            plain = _BY_CODE[part]
        elif part in _OF_CONTRACT or part in _OTHER:
            marked = part in _OF_CONTRACT
        elif part.isdecimal() and (read := compact_day(part)) is not None and not marked:
            day = day or read
        elif _NUMBER.fullmatch(part):
            number, marked = (part if marked or not number else number), False
        elif not (part.isdecimal() or part in _BY_CODE):
            return None
    return Named(plain, number, day) if plain and (number or day) else None


def _day_in(stem: str) -> date | None:
    found = re.search(r"(?<!\d)(20\d{2})[-_.]?(\d{2})[-_.]?(\d{2})(?!\d)", stem)
    return compact_day("".join(found.groups())) if found else None
