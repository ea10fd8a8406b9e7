"""Partner systems: what a firm's administrators let in, with which scopes, and the tokens they get (F95).

in force ──▶ revoked (for good). A secret is shown once and kept as its hash; a newer one lets the former work for
another day. Tokens live ten minutes and name the firm, the scopes and the limit the gateway holds them to.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from joserfc import jwt
from kontor.common.v1.access_pb2 import Scope
from kontor.identity.v1.partner_clients_pb2 import PartnerRate
from kontor.identity.v1.tenants_pb2 import TenantState
from kontor_chassis.clock import Clock
from kontor_chassis.database import Transaction
from kontor_chassis.errors import DomainError, ErrorKind, invalid, not_found
from kontor_chassis.ids import new_id
from kontor_chassis.sentences import said
from kontor_chassis.tokens import ALGORITHM, PERSON_AUDIENCE
from sqlalchemy import func, select, tuple_, update

from kontor_identity.keys import KeyRing
from kontor_identity.partner_tables import PartnerClient, PartnerSecret
from kontor_identity.plans import require_interfaces
from kontor_identity.sealing import new_token, token_hash
from kontor_identity.tables import Tenant

TOKEN_LIFETIME = timedelta(seconds=600)
FORMER_SECRET_WORKS = timedelta(days=1)
MOST_CLIENTS = 50
_RATES = {
    PartnerRate.PARTNER_RATE_SMALL: "small",
    PartnerRate.PARTNER_RATE_MEDIUM: "medium",
    PartnerRate.PARTNER_RATE_LARGE: "large",
}
"""How tokens name the limit to the gateway."""
_IN_FORCE = (TenantState.TENANT_STATE_TRIAL, TenantState.TENANT_STATE_ACTIVE)


@dataclass(frozen=True)
class PartnerToken:
    """An access token of a partner system."""

    access_token: str
    scope: str


def oauth_name(scope: int) -> str:
    """Return how OAuth names a scope: "customers.read"."""
    return Scope.Name(Scope.ValueType(scope)).removeprefix("SCOPE_").lower().replace("_", ".", 1)


async def create_partner_client(
    tx: Transaction, now: datetime, *, tenant_id: UUID, by: UUID, name: str, scopes: Sequence[int], rate: int
) -> tuple[PartnerClient, str]:
    """Let a partner system in; returns it with its secret. Raises PRECONDITION where the plan has no interfaces."""
    await require_interfaces(tx, await tx.session.get_one(Tenant, tenant_id))
    counted = select(func.count()).where(PartnerClient.tenant_id == tenant_id, PartnerClient.revoked_at.is_(None))
    if int((await tx.session.execute(counted)).scalar_one()) >= MOST_CLIENTS:
        raise DomainError(
            ErrorKind.PRECONDITION,
            "TOO_MANY_PARTNER_CLIENTS",
            said("Mehr als %(most)s Zugänge sind nicht möglich.", most=MOST_CLIENTS),
        )
    client = PartnerClient(
        client_id=new_id(),
        tenant_id=tenant_id,
        name=name.strip(),
        scopes=sorted(set(scopes)),
        rate=rate,
        created_at=tx.now,
        created_by=by,
    )
    tx.session.add(client)
    await tx.session.flush()
    return client, _add_secret(tx, client, now)


async def rotate_secret(tx: Transaction, now: datetime, tenant_id: UUID, client_id: UUID) -> tuple[PartnerClient, str]:
    """Make a new secret; the former works for another day. Raises PRECONDITION "PARTNER_CLIENT_REVOKED"."""
    client = await _own(tx, tenant_id, client_id)
    if client.revoked_at is not None:
        raise DomainError(ErrorKind.PRECONDITION, "PARTNER_CLIENT_REVOKED", "Dieser Zugang ist beendet.")
    former = update(PartnerSecret).where(PartnerSecret.client_id == client_id, PartnerSecret.expires_at.is_(None))
    await tx.session.execute(former.values(expires_at=now + FORMER_SECRET_WORKS))
    return client, _add_secret(tx, client, now)


async def revoke_partner_client(tx: Transaction, tenant_id: UUID, client_id: UUID) -> PartnerClient:
    """Shut a partner system out for good; a second time changes nothing."""
    client = await _own(tx, tenant_id, client_id)
    client.revoked_at = client.revoked_at or tx.now
    return client


async def partner_clients(
    tx: Transaction, tenant_id: UUID, after: tuple[Any, UUID], limit: int
) -> list[tuple[PartnerClient, datetime | None]]:
    """Return a firm's partner systems, oldest first, each with when it last got a token."""
    used = (
        select(func.max(PartnerSecret.last_used_at))
        .where(PartnerSecret.client_id == PartnerClient.client_id)
        .scalar_subquery()
    )
    statement = (
        select(PartnerClient, used)
        .where(
            PartnerClient.tenant_id == tenant_id,
            tuple_(PartnerClient.created_at, PartnerClient.client_id) > tuple_(*after),
        )
        .order_by(PartnerClient.created_at, PartnerClient.client_id)
        .limit(limit)
    )
    return [(client, last) for client, last in (await tx.session.execute(statement)).all()]


async def issue_partner_token(
    tx: Transaction, clock: Clock, issuer: str, ring: KeyRing, client_id: UUID, secret: str, scope: str
) -> PartnerToken:
    """Return a token for a partner system that shows its secret.

    Raises UNAUTHENTICATED "CLIENT_REFUSED" (why is nobody's business) and INVALID "SCOPE_NOT_GRANTED".
    """
    now = clock.now()
    client = await _proven(tx, now, client_id, secret)
    granted = {oauth_name(number) for number in client.scopes}
    asked = set(scope.split()) or granted
    if not asked <= granted:
        raise invalid("scope", "Dieser Zugang hat diese Rechte nicht.", reason="SCOPE_NOT_GRANTED")
    claims = {
        "iss": issuer,
        "aud": PERSON_AUDIENCE,
        "sub": str(client.client_id),
        "client_id": str(client.client_id),
        "tid": str(client.tenant_id),
        "name": client.name,
        "scope": " ".join(sorted(asked)),
        "limit": _RATES[PartnerRate.ValueType(client.rate)],
        "jti": str(new_id()),
        "iat": int(now.timestamp()),
        "exp": int((now + TOKEN_LIFETIME).timestamp()),
    }
    header = {"alg": ALGORITHM, "typ": "at+jwt", "kid": ring.signing.kid}
    return PartnerToken(jwt.encode(header, claims, ring.signing), str(claims["scope"]))


async def _proven(tx: Transaction, now: datetime, client_id: UUID, secret: str) -> PartnerClient:
    """Return the client whose secret this is, in a firm that is in force; notes that it was used."""
    row = await tx.session.get(PartnerSecret, token_hash(secret))
    client = await tx.session.get(PartnerClient, client_id)
    if (
        row is None
        or client is None
        or row.client_id != client_id
        or client.revoked_at is not None
        or (row.expires_at is not None and row.expires_at <= now)
    ):
        raise _refused()
    tenant = await tx.session.get_one(Tenant, client.tenant_id)
    if tenant.state not in _IN_FORCE:
        raise _refused()
    await require_interfaces(tx, tenant)
    row.last_used_at = now
    return client


def _add_secret(tx: Transaction, client: PartnerClient, now: datetime) -> str:
    secret = new_token()
    tx.session.add(PartnerSecret(secret_hash=token_hash(secret), client_id=client.client_id, created_at=now))
    return secret


async def _own(tx: Transaction, tenant_id: UUID, client_id: UUID) -> PartnerClient:
    client = await tx.session.get(PartnerClient, client_id, with_for_update=True)
    if client is None or client.tenant_id != tenant_id:
        raise not_found("Dieser Zugang")
    return client


def _refused() -> DomainError:
    return DomainError(ErrorKind.UNAUTHENTICATED, "CLIENT_REFUSED", "Dieser Zugang wird nicht angenommen.")
