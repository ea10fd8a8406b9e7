"""What can be wrong with a file, said so that the broker can tell his insurer."""

from __future__ import annotations

from dataclasses import dataclass

from kontor_chassis.sentences import said


@dataclass(frozen=True)
class Problem:
    """One fault: where it stands and what it is."""

    record_number: int
    """Number of the record in the file, counted from 1; 0 for the file as a whole."""
    field: str
    """German name of the field as the norm has it; empty for the record as a whole."""
    message: str
    """One German sentence."""

    def __str__(self) -> str:
        if not self.record_number:
            return said("Datei: %(fault)s", fault=self.message)
        if not self.field:
            return said("Satz %(record)s: %(fault)s", record=self.record_number, fault=self.message)
        return said(
            "Satz %(record)s, %(field)s: %(fault)s", record=self.record_number, field=self.field, fault=self.message
        )


class GdvFileError(Exception):
    """The file is broken; `problems` holds at least one and at most twenty faults in the order of the file."""

    def __init__(self, problems: list[Problem]) -> None:
        super().__init__("; ".join(str(problem) for problem in problems[:3]))
        self.problems = tuple(problems)


class FieldError(Exception):
    """One field cannot be read; raised by `fields`, collected by `portfolio`."""

    def __init__(self, record_number: int, field: str, message: str) -> None:
        super().__init__(f"{field}: {message}")
        self.problem = Problem(record_number, field, message)
