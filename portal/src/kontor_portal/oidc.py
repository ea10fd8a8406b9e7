"""The sign-in as an OpenID Connect client: authorization code with PKCE, rotating refresh tokens.

The browser is sent to the public address of `identity`; tokens are fetched over the gateway's internal address.
What must survive between the two requests lies in a signed cookie that lives ten minutes.
"""

from __future__ import annotations

import base64
import hashlib
import secrets
from collections.abc import Mapping
from copy import copy
from dataclasses import asdict, dataclass
from typing import Final
from urllib.parse import urlencode

import httpx
from itsdangerous import BadData, URLSafeTimedSerializer
from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import KeySet

CLIENT_ID: Final = "portal"
FLOW_COOKIE: Final = "office_sign_in"
FLOW_SECONDS: Final = 600
_SCOPE: Final = "openid profile"
UNREACHABLE: Final = "provider_unreachable"
UNREADABLE: Final = "answer_unreadable"
_ANSWERS: Final = (200, 400, 401)
"""What the token endpoint itself says (RFC 6749, 5.1 and 5.2); all else comes from before it, limits included."""
_ANY: Final[Mapping[str, str]] = {}
"""No proof in particular."""


class SignInError(Exception):
    """The sign-in cannot go on; `reason` is a word for logs and tests, the person only gets a way to try again."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason

    @property
    def is_passing(self) -> bool:
        """Whether the provider could not answer just now: it has refused nothing, and the session goes on."""
        return self.reason in (UNREACHABLE, UNREADABLE)


@dataclass(frozen=True)
class Flow:
    """One sign-in under way."""

    state: str
    nonce: str
    verifier: str
    return_to: str

    @classmethod
    def start(cls, return_to: str) -> Flow:
        """Return a new flow with fresh secrets."""
        return cls(secrets.token_urlsafe(24), secrets.token_urlsafe(24), secrets.token_urlsafe(48), return_to)

    @property
    def challenge(self) -> str:
        """The code challenge (S256, RFC 7636)."""
        digest = hashlib.sha256(self.verifier.encode()).digest()
        return base64.urlsafe_b64encode(digest).rstrip(b"=").decode()


@dataclass(frozen=True)
class Tokens:
    """What the token endpoint handed out."""

    access: str
    refresh: str
    access_seconds: int


class FlowCookie:
    """Signs and reads the cookie of a flow."""

    def __init__(self, key: bytes) -> None:
        self._serializer = URLSafeTimedSerializer(key, salt="kontor.sign-in")

    def write(self, flow: Flow) -> str:
        """Return the cookie's value."""
        return self._serializer.dumps(asdict(flow))

    def read(self, value: str | None, state: str | None) -> Flow:
        """Return the flow that belongs to `state`; raises SignInError when there is none or it is too old."""
        try:
            flow = Flow(**self._serializer.loads(value or "", max_age=FLOW_SECONDS))
        except (BadData, TypeError):
            raise SignInError("flow_unknown") from None
        if not state or not secrets.compare_digest(flow.state.encode(), state.encode()):
            raise SignInError("state_mismatch")
        return flow


class OidcClient:
    """Talks to identity's OpenID provider as the public client `portal`."""

    def __init__(self, issuer: str, public_url: str, gateway_address: str) -> None:
        self._issuer = issuer
        self._public_url = public_url
        self._http = httpx.Client(base_url=f"http://{gateway_address}", timeout=10, headers={"origin": public_url})
        self._keys: KeySet | None = None

    def at(self, origin: str) -> OidcClient:
        """Return the client as it acts under an origin of a firm's own (F79); the keys are the same."""
        there = copy(self)
        there._public_url = origin
        return there

    @property
    def redirect_uri(self) -> str:
        """Where identity sends the browser back to."""
        return f"{self._public_url}/auth/callback"

    def authorize_url(self, flow: Flow, firm: str = "", membership: str = "", proof: Mapping[str, str] = _ANY) -> str:
        """Return the address that starts the sign-in, branded for a firm, for one membership where that is known.

        `proof` is what the person has to prove: `max_age` and `acr_values` of OpenID Connect Core 3.1.2.1.
        """
        query = {
            "response_type": "code",
            "client_id": CLIENT_ID,
            "redirect_uri": self.redirect_uri,
            "scope": _SCOPE,
            "state": flow.state,
            "nonce": flow.nonce,
            "code_challenge": flow.challenge,
            "code_challenge_method": "S256",
        }
        query |= {"firm": firm} if firm else {}
        query |= {"membership": membership} if membership else {}
        query |= proof
        return f"{self._public_url}/oauth/authorize?{urlencode(query)}"

    def exchange(self, code: str, flow: Flow, issuer: str | None) -> Tokens:
        """Return the tokens for a code; raises SignInError when provider, code or identity token are not in order."""
        if issuer is not None and issuer != self._issuer:
            raise SignInError("issuer_mismatch")
        answer = self._token(
            {"grant_type": "authorization_code", "code": code, "redirect_uri": self.redirect_uri,
             "code_verifier": flow.verifier}
        )  # fmt: skip
        self._check_identity(str(answer.get("id_token", "")), flow.nonce)
        return _tokens(answer)

    def refresh(self, refresh_token: str) -> Tokens:
        """Return new tokens; raises SignInError when the session is over or, `is_passing`, nobody knows."""
        return _tokens(self._token({"grant_type": "refresh_token", "refresh_token": refresh_token}))

    def revoke(self, refresh_token: str) -> None:
        """End the session at the provider; a provider that cannot be reached is left to the token's own end."""
        data = {"token": refresh_token, "token_type_hint": "refresh_token", "client_id": CLIENT_ID}
        try:
            self._http.post("/oauth/revoke", data=data)
        except httpx.HTTPError:
            return

    def _token(self, data: Mapping[str, str]) -> Mapping[str, object]:
        try:
            response = self._http.post("/oauth/token", data={**data, "client_id": CLIENT_ID})
        except httpx.HTTPError as error:
            raise SignInError(UNREACHABLE) from error
        if response.status_code not in _ANSWERS:
            raise SignInError(UNREACHABLE)
        if response.status_code != 200:
            raise SignInError("refused")
        try:
            answer = response.json()
        except ValueError as error:
            raise SignInError(UNREADABLE) from error
        if not isinstance(answer, dict):
            raise SignInError(UNREADABLE)
        return answer

    def _check_identity(self, id_token: str, nonce: str) -> None:
        registry = jwt.JWTClaimsRegistry(
            iss={"essential": True, "value": self._issuer},
            aud={"essential": True, "value": CLIENT_ID},
            exp={"essential": True},
            nonce={"essential": True, "value": nonce},
        )
        try:
            try:
                token = jwt.decode(id_token, self._provider_keys(), algorithms=["ES256"])
            except (JoseError, ValueError):
                token = jwt.decode(id_token, self._provider_keys(anew=True), algorithms=["ES256"])
            registry.validate(token.claims)
        except (JoseError, ValueError, httpx.HTTPError) as error:
            raise SignInError("id_token_invalid") from error

    def _provider_keys(self, *, anew: bool = False) -> KeySet:
        if self._keys is None or anew:
            response = self._http.get("/oauth/jwks.json")
            response.raise_for_status()
            self._keys = KeySet.import_key_set(response.json())
        return self._keys


def _tokens(answer: Mapping[str, object]) -> Tokens:
    access, refresh, seconds = answer.get("access_token"), answer.get("refresh_token"), answer.get("expires_in", 600)
    if not isinstance(access, str) or not isinstance(refresh, str) or not isinstance(seconds, int):
        raise SignInError(UNREADABLE)
    return Tokens(access, refresh, seconds)
