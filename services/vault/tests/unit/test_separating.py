"""Separator sheets and how piles fall into pieces: the rule on random piles, and pages that never meet."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from uuid import UUID, uuid4

from hypothesis import given, settings
from hypothesis import strategies as st
from kontor_vault.rendering import scans
from kontor_vault.rendering.results import State
from kontor_vault.scan_codes import DIVIDER, PREFIX, clean_number, code_of, is_genuine, new_number, read_code
from kontor_vault.separating import Page, numbers_of, separate, sheets_of, with_sheet

from services.vault.tests.piles import blank, letter, pictures_in, pile, sheet

_KEY = b"k" * 32
_END = datetime(2027, 7, 1, 10, 30, tzinfo=UTC)
_CODES = [code_of(UUID(int=number), _END, _KEY) for number in range(3)]
_PAGES = st.sampled_from(
    [
        Page(),
        Page(),
        Page(blank=True),
        Page(("BCD\n002\n1\nSCT",)),
        Page(damaged=True),
        Page((_CODES[0], _CODES[1])),
        Page((_CODES[0][:-9],)),
        Page((DIVIDER,)),
        *(Page((code,)) for code in _CODES),
    ]
)


@settings(max_examples=60)
@given(st.lists(_PAGES, max_size=30))
def test_every_page_is_in_one_piece_and_no_piece_reaches_past_a_sheet(seen: list[Page]) -> None:
    """F15: of any pile nothing is lost or doubled, and nothing of one piece is ever in the next."""
    separated = separate(seen)
    sheets = [
        each.sheet_page for each in separated.pieces if each.sheet_page is not None and (each.lead or each.divided)
    ]
    together = sorted(page for piece in separated.pieces for page in piece.pages)
    dropped = [at for at, page in enumerate(seen) if page.blank]
    assert sorted([*together, *sheets, *dropped]) == list(range(len(seen)))
    assert (separated.blank_pages, separated.separators) == (len(dropped), len(sheets))
    borders = [
        at for at, page in enumerate(seen) if page.damaged or any(code.startswith(PREFIX) for code in page.codes)
    ]
    for piece in separated.pieces:
        whole = with_sheet(piece)
        assert whole == sorted(whole)
        assert not [at for at in borders if whole and whole[0] < at <= whole[-1]]
        if piece.lead is not None and piece.pages:
            assert piece.sheet_page == max(at for at in borders if at < piece.pages[0])


def test_sheets_of_a_binder_are_counted_without_what_was_put_in() -> None:
    """F61: pages know their sheet in the register: dividers do not count, blank sheets do."""
    pile = [Page(), Page(), Page((DIVIDER,)), Page(blank=True), Page(), Page(blank=True), Page(), Page(blank=True)]
    separated = separate(pile)
    assert [piece.pages for piece in separated.pieces] == [[0, 1], [4, 6]]
    assert numbers_of([0, 1], separated, duplex=True, first=1) == [1, 1]
    assert numbers_of([4, 6], separated, duplex=True, first=1) == [2, 3]
    assert numbers_of([4, 6], separated, duplex=False, first=10) == [13, 15]


def test_sheets_of_paper() -> None:
    """F15: two sides of one sheet count once."""
    assert sheets_of([2, 3, 4], duplex=True) == 2
    assert sheets_of([3, 4], duplex=True) == 2
    assert sheets_of([2, 3, 4], duplex=False) == 3


@settings(max_examples=50)
@given(
    st.uuids(),
    st.binary(min_size=32, max_size=32),
    st.integers(0, 51),
    st.sampled_from("ABCDEFGHIJKLMNOPQRSTUVWXYZ234567"),
)
def test_a_code_is_genuine_only_whole_and_under_its_key(sheet_id: UUID, key: bytes, at: int, letter_: str) -> None:
    """F15: no letter of a code can be changed, no end prolonged, and no other key signs it."""
    text = code_of(sheet_id, _END, key)
    code = read_code(text)
    assert code is not None
    assert code.sheet_id == sheet_id
    assert is_genuine(code, _END, key)
    assert not is_genuine(code, _END + timedelta(hours=1), key)
    assert not is_genuine(code, _END, bytes(31) + bytes([key[0] ^ 1]))
    start = len("KONTOR1:") + at
    if text[start] != letter_:
        altered = read_code(text[:start] + letter_ + text[start + 1 :])
        assert altered is None or altered.sheet_id != sheet_id or not is_genuine(altered, _END, key)


@given(st.text(max_size=80))
def test_other_codes_are_none_of_ours(text: str) -> None:
    """F15: whatever a QR code in a letter says, reading it breaks nothing."""
    assert read_code(text) is None
    read_code("KONTOR1:" + text)


def test_numbers_for_people() -> None:
    """F15: a number typed in any way is the one that is printed."""
    number = new_number()
    assert len(number) == 14
    assert clean_number(f" {number.lower().replace('-', ' ')} ") == number


def test_a_scanner_s_pile_is_seen_and_split() -> None:
    """F15: codes, damaged codes and blank pages are told apart; a piece carries no picture of another's page."""
    code = code_of(uuid4(), _END, _KEY)
    given_pages = [sheet(code), letter("eins"), blank(), sheet(code, damaged=True), letter("zwei")]
    content = pile(given_pages)
    surveyed = scans.surveyed(content, 0, 10)
    assert surveyed.state is State.READY
    told = json.loads(surveyed.content)
    assert told["total"] == 5
    assert [page["codes"] for page in told["pages"]] == [[code], [], [], [], []]
    assert [page["damaged"] for page in told["pages"]] == [False, False, False, True, False]
    assert [page["blank"] for page in told["pages"]] == [False, False, True, False, False]
    assert len(pictures_in(content)) == 5
    first, second = scans.taken(content, [1]).content, scans.taken(content, [4]).content
    assert len(pictures_in(first)) == len(pictures_in(second)) == 1
    assert not pictures_in(first) & pictures_in(second)
    assert scans.surveyed(b"%PDF-1.7\nnothing", 0, 10).state is State.BROKEN
