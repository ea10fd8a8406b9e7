"""Accepting an invitation: a new account with a password, or the person's present one (F175), then signed in.

The link proves that the person reads mail at the address. Where an account with the address exists, its password is
asked for, so that a link passed on does not open a stranger's account.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from uuid import UUID

from kontor.common.v1.access_pb2 import Role
from kontor.identity.v1.accounts_pb2 import InvitationState
from kontor.identity.v1.events_pb2 import InvitationAccepted, StaffAdded
from kontor.identity.v1.households_pb2 import Standing
from kontor.identity.v1.people_pb2 import AccessState
from kontor_chassis.database import Transaction, UnitOfWork
from kontor_chassis.errors import DomainError, ErrorKind, not_found
from sqlalchemy import select

from kontor_identity.accounts import create_account, find_account
from kontor_identity.devices import Visitor
from kontor_identity.directory import DIRECTORY
from kontor_identity.emergency.trusteeships import join_as_trusted_person
from kontor_identity.entrance import Entrance, Pending, Proof
from kontor_identity.invitation_mails import mark_opened
from kontor_identity.memberships import add_membership
from kontor_identity.passwords import PasswordVault, check_new_password
from kontor_identity.sealing import token_hash
from kontor_identity.sessions import OpenSession
from kontor_identity.sign_in import SignIn
from kontor_identity.tables import Customer, Invitation, InvitationToken, Membership, Tenant
from kontor_identity.throttles import forgive


@dataclass(frozen=True)
class InvitationView:
    """An invitation as its link shows it; `state` counts one whose time is over as expired."""

    invitation: Invitation
    state: int
    tenant: Tenant
    account_exists: bool


class Acceptance:
    """The use cases behind the link, and what they need."""

    def __init__(self, work: UnitOfWork, passwords: PasswordVault, sign_in: SignIn, entrance: Entrance) -> None:
        self._work = work
        self._passwords = passwords
        self._sign_in = sign_in
        self._entrance = entrance

    async def find(self, token: str) -> InvitationView:
        """Return the invitation of a link, in whatever state, and note that its page was opened.

        Raises NOT_FOUND for a link that never was one.
        """
        async with self._work.work(DIRECTORY) as tx:
            view = await _view(tx, token, lock=False)
            if view.state == InvitationState.INVITATION_STATE_OPEN and view.invitation.opened_at is None:
                await mark_opened(tx, view.invitation.invitation_id)
                await tx.commit()
            return view

    async def accept(self, token: str, password: str, visitor: Visitor) -> OpenSession | Pending:
        """Accept and sign in. Raises PRECONDITION "INVITATION_CLOSED", INVALID for a password that may not be used,
        and what a sign-in raises where an account exists.
        """
        view = await self.find(token)
        _refuse_unless_open(view)
        if view.account_exists:
            return await self._with_present_password(token, view.invitation.email, password, visitor)
        check_new_password(password, personal=_personal_words(view))
        hashed = await self._passwords.hash(password)
        async with self._work.work(DIRECTORY) as tx:
            view = await _view(tx, token, lock=True)
            _refuse_unless_open(view)
            if view.account_exists:
                raise _closed()  # made by another invitation in the meantime; the page then asks for its password
            account_id = await create_account(tx, view.invitation.email, hashed)
            return await self._enter(tx, view, account_id, visitor)

    async def _with_present_password(
        self, token: str, email: str, password: str, visitor: Visitor
    ) -> OpenSession | Pending:
        attempt, stored = await self._sign_in.checked_attempt(email, password, visitor)
        async with self._work.work(DIRECTORY) as tx:
            await forgive(tx, attempt)
            view = await _view(tx, token, lock=True)
            _refuse_unless_open(view)
            return await self._enter(tx, view, stored.account_id, visitor)

    async def _enter(
        self, tx: Transaction, view: InvitationView, account_id: UUID, visitor: Visitor
    ) -> OpenSession | Pending:
        """Close the invitation, add the membership, let the person in, tell the others; commits."""
        invitation = view.invitation
        invitation.state = InvitationState.INVITATION_STATE_ACCEPTED
        invitation.accepted_at = tx.now
        invitation.account_id = account_id
        member = await _join(tx, invitation, account_id)
        await tx.session.flush()
        accepted = InvitationAccepted(
            tenant_id=str(invitation.tenant_id),
            invitation_id=str(invitation.invitation_id),
            customer_id=str(invitation.customer_id or ""),
            account_id=str(account_id),
        )
        tx.publish(accepted, aggregate=invitation.invitation_id, tenant_id=invitation.tenant_id)
        outcome = await self._entrance.admit(
            tx, account_id, replace(visitor, firm=view.tenant.slug), Proof.MAIL_CODE, member.membership_id
        )
        await tx.commit()
        return outcome


async def _join(tx: Transaction, invitation: Invitation, account_id: UUID) -> Membership:
    """Make the account a customer, a trusted person or staff; staff who are members already receive roles besides."""
    if Role.ROLE_TRUSTED_PERSON in invitation.roles:
        return await join_as_trusted_person(tx, invitation, account_id)
    if invitation.customer_id is not None:
        if invitation.standing == Standing.STANDING_HOLDER:
            customer = await tx.session.get_one(Customer, invitation.customer_id, with_for_update=True)
            customer.access_state = AccessState.ACCESS_STATE_ACTIVE
            customer.account_id = account_id
        else:
            await _refuse_second_access(tx, invitation.customer_id, account_id)
    else:
        present = await _present_member(tx, invitation.tenant_id, account_id)
        if present is not None:
            present.roles = sorted({*present.roles, *invitation.roles})
            present.rights = sorted({*present.rights, *invitation.rights})
            return present
        added = StaffAdded(
            tenant_id=str(invitation.tenant_id),
            account_id=str(account_id),
            display_name=invitation.display_name,
        )
        added.roles.extend(Role.ValueType(number) for number in invitation.roles)
        tx.publish(added, aggregate=account_id, tenant_id=invitation.tenant_id)
    return add_membership(
        tx,
        account_id=account_id,
        tenant_id=invitation.tenant_id,
        customer_id=invitation.customer_id,
        roles=invitation.roles,
        rights=invitation.rights,
        display_name=invitation.display_name,
        standing=invitation.standing,
    )


async def _refuse_second_access(tx: Transaction, customer_id: UUID, account_id: UUID) -> None:
    """Nobody is in one household twice; raises PRECONDITION "ALREADY_IN_HOUSEHOLD"."""
    statement = select(Membership.membership_id).where(
        Membership.customer_id == customer_id, Membership.account_id == account_id, Membership.ended_at.is_(None)
    )
    if (await tx.session.execute(statement)).first() is not None:
        raise DomainError(
            ErrorKind.PRECONDITION, "ALREADY_IN_HOUSEHOLD", "Dieser Zugang gehört schon zu diesem Haushalt."
        )


async def _present_member(tx: Transaction, tenant_id: UUID, account_id: UUID) -> Membership | None:
    statement = select(Membership).where(
        Membership.tenant_id == tenant_id,
        Membership.account_id == account_id,
        Membership.customer_id.is_(None),
        Membership.ended_at.is_(None),
    )
    return (await tx.session.execute(statement)).scalar_one_or_none()


async def _view(tx: Transaction, token: str, *, lock: bool) -> InvitationView:
    statement = (
        select(Invitation, Tenant)
        .join(InvitationToken, InvitationToken.invitation_id == Invitation.invitation_id)
        .join(Tenant, Tenant.tenant_id == Invitation.tenant_id)
        .where(InvitationToken.token_hash == token_hash(token))
    )
    if lock:
        statement = statement.with_for_update(of=Invitation)
    row = (await tx.session.execute(statement)).one_or_none()
    if row is None:
        raise not_found("Diese Einladung")
    invitation, tenant = row
    state = invitation.state
    if state == InvitationState.INVITATION_STATE_OPEN and invitation.expires_at <= tx.now:
        state = InvitationState.INVITATION_STATE_EXPIRED
    exists = await find_account(tx, invitation.email) is not None
    return InvitationView(invitation, state, tenant, exists)


def _refuse_unless_open(view: InvitationView) -> None:
    if view.state != InvitationState.INVITATION_STATE_OPEN:
        raise _closed()


def _closed() -> DomainError:
    return DomainError(ErrorKind.PRECONDITION, "INVITATION_CLOSED", "Diese Einladung gilt nicht mehr.")


def _personal_words(view: InvitationView) -> tuple[str, ...]:
    return (*view.invitation.display_name.split(), view.invitation.email.partition("@")[0], view.tenant.slug)
