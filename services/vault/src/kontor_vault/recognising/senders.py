"""Who sent a letter: a name of the list in its head, else what bears a legal form or an office's name."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterable, Sequence
from importlib.resources import files

HEAD_LINES = 14
"""How many lines belong to the head of a letter, with the addresses of both."""
_AFTER_GREETING = 6
_LONGEST = 80
_LEGAL_FORM = (
    r"(?:AG|SE|g?GmbH(?:\s?&\s?Co\.?\s?KG(?:aA)?)?|mbH|KGaA|KG|OHG|oHG|GbR|eG|e\.\s?G\.|e\.\s?V\.|VVaG|V\.\s?V\.\s?a\.\s?G\."
    r"|a\.\s?G\.|UG|AöR|KdöR|PartG(?:\s?mbB)?)"
)
_COMPANY = re.compile(rf"(?<!\w)([A-ZÄÖÜ0-9][\w&.+'’/ -]{{1,70}}?[ -]{_LEGAL_FORM})(?![\w&])")
_OFFICE = re.compile(
    r"(?<!\w)((?:Finanzamt|Stadtwerke|Stadtsparkasse|Kreissparkasse|Sparkasse|Volksbank|Landeshauptstadt|Stadt|Gemeinde"
    r"|Landkreis|Amtsgericht|Landesamt|Jobcenter|Zahnarztpraxis|Gemeinschaftspraxis|Praxis|Kanzlei|Rechtsanwältin"
    r"|Rechtsanwalt|Rechtsanwälte|Steuerberaterin|Steuerberater|Hausverwaltung|Autohaus|Tierarztpraxis|Klinikum"
    r"|Universitätsklinikum|Berufsgenossenschaft|Versorgungswerk|Kindertagesstätte|Grundschule)"
    r"(?: (?:für|der|des|Dr\.|im|am|und|&)){0,3}(?: [A-ZÄÖÜ][\wäöüß.-]+){1,4})"
)
_GREETING = re.compile(
    r"mit (?:freundlichen|besten|herzlichen) grüßen|freundliche grüße|hochachtungsvoll", re.IGNORECASE
)
_BANK = re.compile(r"\b(?:IBAN|BIC|Konto|Bankverbindung|Kreditinstitut)\b")
_SEPARATORS = re.compile(r"\s*[·•|,;]\s*|\s+[–—-]\s+|\s{3,}")


def _known() -> list[tuple[re.Pattern[str], str]]:
    data = tomllib.loads((files(__package__) / "senders.toml").read_text(encoding="utf-8"))
    names = sorted((*data["insurers"], *data["others"]), key=len, reverse=True)
    return [(re.compile(rf"(?<![\w@.]){re.escape(name)}(?!\w|@)", _case(name)), name) for name in names]


def _case(name: str) -> re.RegexFlag:
    """Return whether case matters: a short name is often a word as well."""
    return re.NOFLAG if len(name) <= 7 else re.IGNORECASE


_KNOWN = _known()


def sender_of(lines: Sequence[str]) -> str:
    """Return the name of who sent a letter, empty when nothing tells it; the foot tells it when the head does not."""
    greeted = next((number for number, line in enumerate(lines) if _GREETING.search(line)), len(lines))
    places = (
        lines[:HEAD_LINES],
        lines[greeted + 1 : greeted + 1 + _AFTER_GREETING],
        lines[-_AFTER_GREETING:],
    )
    for lines_there in places:
        place = [line for line in lines_there if not _BANK.search(line)]
        found = _listed(place) or _first(_OFFICE, place) or _first(_COMPANY, place)
        if found:
            return found
    return ""


def _listed(lines: Iterable[str]) -> str:
    for line in lines:
        for pattern, name in _KNOWN:
            if pattern.search(line):
                return name
    return ""


def _first(pattern: re.Pattern[str], lines: Iterable[str]) -> str:
    for line in lines:
        for part in _SEPARATORS.split(line):
            found = pattern.search(part)
            if found:
                return " ".join(found[1].split())[:_LONGEST]
    return ""
