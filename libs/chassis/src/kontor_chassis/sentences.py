"""Sentences for people: German is what services say, with figures that stay apart, so that others can say them anew.

A service says `said("Höchstens %(most)s sind möglich.", most=20)`. Its text is the German sentence, and the figures go
along as metadata of the refusal. A `Phrasebook` finds a German sentence and says it in another language.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

_PLACE: Final = re.compile(r"%\((\w+)\)s")
_NO_FIGURES: Final[Mapping[str, str]] = MappingProxyType({})


class Sentence(str):
    """A German sentence that knows its figures by name."""

    __slots__ = ("figures",)
    figures: Mapping[str, str]


def said(template: str, **figures: object) -> Sentence:
    """Return the sentence with its figures in the `%(name)s` of the template."""
    texts = {name: str(value) for name, value in figures.items()}
    sentence = Sentence(template % texts)
    sentence.figures = MappingProxyType(texts)
    return sentence


def figures_of(text: str) -> Mapping[str, str]:
    """Return the figures of a sentence; none for a plain text."""
    return text.figures if isinstance(text, Sentence) else _NO_FIGURES


class Phrasebook:
    """What services say, in another language; what it does not know stays as it is."""

    def __init__(self, catalogue: Mapping[str, str]) -> None:
        """Keep a catalogue of German templates and their translations."""
        self._catalogue = catalogue
        self._patterns = [(_pattern(german), other) for german, other in catalogue.items() if _PLACE.search(german)]

    def translated(self, text: str, figures: Mapping[str, str] = _NO_FIGURES) -> str:
        """Return a sentence in the other language.

        `figures` are those of the refusal. What comes without them, as in a field of many, is read from the sentence.
        """
        known = self._catalogue.get(text)
        if known is not None:
            return known
        for pattern, other in self._patterns:
            found = pattern.fullmatch(text)
            if found is not None:
                values = {**found.groupdict(), **{name: figures[name] for name in found.groupdict() if name in figures}}
                return other % {name: self.translated(value) for name, value in values.items()}
        return text


def _pattern(template: str) -> re.Pattern[str]:
    parts = _PLACE.split(template)
    texts = [re.escape(part.replace("%%", "%")) if n % 2 == 0 else f"(?P<{part}>.+?)" for n, part in enumerate(parts)]
    return re.compile("".join(texts), re.DOTALL)
