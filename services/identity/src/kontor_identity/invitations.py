"""Invitations: how a person gets access. OPEN → ACCEPTED | REVOKED | EXPIRED, drawn in the README.

Customers are invited by staff (F170–F174), staff by administrators (F194), a firm's first administrator by its
activation (F45). The link stands only in the mail; its token is stored as a hash. Accepting is in `acceptance`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from uuid import UUID

from kontor.common.v1.access_pb2 import Role
from kontor.identity.v1.accounts_pb2 import InvitationState, ReleaseChoice
from kontor.identity.v1.events_pb2 import InvitationCreated, ReleaseRequested
from kontor.identity.v1.households_pb2 import Standing
from kontor.identity.v1.people_pb2 import AccessState, AddressForm
from kontor_chassis.database import Transaction
from kontor_chassis.errors import DomainError, ErrorKind, invalid, not_found
from kontor_chassis.ids import new_id
from sqlalchemy import Row, select, update

from kontor_identity.accounts import normal_email, valid_email
from kontor_identity.customers import customer_for_update
from kontor_identity.memberships import grantable_roles
from kontor_identity.names import display_name, letter_greeting
from kontor_identity.proofs.proofs import end_with_access
from kontor_identity.sealing import new_token, token_hash
from kontor_identity.tables import Customer, Invitation, InvitationToken, Membership, Tenant

OPEN_FOR = timedelta(days=14)
_HOLDER = int(Standing.STANDING_HOLDER)
"""Further people of a household are invited beside the account holder and do not touch his access."""


async def invite_customer(
    tx: Transaction,
    customer_id: UUID,
    *,
    form: int,
    release_choice: int,
    release_categories: Sequence[str],
    replace_active_access: bool,
) -> Invitation:
    """Invite a customer anew; an open invitation ends, and active access too where the caller says so (F174).

    Raises PRECONDITION "EMAIL_MISSING" (F173) and "ACCESS_ACTIVE".
    """
    customer = await customer_for_update(tx, customer_id)
    if not customer.email:
        raise DomainError(
            ErrorKind.PRECONDITION,
            "EMAIL_MISSING",
            "Für diesen Kunden ist keine E-Mail-Adresse hinterlegt. Bitte ergänzen Sie sie und laden Sie dann ein.",
        )
    if customer.access_state == AccessState.ACCESS_STATE_ACTIVE:
        await _end_access(tx, customer, allowed=replace_active_access)
    await revoke_open(tx, customer_id)
    customer.form = form or customer.form
    customer.access_state = AccessState.ACCESS_STATE_INVITED
    release = Release.given(release_choice, release_categories)
    return add_invitation(tx, invitation_of(customer, release))


@dataclass(frozen=True)
class Release:
    """What of the firm's own papers a customer is to see with his invitation (F171, F176)."""

    choice: int = 0
    categories: tuple[str, ...] = ()

    @staticmethod
    def given(choice: int, categories: Sequence[str]) -> Release:
        """Return what was asked for; raises INVALID for choice B without a category."""
        if choice != ReleaseChoice.RELEASE_CHOICE_CATEGORIES:
            return Release(choice)
        if not categories:
            raise invalid("release_categories", "Bitte nennen Sie mindestens eine Kategorie.")
        return Release(choice, tuple(sorted(set(categories))))


def invitation_of(customer: Customer | Row[Any], release: Release) -> Invitation:
    """Return the invitation of a customer (his row, or columns of it), not yet added."""
    name = (customer.salutation, customer.title, customer.given_name, customer.family_name)
    return Invitation(
        tenant_id=customer.tenant_id,
        customer_id=customer.customer_id,
        display_name=display_name(*name),
        email=normal_email(customer.email),
        letter_greeting=letter_greeting(customer.form, *name),
        form=customer.form,
        roles=[Role.ROLE_CUSTOMER],
        rights=[],
        release_choice=release.choice,
        release_categories=list(release.categories),
    )


def invite_member(
    tx: Transaction, tenant: Tenant, *, name: str, email: str, roles: Sequence[int], rights: Sequence[int]
) -> Invitation:
    """Invite a person to work in a firm. Raises INVALID when the firm's kind cannot give any of the roles."""
    granted = grantable_roles(tenant.kind, roles)
    if not granted or not set(roles) <= set(granted):
        raise invalid("roles", "Diese Rolle kann Ihre Firma nicht vergeben.", reason="ROLE_NOT_GRANTABLE")
    return add_invitation(
        tx,
        Invitation(
            tenant_id=tenant.tenant_id,
            display_name=name.strip(),
            email=valid_email(email, "email"),
            letter_greeting=f"Guten Tag {name.strip()}",
            form=AddressForm.ADDRESS_FORM_SIE,
            roles=granted,
            rights=sorted(set(rights)),
        ),
    )


async def revoke_invitation(tx: Transaction, invitation_id: UUID) -> Invitation:
    """Withdraw an open invitation; raises PRECONDITION "INVITATION_CLOSED" otherwise."""
    statement = select(Invitation).where(Invitation.invitation_id == invitation_id).with_for_update()
    invitation = (await tx.session.execute(statement)).scalar_one_or_none()
    if invitation is None or invitation.tenant_id != tx.principal.required_tenant():
        raise not_found("Diese Einladung")
    if invitation.state != InvitationState.INVITATION_STATE_OPEN:
        raise DomainError(
            ErrorKind.PRECONDITION, "INVITATION_CLOSED", "Diese Einladung ist bereits angenommen oder beendet."
        )
    invitation.state = InvitationState.INVITATION_STATE_REVOKED
    if invitation.customer_id is not None and invitation.standing == _HOLDER:
        await _forget_invited(tx, [invitation.customer_id])
    return invitation


async def mint_link(tx: Transaction, invitation_id: UUID, public_url: str) -> tuple[Invitation, str]:
    """Return an open invitation with a new link; earlier links keep working, because their mail may be read first."""
    invitation = await tx.session.get(Invitation, invitation_id)
    if (
        invitation is None
        or invitation.state != InvitationState.INVITATION_STATE_OPEN
        or invitation.expires_at <= tx.now
    ):
        raise not_found("Diese Einladung")
    token = new_token()
    tx.session.add(InvitationToken(token_hash=token_hash(token), invitation_id=invitation_id, created_at=tx.now))
    invitation.sent_at = tx.now
    return invitation, f"{public_url}/invitation/{token}"


async def expire_invitations(tx: Transaction) -> int:
    """End invitations whose time is over, in all firms; returns how many."""
    over = (
        update(Invitation)
        .where(Invitation.state == InvitationState.INVITATION_STATE_OPEN, Invitation.expires_at <= tx.now)
        .values(state=InvitationState.INVITATION_STATE_EXPIRED)
        .returning(Invitation.customer_id, Invitation.standing)
    )
    ended = (await tx.session.execute(over)).all()
    holders = [customer_id for customer_id, standing in ended if customer_id is not None and standing == _HOLDER]
    await _forget_invited(tx, holders)
    return len(ended)


def add_invitation(tx: Transaction, invitation: Invitation) -> Invitation:
    """Add an open invitation and tell that its mail is to go out."""
    tx.session.add(open_invitation(tx, invitation))
    announce(tx, invitation)
    return invitation


def open_invitation(tx: Transaction, invitation: Invitation) -> Invitation:
    """Give an invitation its id, its time and the state it begins with."""
    invitation.invitation_id = new_id()
    invitation.state = InvitationState.INVITATION_STATE_OPEN
    invitation.standing = invitation.standing or _HOLDER
    invitation.release_choice = invitation.release_choice or 0
    invitation.release_categories = invitation.release_categories or []
    invitation.created_at = tx.now
    invitation.expires_at = tx.now + OPEN_FOR
    return invitation


def announce(tx: Transaction, invitation: Invitation) -> None:
    """Tell of an invitation whose mail is to go out, and of what is released with it."""
    event = InvitationCreated(
        tenant_id=str(invitation.tenant_id),
        invitation_id=str(invitation.invitation_id),
        customer_id=str(invitation.customer_id or ""),
    )
    tx.publish(event, aggregate=invitation.invitation_id, tenant_id=invitation.tenant_id)
    if invitation.release_choice:
        released = ReleaseRequested(
            tenant_id=str(invitation.tenant_id),
            customer_id=str(invitation.customer_id),
            invitation_id=str(invitation.invitation_id),
            everything=invitation.release_choice == ReleaseChoice.RELEASE_CHOICE_ALL,
            categories=invitation.release_categories,
        )
        tx.publish(released, aggregate=invitation.invitation_id, tenant_id=invitation.tenant_id)


async def _end_access(tx: Transaction, customer: Customer, *, allowed: bool) -> None:
    if not allowed:
        raise DomainError(
            ErrorKind.PRECONDITION,
            "ACCESS_ACTIVE",
            "Dieser Kunde hat bereits einen Zugang. Eine neue Einladung würde ihn beenden.",
        )
    active = update(Membership).where(
        Membership.customer_id == customer.customer_id,
        Membership.ended_at.is_(None),
        Membership.standing == _HOLDER,
        ~Membership.roles.contains([int(Role.ROLE_TRUSTED_PERSON)]),
    )
    await tx.session.execute(active.values(ended_at=tx.now))
    await end_with_access(tx, customer)
    customer.account_id = None


async def revoke_open(tx: Transaction, customer_id: UUID) -> None:
    """Let the open invitation of a customer's account holder end."""
    still_open = update(Invitation).where(
        Invitation.customer_id == customer_id,
        Invitation.standing == _HOLDER,
        Invitation.state == InvitationState.INVITATION_STATE_OPEN,
    )
    await tx.session.execute(still_open.values(state=InvitationState.INVITATION_STATE_REVOKED))


async def _forget_invited(tx: Transaction, customer_ids: Sequence[UUID]) -> None:
    invited = update(Customer).where(
        Customer.customer_id.in_(customer_ids), Customer.access_state == AccessState.ACCESS_STATE_INVITED
    )
    await tx.session.execute(invited.values(access_state=AccessState.ACCESS_STATE_NONE, version=Customer.version + 1))
