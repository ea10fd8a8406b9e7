"""How a pile of scanned pages falls into pieces: the rule alone, without pictures, files and people (F15).

A sheet begins a new piece and ends the one before, whatever is wrong with the sheet: what follows one that cannot be
believed never joins the piece before it. Every page that is neither blank nor a believed sheet is in exactly one piece.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import dataclass, field

from kontor_vault.scan_codes import DIVIDER, PREFIX, SheetCode, read_code


@dataclass(frozen=True)
class Page:
    """What was seen on a page."""

    codes: tuple[str, ...] = ()
    """QR codes that could be read."""
    damaged: bool = False
    """Whether there is a large code that could not be read."""
    blank: bool = False


@dataclass
class Piece:
    """Pages between two sheets, counted from 0 in the pile."""

    lead: SheetCode | None
    """The sheet that leads it, if one could be read."""
    unclear: bool = False
    """Whether something like a sheet came before it that says nothing certain."""
    divided: bool = False
    """Whether a sheet that leads nowhere came before it: the next document of the same binder."""
    sheet_page: int | None = None
    """Where its sheet lay."""
    pages: list[int] = field(default_factory=list)


@dataclass(frozen=True)
class Separated:
    """What a pile falls into."""

    pieces: list[Piece]
    blank_pages: int
    separators: int


def separate(pile: Sequence[Page]) -> Separated:
    """Return the pieces of a pile; the page of a sheet that says nothing certain is the first page of its piece."""
    pieces: list[Piece] = []
    blank = separators = 0
    for number, page in enumerate(pile):
        ours = {code for code in page.codes if code.startswith(PREFIX)}
        if ours or page.damaged:
            lead, divided = read_code(next(iter(ours))) if len(ours) == 1 else None, ours == {DIVIDER}
            certain = divided or lead is not None
            separators += certain
            pieces.append(Piece(lead, not certain, divided, number, [] if certain else [number]))
        elif page.blank:
            blank += 1
        else:
            if not pieces:
                pieces.append(Piece(None))
            pieces[-1].pages.append(number)
    return Separated(pieces, blank, separators)


def with_sheet(piece: Piece) -> list[int]:
    """Return the pages of a piece whose sheet turned out not to be believed: the sheet's own is one of them."""
    if piece.sheet_page is None or piece.sheet_page in piece.pages:
        return piece.pages
    return [piece.sheet_page, *piece.pages]


def sheets_of(pages: Sequence[int], *, duplex: bool) -> int:
    """Return how many sheets of paper pages are: of a pile scanned on both sides, two that follow are one sheet."""
    return len({page // 2 for page in pages}) if duplex else len(pages)


def numbers_of(pages: Sequence[int], separated: Separated, *, duplex: bool, first: int) -> list[int]:
    """Return which sheet of a register each page was on, when the pile began with its sheet `first`.

    Sheets that were put in for scanning are not sheets of the register; blank ones are.
    """
    step = 2 if duplex else 1
    put_in = (each.sheet_page for each in separated.pieces if not each.unclear and each.sheet_page is not None)
    before = sorted({page // step for page in put_in})
    return [first + page // step - bisect_left(before, page // step) for page in pages]
