"""Tokens: who a call comes from. Verifies people's access tokens and services' own tokens; signs the latter.

People's tokens (`aud` "kontor") are verified with the identity provider's published keys, services' tokens (`aud`
"kontor-internal") with the public key that the installation holds for each service. Expiry is judged by the machine's
clock and not by the installation's, because the gateway judges it so, too.
"""

from __future__ import annotations

import base64
import json
import secrets
from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import UUID

from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import ECKey
from kontor.common.v1.access_pb2 import Area, AuthLevel, IdentityLevel, Right, Role, Scope

from kontor_chassis.clock import Clock, SystemClock
from kontor_chassis.errors import DomainError, ErrorKind
from kontor_chassis.jwks import KeySource
from kontor_chassis.principal import Principal

PERSON_AUDIENCE = "kontor"
SERVICE_AUDIENCE = "kontor-internal"
ALGORITHM = "ES256"
SERVICE_TOKEN_SECONDS = 60
_REUSE_UNTIL_SECONDS_LEFT = 20
_LEEWAY_SECONDS = 5
_CACHE_SIZE = 10_000
_ROLES = {name.removeprefix("ROLE_"): number for name, number in Role.items()}
_RIGHTS = {name.removeprefix("RIGHT_"): number for name, number in Right.items()}
_AREAS = {name.removeprefix("AREA_"): number for name, number in Area.items() if number}
_ALL_RIGHTS = frozenset(Right.values()) - {Right.RIGHT_UNSPECIFIED}
_SERVICE_PREFIX = "service:"


@dataclass(frozen=True)
class Verified:
    """A principal and until when its token proves it, in seconds since the epoch."""

    principal: Principal
    expires_at: float


class TokenVerifier:
    """Turns a bearer token into a principal; remembers verified tokens until they expire.

    The memory is what makes a hot read cheap: the signature of a token is checked once per process, not per call.
    """

    def __init__(self, issuer: str, keys: KeySource, certificates: Path, clock: Clock | None = None) -> None:
        self._issuer = issuer
        self._keys = keys
        self._certificates = certificates
        self._clock = clock or SystemClock()
        self._verified: OrderedDict[str, Verified] = OrderedDict()

    def remembered(self, token: str) -> Verified | None:
        """Return what an earlier verification of the same, unexpired token gave."""
        known = self._verified.get(token)
        if known is None:
            return None
        if known.expires_at <= self._clock.now().timestamp():
            del self._verified[token]
            return None
        return known

    async def verify(self, token: str) -> Verified:
        """Return the caller that the token proves; raises UNAUTHENTICATED, or UNAVAILABLE when no keys can be had."""
        known = self.remembered(token)
        if known is not None:
            return known
        header, claims = _unverified(token)
        audience = claims.get("aud")
        if audience == PERSON_AUDIENCE:
            key = await self._keys.find(str(header.get("kid", "")))
        elif audience == SERVICE_AUDIENCE:
            key = self._service_key(str(claims.get("iss", "")))
        else:
            raise _invalid_token()
        if key is None:
            raise _invalid_token()
        verified = self._checked(token, key, person=audience == PERSON_AUDIENCE)
        self._verified[token] = verified
        if len(self._verified) > _CACHE_SIZE:
            self._verified.popitem(last=False)
        return verified

    def _checked(self, token: str, key: ECKey, *, person: bool) -> Verified:
        try:
            claims = jwt.decode(token, key, algorithms=[ALGORITHM]).claims
            now = self._clock.now().timestamp()
            if float(claims["exp"]) <= now:
                raise DomainError(
                    ErrorKind.UNAUTHENTICATED,
                    "TOKEN_EXPIRED",
                    "Ihre Anmeldung ist abgelaufen. Bitte melden Sie sich erneut an.",
                )
            if float(claims.get("nbf") or claims.get("iat") or now) > now + _LEEWAY_SECONDS:
                raise _invalid_token()
            if person and claims["iss"] != self._issuer:
                raise _invalid_token()
            principal = _caller(claims, token) if person else service_of(claims)
            return Verified(principal, float(claims["exp"]))
        except (JoseError, KeyError, TypeError, ValueError) as error:
            raise _invalid_token() from error

    def _service_key(self, issuer: str) -> ECKey | None:
        name = issuer.removeprefix(_SERVICE_PREFIX)
        if name == issuer or not name.replace("-", "").isalnum():
            return None
        try:
            return public_key((self._certificates / f"{name}.pem").read_bytes())
        except (FileNotFoundError, ValueError):
            return None


def partner_of(claims: Mapping[str, Any], token: str) -> Principal:
    """Return the partner system of verified claims: within the firm it counts as staff without rights."""
    client_id = UUID(str(claims["sub"]))
    names = (f"SCOPE_{scope.replace('.', '_').upper()}" for scope in str(claims.get("scope", "")).split())
    known = Scope.keys()
    return Principal(
        account_id=client_id,
        partner_client_id=client_id,
        tenant_id=UUID(str(claims["tid"])),
        roles=frozenset({Role.ROLE_STAFF}),
        scopes=frozenset(Scope.Value(name) for name in names if name in known),
        display_name=str(claims.get("name", "")),
        bearer=token,
    )


def person_of(claims: Mapping[str, Any], token: str) -> Principal:
    """Return the person of verified claims; raises ValueError or KeyError when they are malformed.

    A role or right that this version does not know is left out: another replica may already run the next version.
    """
    roles = _known(_ROLES, claims.get("roles", ()))
    rights = _known(_RIGHTS, claims.get("rights", ()))
    if Role.ROLE_ADMINISTRATOR in roles:
        roles |= {Role.ROLE_STAFF}
        rights = _ALL_RIGHTS
    strong, proven = claims.get("acr") == "2", claims.get("idl") == "2"
    return Principal(
        account_id=UUID(str(claims["sub"])),
        session_id=_optional_id(claims.get("sid")),
        tenant_id=_optional_id(claims.get("tid")),
        customer_id=_optional_id(claims.get("cid")),
        roles=roles,
        rights=rights,
        level=AuthLevel.AUTH_LEVEL_STRONG if strong else AuthLevel.AUTH_LEVEL_PASSWORD,
        authenticated_at=float(claims.get("auth_time", 0)),
        identity_level=IdentityLevel.IDENTITY_LEVEL_PROVEN if proven else IdentityLevel.IDENTITY_LEVEL_ACCESS,
        closed_areas=_known(_AREAS, claims.get("closed", ())),
        viewer_account_id=_optional_id(claims.get("act", {}).get("sub")),
        display_name=str(claims.get("name", "")),
        bearer=token,
    )


def service_of(claims: Mapping[str, Any]) -> Principal:
    """Return the service of verified claims, bound to the tenant that the call is for, if any."""
    return Principal.of_service(claims["iss"].removeprefix(_SERVICE_PREFIX), _optional_id(claims.get("tid")))


class ServiceTokens:
    """Signs this service's own tokens; one token per tenant is reused until shortly before it expires."""

    def __init__(self, service: str, key_file: Path, clock: Clock | None = None) -> None:
        self._service = service
        self._key = ECKey.import_key(key_file.read_bytes())
        self._clock = clock or SystemClock()
        self._signed: OrderedDict[UUID | None, tuple[str, float]] = OrderedDict()

    def token(self, tenant_id: UUID | None = None) -> str:
        """Return a token with which this service calls another for itself, for the tenant's sake or for none's."""
        now = self._clock.now().timestamp()
        token, expires_at = self._signed.get(tenant_id, ("", 0.0))
        if expires_at - now > _REUSE_UNTIL_SECONDS_LEFT:
            return token
        claims: dict[str, Any] = {
            "iss": _SERVICE_PREFIX + self._service,
            "aud": SERVICE_AUDIENCE,
            "iat": int(now),
            "exp": int(now) + SERVICE_TOKEN_SECONDS,
            "jti": secrets.token_urlsafe(9),
        }
        if tenant_id is not None:
            claims["tid"] = str(tenant_id)
        token = jwt.encode({"alg": ALGORITHM, "typ": "JWT"}, claims, self._key)
        self._signed[tenant_id] = (token, float(claims["exp"]))
        self._signed.move_to_end(tenant_id)
        if len(self._signed) > _CACHE_SIZE:
            self._signed.popitem(last=False)
        return token


def public_key(pem: bytes) -> ECKey:
    """Return the public key of a PEM file that holds either a key or a certificate; raises ValueError."""
    if b"BEGIN CERTIFICATE" in pem:
        from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePublicKey
        from cryptography.x509 import load_pem_x509_certificate

        key = load_pem_x509_certificate(pem).public_key()
        if not isinstance(key, EllipticCurvePublicKey):
            raise ValueError("not an elliptic-curve certificate")
        return ECKey.import_key(key)
    return ECKey.import_key(pem)


def _caller(claims: Mapping[str, Any], token: str) -> Principal:
    """Return the person, or the partner system: its token is about itself (RFC 9068 2.2)."""
    is_partner = claims.get("client_id") == claims["sub"]
    return partner_of(claims, token) if is_partner else person_of(claims, token)


def _unverified(token: str) -> tuple[dict[str, Any], dict[str, Any]]:
    """Return header and claims before any check; they only choose the key with which the token is then checked."""
    parts = token.split(".")
    try:
        header, claims = (json.loads(base64.urlsafe_b64decode(part + "=" * (-len(part) % 4))) for part in parts[:2])
    except ValueError:
        raise _invalid_token() from None
    if len(parts) != 3 or not isinstance(header, dict) or not isinstance(claims, dict):
        raise _invalid_token()
    return header, claims


def _known(numbers: Mapping[str, int], names: Any) -> frozenset[Any]:
    return frozenset(numbers[name] for name in names if name in numbers)


def _optional_id(text: str | None) -> UUID | None:
    return UUID(str(text)) if text else None


def _invalid_token() -> DomainError:
    return DomainError(
        ErrorKind.UNAUTHENTICATED, "TOKEN_INVALID", "Diese Anmeldung ist ungültig. Bitte melden Sie sich erneut an."
    )
