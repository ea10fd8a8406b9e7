"""Consent texts: an expert's template, filled in for one order (F113). Pure, no I/O.

Owns the placeholders. A template must name the data, so that no consent can leave out what it is about.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from enum import StrEnum

from kontor_chassis.errors import invalid
from kontor_chassis.sentences import said

DATA = "daten"
PLACEHOLDERS = frozenset({"kunde", "makler", "experte", "dienstleistung", DATA})
_PLACEHOLDER = re.compile(r"\{([^{}]*)\}")


class CustomerField(StrEnum):
    """A field of the customer's record that an expert may need."""

    NAME = "NAME"
    ADDRESS = "ADDRESS"
    EMAIL = "EMAIL"
    PHONE = "PHONE"
    BIRTH_DATE = "BIRTH_DATE"


LABELS: Mapping[CustomerField, str] = {
    CustomerField.NAME: "Name",
    CustomerField.ADDRESS: "Anschrift",
    CustomerField.EMAIL: "E-Mail-Adresse",
    CustomerField.PHONE: "Telefonnummer",
    CustomerField.BIRTH_DATE: "Geburtsdatum",
}


def check_template(template: str) -> None:
    """Raise INVALID when a template has unknown placeholders or does not name the data."""
    used = set(_PLACEHOLDER.findall(template))
    unknown = used - PLACEHOLDERS
    if unknown:
        names = ", ".join(f"{{{name}}}" for name in sorted(unknown))
        raise invalid("service.consent_template", said("Diese Platzhalter gibt es nicht: %(names)s.", names=names))
    if DATA not in used:
        raise invalid(
            "service.consent_template", "Der Text muss mit {daten} nennen, welche Daten weitergegeben werden."
        )


def fill(template: str, values: Mapping[str, str]) -> str:
    """Return the template with its placeholders replaced, each once; what a value contains is never replaced again."""
    return _PLACEHOLDER.sub(lambda match: values[match[1]], template)


def naming(fields: Sequence[CustomerField]) -> str:
    """Return the fields as words, for example "Name, Anschrift und Geburtsdatum", in the order of the enum."""
    labels = [LABELS[field] for field in CustomerField if field in fields]
    return labels[0] if len(labels) == 1 else f"{', '.join(labels[:-1])} und {labels[-1]}"
