"""What a token stands for and whether it still works (RFC 7662), and revocation (RFC 7009).

An access token works here only while its session is open, although services honour it until it expires by itself.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import KeySet
from kontor_chassis.database import Transaction
from kontor_chassis.errors import DomainError
from kontor_chassis.tokens import ALGORITHM, PERSON_AUDIENCE

from kontor_identity.keys import KeyRing
from kontor_identity.sessions import acting_membership, end_session
from kontor_identity.tokens import find_refresh_token


@dataclass(frozen=True)
class TokenFacts:
    """What a working token stands for; instants in seconds since 1970."""

    account_id: UUID
    session_id: UUID
    client_id: str
    scope: str
    kind: str
    issued_at: int
    expires_at: int


async def introspect(tx: Transaction, ring: KeyRing, issuer: str, now: datetime, token: str) -> TokenFacts | None:
    """Return the facts of a token that works; None for every other string."""
    facts = _access_token_facts(ring, issuer, now, token) or await _refresh_token_facts(tx, now, token)
    if facts is None:
        return None
    try:
        session, _ = await acting_membership(tx, facts.session_id, now)
    except DomainError:
        return None
    return facts if session.account_id == facts.account_id else None


async def revoke(tx: Transaction, ring: KeyRing, issuer: str, now: datetime, token: str, client_id: str) -> None:
    """End the session of a token that was issued to this client; other strings do nothing."""
    facts = await introspect(tx, ring, issuer, now, token)
    if facts is not None and facts.client_id == client_id:
        await end_session(tx, facts.session_id, now, "revoked by the client")


async def _refresh_token_facts(tx: Transaction, now: datetime, token: str) -> TokenFacts | None:
    row = await find_refresh_token(tx, token)
    if row is None or row.used_at is not None or row.expires_at <= now:
        return None
    try:
        session, _ = await acting_membership(tx, row.session_id, now)
    except DomainError:
        return None
    return TokenFacts(
        account_id=session.account_id,
        session_id=session.session_id,
        client_id=row.client_id,
        scope=row.scope,
        kind="refresh_token",
        issued_at=int(row.issued_at.timestamp()),
        expires_at=int(row.expires_at.timestamp()),
    )


def _access_token_facts(ring: KeyRing, issuer: str, now: datetime, token: str) -> TokenFacts | None:
    try:
        keys = KeySet.import_key_set({"keys": list(ring.published)})
        claims: dict[str, Any] = jwt.decode(token, keys, algorithms=[ALGORITHM]).claims
        if claims["iss"] != issuer or claims["aud"] != PERSON_AUDIENCE or claims["exp"] <= now.timestamp():
            return None
        return TokenFacts(
            account_id=UUID(claims["sub"]),
            session_id=UUID(claims["sid"]),
            client_id=str(claims["client_id"]),
            scope=str(claims["scope"]),
            kind="access_token",
            issued_at=int(claims["iat"]),
            expires_at=int(claims["exp"]),
        )
    except (JoseError, KeyError, ValueError, TypeError):
        return None
