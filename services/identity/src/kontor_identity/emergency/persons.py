"""Trusted persons: named and ordered by the customer, invited by mail, with a membership once they accepted.

INVITED → ACCEPTED | DECLINED, and REMOVED from everywhere; a new invitation brings DECLINED back to INVITED. What the
customer changes here is a sign of life. While access is released only removing is possible: he ends it first.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from kontor.common.v1.access_pb2 import Role
from kontor.identity.v1.accounts_pb2 import InvitationState
from kontor.identity.v1.emergency_pb2 import EmergencyActor as Actor
from kontor.identity.v1.emergency_pb2 import EmergencyStep as Step
from kontor.identity.v1.emergency_pb2 import TrustedPersonState as State
from kontor.identity.v1.people_pb2 import AddressForm
from kontor_chassis.database import Transaction
from kontor_chassis.errors import DomainError, ErrorKind, invalid, not_found
from kontor_chassis.etags import check_etag
from kontor_chassis.ids import new_id
from kontor_chassis.sentences import said
from sqlalchemy import select, update

from kontor_identity.accounts import normal_email, valid_email
from kontor_identity.emergency.history import note, note_person
from kontor_identity.emergency.plans import change_plan, locked_plan, require_holder
from kontor_identity.emergency.requests import customer_acts, released_request, revoke_grants_of
from kontor_identity.emergency.tables import EmergencyPlan, TrustedPerson
from kontor_identity.invitations import add_invitation
from kontor_identity.tables import Account, Customer, Invitation, Membership

MOST = {1: 10, 2: 3}
"""How many trusted persons a customer may name, by the rule he chose."""
IN_FORCE = (State.TRUSTED_PERSON_STATE_INVITED, State.TRUSTED_PERSON_STATE_ACCEPTED)


@dataclass(frozen=True)
class NewPerson:
    """A trusted person as named."""

    name: str
    email: str
    phone: str
    relation: str
    folder_ids: list[UUID]


async def update_plan(
    tx: Transaction, customer_id: UUID, *, quorum: int, waiting_hours: int, access_days: int, etag: str
) -> EmergencyPlan:
    """Change the customer's rules; raises CONFLICT (etag), PRECONDITION "ACCESS_RELEASED" and as `change_plan`."""
    plan = await _begin_change(tx, customer_id)
    persons = await persons_of(tx, customer_id)
    count = sum(person.state in IN_FORCE for person in persons)
    change_plan(
        plan,
        quorum=quorum,
        waiting_hours=waiting_hours,
        access_days=access_days,
        etag=etag,
        persons=count,
        most=MOST[quorum],
    )
    note(tx, plan.tenant_id, customer_id, Step.EMERGENCY_STEP_CHANGE, Actor.EMERGENCY_ACTOR_CUSTOMER)
    await tx.session.flush()
    return plan


async def persons_of(tx: Transaction, customer_id: UUID) -> Sequence[TrustedPerson]:
    """Return the customer's trusted persons in his order, without those he removed."""
    statement = (
        select(TrustedPerson)
        .where(TrustedPerson.customer_id == customer_id, TrustedPerson.state != State.TRUSTED_PERSON_STATE_REMOVED)
        .order_by(TrustedPerson.position, TrustedPerson.trusted_person_id)
    )
    return (await tx.session.scalars(statement)).all()


async def create_person(tx: Transaction, customer_id: UUID, given: NewPerson) -> TrustedPerson:
    """Name and invite a trusted person, last in the order.

    Raises INVALID for the customer's own address, ALREADY_EXISTS "ALREADY_TRUSTED", PRECONDITION
    "TOO_MANY_TRUSTED_PERSONS" and "ACCESS_RELEASED".
    """
    plan = await _begin_change(tx, customer_id)
    persons = await persons_of(tx, customer_id)
    email = valid_email(given.email, "person.email")
    await _refuse_own_address(tx, customer_id, email)
    if any(person.email == email for person in persons):
        raise DomainError(ErrorKind.ALREADY_EXISTS, "ALREADY_TRUSTED", "Diese Person haben Sie bereits benannt.")
    if sum(person.state in IN_FORCE for person in persons) >= MOST[plan.quorum]:
        raise DomainError(
            ErrorKind.PRECONDITION,
            "TOO_MANY_TRUSTED_PERSONS",
            said("Mit dieser Regel können Sie höchstens %(most)s Vertrauenspersonen benennen.", most=MOST[plan.quorum]),
        )
    person = TrustedPerson(
        trusted_person_id=new_id(),
        tenant_id=plan.tenant_id,
        customer_id=customer_id,
        position=len(persons) + 1,
        name=_one_line(given.name, "person.name"),
        email=email,
        phone=given.phone.strip(),
        relation=given.relation.strip(),
        folder_ids=given.folder_ids,
        created_at=tx.now,
    )
    await _invite(tx, person)
    return person


async def update_person(
    tx: Transaction, customer_id: UUID, person_id: UUID, *, etag: str, **changes: str | list[UUID]
) -> TrustedPerson:
    """Change `name`, `phone`, `relation` or `folder_ids`; raises CONFLICT (etag), PRECONDITION "ACCESS_RELEASED"."""
    await _begin_change(tx, customer_id)
    person = await _person(tx, customer_id, person_id)
    check_etag(etag, person.version)
    for field, value in changes.items():
        cleaned = value if isinstance(value, list) else " ".join(value.split())
        if field == "name" and not cleaned:
            raise invalid("person.name", "Bitte geben Sie einen Namen an.")
        setattr(person, field, cleaned)
    step, actor = Step.EMERGENCY_STEP_CHANGE, Actor.EMERGENCY_ACTOR_CUSTOMER
    note(tx, person.tenant_id, customer_id, step, actor, person_id=person_id)
    await tx.session.flush()
    return person


async def remove_person(tx: Transaction, customer_id: UUID, person_id: UUID) -> TrustedPerson:
    """Take the trust back at once: invitation, membership and what was released to him; twice changes nothing."""
    await require_holder(tx, customer_id)
    await locked_plan(tx, customer_id)
    await customer_acts(tx, customer_id)
    person = await _person(tx, customer_id, person_id)
    if person.state == State.TRUSTED_PERSON_STATE_REMOVED:
        return person
    released = await released_request(tx, customer_id)
    if released is not None:
        await revoke_grants_of(tx, released.emergency_request_id, person_id)
    await _revoke_invitation(tx, person)
    ended = update(Membership).where(Membership.membership_id == person.membership_id, Membership.ended_at.is_(None))
    await tx.session.execute(ended.values(ended_at=tx.now))
    person.state, person.removed_at = State.TRUSTED_PERSON_STATE_REMOVED, tx.now
    note_person(tx, person, Step.EMERGENCY_STEP_REMOVE, Actor.EMERGENCY_ACTOR_CUSTOMER)
    for position, other in enumerate(await persons_of(tx, customer_id), start=1):
        other.position = position
    await tx.session.flush()
    return person


async def resend_invitation(tx: Transaction, customer_id: UUID, person_id: UUID) -> TrustedPerson:
    """Invite anew; raises PRECONDITION "ALREADY_ACCEPTED" or "ACCESS_RELEASED"."""
    await _begin_change(tx, customer_id)
    person = await _person(tx, customer_id, person_id)
    if person.state not in (State.TRUSTED_PERSON_STATE_INVITED, State.TRUSTED_PERSON_STATE_DECLINED):
        raise DomainError(
            ErrorKind.PRECONDITION, "ALREADY_ACCEPTED", "Diese Person hat Ihre Einladung bereits angenommen."
        )
    await _revoke_invitation(tx, person)
    await _invite(tx, person)
    return person


async def reorder_persons(tx: Transaction, customer_id: UUID, person_ids: Sequence[UUID]) -> Sequence[TrustedPerson]:
    """Put all trusted persons into this order; raises INVALID when it names others than there are."""
    plan = await _begin_change(tx, customer_id)
    persons = {person.trusted_person_id: person for person in await persons_of(tx, customer_id)}
    if set(person_ids) != set(persons):
        raise invalid("trusted_person_ids", "Die Liste hat sich inzwischen geändert. Bitte laden Sie die Seite neu.")
    for position, person_id in enumerate(person_ids, start=1):
        persons[person_id].position = position
    note(tx, plan.tenant_id, customer_id, Step.EMERGENCY_STEP_CHANGE, Actor.EMERGENCY_ACTOR_CUSTOMER)
    await tx.session.flush()
    return [persons[person_id] for person_id in person_ids]


async def _begin_change(tx: Transaction, customer_id: UUID) -> EmergencyPlan:
    """Lock the customer's emergency access for a change, which ends a request; refused while access is released."""
    await require_holder(tx, customer_id)
    plan = await locked_plan(tx, customer_id)
    await customer_acts(tx, customer_id)
    if await released_request(tx, customer_id) is not None:
        raise DomainError(
            ErrorKind.PRECONDITION,
            "ACCESS_RELEASED",
            "Der Notfallzugang ist freigegeben. Bitte beenden Sie ihn, bevor Sie etwas ändern.",
        )
    return plan


async def _person(tx: Transaction, customer_id: UUID, person_id: UUID) -> TrustedPerson:
    statement = select(TrustedPerson).where(
        TrustedPerson.trusted_person_id == person_id, TrustedPerson.customer_id == customer_id
    )
    person = await tx.session.scalar(statement.with_for_update())
    if person is None:
        raise not_found("Diese Vertrauensperson")
    return person


async def _invite(tx: Transaction, person: TrustedPerson) -> None:
    """Make a new invitation for a person, who is INVITED from then on."""
    invitation = add_invitation(
        tx,
        Invitation(
            tenant_id=person.tenant_id,
            display_name=person.name,
            email=person.email,
            letter_greeting=f"Guten Tag {person.name}",
            form=AddressForm.ADDRESS_FORM_SIE,
            roles=[Role.ROLE_TRUSTED_PERSON],
            rights=[],
        ),
    )
    await tx.session.flush()
    person.invitation_id, person.invite_expires_at = invitation.invitation_id, invitation.expires_at
    person.state, person.answered_at = State.TRUSTED_PERSON_STATE_INVITED, None
    tx.session.add(person)
    step, actor = Step.EMERGENCY_STEP_INVITE, Actor.EMERGENCY_ACTOR_CUSTOMER
    note(tx, person.tenant_id, person.customer_id, step, actor, person_id=person.trusted_person_id)
    await tx.session.flush()


async def _revoke_invitation(tx: Transaction, person: TrustedPerson) -> None:
    still_open = update(Invitation).where(
        Invitation.invitation_id == person.invitation_id, Invitation.state == InvitationState.INVITATION_STATE_OPEN
    )
    await tx.session.execute(still_open.values(state=InvitationState.INVITATION_STATE_REVOKED))


async def _refuse_own_address(tx: Transaction, customer_id: UUID, email: str) -> None:
    statement = (
        select(Customer.email, Account.email)
        .outerjoin(Account, Account.account_id == Customer.account_id)
        .where(Customer.customer_id == customer_id)
    )
    row = (await tx.session.execute(statement)).one_or_none()
    if row is None:
        raise not_found("Dieser Kunde")
    if email in {normal_email(address) for address in row if address}:
        raise invalid("person.email", "Das ist Ihre eigene Adresse. Bitte nennen Sie die der Vertrauensperson.")


def _one_line(name: str, field: str) -> str:
    cleaned = " ".join(name.split())
    if not cleaned:
        raise invalid(field, "Bitte geben Sie einen Namen an.")
    return cleaned
