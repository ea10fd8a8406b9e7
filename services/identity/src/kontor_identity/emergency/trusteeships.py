"""The trusted person's side: accepting or declining by the link in the mail, and for whom an account is trusted.

Works across firms (see `directory`): who answers an invitation, or asks for all his trusteeships, acts for no firm yet.
"""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from kontor.common.v1.access_pb2 import Role
from kontor.identity.v1.accounts_pb2 import InvitationState
from kontor.identity.v1.emergency_pb2 import EmergencyActor as Actor
from kontor.identity.v1.emergency_pb2 import EmergencyStep as Step
from kontor.identity.v1.emergency_pb2 import TrustedPersonState as State
from kontor_chassis.database import Transaction
from kontor_chassis.errors import DomainError, ErrorKind, not_found
from sqlalchemy import func, select

from kontor_identity.emergency.history import note_person
from kontor_identity.emergency.plans import DEFAULT_WAITING_HOURS
from kontor_identity.emergency.tables import EmergencyPlan, TrustedPerson
from kontor_identity.memberships import add_membership
from kontor_identity.names import display_name
from kontor_identity.sealing import token_hash
from kontor_identity.tables import Customer, Invitation, InvitationToken, Membership, Tenant


@dataclass(frozen=True)
class TrusteeshipView:
    """For whom an account is a trusted person, and by which rules."""

    trusted_person_id: UUID
    customer_id: UUID
    customer_name: str
    tenant_name: str
    membership_id: UUID
    position: int
    accepted_count: int
    quorum: int
    waiting_hours: int


async def join_as_trusted_person(tx: Transaction, invitation: Invitation, account_id: UUID) -> Membership:
    """Make the account a trusted person of the customer who named it; the invitation is accepted by the caller.

    Raises PRECONDITION "INVITATION_CLOSED" when the customer changed his mind, "OWN_TRUSTED_PERSON" for himself.
    """
    person = await _invited(tx, invitation.invitation_id)
    customer = await tx.session.get_one(Customer, person.customer_id)
    if customer.account_id == account_id:
        raise DomainError(
            ErrorKind.PRECONDITION, "OWN_TRUSTED_PERSON", "Niemand kann seine eigene Vertrauensperson sein."
        )
    member = add_membership(
        tx,
        account_id=account_id,
        tenant_id=person.tenant_id,
        customer_id=person.customer_id,
        roles=[Role.ROLE_TRUSTED_PERSON],
        rights=[],
        display_name=person.name,
    )
    await tx.session.flush()
    person.state, person.answered_at = State.TRUSTED_PERSON_STATE_ACCEPTED, tx.now
    person.account_id, person.membership_id = account_id, member.membership_id
    note_person(tx, person, Step.EMERGENCY_STEP_ACCEPT, Actor.EMERGENCY_ACTOR_TRUSTED_PERSON)
    return member


async def decline_invitation(tx: Transaction, token: str) -> None:
    """Decline by the link; raises NOT_FOUND for another link, PRECONDITION "INVITATION_CLOSED" when it is answered."""
    statement = (
        select(Invitation)
        .join(InvitationToken, InvitationToken.invitation_id == Invitation.invitation_id)
        .where(InvitationToken.token_hash == token_hash(token), Invitation.roles == [Role.ROLE_TRUSTED_PERSON])
        .with_for_update(of=Invitation)
    )
    invitation = await tx.session.scalar(statement)
    if invitation is None:
        raise not_found("Diese Einladung")
    if invitation.state != InvitationState.INVITATION_STATE_OPEN:
        raise _closed()
    person = await _invited(tx, invitation.invitation_id)
    invitation.state = InvitationState.INVITATION_STATE_REVOKED
    person.state, person.answered_at = State.TRUSTED_PERSON_STATE_DECLINED, tx.now
    note_person(tx, person, Step.EMERGENCY_STEP_DECLINE, Actor.EMERGENCY_ACTOR_TRUSTED_PERSON)


async def trusted_by(tx: Transaction, invitation_id: UUID) -> str:
    """Return the name of the customer who invites by this invitation; "" for every other kind of invitation."""
    statement = (
        select(Customer)
        .join(TrustedPerson, TrustedPerson.customer_id == Customer.customer_id)
        .where(TrustedPerson.invitation_id == invitation_id)
    )
    customer = await tx.session.scalar(statement)
    return name_of(customer) if customer is not None else ""


async def trusteeships_of(tx: Transaction, account_id: UUID) -> list[TrusteeshipView]:
    """Return for whom the account is a trusted person, in order of the customers' names."""
    accepted = TrustedPerson.state == State.TRUSTED_PERSON_STATE_ACCEPTED
    counted = (
        select(TrustedPerson.customer_id, func.count().label("number"))
        .where(accepted)
        .group_by(TrustedPerson.customer_id)
        .subquery()
    )
    statement = (
        select(TrustedPerson, Customer, Tenant.name, EmergencyPlan, counted.c.number)
        .join(Customer, Customer.customer_id == TrustedPerson.customer_id)
        .join(Tenant, Tenant.tenant_id == TrustedPerson.tenant_id)
        .join(counted, counted.c.customer_id == TrustedPerson.customer_id)
        .outerjoin(EmergencyPlan, EmergencyPlan.customer_id == TrustedPerson.customer_id)
        .where(TrustedPerson.account_id == account_id, accepted)
    )
    rows = (await tx.session.execute(statement)).all()
    views = [
        TrusteeshipView(
            trusted_person_id=person.trusted_person_id,
            customer_id=person.customer_id,
            customer_name=name_of(customer),
            tenant_name=tenant_name,
            membership_id=person.membership_id,
            position=person.position,
            accepted_count=number,
            quorum=plan.quorum if plan else 1,
            waiting_hours=plan.waiting_hours if plan else DEFAULT_WAITING_HOURS,
        )
        for person, customer, tenant_name, plan, number in rows
    ]
    return sorted(views, key=order_of)


def order_of(view: TrusteeshipView) -> tuple[str, UUID]:
    """Return the place of a trusteeship in lists."""
    return view.customer_name, view.trusted_person_id


def name_of(customer: Customer) -> str:
    """Return a customer's name in one line."""
    return display_name(customer.salutation, customer.title, customer.given_name, customer.family_name)


async def _invited(tx: Transaction, invitation_id: UUID) -> TrustedPerson:
    statement = select(TrustedPerson).where(TrustedPerson.invitation_id == invitation_id).with_for_update()
    person = await tx.session.scalar(statement)
    if person is None or person.state != State.TRUSTED_PERSON_STATE_INVITED:
        raise _closed()
    return person


def _closed() -> DomainError:
    return DomainError(ErrorKind.PRECONDITION, "INVITATION_CLOSED", "Diese Einladung gilt nicht mehr.")
