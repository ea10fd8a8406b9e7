"""What reading a file gives, shared by both sides of the pipe; imports nothing that parses."""

from __future__ import annotations

from dataclasses import dataclass

MOST_CHARACTERS = 400_000
"""How much of a document can be searched: 150 closely written pages."""
MOST_PAGES = 300
MOST_RECOGNISED_PAGES = 30
"""How many pages of pictures are recognised, at about two seconds each."""


@dataclass(frozen=True)
class Reading:
    """The text of a file; with `needs_recognition` it is a picture of text."""

    text: str = ""
    pages: int = 0
    needs_recognition: bool = False
    is_unreadable: bool = False


def may_have_text(media_type: str) -> bool:
    """Return whether anything is read of files of this type; a process for the others would only say no."""
    return media_type in {"application/pdf", "text/plain", "application/xml"} or media_type.startswith(
        ("image/", "application/vnd.o")
    )
