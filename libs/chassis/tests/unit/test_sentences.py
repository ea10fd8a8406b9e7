"""Sentences with figures, and how they are said in another language."""

from __future__ import annotations

from kontor_chassis.errors import DomainError, ErrorKind, invalid
from kontor_chassis.sentences import Phrasebook, said

BOOK = Phrasebook(
    {
        "Bitte warten Sie noch %(wait)s.": "Please wait for another %(wait)s.",
        "%(count)s Minuten": "%(count)s minutes",
        "Das geht nicht.": "That is not possible.",
        "„%(path)s“ lässt sich nicht ändern (100 %%).": "“%(path)s” cannot be changed (100 %%).",
    }
)


def test_figures_go_along_with_the_refusal() -> None:
    """The sentence is German and whole; its figures are the metadata that callers may show in their own words."""
    error = DomainError(
        ErrorKind.EXHAUSTED, "TOO_MANY", said("Höchstens %(most)s sind möglich.", most=20), metadata={"limit": "keys"}
    )
    assert error.message == "Höchstens 20 sind möglich."
    assert error.metadata == {"most": "20", "limit": "keys"}
    assert invalid("count", said("Mindestens %(least)s.", least=2)).metadata == {"least": "2"}


def test_a_phrasebook_says_it_in_another_language() -> None:
    """Figures are put into the other sentence, words among them translated; what is unknown stays."""
    assert BOOK.translated("Das geht nicht.") == "That is not possible."
    assert BOOK.translated("Bitte warten Sie noch 5 Minuten.") == "Please wait for another 5 minutes."
    assert (
        BOOK.translated("Bitte warten Sie noch lange.", {"wait": "7 Minuten"}) == "Please wait for another 7 minutes."
    )
    assert BOOK.translated("„a.b“ lässt sich nicht ändern (100 %).") == "“a.b” cannot be changed (100 %)."
    assert BOOK.translated("Etwas anderes.") == "Etwas anderes."
