"""Staff of a firm: names, roles and rights (F194). Who works for a firm is a membership without a customer."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from uuid import UUID

from kontor.common.v1.access_pb2 import Role
from kontor.identity.v1.events_pb2 import StaffChanged
from kontor_chassis.database import Transaction
from kontor_chassis.errors import DomainError, ErrorKind, invalid, not_found
from kontor_chassis.etags import check_etag
from sqlalchemy import Select, select

from kontor_identity.memberships import grantable_roles
from kontor_identity.tables import Account, Customer, Membership, Tenant

CHANGEABLE = frozenset({"display_name", "phone", "roles", "rights"})


@dataclass(frozen=True)
class StaffChange:
    """New values of an employee."""

    display_name: str
    phone: str
    roles: Sequence[int]
    rights: Sequence[int]


@dataclass(frozen=True)
class StaffMember:
    """An employee with his e-mail address."""

    member: Membership
    email: str


async def update_staff(
    tx: Transaction, account_id: UUID, change: StaffChange, *, fields: Iterable[str], etag: str
) -> StaffMember:
    """Change an employee; the last administrator stays one (PRECONDITION "LAST_ADMINISTRATOR")."""
    tenant = await own_tenant(tx)
    locked = staff_of(tenant.tenant_id).where(Membership.account_id == account_id).with_for_update(of=Membership)
    row = (await tx.session.execute(locked)).one_or_none()
    if row is None:
        raise not_found("Diese Person")
    member, email = row
    check_etag(etag, member.version)
    for field in fields:
        if field not in CHANGEABLE:
            raise invalid("update_mask", "Diese Angabe lässt sich hier nicht ändern.")
        if field == "roles":
            await _set_roles(tx, tenant, member, change.roles)
        elif field == "rights":
            member.rights = sorted(set(change.rights))
        else:
            setattr(member, field, getattr(change, field).strip())
    if tx.session.is_modified(member):
        await tx.session.flush()
        event = StaffChanged(tenant_id=str(tenant.tenant_id), account_id=str(account_id))
        event.roles.extend(Role.ValueType(number) for number in member.roles)
        tx.publish(event, aggregate=account_id)
    return StaffMember(member, email)


async def own_tenant(tx: Transaction) -> Tenant:
    """Return the caller's firm."""
    tenant = await tx.session.get(Tenant, tx.principal.required_tenant())
    if tenant is None:
        raise not_found("Diese Firma")
    return tenant


async def responsibles_of(tx: Transaction, customer: Customer) -> list[StaffMember]:
    """Return who is responsible for a customer, in order; people who left the firm are left out."""
    wanted = list(customer.responsible_account_ids)
    if not wanted:
        return []
    statement = staff_of(customer.tenant_id).where(Membership.account_id.in_(wanted))
    found = {member.account_id: StaffMember(member, email) for member, email in await _all(tx, statement)}
    return [found[account_id] for account_id in wanted if account_id in found]


async def administrators_of(tx: Transaction, tenant_id: UUID) -> list[UUID]:
    """Return the accounts of a firm's administrators, the longest in office first."""
    statement = (
        staff_of(tenant_id)
        .where(Membership.roles.contains([Role.ROLE_ADMINISTRATOR]))
        .order_by(Membership.created_at, Membership.membership_id)
    )
    return [member.account_id for member, _ in await _all(tx, statement)]


def staff_of(tenant_id: UUID) -> Select[Membership, str]:
    """Return the select of a firm's staff with their e-mail addresses."""
    return (
        select(Membership, Account.email)
        .join(Account, Account.account_id == Membership.account_id)
        .where(
            Membership.tenant_id == tenant_id,
            Membership.customer_id.is_(None),
            Membership.ended_at.is_(None),
        )
    )


async def _all(tx: Transaction, statement: Select[Membership, str]) -> Sequence[tuple[Membership, str]]:
    return [(member, email) for member, email in (await tx.session.execute(statement)).all()]


async def _set_roles(tx: Transaction, tenant: Tenant, member: Membership, roles: Sequence[int]) -> None:
    granted = grantable_roles(tenant.kind, roles)
    if not set(roles) <= set(granted):
        raise invalid("staff.roles", "Diese Rolle kann Ihre Firma nicht vergeben.", reason="ROLE_NOT_GRANTABLE")
    steps_down = Role.ROLE_ADMINISTRATOR in member.roles and Role.ROLE_ADMINISTRATOR not in granted
    if steps_down:
        # Locks the firm, so that two administrators cannot step down at the same moment.
        await tx.session.refresh(tenant, with_for_update=True)
        if await administrators_of(tx, tenant.tenant_id) == [member.account_id]:
            raise DomainError(
                ErrorKind.PRECONDITION,
                "LAST_ADMINISTRATOR",
                "Ihre Firma braucht mindestens einen Administrator. Bitte ernennen Sie zuerst einen anderen.",
            )
    member.roles = granted
