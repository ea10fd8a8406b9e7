"""What somebody types, as PostgreSQL's text search takes it, and the passages that show where it stands."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

MOST_WORDS = 10
_WORD = re.compile(r"[0-9A-Za-zÀ-ɏ]+")
_LONG_ENOUGH = 3
"""From so many letters on a word also finds what begins with it."""
_TOLERANT_FROM = 4
_MOST_LETTERS = 24
_UMLAUTS = (("ae", "ä"), ("oe", "ö"), ("ue", "ü"), ("ss", "ß"))
_PLAIN = str.maketrans("äöüáàâéèêíîóòôúûñç", "aouaaaeeeiiooouunc")
_AROUND = 90
"""Letters before and after a found word that a passage shows."""
_LONGEST_PASSAGE = 260
_ENDINGS = ("ungen", "en", "er", "es", "em", "n", "e", "s")


@dataclass(frozen=True)
class Piece:
    """A piece of a passage, and whether it was searched for."""

    text: str
    found: bool = False


def words_of(query: str) -> list[str]:
    """Return the words of a query in lower case."""
    return [word.lower() for word in _WORD.findall(query)[:MOST_WORDS]]


def sought(words: list[str], weight: str = "") -> str:
    """Return the text search query in which all words must stand, however their umlauts are written.

    `weight` "A" asks for them in the title.
    """
    return " & ".join(f"({' | '.join(_spelled(word, weight))})" for word in words)


def nearly(words: list[str]) -> str:
    """Return the query for names that have these words with a letter more, less, other or swapped; empty if all are
    too short.
    """
    long = [_folded(word)[:_MOST_LETTERS] for word in words if len(word) >= _TOLERANT_FROM]
    return " & ".join(f"({' | '.join(sorted(_neighbours(word)))})" for word in long)


def passage(text: str, words: list[str]) -> list[Piece]:
    """Return the passage of a text where most of the words stand near each other, in pieces; empty if none does."""
    pattern = re.compile(rf"\b\w*(?:{'|'.join(map(_loosely, words))})\w*", re.IGNORECASE)
    places = [match.span() for match in pattern.finditer(text)]
    if not places:
        return []
    first, last = _densest(places)
    start = _word_border(text, max(first - _AROUND, 0), first)
    stop = max(text.rfind(" ", last, last + _AROUND), last) if last + _AROUND < len(text) else len(text)
    return list(_pieces(text, start, stop, [place for place in places if start <= place[0] and place[1] <= stop]))


def _spelled(word: str, weight: str) -> Iterator[str]:
    ending = ":*" if len(word) >= _LONG_ENOUGH else ":"
    suffix = (ending + weight).rstrip(":")
    yield word + suffix
    spelled_out, drawn_together = word, word
    for pair, umlaut in _UMLAUTS:
        spelled_out, drawn_together = spelled_out.replace(umlaut, pair), drawn_together.replace(pair, umlaut)
    yield from (other + suffix for other in {spelled_out, drawn_together} - {word})


def _folded(word: str) -> str:
    return word.translate(_PLAIN).replace("ß", "ss")


def _neighbours(word: str) -> set[str]:
    return {word, *(word[:at] + word[at + 1 :] for at in range(len(word)))}


def _loosely(word: str) -> str:
    """Return the expression of a word in any form, with umlauts or without."""
    stem = next(
        (word.removesuffix(e) for e in _ENDINGS if word.endswith(e) and len(word) - len(e) > _LONG_ENOUGH), word
    )
    loose = re.sub("ae|ä|a", "(?:ae|ä|a)", re.sub("oe|ö|o", "(?:oe|ö|o)", stem.replace("ß", "ss")))
    return re.sub("ue|ü|u", "(?:ue|ü|u)", loose.replace("ss", "(?:ss|ß)"))


def _densest(places: list[tuple[int, int]]) -> tuple[int, int]:
    """Return where the stretch begins and ends that holds most of the found words."""
    best = places[0]
    most = after = 0
    for at, (start, _) in enumerate(places):
        after = max(after, at)
        while after < len(places) and places[after][1] - start <= _LONGEST_PASSAGE - _AROUND:
            after += 1
        if after - at > most:
            most, best = after - at, (start, places[max(after - 1, at)][1])
    return best


def _word_border(text: str, start: int, before: int) -> int:
    blank = text.find(" ", start, before) if start else -1
    return blank + 1 if blank >= 0 else start


def _pieces(text: str, start: int, stop: int, places: list[tuple[int, int]]) -> Iterator[Piece]:
    at = start
    for begin, end in places:
        if begin > at:
            yield Piece(_on_one_line(text[at:begin]))
        yield Piece(text[begin:end], found=True)
        at = end
    if at < stop:
        yield Piece(_on_one_line(text[at:stop]))


def _on_one_line(text: str) -> str:
    return re.sub(r"\s+", " ", text)
