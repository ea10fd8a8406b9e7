"""The platform organisation and its first people: made by the installation itself, because nobody can invite them.

Idempotent: what exists is left as it is, a password too.
"""

from __future__ import annotations

from uuid import UUID

from kontor.common.v1.access_pb2 import Role
from kontor.identity.v1.events_pb2 import StaffAdded, TenantActivated
from kontor.identity.v1.tenants_pb2 import TenantKind, TenantState, TierOneAccess
from kontor_chassis.database import Transaction, UnitOfWork
from kontor_chassis.ids import new_id
from sqlalchemy import select, text

from kontor_identity.accounts import create_account, find_account, normal_email
from kontor_identity.directory import DIRECTORY
from kontor_identity.memberships import add_membership, memberships_of
from kontor_identity.passwords import PasswordVault
from kontor_identity.tables import Tenant

PLATFORM_SLUG = "kontor"
PLATFORM_NAME = "Kontor"
_ONE_AT_A_TIME = text("SELECT pg_advisory_xact_lock(hashtext('kontor bootstrap'))")


async def bootstrap_person(
    work: UnitOfWork, passwords: PasswordVault, *, email: str, name: str, role: Role.ValueType, password: str
) -> bool:
    """Make a person an operator or network organiser; whether anything had to be done."""
    async with work.work(DIRECTORY) as tx:
        await tx.session.execute(_ONE_AT_A_TIME)
        tenant_id = await _platform(tx, email, name)
        stored = await find_account(tx, email)
        account_id = stored.account_id if stored else await create_account(tx, email, await passwords.hash(password))
        if any(view.tenant_id == tenant_id and role in view.roles for view in await memberships_of(tx, account_id)):
            return False
        add_membership(
            tx, account_id=account_id, tenant_id=tenant_id, customer_id=None, roles=[role], rights=[], display_name=name
        )
        added = StaffAdded(tenant_id=str(tenant_id), account_id=str(account_id), display_name=name, roles=[role])
        tx.publish(added, aggregate=account_id, tenant_id=tenant_id)
        await tx.commit()
        return True


async def _platform(tx: Transaction, email: str, name: str) -> UUID:
    """Return the platform organisation, made now if this is a new installation."""
    known = await tx.session.scalar(select(Tenant.tenant_id).where(Tenant.slug == PLATFORM_SLUG))
    if known is not None:
        return known
    tenant = Tenant(
        tenant_id=new_id(),
        name=PLATFORM_NAME,
        slug=PLATFORM_SLUG,
        kind=TenantKind.TENANT_KIND_PLATFORM,
        state=TenantState.TENANT_STATE_ACTIVE,
        contact_name=name,
        contact_email=normal_email(email),
        tier_one_access=TierOneAccess.TIER_ONE_ACCESS_CONTRACT_VIEW,
        created_at=tx.now,
        activated_at=tx.now,
    )
    tx.session.add(tenant)
    await tx.session.flush()
    event = TenantActivated(tenant_id=str(tenant.tenant_id), name=tenant.name, slug=tenant.slug)
    tx.publish(event, aggregate=tenant.tenant_id, tenant_id=tenant.tenant_id)
    return tenant.tenant_id
