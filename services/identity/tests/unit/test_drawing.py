"""The draw: the same for everybody who repeats it, each ticket equally likely, every change seen."""

from __future__ import annotations

import hashlib
from collections import Counter
from dataclasses import replace
from datetime import date
from uuid import UUID

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from kontor_identity.raffles.drawing import (
    Pick,
    Protocol,
    canonical_value,
    commitment_to,
    draw,
    drawn_order,
    faults_of,
    list_hash,
    ticket_of,
)
from kontor_identity.raffles.entries import age_on
from kontor_identity.raffles.verify import protocol_in

SEEDS = st.binary(min_size=32, max_size=32)
VALUES = st.text(min_size=1, max_size=20)
LISTS = st.lists(st.integers(0, 10**9).map(lambda n: hashlib.sha256(str(n).encode()).hexdigest()), unique=True)


def tickets(count: int) -> list[str]:
    """So many tickets."""
    return [hashlib.sha256(str(number).encode()).hexdigest() for number in range(count)]


@settings(max_examples=60)
@given(seed=SEEDS, value=VALUES, listed=LISTS, shuffle=st.randoms(use_true_random=False))
def test_the_order_depends_on_nothing_else(seed: bytes, value: str, listed: list[str], shuffle: object) -> None:
    """F165: seed, public value and the set of tickets decide; every ticket is drawn once, however the list came."""
    mixed = list(listed)
    shuffle.shuffle(mixed)  # type: ignore[attr-defined]  # hypothesis gives a random.Random
    order = list(drawn_order(seed, value, listed))
    assert list(drawn_order(seed, value, mixed)) == order
    assert sorted(order) == sorted(listed)


@settings(max_examples=60)
@given(seed=SEEDS, value=VALUES, listed=LISTS.filter(bool), prizes=st.integers(1, 5), data=st.data())
def test_prizes_go_to_those_who_stayed(
    seed: bytes, value: str, listed: list[str], prizes: int, data: st.DataObject
) -> None:
    """F165: who withdrew is passed over and wins nothing; the picks are a beginning of the one order."""
    withdrawn = frozenset(data.draw(st.sets(st.sampled_from(listed))))
    picks = draw(seed, value, listed, withdrawn, prizes)
    order = list(drawn_order(seed, value, listed))
    assert [pick.ticket for pick in picks] == order[: len(picks)]
    assert {pick.ticket for pick in picks if pick.passed_over} <= withdrawn
    winners = [pick for pick in picks if not pick.passed_over]
    assert len(winners) == min(prizes, len(listed) - len(withdrawn))


def test_every_ticket_is_equally_likely() -> None:
    """F165: over 6,000 seeds each of 6 tickets comes first about 1,000 times (chi-square, 5 degrees, 0.1 %: 20.5)."""
    listed, draws = tickets(6), 6_000
    seeds = (hashlib.sha256(f"seed {number}".encode()).digest() for number in range(draws))
    first = Counter(next(drawn_order(seed, "7 12 23 31 40 44", listed)) for seed in seeds)
    expected = draws / len(listed)
    assert sum((first[ticket] - expected) ** 2 / expected for ticket in listed) < 20.5


@pytest.fixture
def published() -> Protocol:
    """A fair draw as it is published."""
    seed, value = bytes(range(32)), "3 8 15 22 41 49"
    picks = draw(seed, value, tickets(50), frozenset(), 2)
    return Protocol(2, commitment_to(seed), seed, value, list_hash(tickets(50)), tuple(picks))


def test_a_fair_draw_is_confirmed_and_every_change_is_seen(published: Protocol) -> None:
    """F165: another seed, value, list, winner, or more prizes than won: whoever repeats the draw sees it."""
    assert faults_of(published, tickets(50)) == []
    other = Pick(tickets(50)[0], passed_over=False)
    skipped = replace(published.picks[0], passed_over=True)
    changes = [
        replace(published, seed=bytes(32)),
        replace(published, public_value="1 2 3 4 5 6"),
        replace(published, public_value="3, 8, 15, 22, 41, 49"),
        replace(published, picks=(other, *published.picks[1:])),
        replace(published, picks=(skipped, *published.picks[1:])),
        replace(published, prizes=3),
    ]
    assert all(faults_of(changed, tickets(50)) for changed in changes)
    assert faults_of(published, tickets(51))
    assert faults_of(published, tickets(49))


def test_a_public_value_counts_in_one_form_only() -> None:
    """F165: blanks, commas and capitals give nobody a choice."""
    assert {canonical_value(text) for text in ("3, 8,15", " 3 8 15 ", "3-8–15")} == {"3 8 15"}
    assert canonical_value("Los Nr. 4711") == "los nr 4711"
    assert canonical_value(" –, ") == ""


def test_known_values() -> None:
    """F165: the algorithm is public and fixed; a program in another language gets the same numbers."""
    raffle, entry = UUID(int=1), UUID(int=2)
    assert ticket_of(raffle, entry) == hashlib.sha256(f"{raffle}:{entry}".encode()).hexdigest()
    assert commitment_to(b"a" * 32) == "3ba3f5f43b92602683c19aee62a20342b084dd5971ddd33808d81a328879a547"
    order = [tickets(4).index(ticket) for ticket in drawn_order(b"a" * 32, "1", tickets(4))]
    assert order == [1, 3, 0, 2]


def test_a_protocol_without_a_seed_is_no_draw() -> None:
    """F165: before the draw there is nothing to check."""
    with pytest.raises(ValueError, match="nothing is drawn"):
        protocol_in({"raffleId": "x"})


def test_somebody_born_on_29_february_is_of_age_on_1_march() -> None:
    """F165: 18 and older."""
    assert age_on(date(2008, 2, 29), date(2026, 2, 28)) == 17
    assert age_on(date(2008, 2, 29), date(2026, 3, 1)) == 18
    assert age_on(date(2008, 7, 15), date(2026, 7, 15)) == 18
