"""Tokens: what is accepted, what is refused, and how keys are rotated."""

from __future__ import annotations

import base64
import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from joserfc import jwt
from joserfc.jwk import ECKey, OctKey
from kontor.common.v1.access_pb2 import AuthLevel, Role
from kontor_chassis.clock import FixedClock
from kontor_chassis.errors import DomainError, ErrorKind
from kontor_chassis.jwks import JwksKeys
from kontor_chassis.testing.tokens import IssuerForTests
from kontor_chassis.tokens import ServiceTokens, TokenVerifier, public_key

NOW = datetime(2026, 7, 31, 12, 0, tzinfo=UTC)


@pytest.fixture
def issuer(tmp_path: Path) -> IssuerForTests:
    """An issuer with its own keys."""
    return IssuerForTests(tmp_path)


@pytest.fixture
def clock() -> FixedClock:
    """A clock that the test moves."""
    return FixedClock(NOW)


@pytest.fixture
def verifier(issuer: IssuerForTests, clock: FixedClock) -> TokenVerifier:
    """A verifier that trusts the issuer."""
    keys = JwksKeys(issuer.jwks_file.as_uri(), minimum_interval=0)
    return TokenVerifier(issuer.issuer, keys, issuer.folder / "certificates", clock)


async def refusal(verifier: TokenVerifier, token: str) -> str:
    """The reason for which a token is refused."""
    with pytest.raises(DomainError) as refused:
        await verifier.verify(token)
    assert refused.value.kind is ErrorKind.UNAUTHENTICATED
    return refused.value.reason


async def test_person_is_who_the_token_says(issuer: IssuerForTests, verifier: TokenVerifier, clock: FixedClock) -> None:
    """Account, session, tenant, customer, roles and level come from the claims."""
    tenant, customer, account = uuid4(), uuid4(), uuid4()
    token = issuer.token(
        roles=[Role.ROLE_CUSTOMER], tenant_id=tenant, customer_id=customer, account_id=account,
        level=AuthLevel.AUTH_LEVEL_STRONG, clock=clock,
    )  # fmt: skip
    principal = (await verifier.verify(token)).principal
    assert (principal.tenant_id, principal.customer_id, principal.account_id) == (tenant, customer, account)
    assert isinstance(principal.session_id, UUID)
    assert principal.is_customer
    assert principal.level == AuthLevel.AUTH_LEVEL_STRONG
    assert principal.bearer == token


async def test_token_expires_even_when_remembered(
    issuer: IssuerForTests, verifier: TokenVerifier, clock: FixedClock
) -> None:
    """The memory of verified tokens ends with each token (600 s)."""
    token = issuer.token(roles=[Role.ROLE_STAFF], clock=clock)
    first = await verifier.verify(token)
    assert verifier.remembered(token) is first
    clock.advance(timedelta(seconds=600))
    assert verifier.remembered(token) is None
    assert await refusal(verifier, token) == "TOKEN_EXPIRED"


@pytest.mark.parametrize(
    "claims",
    [
        {"iss": "http://elsewhere.example"},
        {"aud": "another"},
        {"aud": None},
        {"aud": "kontor-internal"},
        {"sub": "not-a-uuid"},
        {"exp": None},
        {"exp": "soon"},
        {"tid": "x"},
        {"sub": 7},
        {"iat": int(NOW.timestamp()) + 3600},
    ],
)
async def test_wrong_claims_are_refused(
    issuer: IssuerForTests, verifier: TokenVerifier, clock: FixedClock, claims: dict[str, Any]
) -> None:
    """A right signature over wrong claims proves nothing, and never causes a server error."""
    token = issuer.token(roles=[Role.ROLE_STAFF], clock=clock, **claims)
    assert await refusal(verifier, token) == "TOKEN_INVALID"


@pytest.mark.parametrize("token", ["x", "a.b.c", "a.b", "..", "e30.e30.", "WzFd.WzFd.WzFd", "ä.ö.ü", "e30.e30.e30.e30"])
async def test_garbage_is_refused(verifier: TokenVerifier, token: str) -> None:
    """Whatever comes instead of a token is UNAUTHENTICATED."""
    assert await refusal(verifier, token) == "TOKEN_INVALID"


async def test_unsigned_and_wrongly_signed_tokens_are_refused(
    issuer: IssuerForTests, verifier: TokenVerifier, clock: FixedClock
) -> None:
    """alg=none, a symmetric signature made with the public key, another's key, and a changed payload."""
    good = issuer.token(roles=[Role.ROLE_STAFF], clock=clock)
    header, payload, signature = good.split(".")
    kid = json.loads(base64.urlsafe_b64decode(header + "=="))["kid"]
    claims = json.loads(base64.urlsafe_b64decode(payload + "=="))
    none = base64.urlsafe_b64encode(json.dumps({"alg": "none", "kid": kid}).encode()).rstrip(b"=").decode()
    symmetric = jwt.encode(
        {"alg": "HS256", "kid": kid}, claims, OctKey.import_key(issuer.jwks_file.read_bytes()), algorithms=["HS256"]
    )
    foreign = jwt.encode({"alg": "ES256", "kid": kid}, claims, ECKey.generate_key("P-256"))
    changed = base64.urlsafe_b64encode(json.dumps(claims | {"roles": ["OPERATOR"]}).encode()).rstrip(b"=").decode()
    for token in (f"{none}.{payload}.", symmetric, foreign, f"{header}.{changed}.{signature}"):
        assert await refusal(verifier, token) == "TOKEN_INVALID"


async def test_keys_are_rotated_without_restart(
    issuer: IssuerForTests, verifier: TokenVerifier, clock: FixedClock
) -> None:
    """A token signed with a key published later is accepted; one signed with a withdrawn key is not."""
    old = issuer.token(roles=[Role.ROLE_STAFF], clock=clock)
    await verifier.verify(old)
    withdrawn = issuer.token(roles=[Role.ROLE_STAFF], clock=clock)
    issuer.rotate()
    await verifier.verify(issuer.token(roles=[Role.ROLE_STAFF], clock=clock))
    assert await refusal(verifier, withdrawn) == "TOKEN_INVALID"


async def test_missing_keys_are_not_the_callers_fault(tmp_path: Path, issuer: IssuerForTests) -> None:
    """While the provider cannot be asked, callers are told to come back, not to sign in again."""
    keys = JwksKeys((tmp_path / "nowhere.json").as_uri())
    verifier = TokenVerifier(issuer.issuer, keys, issuer.folder / "certificates")
    with pytest.raises(DomainError) as refused:
        await verifier.verify(issuer.token(roles=[Role.ROLE_STAFF]))
    assert (refused.value.kind, refused.value.reason) == (ErrorKind.UNAVAILABLE, "KEYS_UNAVAILABLE")


async def test_service_proves_itself(issuer: IssuerForTests, verifier: TokenVerifier, clock: FixedClock) -> None:
    """A service's token names it and the tenant, lasts 60 s, and is reused until shortly before."""
    tokens, tenant = ServiceTokens("billing", issuer.service_key("billing"), clock), uuid4()
    token = tokens.token(tenant)
    verified = await verifier.verify(token)
    assert (verified.principal.service, verified.principal.tenant_id) == ("billing", tenant)
    assert verified.expires_at == NOW.timestamp() + 60
    assert tokens.token(tenant) == token
    assert tokens.token() != token
    clock.advance(timedelta(seconds=41))
    assert tokens.token(tenant) != token


async def test_service_cannot_pose_as_another(
    issuer: IssuerForTests, verifier: TokenVerifier, clock: FixedClock
) -> None:
    """A token is checked with the key of the service it names, wherever it was signed."""
    issuer.service_key("billing")
    forged = ServiceTokens("billing", issuer.service_key("chat"), clock).token()
    unknown = ServiceTokens("postman", issuer.service_key("chat"), clock).token()
    outside = ServiceTokens("../certificates/chat", issuer.service_key("chat"), clock).token()
    for token in (forged, unknown, outside):
        assert await refusal(verifier, token) == "TOKEN_INVALID"


def test_certificates_hold_keys_too(tmp_path: Path) -> None:
    """cert-manager mounts certificates, the local installation bare public keys; both name the same key."""
    private = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "billing")])
    certificate = (
        x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(private.public_key())
        .serial_number(1).not_valid_before(NOW).not_valid_after(NOW + timedelta(days=1))
        .sign(private, hashes.SHA256())
    )  # fmt: skip
    bare = private.public_key().public_bytes(
        serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
    )
    from_certificate = public_key(certificate.public_bytes(serialization.Encoding.PEM))
    assert from_certificate.as_dict(private=False)["x"] == public_key(bare).as_dict(private=False)["x"]
