"""Row 6: access tokens signed and verified per second of one core, against the signature alone.

One process, one thread, counted in processor time, so that other work on the machine does not count. Kontor's side is
what runs for every token: claims, identifiers, JSON, ES256; when verifying also key choice, times, issuer and the
caller's roles. The peer signs and verifies texts of the same length with the same library and knows no token.
"""

from __future__ import annotations

import asyncio
import tempfile
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from statistics import median
from uuid import uuid4

from cryptography.hazmat.primitives.asymmetric.ec import ECDSA, SECP256R1, generate_private_key
from cryptography.hazmat.primitives.hashes import SHA256
from joserfc.jwk import ECKey
from kontor.common.v1.access_pb2 import Role
from kontor_chassis.clock import SystemClock
from kontor_chassis.tokens import TokenVerifier
from kontor_identity.keys import KeyRing
from kontor_identity.memberships import MembershipView
from kontor_identity.tables import Session
from kontor_identity.tokens import TokenIssuer

from bench.results import Row, share

ROUNDS = 5
TOKENS = 2000
ISSUER = "http://localhost:8080"


def measure() -> list[Row]:
    """Sign and verify in turns with the peer; returns one row for each."""
    key = ECKey.generate_key("P-256", {"kid": "bench"})
    issuing, private = _Issuing(key), generate_private_key(SECP256R1())
    text = issuing.token().rpartition(".")[0].encode()
    signature = private.sign(text, ECDSA(SHA256()))
    public = private.public_key()
    signed: list[str] = []
    speeds: dict[str, list[float]] = {"issued": [], "signing": [], "verified": [], "verifying": []}
    for _ in range(ROUNDS + 1):
        speeds["issued"].append(_per_second(lambda: signed.append(issuing.token())))
        speeds["signing"].append(_per_second(lambda: private.sign(text, ECDSA(SHA256()))))
        speeds["verified"].append(_verified_per_second(key, signed))
        speeds["verifying"].append(_per_second(lambda: public.verify(signature, text, ECDSA(SHA256()))))
        signed.clear()
    issued, signing, verified, verifying = (median(measured[1:]) for measured in speeds.values())
    return [
        share("access tokens issued by one core", issued, signing, "tokens/s", 25),
        share("access tokens verified by one core, each seen for the first time", verified, verifying, "tokens/s", 33),
    ]


class _Issuing:
    """A customer's session, and what identity makes of it for every token."""

    def __init__(self, key: ECKey) -> None:
        now = datetime.now(UTC)  # the machine's time, as tokens bear it
        self._issuer = TokenIssuer(ISSUER, SystemClock())
        self._ring = KeyRing(key, (), now)
        self._session = Session(session_id=uuid4(), level=1, authenticated_at=now)
        self._view = MembershipView(
            membership_id=uuid4(), account_id=uuid4(), email="mara@messing.example", tenant_id=uuid4(),
            tenant_name="Messing & Partner", tenant_slug="messing", tenant_kind=1, customer_id=uuid4(), form=1,
            roles=(Role.ROLE_CUSTOMER,), rights=(), display_name="Mara Messwert",
        )  # fmt: skip

    def token(self) -> str:
        """Return a new access token."""
        return self._issuer.access_token(self._ring, self._session, self._view, "portal", "openid profile")


class _OneKey:
    """A published key."""

    def __init__(self, key: ECKey) -> None:
        self._key = ECKey.import_key(key.as_dict(private=False))

    async def find(self, _kid: str) -> ECKey:
        """Return the key."""
        return self._key


def _per_second(work: Callable[[], object]) -> float:
    began = time.process_time()
    for _ in range(TOKENS):
        work()
    return TOKENS / (time.process_time() - began)


def _verified_per_second(key: ECKey, signed: list[str]) -> float:
    with tempfile.TemporaryDirectory() as no_certificates:
        verifier = TokenVerifier(ISSUER, _OneKey(key), Path(no_certificates))
        return asyncio.run(_verify(verifier, signed))


async def _verify(verifier: TokenVerifier, signed: list[str]) -> float:
    began = time.process_time()
    for token in signed:
        await verifier.verify(token)
    return len(signed) / (time.process_time() - began)
