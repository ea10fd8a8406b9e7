"""Firms come in: registration and activation. Their states are drawn in the README (F45, F88). Also
what they say about themselves (F168)."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID

from kontor.common.v1.access_pb2 import Role
from kontor.identity.v1.events_pb2 import TenantActivated, TenantRegistered
from kontor.identity.v1.tenants_pb2 import TenantKind, TenantState, TierOneAccess
from kontor_chassis.database import Transaction
from kontor_chassis.database_errors import UniqueError
from kontor_chassis.errors import DomainError, ErrorKind, FieldProblem, invalid, not_found
from kontor_chassis.etags import check_etag
from kontor_chassis.ids import new_id
from sqlalchemy import select

from kontor_identity.accounts import valid_email
from kontor_identity.addresses import PostalAddress
from kontor_identity.invitations import invite_member
from kontor_identity.staff import own_tenant
from kontor_identity.tables import Tenant

TRIAL = timedelta(days=30)
UNRANKED = 1_000_000_000
"""Rank of a firm that nobody has moved in the waiting list: behind all that were, in order of registration."""
CHANGEABLE = frozenset({"name", "email", "phone", "address", "tier_one_access"})
RESERVED_SLUGS = frozenset({"kontor", "www", "api", "admin", "static", "login", "logout", "oauth", "files", "docs"})


@dataclass(frozen=True)
class Registration:
    """What a firm says when it registers (F90)."""

    name: str
    slug: str
    kind: int
    contact_name: str
    contact_email: str
    phone: str = ""
    ihk_number: str = ""
    address: PostalAddress | None = None


@dataclass(frozen=True)
class ProfileChange:
    """New values of a firm's profile."""

    name: str
    email: str
    phone: str
    address: PostalAddress
    tier_one_access: int


async def register_tenant(tx: Transaction, registration: Registration) -> Tenant:
    """Put a firm on the waiting list; raises ALREADY_EXISTS "SLUG_TAKEN"."""
    if registration.slug in RESERVED_SLUGS:
        raise _slug_taken()
    contact_email = valid_email(registration.contact_email, "tenant.contact_email")
    tenant = Tenant(
        tenant_id=new_id(),
        name=registration.name.strip(),
        slug=registration.slug,
        kind=registration.kind or TenantKind.TENANT_KIND_BROKER,
        state=TenantState.TENANT_STATE_WAITING,
        contact_name=registration.contact_name.strip(),
        contact_email=contact_email,
        email=contact_email,
        phone=registration.phone.strip(),
        ihk_number=registration.ihk_number.strip(),
        queue_rank=UNRANKED,
        tier_one_access=TierOneAccess.TIER_ONE_ACCESS_CONTRACT_VIEW,
        created_at=tx.now,
    )
    (registration.address or PostalAddress()).write_to(tenant)
    try:
        async with tx.session.begin_nested():
            tx.session.add(tenant)
    except UniqueError:
        raise _slug_taken() from None
    event = TenantRegistered(tenant_id=str(tenant.tenant_id), name=tenant.name)
    tx.publish(event, aggregate=tenant.tenant_id, tenant_id=tenant.tenant_id)
    return tenant


async def activate_tenant(tx: Transaction, tenant_id: UUID) -> Tenant:
    """Take a firm from the waiting list: the trial starts and its first administrator is invited (F45, F88, F167).

    Experts need no plan, so they have no trial: they pay by the order (F105, F106).

    Raises PRECONDITION "ALREADY_ACTIVATED".
    """
    tenant = (
        await tx.session.execute(select(Tenant).where(Tenant.tenant_id == tenant_id).with_for_update())
    ).scalar_one_or_none()
    if tenant is None:
        raise not_found("Diese Firma")
    if tenant.state != TenantState.TENANT_STATE_WAITING:
        raise DomainError(ErrorKind.PRECONDITION, "ALREADY_ACTIVATED", "Diese Firma ist bereits freigeschaltet.")
    tenant.activated_at = tx.now
    if tenant.kind == TenantKind.TENANT_KIND_EXPERT:
        tenant.state = TenantState.TENANT_STATE_ACTIVE
    else:
        tenant.state = TenantState.TENANT_STATE_TRIAL
        tenant.trial_ends_at = tx.now + TRIAL
    roles = [Role.ROLE_ADMINISTRATOR]
    if tenant.kind == TenantKind.TENANT_KIND_EXPERT:
        roles.append(Role.ROLE_EXPERT)
    invitation = invite_member(tx, tenant, name=tenant.contact_name, email=tenant.contact_email, roles=roles, rights=[])
    tenant.administrator_invitation_id = invitation.invitation_id
    await tx.session.flush()
    event = TenantActivated(tenant_id=str(tenant_id), name=tenant.name, slug=tenant.slug)
    if tenant.trial_ends_at is not None:
        event.trial_end_time.FromDatetime(tenant.trial_ends_at)
    tx.publish(event, aggregate=tenant_id, tenant_id=tenant_id)
    return tenant


async def update_profile(tx: Transaction, change: ProfileChange, *, fields: Iterable[str], etag: str) -> Tenant:
    """Change the caller's own firm's profile and policies."""
    tenant = await own_tenant(tx)
    check_etag(etag, tenant.version)
    for field in fields:
        if field not in CHANGEABLE:
            raise invalid("update_mask", "Diese Angabe lässt sich hier nicht ändern.")
        if field == "address":
            change.address.write_to(tenant)
        elif field == "tier_one_access":
            tenant.tier_one_access = change.tier_one_access or TierOneAccess.TIER_ONE_ACCESS_CONTRACT_VIEW
        elif field == "email":
            tenant.email = valid_email(change.email, "profile.email") if change.email.strip() else ""
        else:
            setattr(tenant, field, getattr(change, field).strip())
    await tx.session.flush()
    return tenant


def _slug_taken() -> DomainError:
    sentence = "Diese Kurzbezeichnung ist schon vergeben. Bitte wählen Sie eine andere."
    return DomainError(ErrorKind.ALREADY_EXISTS, "SLUG_TAKEN", sentence, (FieldProblem("tenant.slug", sentence),))
