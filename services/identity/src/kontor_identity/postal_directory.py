"""German postal codes and places, and what an address was meant to be (F152, F153).

Data: `data/postal_places.csv.gz` (ODbL, © OpenStreetMap contributors; licence beside it). There is no directory of
streets: a street is only brought into its usual spelling. A proposal is never applied by itself.
"""

from __future__ import annotations

import gzip
import re
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Final

from kontor.identity.v1.master_data_pb2 import AddressVerdict
from rapidfuzz import fuzz, process

from kontor_identity.addresses import PostalAddress
from kontor_identity.names import fold

_LIKENESS: Final = 82
"""Per cent from which two folded names count as the same place misspelt."""
_MOST_PROPOSALS: Final = 3
_STREET: Final = re.compile(r"(?i)str(?:a(?:ss|ß)e|\.)?(?=\s|$)")


@dataclass(frozen=True)
class AddressFinding:
    """What the directory says, with corrections to choose from, the nearest first."""

    verdict: AddressVerdict.ValueType
    proposals: tuple[PostalAddress, ...] = ()


@dataclass(frozen=True)
class _Directory:
    places: dict[str, tuple[str, ...]]
    """Postal code → places."""
    codes: dict[str, tuple[tuple[str, str], ...]]
    """Folded place → postal codes with its right spelling."""


def check_address(given: PostalAddress) -> AddressFinding:
    """Return whether code and place belong together, else what may have been meant."""
    code, city, street = given.postal_code.strip(), given.city.strip(), usual_street(given.street)
    there = _directory().places.get(code, ())
    exact = next((place for place in there if _same(place, city)), None)
    if exact is not None:
        wanted = PostalAddress(street, code, exact, "DE")
        is_same = (street, code, exact) == (given.street.strip(), code, city)
        if is_same or fold(exact) == fold(city):
            return AddressFinding(AddressVerdict.ADDRESS_VERDICT_KNOWN)
        return AddressFinding(AddressVerdict.ADDRESS_VERDICT_PROPOSAL, (wanted,))
    found = [PostalAddress(street, code_, place, "DE") for code_, place in _candidates(code, city, there)]
    if not found:
        return AddressFinding(AddressVerdict.ADDRESS_VERDICT_UNKNOWN)
    return AddressFinding(AddressVerdict.ADDRESS_VERDICT_PROPOSAL, tuple(found[:_MOST_PROPOSALS]))


def usual_street(street: str) -> str:
    """Return a street as it is usually written: "Elbstr. 4" becomes "Elbstraße 4"."""

    def written_out(found: re.Match[str]) -> str:
        return "Straße" if found[0][0].isupper() else "straße"

    return " ".join(_STREET.sub(written_out, street, count=1).split())


def _candidates(code: str, city: str, there: tuple[str, ...]) -> list[tuple[str, str]]:
    """Return (code, place) pairs: places of the code spelt alike, else codes of the place, then the code's own."""
    by_spelling = [(code, place) for place in there if fuzz.ratio(fold(place), fold(city)) >= _LIKENESS]
    if by_spelling:
        return by_spelling
    named = _directory().codes.get(fold(city)) or _misspelt(city)
    by_place = sorted(named, key=lambda pair: -fuzz.ratio(pair[0], code))
    return list(dict.fromkeys([*by_place, *((code, place) for place in there)]))


def _misspelt(city: str) -> tuple[tuple[str, str], ...]:
    if len(city) < 3:
        return ()
    near = process.extractOne(fold(city), _directory().codes.keys(), scorer=fuzz.ratio, score_cutoff=_LIKENESS)
    return _directory().codes[near[0]] if near is not None else ()


def _same(place: str, city: str) -> bool:
    """Whether both name one place; additions such as "(Saale)" or "am Main" may be missing on either side."""
    one, other = fold(place), fold(city)
    if not other:
        return False
    shorter, longer = sorted((one, other), key=len)
    return one == other or (len(shorter) > 3 and longer.startswith((f"{shorter} ", f"{shorter}(", f"{shorter}/")))


@cache
def _directory() -> _Directory:
    places: dict[str, tuple[str, ...]] = {}
    codes: dict[str, list[tuple[str, str]]] = {}
    packed = (files("kontor_identity") / "data" / "postal_places.csv.gz").read_bytes()
    for line in gzip.decompress(packed).decode("utf-8").splitlines():
        code, _, names = line.partition(";")
        places[code] = tuple(names.split("|"))
        for name in places[code]:
            codes.setdefault(fold(name), []).append((code, name))
    return _Directory(places, {name: tuple(pairs) for name, pairs in codes.items()})
