"""Binding an account that exists to a further firm (F169, F175): WAITING → CONFIRMED | DECLINED.

The person enters the firm's broker ID while signed in; the firm, and nobody else, says which of its customers he is. A
broker ID is no secret, it only names the firm; trying ids out is slowed by account.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final
from uuid import UUID

from kontor.common.v1.access_pb2 import Right, Role
from kontor.identity.v1.bindings_pb2 import BindingState
from kontor.identity.v1.events_pb2 import BindingConfirmed, BindingRequested
from kontor.identity.v1.people_pb2 import AccessState
from kontor.identity.v1.tenants_pb2 import TenantKind, TenantState
from kontor_chassis.database import Transaction
from kontor_chassis.errors import DomainError, ErrorKind, invalid, not_found
from kontor_chassis.ids import new_id
from kontor_chassis.principal import Principal
from sqlalchemy import or_, select, tuple_

from kontor_identity.absences import present_administrators, present_responsibles
from kontor_identity.accounts import normal_email
from kontor_identity.customers import customer_for_update
from kontor_identity.invitation_tables import Binding
from kontor_identity.invitations import revoke_open
from kontor_identity.memberships import add_membership
from kontor_identity.names import display_name, fold
from kontor_identity.sealing import Sealer
from kontor_identity.staff import staff_of
from kontor_identity.tables import Account, Customer, Membership, Tenant
from kontor_identity.throttles import Attempt

FREE_TRIES: Final = 10
_MOST_SUGGESTIONS: Final = 5


@dataclass(frozen=True)
class Asker:
    """Who asks, as the firm sees him: the proved address of his account and his name where he asked."""

    email: str
    name: str


def tries_of(sealer: Sealer, account_id: UUID) -> Attempt:
    """Return an account's attempt at a broker ID."""
    return Attempt(((sealer.blind("broker id", str(account_id)), FREE_TRIES),))


async def firm_of(tx: Transaction, broker_id: str) -> Tenant:
    """Return the broker firm with this id; raises INVALID "BROKER_ID_UNKNOWN"."""
    plain = "".join(sign for sign in broker_id.upper() if sign.isalnum())
    statement = select(Tenant).where(
        Tenant.broker_id == plain,
        Tenant.kind == int(TenantKind.TENANT_KIND_BROKER),
        Tenant.state.in_([int(TenantState.TENANT_STATE_TRIAL), int(TenantState.TENANT_STATE_ACTIVE)]),
    )
    firm = (await tx.session.scalars(statement)).one_or_none()
    if firm is None:
        raise invalid(
            "broker_number", "Diese Makler-ID gibt es nicht. Bitte prüfen Sie sie.", reason="BROKER_ID_UNKNOWN"
        )
    return firm


async def asker_of(tx: Transaction, caller: Principal) -> Asker:
    """Return who the caller is, by the name under which he acts."""
    account = await tx.session.get_one(Account, caller.required_account())
    acting = select(Membership.display_name).where(
        Membership.account_id == account.account_id,
        Membership.tenant_id == caller.required_tenant(),
        Membership.ended_at.is_(None),
    )
    return Asker(account.email, (await tx.session.scalars(acting.limit(1))).one_or_none() or account.email)


async def deciders_of(tx: Transaction, tenant_id: UUID, asker: Asker) -> list[UUID]:
    """Return who is told of the request: those who look after a customer like the asker today and may invite.

    The administrators when there are none.
    """
    alike = await _alike(tx, tenant_id, asker.email, asker.name)
    people = [account_id for customer in alike for account_id in await present_responsibles(tx, customer)]
    may_invite = or_(
        Membership.rights.contains([int(Right.RIGHT_INVITE)]), Membership.roles.contains([int(Role.ROLE_ADMINISTRATOR)])
    )
    entitled = staff_of(tenant_id).where(Membership.account_id.in_(people), may_invite)
    found = {member.account_id for member, _ in (await tx.session.execute(entitled)).all()}
    chosen = [account_id for account_id in dict.fromkeys(people) if account_id in found]
    return chosen or await present_administrators(tx, tenant_id)


async def request_binding(tx: Transaction, firm: Tenant, asker: Asker, deciders: Sequence[UUID]) -> Binding:
    """Ask a firm to be its customer; raises ALREADY_EXISTS "ALREADY_BOUND". A request that waits is returned."""
    account_id = tx.principal.required_account()
    member = select(Membership.membership_id).where(
        Membership.account_id == account_id,
        Membership.tenant_id == firm.tenant_id,
        Membership.customer_id.is_not(None),
        Membership.roles.contains([int(Role.ROLE_CUSTOMER)]),
        Membership.ended_at.is_(None),
    )
    if (await tx.session.execute(member)).first() is not None:
        raise DomainError(ErrorKind.ALREADY_EXISTS, "ALREADY_BOUND", "Sie sind schon Kunde dieses Betriebs.")
    waiting = select(Binding).where(
        Binding.account_id == account_id,
        Binding.tenant_id == firm.tenant_id,
        Binding.state == int(BindingState.BINDING_STATE_WAITING),
    )
    present = (await tx.session.scalars(waiting)).one_or_none()
    if present is not None:
        return present
    binding = Binding(
        binding_id=new_id(),
        tenant_id=firm.tenant_id,
        account_id=account_id,
        tenant_name=firm.name,
        email=asker.email,
        display_name=asker.name,
        state=int(BindingState.BINDING_STATE_WAITING),
        created_at=tx.now,
    )
    tx.session.add(binding)
    event = BindingRequested(
        tenant_id=str(firm.tenant_id),
        binding_id=str(binding.binding_id),
        recipient_account_ids=[str(one) for one in deciders],
    )
    tx.publish(event, aggregate=binding.binding_id, tenant_id=firm.tenant_id)
    return binding


async def own_bindings(tx: Transaction, before: tuple[datetime, UUID], limit: int) -> Sequence[Binding]:
    """Return a page of what the caller has asked, newest first."""
    key = tuple_(Binding.created_at, Binding.binding_id)
    statement = select(Binding).where(Binding.account_id == tx.principal.required_account(), key < tuple_(*before))
    newest = statement.order_by(Binding.created_at.desc(), Binding.binding_id.desc())
    return (await tx.session.scalars(newest.limit(limit))).all()


async def waiting_bindings(tx: Transaction, after: tuple[datetime, UUID], limit: int) -> Sequence[Binding]:
    """Return a page of who waits for the caller's firm, the longest waiting first."""
    key = tuple_(Binding.created_at, Binding.binding_id)
    statement = select(Binding).where(
        Binding.tenant_id == tx.principal.required_tenant(),
        Binding.state == int(BindingState.BINDING_STATE_WAITING),
        key > tuple_(*after),
    )
    return (await tx.session.scalars(statement.order_by(Binding.created_at, Binding.binding_id).limit(limit))).all()


async def suggestions_for(tx: Transaction, binding: Binding) -> Sequence[Customer]:
    """Return customers without access who have the person's address or name."""
    return await _alike(tx, binding.tenant_id, binding.email, binding.display_name)


async def confirm_binding(tx: Transaction, binding_id: UUID, customer_id: UUID) -> Binding:
    """Let the account be the customer's access. Raises PRECONDITION "BINDING_DECIDED" and "ACCESS_ACTIVE"."""
    binding = await _waiting(tx, binding_id)
    customer = await customer_for_update(tx, customer_id)
    if customer.access_state == AccessState.ACCESS_STATE_ACTIVE:
        raise DomainError(ErrorKind.PRECONDITION, "ACCESS_ACTIVE", "Dieser Kunde hat bereits einen Zugang.")
    await revoke_open(tx, customer_id)
    name = display_name(customer.salutation, customer.title, customer.given_name, customer.family_name)
    add_membership(
        tx,
        account_id=binding.account_id,
        tenant_id=binding.tenant_id,
        customer_id=customer_id,
        roles=[Role.ROLE_CUSTOMER],
        rights=[],
        display_name=name,
    )
    customer.access_state, customer.account_id = AccessState.ACCESS_STATE_ACTIVE, binding.account_id
    customer.email = customer.email or normal_email(binding.email)
    customer.updated_at = tx.now
    _decide(tx, binding, BindingState.BINDING_STATE_CONFIRMED)
    binding.customer_id = customer_id
    event = BindingConfirmed(
        tenant_id=str(binding.tenant_id),
        binding_id=str(binding_id),
        customer_id=str(customer_id),
        account_id=str(binding.account_id),
    )
    tx.publish(event, aggregate=binding_id)
    return binding


async def decline_binding(tx: Transaction, binding_id: UUID) -> Binding:
    """Answer that nobody here knows the person; raises PRECONDITION "BINDING_DECIDED"."""
    binding = await _waiting(tx, binding_id)
    _decide(tx, binding, BindingState.BINDING_STATE_DECLINED)
    return binding


async def _alike(tx: Transaction, tenant_id: UUID, email: str, name: str) -> Sequence[Customer]:
    words = fold(name).split()
    statement = select(Customer).where(
        Customer.tenant_id == tenant_id,
        Customer.access_state != int(AccessState.ACCESS_STATE_ACTIVE),
        or_(Customer.email == email, Customer.sort_name == " ".join([*words[-1:], *words[:-1]])),
    )
    return (await tx.session.scalars(statement.order_by(Customer.sort_name).limit(_MOST_SUGGESTIONS))).all()


async def _waiting(tx: Transaction, binding_id: UUID) -> Binding:
    binding = await tx.session.get(Binding, binding_id, with_for_update=True)
    if binding is None or binding.tenant_id != tx.principal.required_tenant():
        raise not_found("Diese Anfrage")
    if binding.state != BindingState.BINDING_STATE_WAITING:
        raise DomainError(ErrorKind.PRECONDITION, "BINDING_DECIDED", "Diese Anfrage ist schon beantwortet.")
    return binding


def _decide(tx: Transaction, binding: Binding, state: BindingState.ValueType) -> None:
    binding.state = int(state)
    binding.decided_at, binding.decided_by = tx.now, tx.principal.required_account()
