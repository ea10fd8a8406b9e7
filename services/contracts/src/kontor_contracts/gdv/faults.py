"""What can be wrong with a file, said so that the broker can tell his insurer."""

from __future__ import annotations

from dataclasses import dataclass


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
        place = f"Satz {self.record_number}" if self.record_number else "Datei"
        return f"{place}, {self.field}: {self.message}" if self.field else f"{place}: {self.message}"


class GdvFileError(Exception):
    """The file is broken; `problems` holds at least one and at most twenty faults in the order of the file."""

    def __init__(self, problems: list[Problem]) -> None:
        super().__init__("; ".join(str(problem) for problem in problems[:3]))
        self.problems = tuple(problems)


class FieldError(Exception):
    """One field cannot be read; raised by `fields`, collected by `portfolio`. `message` begins in lower case."""

    def __init__(self, record_number: int, field: str, message: str) -> None:
        super().__init__(f"{field}: {message}")
        self.problem = Problem(record_number, field, f"{message[:1].upper()}{message[1:]}.")
