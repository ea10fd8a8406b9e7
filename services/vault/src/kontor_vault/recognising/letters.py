"""What a German letter says about itself (F1, F146): rules over its first pages.

Nothing here decides: a letter that was misread only makes a poor proposal, which a person does not confirm.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from kontor.vault.v1.vault_pb2 import DocumentKind

from kontor_vault.recognising.days import DAY, day_of, days_in
from kontor_vault.recognising.due_days import due_day
from kontor_vault.recognising.plain_names import PLAIN_NAMES, PlainName, named_by_machine
from kontor_vault.recognising.senders import sender_of

MOST_CHARACTERS = 12_000
"""About the first three pages; what a letter is stands on the first."""
_MOST_NUMBERS = 40
_TOP_LINES = 40
_SUBJECT_LINES = 8
_OLDEST = date(1950, 1, 1)
_SALUTATION = re.compile(r"^(?:sehr geehrte|guten tag|liebe[rs]? |hallo )", re.IGNORECASE)
_LETTER = "Schreiben"


@dataclass(frozen=True)
class Facts:
    """What was recognised; an empty text or None where nothing was."""

    sender: str = ""
    name: str = ""
    """One of the plain names."""
    kind: DocumentKind.ValueType = DocumentKind.DOCUMENT_KIND_OTHER
    word: str = ""
    """The word that told the name, as it stands there."""
    dated_on: date | None = None
    due_on: date | None = None
    due_words: str = ""
    numbers: tuple[str, ...] = ()
    """What may be a number of a contract, letters and digits only."""
    file_name: str = ""
    """The file's name where it told the name."""

    @property
    def says_something(self) -> bool:
        """Whether a proposal can be made of it."""
        return bool(self.sender or (self.name and self.name != _LETTER) or self.due_on)


def recognise(text: str, file_name: str, today: date) -> Facts:
    """Return what a paper says about itself; `today` bounds its day."""
    given = re.sub(r"(?<=[a-zäöüß])[-\u00ad]\n(?=[a-zäöüß])", "", text[:MOST_CHARACTERS])
    lines = [" ".join(line.split()) for line in given.splitlines() if line.strip()]
    whole = " ".join(lines)
    plain, word = _plain_name(lines)
    by_file = named_by_machine(file_name)
    told_by_file = by_file is not None and bool(by_file.plain.codes) and (plain is None or plain.name == _LETTER)
    if by_file is not None and told_by_file:
        plain, word = by_file.plain, ""
    dated_on = _day(lines, today) or (by_file.day if by_file else None)
    due_on, due_words = due_day(whole, dated_on, today)
    return Facts(
        sender_of(lines),
        plain.name if plain else "",
        plain.kind if plain else DocumentKind.DOCUMENT_KIND_OTHER,
        word,
        dated_on,
        due_on,
        due_words,
        tuple(_numbers(lines, by_file.number if by_file else "")),
        file_name if told_by_file else "",
    )


_NO_LABEL = r"(?!\W{0,2}-?\s?(?:nr|nummer|no)\b)"


def _pattern(plain: PlainName) -> re.Pattern[str]:
    words = (
        re.escape(word).replace(r"\*", r"\w*").replace("!", _NO_LABEL).replace(r"\ ", r"\s+") for word in plain.words
    )
    return re.compile(rf"(?<!\w)(?:{'|'.join(words)})(?!\w)", re.IGNORECASE)


_PATTERNS = [(plain, _pattern(plain)) for plain in PLAIN_NAMES if plain.words and plain.name != _LETTER]
_PLAIN_LETTER = next(plain for plain in PLAIN_NAMES if plain.name == _LETTER)


def _plain_name(lines: Sequence[str]) -> tuple[PlainName | None, str]:
    """Return the type that a letter's subject names, else the one that its text names most, and the word."""
    salutation = next((number for number, line in enumerate(lines) if _SALUTATION.search(line)), None)
    if salutation is None:
        subject = list(lines[:_TOP_LINES])
    else:
        subject = list(lines[max(0, salutation - _SUBJECT_LINES) : salutation])
    best, best_word, best_score = None, "", 0
    for plain, pattern in _PATTERNS:
        score, word = _score(pattern, subject, lines)
        if score > best_score:
            best, best_word, best_score = plain, word, score
    if best is None and salutation is not None:
        return _PLAIN_LETTER, ""
    return best, best_word


def _score(pattern: re.Pattern[str], subject: Sequence[str], lines: Sequence[str]) -> tuple[int, str]:
    """Return how clearly lines name a type: as a heading 3, within a line of the subject 2, twice in the text 1."""
    in_subject = [(line, found) for line in subject if (found := pattern.search(line))]
    for line, found in in_subject:
        if found.start() <= len("Ihre ") and len(line) <= 2 * _TOP_LINES:
            return 3, found.group()
    if in_subject:
        return 2, in_subject[0][1].group()
    named = [found for line in lines for found in pattern.finditer(line)]
    return (1, named[0].group()) if len(named) > 1 else (0, "")


_LABELLED_DAY = re.compile(rf"(?<!\w)(?:rechnungs|ausstellungs|brief)?datum\W{{0,4}}({DAY})", re.IGNORECASE)
_PLACE_AND_DAY = re.compile(rf"(?:[a-zäöüß)],? (?:den )?|^(?:den )?)({DAY})$", re.IGNORECASE)
_OTHER_DAY = re.compile(
    r"(?:geb\w*|fällig\w*|bis|zum|ab|am|vom|seit|beginn|ablauf|zeitraum|zahlbar|stand)\W{0,3}(?:zum |am |dem )?$",
    re.IGNORECASE,
)


def _day(lines: Sequence[str], today: date) -> date | None:
    """Return the day that a letter bears: labelled, beside a place, or the first that is not another day."""
    top = list(lines[:_TOP_LINES])
    labelled = (found[1] for found in _LABELLED_DAY.finditer(" ".join(top)))
    placed = (
        found[1]
        for line in top
        if len(line) <= 60 and (found := _PLACE_AND_DAY.search(line)) and not _OTHER_DAY.search(line[: found.start(1)])
    )
    plain = (
        line[found.start : found.end]
        for line in top
        for found in days_in(line)
        if not _OTHER_DAY.search(line[: found.start])
    )
    for written in (*labelled, *placed, *plain):
        day = day_of(written)
        if day is not None and _OLDEST <= day <= today + timedelta(days=31):
            return day
    return None


_LABELLED_NUMBER = re.compile(
    r"(?<!\w)(?:versicherungsschein|versicherung|vertrags?|polic(?:e|en)|vers\.?-?schein|vsnr|vs|mitglieds|kunden|beitrags"
    r"|vertragskonto|vorgangs)\W{0,2}-?\s?(?:nr|nummer|no)\b\W{0,3}([A-Z0-9][A-Z0-9 ./-]{3,28})",
    re.IGNORECASE,
)
_NUMBER = re.compile(r"(?<![\w.,])(?:[A-Z]{1,4}[ ./-]?)?\d[\d ./-]{3,24}[\dA-Z]?(?:[ -]?[A-Z]{1,3})?(?![\w,])")
_NEITHER = re.compile(r"[^A-Z0-9]")


def plain_number(written: str) -> str:
    """Return a number without what people put between its parts."""
    return _NEITHER.sub("", written.upper())


def names_contract(facts: Facts, contract_number: str) -> bool:
    """Return whether a paper names a contract: its number, whole, perhaps with what stands beside it."""
    wanted = plain_number(contract_number)
    if len(wanted) < 4:
        return False
    return any(wanted == each or (len(wanted) >= 7 and wanted in each) for each in facts.numbers)


def _numbers(lines: Sequence[str], of_file: str) -> Iterator[str]:
    written = [of_file] if of_file else []
    for pattern, group in ((_LABELLED_NUMBER, 1), (_NUMBER, 0)):
        written += [found[group] for line in lines for found in pattern.finditer(line)]
    numbers = dict.fromkeys(plain_number(each) for each in written)
    yield from [each for each in numbers if 4 <= len(each) <= 30 and any(char.isdigit() for char in each)][
        :_MOST_NUMBERS
    ]
