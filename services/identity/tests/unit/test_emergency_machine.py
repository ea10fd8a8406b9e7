"""The release engine as a machine: whatever happens in whatever order, nothing opens too early or without a quorum."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from kontor.identity.v1.emergency_pb2 import EmergencyStep as Step
from kontor_identity.emergency import machine
from kontor_identity.emergency.machine import Course, StepNotPossibleError

START = datetime(2026, 7, 1, 8, 0, tzinfo=UTC)
PEOPLE = tuple(UUID(int=number) for number in (1, 2, 3))


@dataclass(frozen=True)
class Move:
    """Something that somebody tries after a while."""

    what: str
    who: UUID
    after: timedelta
    earlier: timedelta
    """How long before a sign of life had been given when it was heard of."""


moves = st.lists(
    st.builds(
        Move,
        what=st.sampled_from(["request", "confirm", "veto", "withdraw", "undo", "clock"]),
        who=st.sampled_from(PEOPLE),
        after=st.timedeltas(timedelta(0), timedelta(days=20)),
        earlier=st.timedeltas(timedelta(0), timedelta(days=4)),
    ),
    max_size=25,
)
rules = st.builds(
    Course,
    quorum=st.sampled_from([1, 2]),
    waiting=st.integers(3, 720).map(lambda hours: timedelta(hours=hours)),
    access=st.none() | st.integers(1, 365).map(lambda days: timedelta(days=days)),
)


def tried(course: Course, move: Move, now: datetime) -> Course:
    """Return the course after a move; what is not possible changes nothing."""
    steps: dict[str, Callable[[], Course]] = {
        "request": lambda: machine.request(course, move.who, now),
        "confirm": lambda: machine.confirm(course, move.who, now),
        "veto": lambda: machine.veto(course, now - move.earlier, now),
        "withdraw": lambda: machine.withdraw(course, move.who, now),
        "undo": lambda: machine.undo(course, now),
        "clock": lambda: machine.settle(course, now),
    }
    try:
        return steps[move.what]()
    except StepNotPossibleError:
        return course


@settings(max_examples=2000, deadline=None)
@given(rules, moves)
def test_no_path_leads_to_a_release_without_quorum_and_waiting(course: Course, path: list[Move]) -> None:
    """F75: every release has its quorum of different people and its whole waiting period without a sign of life."""
    now, alive = START, []
    for move in path:
        now += move.after
        if move.what == "veto":
            alive.append(now - move.earlier)
        before, course = course, tried(course, move, now)
        if course.state == machine.RELEASED:
            assert course.waiting_since is not None
            assert course.release_at is not None
            assert course.released_at == course.release_at <= now
            assert course.release_at - course.waiting_since >= course.waiting
            assert len(set(course.supporters)) == len(course.supporters) >= course.quorum
            begun = course.requested_at
            assert begun is not None
            assert not any(begun <= instant < course.release_at for instant in alive)
        if before.ended_at is not None:
            assert course == before, "what is over stays over"


@settings(max_examples=500, deadline=None)
@given(rules, st.timedeltas(timedelta(0), timedelta(days=400)))
def test_release_counts_from_its_own_instant(course: Course, late: timedelta) -> None:
    """F75: however late the clock is looked at, the release takes effect when the waiting period was over."""
    asked = machine.request(course, PEOPLE[0], START)
    if course.quorum == 2:
        asked = machine.confirm(asked, PEOPLE[1], START + timedelta(hours=1))
    assert asked.release_at is not None
    just_before = machine.settle(asked, asked.release_at - timedelta(microseconds=1))
    assert just_before.state == machine.WAITING
    settled = machine.settle(asked, asked.release_at + late)
    assert settled.released_at == asked.release_at
    if course.access is not None:
        assert settled.access_ends_at == asked.release_at + course.access
        ended = course.access <= late
        assert settled.state == (machine.ENDED if ended else machine.RELEASED)
        assert settled.ended_at == (settled.access_ends_at if ended else None)


def test_only_the_waiting_period_leads_to_a_release() -> None:
    """F75: the table has one way into RELEASED, and none out of what is over."""
    into = {(state, step) for (state, step), after in machine.TRANSITIONS.items() if after == machine.RELEASED}
    assert into == {(machine.WAITING, Step.EMERGENCY_STEP_RELEASE)}
    into_waiting = {state for (state, _), after in machine.TRANSITIONS.items() if after == machine.WAITING}
    assert into_waiting == {machine.REQUESTED, machine.WAITING}
    over = {machine.VETOED, machine.WITHDRAWN, machine.LAPSED, machine.UNDONE, machine.ENDED}
    assert {state for state, _ in machine.TRANSITIONS} & over == set()


def test_signs_of_life_count_by_when_they_were_given() -> None:
    """F75: one from before the request is none; one from before the release, heard of afterwards, ends it still."""
    asked = machine.request(Course(1, timedelta(hours=3), None), PEOPLE[0], START)
    with pytest.raises(StepNotPossibleError):
        machine.veto(asked, START - timedelta(seconds=1), START + timedelta(seconds=1))
    released = machine.settle(asked, START + timedelta(hours=3))
    assert released.state == machine.RELEASED
    late = machine.veto(released, START + timedelta(hours=2), START + timedelta(hours=4))
    assert late.state == machine.VETOED
    with pytest.raises(StepNotPossibleError):
        machine.veto(released, START + timedelta(hours=3), START + timedelta(hours=4))


def test_two_of_three() -> None:
    """F75: the second starts the waiting period, the same person twice does not, and fourteen days are enough."""
    asked = machine.request(Course(2, timedelta(hours=3), None), PEOPLE[0], START)
    assert (asked.state, asked.release_at) == (machine.REQUESTED, None)
    with pytest.raises(StepNotPossibleError):
        machine.confirm(asked, PEOPLE[0], START)
    confirmed = machine.confirm(asked, PEOPLE[1], START + timedelta(days=1))
    assert (confirmed.state, confirmed.release_at) == (machine.WAITING, START + timedelta(days=1, hours=3))
    joined = machine.confirm(confirmed, PEOPLE[2], START + timedelta(days=1, hours=1))
    assert joined.release_at == confirmed.release_at
    with pytest.raises(StepNotPossibleError):
        machine.withdraw(joined, PEOPLE[1], START + timedelta(days=1, hours=2))
    assert machine.settle(asked, START + timedelta(days=14)).state == machine.LAPSED
