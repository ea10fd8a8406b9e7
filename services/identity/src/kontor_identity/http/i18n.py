"""Languages of the sign-in pages: German is what they say, English is looked up, as the reader chose in the portal.

The German sentence is the key; formal and informal ones have the same English. What the service itself says (refusals)
is looked up, too, with its figures.
"""

from __future__ import annotations

from flask import request
from kontor_chassis.sentences import Phrasebook

from kontor_identity.http.english import ENGLISH

_ENGLISH = Phrasebook(ENGLISH)
LANGUAGE_COOKIE = "office_language"
"""Set by the portal."""


def language() -> str:
    """Return the reader's language: German unless he chose English."""
    return "en" if request.cookies.get(LANGUAGE_COOKIE) == "en" else "de"


def t(text: str, **values: str) -> str:
    """Return a sentence in the reader's language, with `%(name)s` filled from the values."""
    said = _ENGLISH.translated(text) if language() == "en" else text
    return said % values if values else said
