"""Tokens for tests: an issuer with its own key, and keys for services, in a folder of the test run.

`token_for` and `service_token_for` sign with one issuer per process, `test_issuer()`; whatever is started with its
`settings()` accepts them.
"""

from __future__ import annotations

import json
import tempfile
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any
from uuid import UUID

from joserfc import jwt
from joserfc.jwk import ECKey, KeySet
from kontor.common.v1.access_pb2 import AuthLevel, Right, Role

from kontor_chassis.clock import Clock, SystemClock
from kontor_chassis.ids import new_id
from kontor_chassis.tokens import ALGORITHM, PERSON_AUDIENCE, ServiceTokens

ISSUER = "http://localhost:8080"
LIFETIME_SECONDS = 600


@dataclass
class IssuerForTests:
    """Signs people's tokens and publishes its keys as a file; makes a key pair for each service it is asked about."""

    folder: Path
    issuer: str = ISSUER

    def __post_init__(self) -> None:
        (self.folder / "certificates").mkdir(parents=True, exist_ok=True)
        self.rotate()

    @property
    def jwks_file(self) -> Path:
        """The published keys."""
        return self.folder / "jwks.json"

    def rotate(self) -> None:
        """Sign with a new key from now on, and publish only that one."""
        self._key = ECKey.generate_key("P-256")
        self._key.ensure_kid()
        published = KeySet([self._key]).as_dict(private=False)
        self.jwks_file.write_text(json.dumps(published), encoding="ascii")

    def settings(self, service: str) -> dict[str, Any]:
        """Return the settings that make `service` accept this issuer's tokens and sign its own."""
        return {
            "issuer": self.issuer,
            "jwks_url": self.jwks_file.as_uri(),
            "service_key_file": self.service_key(service),
            "service_certificates_dir": self.folder / "certificates",
        }

    def service_key(self, service: str) -> Path:
        """Return the private key file of a service; its public key is published beside the others'."""
        private = self.folder / f"{service}.key.pem"
        if not private.exists():
            key = ECKey.generate_key("P-256")
            (self.folder / "certificates" / f"{service}.pem").write_bytes(key.as_pem(private=False))
            private.write_bytes(key.as_pem(private=True))
        return private

    def token(
        self,
        *,
        roles: Iterable[Role.ValueType],
        tenant_id: UUID | None = None,
        customer_id: UUID | None = None,
        account_id: UUID | None = None,
        rights: Iterable[Right.ValueType] = (),
        level: AuthLevel.ValueType = AuthLevel.AUTH_LEVEL_PASSWORD,
        proven: bool = False,
        name: str = "Test Person",
        lifetime: int = LIFETIME_SECONDS,
        clock: Clock | None = None,
        **claims: Any,
    ) -> str:
        """Return an access token as the identity provider would sign it; `claims` overrides single claims."""
        now = int((clock or SystemClock()).now().timestamp())
        given: dict[str, Any] = {
            "iss": self.issuer,
            "aud": PERSON_AUDIENCE,
            "sub": str(account_id or new_id()),
            "sid": str(new_id()),
            "name": name,
            "roles": [Role.Name(role).removeprefix("ROLE_") for role in roles],
            "rights": [Right.Name(right).removeprefix("RIGHT_") for right in rights],
            "acr": "2" if level == AuthLevel.AUTH_LEVEL_STRONG else "1",
            "idl": "2" if proven else "1",
            "auth_time": now,
            "jti": str(new_id()),
            "iat": now,
            "exp": now + lifetime,
        }
        given |= {"tid": str(tenant_id)} if tenant_id else {}
        given |= {"cid": str(customer_id)} if customer_id else {}
        return jwt.encode({"alg": ALGORITHM, "typ": "at+jwt", "kid": self._key.kid}, given | claims, self._key)

    def service_token(self, service: str, tenant_id: UUID | None = None) -> str:
        """Return a token that `service` would sign for itself."""
        return ServiceTokens(service, self.service_key(service)).token(tenant_id)


@cache
def test_issuer() -> IssuerForTests:
    """Return the issuer of this test run."""
    return IssuerForTests(Path(tempfile.mkdtemp(prefix="kontor-test-keys-")))


test_issuer.__test__ = False  # type: ignore[attr-defined]  # pytest must not take it for a test


def token_for(
    *,
    roles: Iterable[Role.ValueType],
    tenant_id: UUID | None = None,
    customer_id: UUID | None = None,
    account_id: UUID | None = None,
    rights: Iterable[Right.ValueType] = (),
    level: AuthLevel.ValueType = AuthLevel.AUTH_LEVEL_PASSWORD,
    **claims: Any,
) -> str:
    """Return an access token of the test run's issuer."""
    return test_issuer().token(
        roles=roles,
        tenant_id=tenant_id,
        customer_id=customer_id,
        account_id=account_id,
        rights=rights,
        level=level,
        **claims,
    )


def service_token_for(service: str, tenant_id: UUID | None = None) -> str:
    """Return a service token that anything started with the test run's issuer accepts."""
    return test_issuer().service_token(service, tenant_id)
