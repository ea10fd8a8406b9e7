"""Declared authorization: reads `kontor.common.v1.access` of a method and decides who may call it.

Object rights ("is it his customer?") are decided in the use case; here only what the proto declares.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from google.protobuf.descriptor import MethodDescriptor
from kontor.common.v1 import access_pb2
from kontor.common.v1.access_pb2 import Area, AuthLevel, IdentityLevel, Right, Role, Scope

from kontor_chassis.errors import DomainError, ErrorKind
from kontor_chassis.login_strength import require_fresh_login, require_proven_identity, require_strong_login
from kontor_chassis.principal import Principal

ANY_SERVICE = "*"
_STAFF_ROLES = frozenset({Role.ROLE_STAFF, Role.ROLE_ADMINISTRATOR})


@dataclass(frozen=True)
class AccessRule:
    """Who may call one RPC; the meaning of each field stands in `access.proto`."""

    roles: frozenset[Role.ValueType]
    rights: frozenset[Right.ValueType]
    min_level: AuthLevel.ValueType
    anonymous: bool
    services: frozenset[str]
    max_age_seconds: int
    viewable: bool
    scopes: frozenset[Scope.ValueType]
    min_identity: IdentityLevel.ValueType
    area: Area.ValueType

    @staticmethod
    def declared_by(method: MethodDescriptor) -> AccessRule | None:
        """Return the rule in the method's options; None when there is none or it would let nobody in."""
        options = method.GetOptions()
        if not options.HasExtension(access_pb2.access):
            return None
        access = options.Extensions[access_pb2.access]
        if not (access.roles or access.anonymous or access.services):
            return None
        return AccessRule(
            roles=frozenset(access.roles),
            rights=frozenset(access.rights),
            min_level=access.min_level,
            anonymous=access.anonymous,
            services=frozenset(access.services),
            max_age_seconds=access.max_age_seconds,
            viewable=access.viewable,
            scopes=frozenset(access.scopes),
            area=access.area,
            min_identity=access.min_identity,
        )

    def admit(self, caller: Principal) -> Principal:
        """Return the caller as he may act in this call; raises UNAUTHENTICATED or FORBIDDEN for anybody not declared.

        Each role is checked for itself: who is staff without a declared right acts in his other roles only, so that
        nothing behind this takes him for staff.
        """
        if self.anonymous:
            return caller
        if caller.service is not None:
            if caller.service not in self.services and ANY_SERVICE not in self.services:
                raise _forbidden("SERVICE_NOT_ALLOWED")
            return caller
        if caller.account_id is None:
            raise DomainError(ErrorKind.UNAUTHENTICATED, "NOT_SIGNED_IN", "Bitte melden Sie sich an.")
        if caller.partner_client_id is not None:
            if not self.scopes & caller.scopes:
                raise _forbidden("SCOPE_MISSING")
            return caller
        return self._admit_person(caller)

    def _admit_person(self, caller: Principal) -> Principal:
        is_viewer = caller.viewer_account_id is not None
        if is_viewer and not self.viewable:
            raise _forbidden("VIEW_ONLY")
        acting_as = self.roles & caller.roles
        if not acting_as:
            raise _forbidden("ROLE_NOT_ALLOWED")
        if self.area in caller.closed_areas and caller.is_customer:
            raise _closed()
        if not self.rights <= caller.rights:
            acting_as -= _STAFF_ROLES
            if is_viewer or not acting_as:
                raise _forbidden("RIGHT_MISSING")
            if caller.is_staff:
                caller = replace(caller, roles=caller.roles - _STAFF_ROLES)
        if self.min_level == AuthLevel.AUTH_LEVEL_STRONG:
            require_strong_login(caller)
        if self.max_age_seconds:
            require_fresh_login(caller, self.max_age_seconds)
        is_staff = is_viewer or bool(acting_as & _STAFF_ROLES)
        if self.min_identity == IdentityLevel.IDENTITY_LEVEL_PROVEN and not is_staff:
            require_proven_identity(caller)
        return caller


def _closed() -> DomainError:
    return DomainError(
        ErrorKind.FORBIDDEN,
        "AREA_CLOSED",
        "Diesen Bereich bietet Ihr Makler nicht an. Bitte sprechen Sie ihn an, wenn Sie ihn brauchen.",
    )


def _forbidden(reason: str) -> DomainError:
    return DomainError(ErrorKind.FORBIDDEN, reason, "Dazu sind Sie nicht berechtigt.")
