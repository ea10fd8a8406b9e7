"""A value to choose from, with what it is called."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Choice:
    """One option of a select field, a radio group or a list of boxes."""

    value: str
    label: str
    hint: str = ""
