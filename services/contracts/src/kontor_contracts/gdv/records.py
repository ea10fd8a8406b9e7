"""Cutting a file into records of 256 bytes, whatever stands between them: nothing, LF or CR LF."""

from __future__ import annotations

from dataclasses import dataclass

from kontor_chassis.sentences import said

from kontor_contracts.gdv.faults import GdvFileError, Problem
from kontor_contracts.gdv.layouts import PART, RECORD_LENGTH, RECORD_TYPE

_END_OF_FILE = b"\x1a"


@dataclass(frozen=True)
class Record:
    """One record: its number in the file, counted from 1, and its 256 characters."""

    number: int
    content: str

    @property
    def record_type(self) -> str:
        """The four digits that tell what it is, for example "0200"."""
        return RECORD_TYPE.text_in(self.content)

    @property
    def part(self) -> str:
        """The part of the record type ("Satznummer")."""
        return PART.text_in(self.content)


def split_records(content: bytes) -> list[Record]:
    """Return the records of a file; raises GdvFileError if it is empty or a record has another length."""
    lines = _lines(content.rstrip(_END_OF_FILE))
    if not lines:
        raise GdvFileError([Problem(0, "", "Die Datei ist leer.")])
    faults = [
        Problem(number, "", _length_fault(line))
        for number, line in enumerate(lines, start=1)
        if len(line) != RECORD_LENGTH
    ]
    if faults:
        raise GdvFileError(faults[:20])
    return [Record(number, line.decode("latin-1")) for number, line in enumerate(lines, start=1)]


def _lines(content: bytes) -> list[bytes]:
    if b"\n" not in content:
        return [content[at : at + RECORD_LENGTH] for at in range(0, len(content), RECORD_LENGTH)]
    lines = [line.removesuffix(b"\r") for line in content.split(b"\n")]
    while lines and not lines[-1].strip():
        lines.pop()
    return lines


def _length_fault(line: bytes) -> str:
    try:
        characters = len(line.decode("utf-8"))
    except UnicodeDecodeError:
        characters = len(line)
    if characters == RECORD_LENGTH:
        return "Der Satz ist in UTF-8 geschrieben; verlangt ist ISO 8859-1."
    return said("Der Satz hat %(bytes)s statt %(length)s Bytes.", bytes=len(line), length=RECORD_LENGTH)
