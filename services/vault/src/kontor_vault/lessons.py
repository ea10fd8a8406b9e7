"""What a household teaches by filing: sender and type → folder, kind and how the title is made.

Plain rules, so that the page can say why. Knows no database; `filing_rules` keeps lessons, `proposals` uses them.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from uuid import UUID

from kontor_vault.recognising.days import DAY, MONTHS, day_of, german
from kontor_vault.recognising.letters import Facts

USUAL = "{name} {sender} vom {date}"
_WITHOUT_DAY = "{name} {sender}"
_PLACE = re.compile(r"\{(\w+)\}")
_DAY = re.compile(DAY, re.IGNORECASE)
_LONGEST = 200


@dataclass(frozen=True)
class Lesson:
    """What is done with post of a sender; without `name` it is post that was not recognised more exactly."""

    sender: str
    name: str
    kind: int
    folder_id: str
    title_pattern: str
    confirmations: int = 1

    @property
    def key(self) -> tuple[str, str]:
        """What a household can teach one thing about."""
        return self.sender.casefold(), self.name


@dataclass(frozen=True)
class Learned:
    """What lessons say about a paper; a folder alone when only other post of its sender was filed before."""

    folder_id: UUID | None
    lesson: Lesson | None
    confirmations: int


def learned_for(facts: Facts, lessons: Sequence[Lesson]) -> Learned | None:
    """Return what the household does with such post: the same type first, else a folder of all this sender's post."""
    of_sender = [lesson for lesson in lessons if facts.sender and lesson.sender.casefold() == facts.sender.casefold()]
    for lesson in of_sender:
        if lesson.name == facts.name:
            return Learned(_folder(lesson), lesson, lesson.confirmations)
    if len({lesson.folder_id for lesson in of_sender}) != 1:
        return None
    return Learned(_folder(of_sender[0]), None, sum(lesson.confirmations for lesson in of_sender))


def title_of(facts: Facts, contract_number: str, pattern: str = USUAL) -> str:
    """Return a title by a pattern, or by the usual one where the paper does not say all that it asks for."""
    given = _words(facts, contract_number)
    wanted = (pattern, USUAL, _WITHOUT_DAY, "{name} vom {date}", "{name}", "{sender} vom {date}", "{sender}")
    for each in wanted:
        if all(given.get(place) for place in _PLACE.findall(each)):
            return _PLACE.sub(lambda place: given[place[1]], each)[:_LONGEST].strip()
    return ""


def taught_by(facts: Facts, *, title: str, kind: int, folder_id: UUID | None, contract_number: str) -> Lesson:
    """Return what somebody teaches by filing a paper so."""
    pattern = _pattern_of(title, facts, contract_number)
    return Lesson(facts.sender, facts.name, kind, "" if folder_id is None else str(folder_id), pattern)


def _pattern_of(title: str, facts: Facts, contract_number: str) -> str:
    """Return the title with places instead of what this paper says."""
    if "{" in title or "}" in title:
        return USUAL
    pattern = _DAY.sub(lambda found: "{date}" if day_of(found[0]) == facts.dated_on else found[0], title)
    words = _words(facts, contract_number)
    for place in ("contract", "name", "sender", "month", "year"):
        if words[place]:
            written = rf"(?<![\w{{]){re.escape(words[place])}(?![\w}}])"
            pattern = re.sub(written, f"{{{place}}}", pattern, flags=re.IGNORECASE)
    return pattern


def _words(facts: Facts, contract_number: str) -> Mapping[str, str]:
    day: date | None = facts.dated_on
    return {
        "name": facts.name,
        "sender": facts.sender,
        "contract": contract_number,
        "date": german(day) if day else "",
        "month": MONTHS[day.month - 1] if day else "",
        "year": str(day.year) if day else "",
    }


def _folder(lesson: Lesson) -> UUID | None:
    return UUID(lesson.folder_id) if lesson.folder_id else None
