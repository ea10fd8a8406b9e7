"""Staff who look at the office as a customer: for ten minutes, reading only, written down for him and told to him.

The token acts as the customer (`cid`) but says who is behind it (`act`, RFC 8693); every service admits it only to RPCs
that declare `viewable`, within the rights of the viewer. It is not tied to a refresh token, so it ends by itself.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from uuid import UUID

from joserfc import jwt
from kontor.common.v1.access_pb2 import Right, Role
from kontor.identity.v1.events_pb2 import CustomerViewStarted
from kontor_chassis.clock import Clock
from kontor_chassis.database import Transaction
from kontor_chassis.errors import DomainError, ErrorKind
from kontor_chassis.ids import new_id
from kontor_chassis.principal import Principal
from kontor_chassis.tokens import ALGORITHM, PERSON_AUDIENCE
from sqlalchemy import select, tuple_

from kontor_identity.brand_tables import CustomerView
from kontor_identity.customers import customer_in_sight
from kontor_identity.keys import KeyRing
from kontor_identity.names import display_name
from kontor_identity.service_tiers import closed_for
from kontor_identity.tables import Brand, Customer, Tenant
from kontor_identity.tokens import closed_claim

VIEW_LIFETIME = timedelta(minutes=10)
_CUSTOMER = Role.Name(Role.ROLE_CUSTOMER).removeprefix("ROLE_")


async def start_view(tx: Transaction, customer_id: UUID, reason: str) -> tuple[CustomerView, Customer]:
    """Write down that a member of staff looks at the office as a customer of his firm, and tell the customer."""
    caller = tx.principal
    if caller.customer_id is not None:
        raise DomainError(ErrorKind.FORBIDDEN, "ROLE_NOT_ALLOWED", "Nur Mitarbeiter sehen das Büro als Kunde an.")
    customer = await customer_in_sight(tx, customer_id)
    view = CustomerView(
        view_id=new_id(),
        tenant_id=customer.tenant_id,
        customer_id=customer_id,
        account_id=caller.required_account(),
        viewer_name=caller.display_name,
        reason=reason.strip(),
        started_at=tx.now,
        expires_at=tx.now + VIEW_LIFETIME,
    )
    tx.session.add(view)
    await tx.session.flush()
    started = CustomerViewStarted(
        tenant_id=str(customer.tenant_id),
        customer_id=str(customer_id),
        view_id=str(view.view_id),
        account_id=str(view.account_id),
    )
    tx.publish(started, aggregate=customer_id)
    return view, customer


async def areas_closed_for(tx: Transaction, customer: Customer) -> Sequence[int]:
    """Return the parts of the office that are closed for a customer: by his firm (F53), by his tier (F7)."""
    brand = await tx.session.get(Brand, customer.tenant_id)
    tenant = await tx.session.get_one(Tenant, customer.tenant_id)
    return closed_for(customer.tier, tenant.tier_one_access, brand.closed_areas if brand else ())


def view_token(
    ring: KeyRing, issuer: str, clock: Clock, viewer: Principal, customer: Customer, closed_areas: Sequence[int]
) -> str:
    """Return the access token of a view."""
    now = int(clock.now().timestamp())
    account_id = str(viewer.required_account())
    name = display_name(customer.salutation, customer.title, customer.given_name, customer.family_name)
    claims = {
        "iss": issuer,
        "aud": PERSON_AUDIENCE,
        "sub": account_id,
        "sid": str(viewer.session_id or ""),
        "client_id": "portal",
        "scope": "openid",
        "name": name,
        "tid": str(customer.tenant_id),
        "cid": str(customer.customer_id),
        "roles": [_CUSTOMER],
        "rights": [Right.Name(right).removeprefix("RIGHT_") for right in sorted(viewer.rights)],
        "acr": "1",
        "auth_time": int(viewer.authenticated_at),
        "act": {"sub": account_id},
        "jti": str(new_id()),
        "iat": now,
        "exp": now + int(VIEW_LIFETIME.total_seconds()),
        **closed_claim(closed_areas),
    }
    return jwt.encode({"alg": ALGORITHM, "typ": "at+jwt", "kid": ring.signing.kid}, claims, ring.signing)


async def views_of(tx: Transaction, customer_id: UUID, before: tuple[object, UUID], limit: int) -> list[CustomerView]:
    """Return who looked at a customer's office, newest first, from `before` on."""
    await customer_in_sight(tx, customer_id)
    statement = (
        select(CustomerView)
        .where(
            CustomerView.customer_id == customer_id,
            tuple_(CustomerView.started_at, CustomerView.view_id) < tuple_(*before),
        )
        .order_by(CustomerView.started_at.desc(), CustomerView.view_id.desc())
        .limit(limit)
    )
    return list((await tx.session.execute(statement)).scalars())
