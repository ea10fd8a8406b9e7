"""Memberships: what an account is, in which firm (one account, several roles; F101, F169, F175)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from kontor.common.v1.access_pb2 import IdentityLevel, Role
from kontor.identity.v1.people_pb2 import AddressForm
from kontor.identity.v1.tenants_pb2 import TenantKind, TenantState
from kontor_chassis.database import Transaction
from kontor_chassis.ids import new_id
from sqlalchemy import Row, Select, and_, or_, select

from kontor_identity.proofs.tables import IdentityProofRow
from kontor_identity.service_tiers import closed_for
from kontor_identity.tables import Account, Brand, Customer, Membership, Tenant


@dataclass(frozen=True)
class MembershipView:
    """A membership with the firm it is in, as tokens and pages need it."""

    membership_id: UUID
    account_id: UUID
    email: str
    tenant_id: UUID
    tenant_name: str
    tenant_slug: str
    tenant_kind: int
    customer_id: UUID | None
    form: int
    roles: tuple[int, ...]
    rights: tuple[int, ...]
    display_name: str
    identity_level: int = int(IdentityLevel.IDENTITY_LEVEL_ACCESS)
    """How well it is proved that the account is the customer (F164)."""
    closed_areas: tuple[int, ...] = ()
    """Parts of the office that the firm has closed for its customers (F53)."""


_ROLES_BY_KIND: dict[int, set[Role.ValueType]] = {
    TenantKind.TENANT_KIND_BROKER: {Role.ROLE_STAFF, Role.ROLE_ADMINISTRATOR, Role.ROLE_EXPERT},
    TenantKind.TENANT_KIND_EXPERT: {Role.ROLE_STAFF, Role.ROLE_ADMINISTRATOR, Role.ROLE_EXPERT},
    TenantKind.TENANT_KIND_ADVISER: {Role.ROLE_STAFF, Role.ROLE_ADMINISTRATOR, Role.ROLE_EXPERT},
    TenantKind.TENANT_KIND_PLATFORM: {Role.ROLE_NETWORK, Role.ROLE_OPERATOR, Role.ROLE_SCAN_CENTRE},
}


_OPEN_TO_MEMBER = or_(
    Tenant.state.in_([TenantState.TENANT_STATE_TRIAL, TenantState.TENANT_STATE_ACTIVE]),
    and_(Tenant.state == TenantState.TENANT_STATE_SUSPENDED, Membership.roles.contains([int(Role.ROLE_ADMINISTRATOR)])),
)
"""A firm lets its people in while it is active; suspended, only administrators, to choose, extend or export."""


def grantable_roles(kind: int, wanted: Sequence[int]) -> list[int]:
    """Return the roles a firm of this kind gives to its people; staff comes along with every role of a firm.

    Roles a firm of this kind cannot give are left out, so the result may be empty for the platform organisation.
    """
    possible = _ROLES_BY_KIND.get(kind, set())
    given = {role for role in wanted if role in possible}
    if kind != TenantKind.TENANT_KIND_PLATFORM:
        given |= {Role.ROLE_STAFF}
    return sorted(given)


def add_membership(
    tx: Transaction,
    *,
    account_id: UUID,
    tenant_id: UUID,
    customer_id: UUID | None,
    roles: Sequence[int],
    rights: Sequence[int],
    display_name: str,
    standing: int = 1,
) -> Membership:
    """Make an account a member of a firm."""
    membership = Membership(
        membership_id=new_id(),
        account_id=account_id,
        tenant_id=tenant_id,
        customer_id=customer_id,
        roles=sorted(roles),
        rights=sorted(rights),
        display_name=display_name,
        standing=standing,
        created_at=tx.now,
    )
    tx.session.add(membership)
    return membership


async def memberships_of(tx: Transaction, account_id: UUID) -> list[MembershipView]:
    """Return what the account is in activated firms, in order of the firms' names."""
    statement = _views().where(Membership.account_id == account_id).order_by(Tenant.name, Membership.membership_id)
    return [_view(row) for row in (await tx.session.execute(statement)).all()]


async def membership(tx: Transaction, membership_id: UUID) -> MembershipView | None:
    """Return a membership that is in force, in a firm that is activated."""
    row = (await tx.session.execute(_views().where(Membership.membership_id == membership_id))).one_or_none()
    return _view(row) if row is not None else None


def preferred(memberships: Sequence[MembershipView], firm: str) -> MembershipView | None:
    """Return the only membership, or the only one in the firm with this slug; None when the person has to choose."""
    if len(memberships) == 1:
        return memberships[0]
    there = [one for one in memberships if one.tenant_slug == firm]
    return there[0] if len(there) == 1 else None


def _views() -> Select[Membership, str, str, str, int, int, UUID, list[int], int, int]:
    proof = IdentityProofRow
    return (
        select(
            Membership,
            Account.email,
            Tenant.name,
            Tenant.slug,
            Tenant.kind,
            Customer.form,
            proof.identity_proof_id,
            Brand.closed_areas,
            Customer.tier,
            Tenant.tier_one_access,
        )
        .join(Account, Account.account_id == Membership.account_id)
        .join(Tenant, Tenant.tenant_id == Membership.tenant_id)
        .outerjoin(Brand, Brand.tenant_id == Membership.tenant_id)
        .outerjoin(Customer, Customer.customer_id == Membership.customer_id)
        .outerjoin(
            proof,
            and_(
                proof.customer_id == Membership.customer_id,
                proof.account_id == Membership.account_id,
                proof.ended_at.is_(None),
            ),
        )
        .where(Membership.ended_at.is_(None), _OPEN_TO_MEMBER)
    )


def _view(row: Row[Membership, str, str, str, int, int, UUID, list[int], int, int]) -> MembershipView:
    member, email, name, slug, kind, form, proof_id, closed_areas, tier, tier_one_access = row
    return MembershipView(
        membership_id=member.membership_id,
        account_id=member.account_id,
        email=email,
        tenant_id=member.tenant_id,
        tenant_name=name,
        tenant_slug=slug,
        tenant_kind=kind,
        customer_id=member.customer_id,
        form=AddressForm.ADDRESS_FORM_SIE if Role.ROLE_TRUSTED_PERSON in member.roles or not form else form,
        roles=tuple(member.roles),
        rights=tuple(member.rights),
        display_name=member.display_name,
        identity_level=int(
            IdentityLevel.IDENTITY_LEVEL_PROVEN if proof_id is not None else IdentityLevel.IDENTITY_LEVEL_ACCESS
        ),
        closed_areas=closed_for(tier, tier_one_access, closed_areas or ()),
    )
