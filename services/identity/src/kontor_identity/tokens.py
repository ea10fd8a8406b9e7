"""Tokens: authorization codes, access tokens (RFC 9068), id tokens, rotating refresh tokens.

Codes and refresh tokens are stored as hashes and work once. A refresh token that is used again ends its session,
because one of the two users is a thief; only within ten seconds, while its successor is unused, does a repetition get
a successor of its own (two tabs of one browser renew at the same moment, or an answer was lost on the way).
Access and id tokens are signed and not stored. Instants are machine time.
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from joserfc import jwt
from kontor.common.v1.access_pb2 import Area, Right, Role
from kontor.identity.v1.events_pb2 import SessionCompromised
from kontor_chassis.clock import Clock
from kontor_chassis.database import Transaction
from kontor_chassis.errors import DomainError, ErrorKind
from kontor_chassis.ids import new_id
from kontor_chassis.tokens import ALGORITHM, PERSON_AUDIENCE
from sqlalchemy import select

from kontor_identity.keys import KeyRing
from kontor_identity.memberships import MembershipView
from kontor_identity.sealing import new_token, token_hash
from kontor_identity.sessions import acting_membership, end_session, renew
from kontor_identity.tables import AuthorizationCode, RefreshToken, Session

ACCESS_LIFETIME = timedelta(seconds=600)
ID_TOKEN_LIFETIME = timedelta(seconds=600)
CODE_LIFETIME = timedelta(seconds=60)
REPETITION_ALLOWED = timedelta(seconds=10)


@dataclass(frozen=True)
class IssuedTokens:
    """Tokens as they go to the client; `id_token` is empty without the scope openid."""

    access_token: str
    refresh_token: str
    id_token: str
    scope: str
    account_id: UUID


@dataclass(frozen=True)
class CodeRequest:
    """What an authorization code is to stand for."""

    session_id: UUID
    client_id: str
    redirect_uri: str
    scope: str
    nonce: str
    code_challenge: str


class Compromised(Exception):  # noqa: N818  # an outcome that must be committed before it is refused
    """A code or refresh token was used twice; its session was ended in this transaction, which must be committed."""


def invalid_grant() -> DomainError:
    """Return the refusal for a code or token that does not work (any more); why is nobody's business."""
    return DomainError(ErrorKind.UNAUTHENTICATED, "INVALID_GRANT", "Bitte melden Sie sich erneut an.")


class TokenIssuer:
    """Signs tokens of one installation."""

    def __init__(self, issuer: str, clock: Clock) -> None:
        self.issuer = issuer
        self.clock = clock

    def access_token(self, ring: KeyRing, session: Session, view: MembershipView, client_id: str, scope: str) -> str:
        """Return an access token for ten minutes; its claims are all that services know of a caller."""
        claims = {
            **self._common(session, view, ACCESS_LIFETIME),
            "aud": PERSON_AUDIENCE,
            "client_id": client_id,
            "scope": scope,
            "tid": str(view.tenant_id),
            "roles": [Role.Name(_role(number)).removeprefix("ROLE_") for number in view.roles],
            "rights": [Right.Name(_right(number)).removeprefix("RIGHT_") for number in view.rights],
            "jti": str(new_id()),
        }
        if view.customer_id is not None:
            claims["cid"], claims["idl"] = str(view.customer_id), str(view.identity_level)
            claims |= closed_claim(view.closed_areas)
        return jwt.encode({"alg": ALGORITHM, "typ": "at+jwt", "kid": ring.signing.kid}, claims, ring.signing)

    def id_token(
        self, ring: KeyRing, session: Session, view: MembershipView, client_id: str, nonce: str, access_token: str
    ) -> str:
        """Return an id token (OpenID Connect Core 2, 3.1.3.6)."""
        half = hashlib.sha256(access_token.encode()).digest()[:16]
        claims = {
            **self._common(session, view, ID_TOKEN_LIFETIME),
            "aud": client_id,
            "at_hash": base64.urlsafe_b64encode(half).rstrip(b"=").decode(),
        }
        if nonce:
            claims["nonce"] = nonce
        return jwt.encode({"alg": ALGORITHM, "typ": "JWT", "kid": ring.signing.kid}, claims, ring.signing)

    def _common(self, session: Session, view: MembershipView, lifetime: timedelta) -> dict[str, Any]:
        now = self.clock.now()
        return {
            "iss": self.issuer,
            "sub": str(view.account_id),
            "sid": str(session.session_id),
            "name": view.display_name,
            "acr": str(session.level),
            "auth_time": int(session.authenticated_at.timestamp()),
            "iat": int(now.timestamp()),
            "exp": int((now + lifetime).timestamp()),
        }


async def create_code(tx: Transaction, now: datetime, wanted: CodeRequest) -> str:
    """Write down an authorization code for an open session that acts for a membership; returns the code."""
    await acting_membership(tx, wanted.session_id, now)
    code = new_token()
    tx.session.add(
        AuthorizationCode(
            code_hash=token_hash(code),
            grant_id=new_id(),
            session_id=wanted.session_id,
            client_id=wanted.client_id,
            redirect_uri=wanted.redirect_uri,
            scope=wanted.scope,
            nonce=wanted.nonce,
            code_challenge=wanted.code_challenge,
            expires_at=now + CODE_LIFETIME,
        )
    )
    return code


async def take_code(tx: Transaction, now: datetime, code: str, client_id: str) -> tuple[AuthorizationCode, Session]:
    """Take a code out of use, whatever comes after; one that gave tokens before ends its session (RFC 6749 4.1.2)."""
    row = await _locked_code(tx, AuthorizationCode.code_hash == token_hash(code))
    if row is None or row.client_id != client_id:
        raise invalid_grant()
    if row.taken_at is not None and row.issued_at is None:
        raise invalid_grant()
    if row.taken_at is not None:
        await _end_compromised(tx, row.session_id, now, "authorization code used twice")
        raise Compromised
    row.taken_at = now
    if row.expires_at <= now:
        raise invalid_grant()
    session, _ = await acting_membership(tx, row.session_id, now)
    return row, session


async def issue_first_tokens(tx: Transaction, issuer: TokenIssuer, ring: KeyRing, grant_id: UUID) -> IssuedTokens:
    """Issue tokens for a code that was taken within the last minute, once."""
    now = issuer.clock.now()
    row = await _locked_code(tx, AuthorizationCode.grant_id == grant_id)
    if row is None or row.taken_at is None or row.issued_at is not None or now - row.taken_at > CODE_LIFETIME:
        raise invalid_grant()
    row.issued_at = now
    session, view = await acting_membership(tx, row.session_id, now)
    renew(session, now)
    refresh = _add_refresh_token(tx, session, now, row.client_id, row.scope, parent=None)
    return _issued(issuer, ring, session, view, refresh, row.client_id, row.scope, row.nonce)


async def rotate_refresh_token(
    tx: Transaction, issuer: TokenIssuer, ring: KeyRing, token: str, client_id: str
) -> IssuedTokens:
    """Exchange a refresh token for new tokens; raises Compromised when it was used before (see the module)."""
    now = issuer.clock.now()
    row = await _locked_refresh_token(tx, token)
    if row is None or row.client_id != client_id or row.expires_at <= now:
        raise invalid_grant()
    session, view = await acting_membership(tx, row.session_id, now)
    if row.used_at is not None and not await _may_be_repeated(tx, row, now):
        await _end_compromised(tx, row.session_id, now, "refresh token used twice")
        _tell(tx, view, session)
        raise Compromised
    row.used_at = row.used_at or now
    renew(session, now)
    refresh = _add_refresh_token(tx, session, now, row.client_id, row.scope, parent=row.token_hash)
    return _issued(issuer, ring, session, view, refresh, row.client_id, row.scope, nonce="")


async def find_refresh_token(tx: Transaction, token: str) -> RefreshToken | None:
    """Return a refresh token's row, used or not."""
    return await tx.session.get(RefreshToken, token_hash(token))


async def _may_be_repeated(tx: Transaction, row: RefreshToken, now: datetime) -> bool:
    if row.used_at is None or now - row.used_at > REPETITION_ALLOWED:
        return False
    used_successor = select(RefreshToken.token_hash).where(
        RefreshToken.parent_hash == row.token_hash, RefreshToken.used_at.is_not(None)
    )
    return (await tx.session.execute(used_successor.limit(1))).first() is None


async def _locked_code(tx: Transaction, condition: Any) -> AuthorizationCode | None:
    return (await tx.session.execute(select(AuthorizationCode).where(condition).with_for_update())).scalar_one_or_none()


async def _locked_refresh_token(tx: Transaction, token: str) -> RefreshToken | None:
    statement = select(RefreshToken).where(RefreshToken.token_hash == token_hash(token)).with_for_update()
    return (await tx.session.execute(statement)).scalar_one_or_none()


async def _end_compromised(tx: Transaction, session_id: UUID, now: datetime, reason: str) -> None:
    await tx.session.flush()
    await end_session(tx, session_id, now, reason)


def _tell(tx: Transaction, view: MembershipView, session: Session) -> None:
    event = SessionCompromised(
        tenant_id=str(view.tenant_id), account_id=str(view.account_id), session_id=str(session.session_id)
    )
    tx.publish(event, aggregate=view.account_id, tenant_id=view.tenant_id)


def _add_refresh_token(
    tx: Transaction, session: Session, now: datetime, client_id: str, scope: str, *, parent: bytes | None
) -> str:
    token = new_token()
    tx.session.add(
        RefreshToken(
            token_hash=token_hash(token),
            session_id=session.session_id,
            client_id=client_id,
            scope=scope,
            parent_hash=parent,
            issued_at=now,
            expires_at=session.expires_at,
        )
    )
    return token


def _issued(
    issuer: TokenIssuer,
    ring: KeyRing,
    session: Session,
    view: MembershipView,
    refresh_token: str,
    client_id: str,
    scope: str,
    nonce: str,
) -> IssuedTokens:
    access = issuer.access_token(ring, session, view, client_id, scope)
    wants_id_token = "openid" in scope.split()
    id_token = issuer.id_token(ring, session, view, client_id, nonce, access) if wants_id_token else ""
    return IssuedTokens(access, refresh_token, id_token, scope, view.account_id)


def closed_claim(closed_areas: Iterable[int]) -> dict[str, list[str]]:
    """Return what a customer's token says about parts of the office that his firm has closed (F53)."""
    names = [Area.Name(Area.ValueType(number)).removeprefix("AREA_") for number in closed_areas]
    return {"closed": names} if names else {}


def _role(number: int) -> Role.ValueType:
    return Role.ValueType(number)


def _right(number: int) -> Right.ValueType:
    return Right.ValueType(number)
