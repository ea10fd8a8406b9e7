"""The states of a request for emergency access, and the one table of what may follow what. Pure: no storage, no clock.

Each function takes a course and an instant and returns the course after the step; what is not possible raises
`StepNotPossibleError` and changes nothing. Release needs the quorum and the whole waiting period: `TRANSITIONS` leads
to RELEASED only from WAITING, and WAITING is entered only by `support`, which counts. Drawn in the README.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from types import MappingProxyType
from uuid import UUID

from kontor.identity.v1.emergency_pb2 import EmergencyRequestState as State
from kontor.identity.v1.emergency_pb2 import EmergencyStep as Step

REQUEST_LAPSES_AFTER = timedelta(days=14)
"""How long a second person may take to confirm."""

NONE = State.EMERGENCY_REQUEST_STATE_UNSPECIFIED
REQUESTED = State.EMERGENCY_REQUEST_STATE_REQUESTED
WAITING = State.EMERGENCY_REQUEST_STATE_WAITING
RELEASED = State.EMERGENCY_REQUEST_STATE_RELEASED
VETOED = State.EMERGENCY_REQUEST_STATE_VETOED
WITHDRAWN = State.EMERGENCY_REQUEST_STATE_WITHDRAWN
LAPSED = State.EMERGENCY_REQUEST_STATE_LAPSED
UNDONE = State.EMERGENCY_REQUEST_STATE_UNDONE
ENDED = State.EMERGENCY_REQUEST_STATE_ENDED

TRANSITIONS: Mapping[tuple[State.ValueType, Step.ValueType], State.ValueType] = MappingProxyType(
    {
        (NONE, Step.EMERGENCY_STEP_REQUEST): REQUESTED,
        (REQUESTED, Step.EMERGENCY_STEP_CONFIRM): REQUESTED,
        (REQUESTED, Step.EMERGENCY_STEP_WAIT): WAITING,
        (REQUESTED, Step.EMERGENCY_STEP_VETO): VETOED,
        (REQUESTED, Step.EMERGENCY_STEP_WITHDRAW): WITHDRAWN,
        (REQUESTED, Step.EMERGENCY_STEP_LAPSE): LAPSED,
        (WAITING, Step.EMERGENCY_STEP_CONFIRM): WAITING,
        (WAITING, Step.EMERGENCY_STEP_VETO): VETOED,
        (WAITING, Step.EMERGENCY_STEP_WITHDRAW): WITHDRAWN,
        (WAITING, Step.EMERGENCY_STEP_RELEASE): RELEASED,
        # A sign of life from before the release that arrived late: it counts as if it had come in time.
        (RELEASED, Step.EMERGENCY_STEP_VETO): VETOED,
        (RELEASED, Step.EMERGENCY_STEP_UNDO): UNDONE,
        (RELEASED, Step.EMERGENCY_STEP_END): ENDED,
    }
)
"""Everything that may happen; what is missing here cannot."""

BEFORE_RELEASE = frozenset({REQUESTED, WAITING})
RUNNING = BEFORE_RELEASE | {RELEASED}


class StepNotPossibleError(Exception):
    """The step does not follow from where the request stands."""


@dataclass(frozen=True)
class Course:
    """All that decides what may happen to a request."""

    quorum: int
    waiting: timedelta
    access: timedelta | None
    """How long released access lasts; None until the customer ends it."""
    state: State.ValueType = NONE
    supporters: tuple[UUID, ...] = ()
    """Who asked and confirmed, in that order."""
    requested_at: datetime | None = None
    lapses_at: datetime | None = None
    waiting_since: datetime | None = None
    release_at: datetime | None = None
    released_at: datetime | None = None
    access_ends_at: datetime | None = None
    ended_at: datetime | None = None


def request(course: Course, person: UUID, now: datetime) -> Course:
    """Begin: `person` asks; where he suffices, the waiting period begins."""
    asked = _to(course, Step.EMERGENCY_STEP_REQUEST)
    begun = replace(asked, supporters=(person,), requested_at=now, lapses_at=now + REQUEST_LAPSES_AFTER)
    return _wait_if_enough(begun, now)


def confirm(course: Course, person: UUID, now: datetime) -> Course:
    """Add a person who agrees; nobody counts twice, and after the release nobody joins."""
    course = settle(course, now)
    confirmed = _to(course, Step.EMERGENCY_STEP_CONFIRM)
    if person in course.supporters:
        raise StepNotPossibleError
    return _wait_if_enough(replace(confirmed, supporters=(*course.supporters, person)), now)


def veto(course: Course, alive_at: datetime, now: datetime) -> Course:
    """End the request by a sign of life that was given at `alive_at` and is heard of at `now`.

    It must have been given since the request began and before the folders opened, however late it is heard of.
    """
    if course.requested_at is None or alive_at < course.requested_at:
        raise StepNotPossibleError
    if course.release_at is not None and alive_at >= course.release_at:
        raise StepNotPossibleError
    if course.state == REQUESTED and alive_at >= _known(course.lapses_at):
        raise StepNotPossibleError
    return replace(_to(course, Step.EMERGENCY_STEP_VETO), ended_at=now)


def withdraw(course: Course, person: UUID, now: datetime) -> Course:
    """Take the request back; only who asked first can."""
    course = settle(course, now)
    withdrawn = _to(course, Step.EMERGENCY_STEP_WITHDRAW)
    if course.supporters[:1] != (person,):
        raise StepNotPossibleError
    return replace(withdrawn, ended_at=now)


def undo(course: Course, now: datetime) -> Course:
    """Take released access back."""
    return replace(_to(settle(course, now), Step.EMERGENCY_STEP_UNDO), ended_at=now)


def settle(course: Course, now: datetime) -> Course:
    """Return the course as the clock has it: whatever was due by `now` has happened, at its own instant."""
    while (step := due_step(course, now)) is not None:
        course = _by_the_clock(course, step)
    return course


def due_step(course: Course, now: datetime) -> Step.ValueType | None:
    """Return the step that the clock demands by `now`, if any."""
    if course.state == REQUESTED and _known(course.lapses_at) <= now:
        return Step.EMERGENCY_STEP_LAPSE
    if course.state == WAITING and _known(course.release_at) <= now:
        return Step.EMERGENCY_STEP_RELEASE
    ends_at = course.access_ends_at
    if course.state == RELEASED and ends_at is not None and ends_at <= now:
        return Step.EMERGENCY_STEP_END
    return None


def instant_of(course: Course, step: Step.ValueType) -> datetime:
    """Return when a step of the clock takes effect, however late it is noticed."""
    return {
        Step.EMERGENCY_STEP_LAPSE: lambda: _known(course.lapses_at),
        Step.EMERGENCY_STEP_RELEASE: lambda: _known(course.release_at),
        Step.EMERGENCY_STEP_END: lambda: _known(course.access_ends_at),
    }[step]()


def _by_the_clock(course: Course, step: Step.ValueType) -> Course:
    at, moved = instant_of(course, step), _to(course, step)
    if step != Step.EMERGENCY_STEP_RELEASE:
        return replace(moved, ended_at=at)
    ends_at = at + course.access if course.access is not None else None
    return replace(moved, released_at=at, access_ends_at=ends_at)


def _wait_if_enough(course: Course, now: datetime) -> Course:
    if course.state != REQUESTED or len(course.supporters) < course.quorum:
        return course
    waiting = _to(course, Step.EMERGENCY_STEP_WAIT)
    return replace(waiting, waiting_since=now, release_at=now + course.waiting)


def _to(course: Course, step: Step.ValueType) -> Course:
    after = TRANSITIONS.get((course.state, step))
    if after is None:
        raise StepNotPossibleError
    return replace(course, state=after)


def _known(instant: datetime | None) -> datetime:
    if instant is None:
        raise StepNotPossibleError
    return instant
