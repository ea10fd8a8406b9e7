"""Languages: German is what templates say, English is looked up in `locale/*.po`, formal or informal
as the person is.

`t("Ihre Verträge", du="Deine Verträge")` is the one way to write a sentence. The German formal text is its key, so a
template reads as the page does; the informal variant stands beside it, because English does not need it.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from importlib.resources import files
from importlib.resources.abc import Traversable
from typing import Final, Literal

from babel.messages.pofile import read_po
from flask import g, has_request_context

Language = Literal["de", "en"]
LANGUAGES: Final[tuple[Language, ...]] = ("de", "en")
LANGUAGE_COOKIE: Final = "office_language"


@cache
def english() -> Mapping[str, str]:
    """Return the English catalogue, of all its chapters: German text to English text."""
    chapters = (chapter for chapter in (files("kontor_portal") / "locale").iterdir() if chapter.name.endswith(".po"))
    return {german: said for chapter in chapters for german, said in catalogue(chapter).items()}


def catalogue(chapter: Traversable) -> Mapping[str, str]:
    """Return what a file of the catalogue says: German text to English text."""
    with chapter.open("rb") as source:
        return {str(message.id): str(message.string) for message in read_po(source) if message.id and message.string}


def language() -> Language:
    """Return the language of the request in hand; German outside of one."""
    chosen: Language = g.get("language", "de") if has_request_context() else "de"
    return chosen


def is_informal() -> bool:
    """Whether the person of the request in hand is addressed with “Du”."""
    return bool(g.get("informal", False)) if has_request_context() else False


def t(text: str, *, du: str | None = None, **values: object) -> str:
    """Return a sentence in the reader's language and form, with `%(name)s` filled from the values."""
    spoken = du if du is not None and is_informal() else text
    said = english().get(text, text) if language() == "en" else spoken
    return said % values if values else said


def tn(one: str, many: str, count: int, **values: object) -> str:
    """Return the sentence for one or for many; `%(count)s` is always available."""
    return t(one if count == 1 else many) % {"count": count, **values}


def choose_language(cookie: str | None) -> Language:
    """Return the language that the person has chosen; German unless he chose, as in his letters and mails."""
    return "en" if cookie == "en" else "de"
