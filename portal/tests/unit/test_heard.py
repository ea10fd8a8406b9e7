"""What services say, on English pages: all of it has English, and figures come along."""

from __future__ import annotations

import re

import pytest
from flask import Flask, g
from kontor_chassis.edge import Problem
from kontor_chassis.errors import FieldProblem
from kontor_contracts.lines import DEFAULT_LINES
from kontor_portal.heard import heard, line_name, lines_in_english, services_in_english, told

from .spoken import formatted, spoken

_PLACES = re.compile(r"%\((\w+)\)s|\{(\w+)\}")


def test_everything_that_services_say_has_english() -> None:
    """A refusal or a line of the bell would be German on an English page; and the catalogue keeps nothing unsaid."""
    missing, unused = spoken() - set(services_in_english()), set(services_in_english()) - spoken()
    assert not missing, "give locale/services/en.po the English of: " + " | ".join(sorted(missing))
    assert not unused, "take out of locale/services/en.po: " + " | ".join(sorted(unused))


def test_every_line_of_business_has_english(app: Flask) -> None:
    """F71: what every firm begins with is said in English on English pages; what a firm named itself stays."""
    assert set(lines_in_english()) == {line.name for line in DEFAULT_LINES}
    with app.test_request_context():
        g.language = "en"
        assert line_name("Wohngebäude") == "Residential building"
        assert line_name("Rund um Hund und Katze") == "Rund um Hund und Katze"
        g.language = "de"
        assert line_name("Wohngebäude") == "Wohngebäude"


def test_figures_stay_apart_from_their_sentences() -> None:
    """Services put figures into sentences by `said`, which keeps them for callers and for other languages."""
    assert formatted() == []


def test_english_has_the_same_figures() -> None:
    """A figure that only one language has would be lost, or would break the page."""
    pairs = services_in_english().items()
    assert [de for de, en in pairs if sorted(_PLACES.findall(de)) != sorted(_PLACES.findall(en))] == []


@pytest.mark.parametrize(
    ("german", "english"),
    [
        ("Dieser Kunde wurde nicht gefunden.", "This customer was not found."),
        (
            "Der Tarif PREMIUMstarter reicht für 100 Kontakte; Sie haben 112.",
            "The plan PREMIUMstarter is good for 100 contacts; you have 112.",
        ),
        (
            "Zu viele Fehlversuche. Bitte warten Sie noch 5 Minuten und versuchen Sie es dann erneut.",
            "Too many failed attempts. Please wait for another 5 minutes and then try again.",
        ),
        (
            "Die Datei wurde nicht importiert. Satz 3, Vertragsablauf: „99“ ist kein Datum (TTMMJJJJ).",
            "The file was not imported. Record 3, Vertragsablauf: “99” is not a date (DDMMYYYY).",
        ),
        ("Was eine Firma geschrieben hat.", "Was eine Firma geschrieben hat."),
    ],
)
def test_refusals_with_figures(app: Flask, german: str, english: str) -> None:
    """Limits and names stay, words among them are said in English; what nobody knows stays as it was written."""
    with app.test_request_context():
        g.language = "en"
        assert heard(german) == english
        fields = (FieldProblem("customer.email", "Bitte geben Sie höchstens 254 Zeichen ein."),)
        refusal = told(Problem(422, "ANY", german, fields))
        assert (refusal.message, refusal.fields[0].description) == (english, "Please enter at most 254 characters.")
        g.language = "de"
        assert heard(german) == german
