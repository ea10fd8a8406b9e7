"""Everybody who may try to call an RPC, and what its declaration says about each of them.

The expectation is computed here from the descriptors alone, independently of the interceptor that enforces it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any
from uuid import UUID

from kontor.common.v1.access_pb2 import Access, Area, AuthLevel, IdentityLevel, Right, Role, Scope
from kontor_chassis.clock import SystemClock
from kontor_chassis.principal import Principal
from kontor_chassis.testing.tokens import service_token_for, token_for
from kontor_tools.plan import SERVICES

TENANT = UUID("01890000-0000-7000-8000-000000000001")
CUSTOMER = UUID("01890000-0000-7000-8000-000000000002")
LONG_AGO = 1_750_000_000
"""When somebody signed in who has not proved who he is for a long time."""
PARTNER = UUID("01890000-0000-7000-8000-000000000004")
CALLING_SERVICES = (*SERVICES, "stranger")
ROLES = [role for role in Role.values() if role != Role.ROLE_UNSPECIFIED]
RIGHTS = [right for right in Right.values() if right != Right.RIGHT_UNSPECIFIED]
STAFF_ROLES = {Role.ROLE_STAFF, Role.ROLE_ADMINISTRATOR}


@dataclass(frozen=True)
class Caller:
    """Somebody with one token, or without any."""

    name: str
    token: str
    roles: frozenset[int] = frozenset()
    rights: frozenset[int] = frozenset()
    strong: bool = False
    fresh: bool = True
    """Whether he signed in just now."""
    proven: bool = False
    """Whether it is proved who the customer is."""
    viewing: bool = False
    """Whether he is staff who looks at the office as a customer."""
    service: str = ""
    scope: int = 0
    """The one scope of a partner system."""
    all_closed: bool = False
    """Whether his firm has closed every part of the office for its customers."""

    @property
    def is_anonymous(self) -> bool:
        """Whether he has no token at all."""
        return not self.token

    @property
    def principal(self) -> Principal:
        """The person of the token, who has just signed in."""
        return Principal(
            account_id=PARTNER,
            tenant_id=TENANT,
            customer_id=CUSTOMER,
            roles=frozenset(Role.ValueType(role) for role in self.roles),
            rights=frozenset(Right.ValueType(right) for right in self.rights),
            level=AuthLevel.AUTH_LEVEL_STRONG,
            authenticated_at=SystemClock().now().timestamp(),
        )

    def may_call(self, access: Access) -> bool:
        """Whether the declaration lets him in."""
        if access.anonymous:
            return True
        if self.is_anonymous:
            return False
        if self.service:
            return self.service in access.services or "*" in access.services
        if self.scope:
            return self.scope in access.scopes
        if self.viewing and not access.viewable:
            return False
        acting_as = self.roles & set(access.roles)
        if not acting_as:
            return False
        if self.all_closed and access.area:
            return False
        if not any(self._has_rights_for(role, access) for role in acting_as):
            return False
        if access.max_age_seconds and not self.fresh:
            return False
        if access.min_identity == IdentityLevel.IDENTITY_LEVEL_PROVEN and not self._needs_no_proof(access):
            return False
        return self.strong or access.min_level != AuthLevel.AUTH_LEVEL_STRONG

    def acts_as(self, access: Access) -> set[int]:
        """The roles that the RPC may take him for, once it has let him in."""
        return {role for role in self.roles if self._has_rights_for(role, access)}

    def _has_rights_for(self, role: int, access: Access) -> bool:
        return (role not in STAFF_ROLES and not self.viewing) or set(access.rights) <= self.rights

    def _needs_no_proof(self, access: Access) -> bool:
        as_staff = self.acts_as(access) & set(access.roles) & STAFF_ROLES
        return self.proven or self.viewing or bool(as_staff)


def person(
    name: str,
    *roles: Role.ValueType,
    rights: frozenset[int] = frozenset(),
    strong: bool = False,
    fresh: bool = True,
    proven: bool = False,
    viewer: UUID | None = None,
    closed: Sequence[str] = (),
) -> Caller:
    """Return somebody who acts in exactly these roles."""
    implied = {Role.ROLE_STAFF} if Role.ROLE_ADMINISTRATOR in roles else set()
    held = frozenset(RIGHTS) if Role.ROLE_ADMINISTRATOR in roles else rights
    is_customer = bool({Role.ROLE_CUSTOMER, Role.ROLE_TRUSTED_PERSON, Role.ROLE_INSURED_PERSON} & set(roles))
    claims: dict[str, Any] = {} if fresh else {"auth_time": LONG_AGO}
    claims |= {"act": {"sub": str(viewer)}} if viewer else {}
    claims |= {"closed": list(closed)} if closed else {}
    token = token_for(
        roles=roles,
        rights=[right for right in RIGHTS if right in rights],
        tenant_id=TENANT,
        customer_id=CUSTOMER if is_customer else None,
        level=AuthLevel.AUTH_LEVEL_STRONG if strong else AuthLevel.AUTH_LEVEL_PASSWORD,
        proven=proven,
        **claims,
    )
    return Caller(name, token, frozenset(roles) | implied, held, strong, fresh, proven)


def partner(scope: int) -> Caller:
    """Return a partner system of the firm with one scope."""
    name = Scope.Name(Scope.ValueType(scope))
    oauth_name = name.removeprefix("SCOPE_").lower().replace("_", ".", 1)
    token = token_for(roles=[], tenant_id=TENANT, account_id=PARTNER, client_id=str(PARTNER), scope=oauth_name)
    return Caller(f"partner with {name}", token, scope=scope)


def callers() -> list[Caller]:
    """Return nobody, every role with and without a second factor, staff with each single right or a second role, and
    every service."""
    people = [
        person(f"{Role.Name(role)}{' strong' if strong else ''}", role, strong=strong)
        for role in ROLES
        for strong in (False, True)
    ]
    staff = [
        person(f"staff with {Right.Name(right)}", Role.ROLE_STAFF, rights=frozenset({right}), strong=True)
        for right in RIGHTS
    ]
    two_roles = [
        person(f"staff without rights and {Role.Name(role)}", Role.ROLE_STAFF, role, strong=True)
        for role in ROLES
        if role not in STAFF_ROLES
    ]
    all_rights = person("staff with all rights", Role.ROLE_STAFF, rights=frozenset(RIGHTS), strong=True)
    tired = [person(f"{Role.Name(role)} signed in long ago", role, strong=True, fresh=False) for role in ROLES]
    proven = person("ROLE_CUSTOMER proven", Role.ROLE_CUSTOMER, proven=True)
    watcher = replace(
        person("staff who look as a customer", Role.ROLE_CUSTOMER, viewer=CUSTOMER, strong=True), viewing=True
    )
    areas = [Area.Name(area).removeprefix("AREA_") for area in Area.values() if area]
    shut_out = replace(person("customer whose firm closed all", Role.ROLE_CUSTOMER, closed=areas), all_closed=True)
    partners = [partner(scope) for scope in Scope.values() if scope != Scope.SCOPE_UNSPECIFIED]
    services = [Caller(f"service {name}", service_token_for(name, TENANT), service=name) for name in CALLING_SERVICES]
    staff += [*two_roles, all_rights]
    return [Caller("nobody", ""), *people, *tired, proven, *staff, *partners, watcher, shut_out, *services]
