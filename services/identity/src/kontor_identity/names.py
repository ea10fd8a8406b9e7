"""Names of people: in one line, at the opening of a letter, and folded for order and search.

German forms of address follow the letter norm DIN 5008. Boundary: pure text, no storage.
"""

from __future__ import annotations

import unicodedata

from kontor.identity.v1.people_pb2 import AddressForm, Salutation

_FOLDED = str.maketrans({"ä": "ae", "ö": "oe", "ü": "ue", "ß": "ss"})
_SIE_OPENINGS: dict[int, str] = {
    Salutation.SALUTATION_HERR: "Sehr geehrter Herr",
    Salutation.SALUTATION_FRAU: "Sehr geehrte Frau",
    Salutation.SALUTATION_FAMILIE: "Sehr geehrte Familie",
}
_ENGLISH_OPENINGS: dict[int, str] = {
    Salutation.SALUTATION_HERR: "Mr",
    Salutation.SALUTATION_FRAU: "Ms",
    Salutation.SALUTATION_FAMILIE: "Family",
}


def display_name(salutation: int, title: str, given_name: str, family_name: str) -> str:
    """Return the name in one line, for example "Dr. Julia Brandt", "Familie Brandt" or a company's name."""
    if salutation == Salutation.SALUTATION_FIRMA:
        return family_name
    if salutation == Salutation.SALUTATION_FAMILIE:
        return f"Familie {family_name}"
    return " ".join(part for part in (title, given_name, family_name) if part)


def greeting_in(language: str, form: int, salutation: int, title: str, given_name: str, family_name: str) -> str:
    """Return the opening of a mail in "de" or "en", without the comma."""
    if language != "en":
        return letter_greeting(form, salutation, title, given_name, family_name)
    if salutation == Salutation.SALUTATION_FIRMA:
        return "Dear Sir or Madam"
    if form == AddressForm.ADDRESS_FORM_DU and given_name:
        return f"Dear {given_name}"
    opening = _ENGLISH_OPENINGS.get(salutation)
    if opening is None:
        return f"Dear {' '.join(part for part in (title, given_name, family_name) if part)}"
    is_family = salutation == Salutation.SALUTATION_FAMILIE
    return f"Dear {opening if is_family or not title else title} {family_name}"


def letter_greeting(form: int, salutation: int, title: str, given_name: str, family_name: str) -> str:
    """Return the opening of a letter without the comma, for example "Sehr geehrte Frau Dr. Brandt" (F172)."""
    if form == AddressForm.ADDRESS_FORM_DU:
        return f"Hallo {given_name or display_name(salutation, '', '', family_name)}"
    if salutation == Salutation.SALUTATION_FIRMA:
        return "Sehr geehrte Damen und Herren"
    opening = _SIE_OPENINGS.get(salutation)
    if opening is None:
        return f"Guten Tag {display_name(salutation, title, given_name, family_name)}"
    parts = [opening, title if salutation != Salutation.SALUTATION_FAMILIE else "", family_name]
    return " ".join(part for part in parts if part)


def fold(text: str) -> str:
    """Return text for comparing: lower case, umlauts written out, accents gone, single blanks."""
    lowered = text.casefold().translate(_FOLDED)
    plain = "".join(c for c in unicodedata.normalize("NFKD", lowered) if not unicodedata.combining(c))
    return " ".join(plain.split())


def search_patterns(query: str) -> list[str]:
    """Return LIKE patterns, one for each of at most five words; each must begin a word of the text searched."""
    words = fold(query).split()[:5]
    return [f"% {_escaped(word)}%" for word in words]


def search_text(*parts: str) -> str:
    """Return the text that `search_patterns` match: folded words each after a blank, hyphened ones also in parts."""
    text = " ".join(parts)
    return f" {fold(text)} {fold(text.replace('-', ' '))}"


def _escaped(word: str) -> str:
    return word.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")
