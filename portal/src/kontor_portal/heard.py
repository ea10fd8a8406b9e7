"""What services say, in the reader's language: refusals with their figures, and the lines of the bell.

Services speak German; what is not in `locale/services` stays so, as names and texts of firms do.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from functools import cache
from importlib.resources import files

from kontor_chassis.edge import Problem
from kontor_chassis.errors import FieldProblem
from kontor_chassis.sentences import Phrasebook

from kontor_portal.i18n import catalogue, language


@cache
def services_in_english() -> Mapping[str, str]:
    """Return the English of what services say, by the German."""
    return catalogue(files("kontor_portal") / "locale" / "services" / "en.po")


@cache
def _phrasebook() -> Phrasebook:
    return Phrasebook(services_in_english())


def heard(text: str, figures: Mapping[str, str] | None = None) -> str:
    """Return a sentence of a service in the reader's language; `figures` as they came along with it."""
    return _phrasebook().translated(text, figures or {}) if language() == "en" else text


@cache
def lines_in_english() -> Mapping[str, str]:
    """Return the English names of the lines of business that every firm begins with, by the German."""
    return catalogue(files("kontor_portal") / "locale" / "lines" / "en.po")


def line_name(name: str) -> str:
    """Return a line of business in the reader's language; one that a firm has named itself stays as it is."""
    return lines_in_english().get(name, name) if language() == "en" else name


def told(problem: Problem) -> Problem:
    """Return a refusal in the reader's language, at its fields, too."""
    if language() != "en":
        return problem
    fields = tuple(FieldProblem(item.field, heard(item.description)) for item in problem.fields)
    return replace(problem, message=heard(problem.message, problem.metadata), fields=fields)
