"""Households: further people with access to a customer's office (decision 13; section 7: guardian cannot detach owner).

A customer has one account holder. Guardians act for him with everything he may do; insured persons have a reduced view
by a role of their own. One e-mail address may serve several customers: its account then has several memberships.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from kontor.common.v1.access_pb2 import Role
from kontor.identity.v1 import events_pb2
from kontor.identity.v1.accounts_pb2 import InvitationState
from kontor.identity.v1.households_pb2 import Standing
from kontor.identity.v1.people_pb2 import AddressForm
from kontor_chassis.database import Transaction
from kontor_chassis.errors import DomainError, ErrorKind, not_found
from sqlalchemy import ColumnElement, select

from kontor_identity.accounts import valid_email
from kontor_identity.customers import customer_for_update, customer_in_sight
from kontor_identity.invitations import add_invitation
from kontor_identity.tables import Account, Invitation, Membership

_ROLES = {
    Standing.STANDING_GUARDIAN: [int(Role.ROLE_CUSTOMER)],
    Standing.STANDING_INSURED: [int(Role.ROLE_INSURED_PERSON)],
}


@dataclass(frozen=True)
class HouseholdMember:
    """Somebody with access, or invited."""

    person_id: UUID
    display_name: str
    email: str
    standing: int
    invited: bool
    since: datetime


async def household_of(tx: Transaction, customer_id: UUID) -> list[HouseholdMember]:
    """Return everybody with access to a customer's office or invited to it, the account holder first."""
    await customer_in_sight(tx, customer_id)
    members = (
        select(Membership, Account.email)
        .join(Account, Account.account_id == Membership.account_id)
        .where(_in_household(customer_id))
        .order_by(Membership.standing != Standing.STANDING_HOLDER, Membership.created_at)
    )
    found = [
        HouseholdMember(row.membership_id, row.display_name, email, row.standing, False, row.created_at)
        for row, email in (await tx.session.execute(members)).all()
    ]
    open_ones = select(Invitation).where(
        Invitation.customer_id == customer_id,
        Invitation.state == InvitationState.INVITATION_STATE_OPEN,
        ~Invitation.roles.contains([int(Role.ROLE_TRUSTED_PERSON)]),
    )
    invited = (await tx.session.execute(open_ones.order_by(Invitation.created_at))).scalars()
    return found + [
        HouseholdMember(row.invitation_id, row.display_name, row.email, row.standing, True, row.created_at)
        for row in invited
    ]


async def invite_person(tx: Transaction, customer_id: UUID, *, name: str, email: str, standing: int) -> Invitation:
    """Invite an insured person or a guardian; raises FORBIDDEN "ONLY_HOLDER" for anybody but the holder and staff."""
    customer = await customer_for_update(tx, customer_id)
    if not tx.principal.is_staff and await _own_standing(tx, customer_id) != Standing.STANDING_HOLDER:
        raise _only_holder()
    return add_invitation(
        tx,
        Invitation(
            tenant_id=customer.tenant_id,
            customer_id=customer_id,
            display_name=name.strip(),
            email=valid_email(email, "email"),
            letter_greeting=f"Guten Tag {name.strip()}",
            form=AddressForm.ADDRESS_FORM_SIE,
            roles=_ROLES[Standing.ValueType(standing)],
            rights=[],
            standing=standing,
        ),
    )


async def remove_person(tx: Transaction, customer_id: UUID, person_id: UUID) -> None:
    """End a further person's access or invitation.

    Raises PRECONDITION "HOLDER_STAYS" for the account holder, FORBIDDEN "ONLY_HOLDER" for what is not the caller's.
    """
    await customer_for_update(tx, customer_id)
    membership = await tx.session.get(Membership, person_id)
    if membership is not None and membership.customer_id == customer_id and membership.ended_at is None:
        await _require_may_remove(tx, customer_id, membership)
        membership.ended_at = tx.now
        removed = events_pb2.HouseholdPersonRemoved(
            tenant_id=str(membership.tenant_id), customer_id=str(customer_id), household_person_id=str(person_id)
        )
        tx.publish(removed, aggregate=person_id, tenant_id=membership.tenant_id)
        return
    invitation = await tx.session.get(Invitation, person_id, with_for_update=True)
    is_open = invitation is not None and invitation.state == InvitationState.INVITATION_STATE_OPEN
    if invitation is None or invitation.customer_id != customer_id or not is_open:
        raise not_found("Diese Person")
    if invitation.standing == Standing.STANDING_HOLDER:
        raise _holder_stays()
    if not tx.principal.is_staff and await _own_standing(tx, customer_id) != Standing.STANDING_HOLDER:
        raise _only_holder()
    invitation.state = InvitationState.INVITATION_STATE_REVOKED


async def household_membership(tx: Transaction, customer_id: UUID, person_id: UUID) -> Membership | None:
    """Return the access of a person of the household, trusted persons apart; None when there is none."""
    return await tx.session.scalar(
        select(Membership).where(_in_household(customer_id), Membership.membership_id == person_id)
    )


async def _require_may_remove(tx: Transaction, customer_id: UUID, membership: Membership) -> None:
    if membership.standing == Standing.STANDING_HOLDER:
        raise _holder_stays()
    own = await _own_standing(tx, customer_id)
    is_himself = membership.account_id == tx.principal.account_id
    by_guardian = own == Standing.STANDING_GUARDIAN and membership.standing == Standing.STANDING_INSURED
    if not (tx.principal.is_staff or own == Standing.STANDING_HOLDER or is_himself or by_guardian):
        raise _only_holder()


async def _own_standing(tx: Transaction, customer_id: UUID) -> int:
    statement = select(Membership.standing).where(
        _in_household(customer_id), Membership.account_id == tx.principal.required_account()
    )
    return int((await tx.session.execute(statement)).scalars().first() or 0)


def _in_household(customer_id: UUID) -> ColumnElement[bool]:
    return (
        (Membership.customer_id == customer_id)
        & Membership.ended_at.is_(None)
        & ~Membership.roles.contains([int(Role.ROLE_TRUSTED_PERSON)])
    )


def _holder_stays() -> DomainError:
    return DomainError(
        ErrorKind.PRECONDITION,
        "HOLDER_STAYS",
        "Der Kontoinhaber behält seinen Zugang. Ändern kann das nur Ihr Ansprechpartner mit einer neuen Einladung.",
    )


def _only_holder() -> DomainError:
    return DomainError(ErrorKind.FORBIDDEN, "ONLY_HOLDER", "Das entscheidet nur der Kontoinhaber.")
