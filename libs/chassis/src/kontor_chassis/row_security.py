"""Row-level security settings: what each transaction tells PostgreSQL about who is asking, and when.

The names are read by the SQL functions `kontor_tenant_id()` and so on (see `schema`). Unset means empty and matches
nothing. Boundary: derives settings from a verified principal; policies themselves are made in migrations.
"""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from kontor.common.v1.access_pb2 import Role

from kontor_chassis.principal import Principal

NOBODY = UUID(int=0)
"""Stands for a missing customer of a customer's token: matches no row."""

_ROLE_NAMES = (
    (Role.ROLE_CUSTOMER, "customer"),
    (Role.ROLE_INSURED_PERSON, "insured"),
    (Role.ROLE_TRUSTED_PERSON, "trusted"),
    (Role.ROLE_STAFF, "staff"),
    (Role.ROLE_ADMINISTRATOR, "staff"),
    (Role.ROLE_EXPERT, "expert"),
    (Role.ROLE_NETWORK, "network"),
    (Role.ROLE_OPERATOR, "operator"),
    (Role.ROLE_SCAN_CENTRE, "scan_centre"),
)


def role_name(principal: Principal) -> str:
    """Return the one word policies know the caller by, for example "staff"; "anonymous" when nobody signed in."""
    if principal.service is not None:
        return "service"
    return next((name for role, name in _ROLE_NAMES if role in principal.roles), "anonymous")


def security_settings(principal: Principal, now: datetime) -> tuple[str, str, str, str, str]:
    """Return tenant, customer, account, role and the installation's time as setting texts.

    Only UUIDs, fixed words and an instant: safe inside literals.
    """
    role = role_name(principal)
    customer = principal.customer_id
    if customer is None and role in ("customer", "insured", "trusted"):
        customer = NOBODY
    return _text(principal.tenant_id), _text(customer), _text(principal.account_id), role, now.isoformat()


def _text(value: UUID | None) -> str:
    return "" if value is None else str(UUID(int=value.int))
