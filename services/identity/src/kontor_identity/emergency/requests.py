"""Requests for emergency access: asking, confirming, stopping, and what the clock does. Rules are `machine`'s.

A request's row is locked before anything is decided about it, and what the clock demanded by now happens first, at
its own instant: nobody acts on a state that is over.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from uuid import UUID

from google.protobuf.timestamp_pb2 import Timestamp
from kontor.identity.v1.emergency_pb2 import EmergencyActor as Actor
from kontor.identity.v1.emergency_pb2 import EmergencyStep as Step
from kontor.identity.v1.events_pb2 import EmergencyAccessGranted, EmergencyAccessRevoked
from kontor_chassis.database import Transaction
from kontor_chassis.database_errors import UniqueError
from kontor_chassis.errors import DomainError, ErrorKind, invalid, not_found
from kontor_chassis.ids import new_id
from sqlalchemy import ColumnElement, and_, or_, select

from kontor_identity.emergency import machine
from kontor_identity.emergency.history import accepted_persons, note, tell
from kontor_identity.emergency.machine import Course, StepNotPossibleError
from kontor_identity.emergency.plans import plan_of
from kontor_identity.emergency.tables import EmergencyGrant, EmergencyRequest, TrustedPerson

PAUSE_AFTER_END = timedelta(hours=24)
"""How long after the end of a request the next one may be made, so that nobody is worn down by requests."""
_SHORTEST_REASON = 10


async def create_request(tx: Transaction, customer_id: UUID, reason: str) -> EmergencyRequest:
    """Ask for access as one of the customer's trusted persons.

    Raises PRECONDITION "REQUEST_RUNNING", "REQUEST_TOO_SOON" or "TOO_FEW_TRUSTED_PERSONS", INVALID for the reason.
    """
    asking, others = await _acting_person(tx, customer_id)
    latest = await _latest(tx, customer_id)
    if latest is not None:
        await settle(tx, latest)
        _refuse_unless_over(latest, tx.now)
    if len(reason.strip()) < _SHORTEST_REASON:
        raise invalid("reason", "Bitte beschreiben Sie in einem Satz, was geschehen ist.")
    plan = await plan_of(tx, customer_id)
    if len(others) + 1 < plan.quorum:
        raise DomainError(
            ErrorKind.PRECONDITION,
            "TOO_FEW_TRUSTED_PERSONS",
            "Zwei Vertrauenspersonen müssen zustimmen; bisher hat nur eine die Aufgabe angenommen.",
        )
    course = machine.request(
        Course(
            quorum=plan.quorum,
            waiting=timedelta(hours=plan.waiting_hours),
            access=timedelta(days=plan.access_days) if plan.access_days else None,
        ),
        asking.trusted_person_id,
        tx.now,
    )
    request = EmergencyRequest(
        emergency_request_id=new_id(),
        tenant_id=asking.tenant_id,
        customer_id=customer_id,
        reason=reason.strip(),
        quorum=plan.quorum,
        waiting_hours=plan.waiting_hours,
        access_days=plan.access_days,
        requested_at=course.requested_at,
        lapses_at=course.lapses_at,
    )
    request.follow(course)
    await _add(tx, request)
    _note(tx, request, Step.EMERGENCY_STEP_REQUEST, Actor.EMERGENCY_ACTOR_TRUSTED_PERSON, asking.trusted_person_id)
    await _tell_of_support(tx, request, Step.EMERGENCY_STEP_REQUEST, was_waiting=False)
    return request


async def confirm_request(tx: Transaction, customer_id: UUID, request_id: UUID) -> EmergencyRequest:
    """Agree to another's request; raises PRECONDITION "REQUEST_OVER" and "ALREADY_CONFIRMED"."""
    person, _ = await _acting_person(tx, customer_id)
    request = await _locked(tx, customer_id, request_id)
    await settle(tx, request)
    if person.trusted_person_id in request.supporter_ids:
        raise DomainError(ErrorKind.PRECONDITION, "ALREADY_CONFIRMED", "Sie haben dieser Anfrage bereits zugestimmt.")
    was_waiting = request.state == machine.WAITING
    request.follow(_possible(lambda: machine.confirm(request.course, person.trusted_person_id, tx.now)))
    _note(tx, request, Step.EMERGENCY_STEP_CONFIRM, Actor.EMERGENCY_ACTOR_TRUSTED_PERSON, person.trusted_person_id)
    await _tell_of_support(tx, request, Step.EMERGENCY_STEP_CONFIRM, was_waiting=was_waiting)
    return request


async def withdraw_request(tx: Transaction, customer_id: UUID, request_id: UUID) -> EmergencyRequest:
    """Take the own request back; raises PRECONDITION "REQUEST_OVER", also for a request of somebody else."""
    person, _ = await _acting_person(tx, customer_id)
    request = await _locked(tx, customer_id, request_id)
    await settle(tx, request)
    course = _possible(lambda: machine.withdraw(request.course, person.trusted_person_id, tx.now))
    actor = Actor.EMERGENCY_ACTOR_TRUSTED_PERSON
    await _take(tx, request, course, Step.EMERGENCY_STEP_WITHDRAW, actor, person_id=person.trusted_person_id)
    return request


async def stop_request(
    tx: Transaction, request_id: UUID, actor: Actor.ValueType, *, customer_id: UUID | None = None
) -> EmergencyRequest:
    """Veto a request, or take back what it released; one that is over stays as it is."""
    request = await _locked(tx, customer_id, request_id)
    await settle(tx, request)
    if request.state in machine.BEFORE_RELEASE:
        course = machine.veto(request.course, tx.now, tx.now)
        await _take(tx, request, course, Step.EMERGENCY_STEP_VETO, actor)
    elif request.state == machine.RELEASED:
        await _take(tx, request, machine.undo(request.course, tx.now), Step.EMERGENCY_STEP_UNDO, actor)
    return request


async def note_sign_of_life(
    tx: Transaction, whose: ColumnElement[bool], actor: Actor.ValueType, alive_at: datetime
) -> None:
    """End running requests by something the customer did at `alive_at`; `whose` selects them.

    What he did before a request began, or after its release, changes nothing.
    """
    running = select(EmergencyRequest).where(whose, EmergencyRequest.state.in_(machine.RUNNING)).with_for_update()
    for request in (await tx.session.scalars(running)).all():
        try:
            course = machine.veto(request.course, alive_at, tx.now)
        except StepNotPossibleError:
            continue
        await _take(tx, request, course, Step.EMERGENCY_STEP_VETO, actor, at=alive_at)


async def customer_acts(tx: Transaction, customer_id: UUID) -> None:
    """Count a change that the customer makes to his emergency access as a sign of life."""
    whose = EmergencyRequest.customer_id == customer_id
    await note_sign_of_life(tx, whose, Actor.EMERGENCY_ACTOR_CUSTOMER, tx.now)


async def settle_next(tx: Transaction) -> EmergencyRequest | None:
    """Do what the clock demands of one request of any firm; None when nothing is due."""
    due = or_(
        and_(EmergencyRequest.state == machine.REQUESTED, EmergencyRequest.lapses_at <= tx.now),
        and_(EmergencyRequest.state == machine.WAITING, EmergencyRequest.release_at <= tx.now),
        and_(EmergencyRequest.state == machine.RELEASED, EmergencyRequest.access_ends_at <= tx.now),
    )
    running = EmergencyRequest.state.in_(machine.RUNNING)
    request: EmergencyRequest | None = await tx.session.scalar(
        select(EmergencyRequest).where(running, due).limit(1).with_for_update(skip_locked=True)
    )
    if request is not None:
        await settle(tx, request)
    return request


async def settle(tx: Transaction, request: EmergencyRequest) -> None:
    """Do what the clock demands of a locked request, each step at its own instant."""
    while (step := machine.due_step(request.course, tx.now)) is not None:
        at = machine.instant_of(request.course, step)
        await _take(tx, request, machine.settle(request.course, at), step, Actor.EMERGENCY_ACTOR_CLOCK, at=at)


async def access_in_force(tx: Transaction, customer_id: UUID, account_id: UUID) -> UUID | None:
    """Return the release through which a trusted person sees something of the customer right now, if any.

    Asked of the course rather than of the row, so that it is right even before the clock's job has run.
    """
    statement = (
        select(EmergencyRequest)
        .where(EmergencyRequest.customer_id == customer_id, EmergencyRequest.state.in_(machine.RUNNING))
        .limit(1)
    )
    request = await tx.session.scalar(statement)
    if request is None or machine.settle(request.course, tx.now).state != machine.RELEASED:
        return None
    if request.state != machine.RELEASED:
        opened_to = {person.account_id for person in await accepted_persons(tx, customer_id)}
    else:
        opened_to = {grant.account_id for grant in await _grants_in_force(tx, request.emergency_request_id)}
    return request.emergency_request_id if account_id in opened_to else None


async def revoke_grants_of(tx: Transaction, request_id: UUID, person_id: UUID | None = None) -> None:
    """End what a release opened, to one person or to all."""
    for grant in await _grants_in_force(tx, request_id):
        if person_id is not None and grant.trusted_person_id != person_id:
            continue
        grant.revoked_at = tx.now
        event = EmergencyAccessRevoked(
            tenant_id=str(grant.tenant_id),
            customer_id=str(grant.customer_id),
            emergency_request_id=str(request_id),
            account_id=str(grant.account_id),
        )
        tx.publish(event, aggregate=grant.customer_id, tenant_id=grant.tenant_id)


async def released_request(tx: Transaction, customer_id: UUID) -> EmergencyRequest | None:
    """Return the customer's request that is released now, locked, after what the clock demanded."""
    request = await _latest(tx, customer_id)
    if request is None:
        return None
    await settle(tx, request)
    return request if request.state == machine.RELEASED else None


async def _take(
    tx: Transaction,
    request: EmergencyRequest,
    course: Course,
    step: Step.ValueType,
    actor: Actor.ValueType,
    *,
    at: datetime | None = None,
    person_id: UUID | None = None,
) -> None:
    """Bring a request to where a step leads, with everything that goes with it."""
    was_released = request.state == machine.RELEASED
    request.follow(course)
    _note(tx, request, step, actor, person_id, at=at)
    if request.state == machine.RELEASED:
        await _grant(tx, request)
    elif was_released:
        await revoke_grants_of(tx, request.emergency_request_id)
    await tell(tx, request, step)
    await tx.session.flush()


async def _grant(tx: Transaction, request: EmergencyRequest) -> None:
    """Open to each trusted person who accepted the folders that the customer chose for him."""
    since = Timestamp()
    since.FromDatetime(_instant(request.released_at))
    for person in await accepted_persons(tx, request.customer_id):
        if not person.folder_ids or person.account_id is None:
            continue
        tx.session.add(
            EmergencyGrant(
                emergency_request_id=request.emergency_request_id,
                trusted_person_id=person.trusted_person_id,
                tenant_id=request.tenant_id,
                customer_id=request.customer_id,
                account_id=person.account_id,
                folder_ids=list(person.folder_ids),
            )
        )
        event = EmergencyAccessGranted(
            tenant_id=str(request.tenant_id),
            customer_id=str(request.customer_id),
            emergency_request_id=str(request.emergency_request_id),
            account_id=str(person.account_id),
            folder_ids=[str(folder_id) for folder_id in person.folder_ids],
            release_time=since,
        )
        tx.publish(event, aggregate=request.customer_id, tenant_id=request.tenant_id)


async def _tell_of_support(
    tx: Transaction, request: EmergencyRequest, step: Step.ValueType, *, was_waiting: bool
) -> None:
    """Tell of a request or a confirmation; where it began the waiting period, of that instead."""
    if request.state == machine.WAITING and not was_waiting:
        step = Step.EMERGENCY_STEP_WAIT
        _note(tx, request, step, Actor.EMERGENCY_ACTOR_TRUSTED_PERSON, request.supporter_ids[-1])
    await tell(tx, request, step)
    await tx.session.flush()


async def _acting_person(tx: Transaction, customer_id: UUID) -> tuple[TrustedPerson, list[TrustedPerson]]:
    """Return who acts as a trusted person of the customer, and the others who accepted; raises NOT_FOUND."""
    account_id = tx.principal.required_account()
    accepted = list(await accepted_persons(tx, customer_id)) if tx.principal.customer_id == customer_id else []
    acting = next((person for person in accepted if person.account_id == account_id), None)
    if acting is None:
        raise not_found("Dieser Kunde")
    return acting, [person for person in accepted if person is not acting]


async def _locked(tx: Transaction, customer_id: UUID | None, request_id: UUID) -> EmergencyRequest:
    statement = select(EmergencyRequest).where(EmergencyRequest.emergency_request_id == request_id)
    if customer_id is not None:
        statement = statement.where(EmergencyRequest.customer_id == customer_id)
    request = await tx.session.scalar(statement.with_for_update())
    if request is None:
        raise not_found("Diese Anfrage")
    return request


async def _latest(tx: Transaction, customer_id: UUID) -> EmergencyRequest | None:
    statement = (
        select(EmergencyRequest)
        .where(EmergencyRequest.customer_id == customer_id)
        .order_by(EmergencyRequest.emergency_request_id.desc())
        .limit(1)
        .with_for_update()
    )
    latest: EmergencyRequest | None = await tx.session.scalar(statement)
    return latest


async def _grants_in_force(tx: Transaction, request_id: UUID) -> Sequence[EmergencyGrant]:
    statement = select(EmergencyGrant).where(
        EmergencyGrant.emergency_request_id == request_id, EmergencyGrant.revoked_at.is_(None)
    )
    return (await tx.session.scalars(statement)).all()


async def _add(tx: Transaction, request: EmergencyRequest) -> None:
    try:
        async with tx.session.begin_nested():
            tx.session.add(request)
    except UniqueError:
        raise _running() from None


def _refuse_unless_over(latest: EmergencyRequest, now: datetime) -> None:
    if latest.ended_at is None:
        raise _running()
    if now - latest.ended_at < PAUSE_AFTER_END:
        raise DomainError(
            ErrorKind.PRECONDITION,
            "REQUEST_TOO_SOON",
            "Die letzte Anfrage ist erst kürzlich beendet worden. Eine neue ist frühestens nach 24 Stunden möglich.",
        )


def _running() -> DomainError:
    return DomainError(
        ErrorKind.PRECONDITION, "REQUEST_RUNNING", "Es läuft bereits eine Anfrage. Sie können ihr zustimmen."
    )


def _possible(step: Callable[[], Course]) -> Course:
    try:
        return step()
    except StepNotPossibleError:
        raise DomainError(
            ErrorKind.PRECONDITION, "REQUEST_OVER", "Das ist bei dieser Anfrage nicht mehr möglich."
        ) from None


def _note(
    tx: Transaction,
    request: EmergencyRequest,
    step: Step.ValueType,
    actor: Actor.ValueType,
    person_id: UUID | None,
    at: datetime | None = None,
) -> None:
    request_id = request.emergency_request_id
    note(tx, request.tenant_id, request.customer_id, step, actor, at=at, request_id=request_id, person_id=person_id)


def _instant(instant: datetime | None) -> datetime:
    if instant is None:
        raise ValueError("a released request says since when")
    return instant
