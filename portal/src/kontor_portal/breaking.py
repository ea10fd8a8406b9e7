"""Where long words may break: German compounds at their syllables, e-mail addresses before “@” and after dots."""

from __future__ import annotations

import re
from functools import cache
from typing import Final

from markupsafe import Markup, escape
from pyphen import Pyphen

from kontor_portal.i18n import language

_LONG: Final = re.compile(r"\w{13,}")
_JOINTS: Final = re.compile(r"(?=@)|(?<=[./])")
_DICTIONARIES: Final = {"de": "de_DE", "en": "en_GB"}
_SOFT_HYPHEN: Final = "\N{SOFT HYPHEN}"
_LEAST: Final = 5
"""Letters that stay together at either end: no “Versicherungsmak-ler”."""


def hyphenated(text: str) -> str:
    """Return a text with soft hyphens in its long words, for narrow places: not every browser knows syllables."""
    return _LONG.sub(lambda word: _dictionary(_DICTIONARIES[language()]).inserted(word[0], _SOFT_HYPHEN), text)


def breakable(address: str) -> Markup:
    """Return an e-mail or web address that breaks where readers expect it."""
    return Markup("<wbr>").join(escape(part) for part in _JOINTS.split(address) if part)


@cache
def _dictionary(name: str) -> Pyphen:
    return Pyphen(lang=name, left=_LEAST, right=_LEAST)
