"""The authorization server (Authlib): which grants, extensions and endpoints, and how they ask the service.

Code with PKCE S256 only (RFC 6749, 7636, 9700), rotating refresh tokens, RFC 9207 issuer, RFC 7009, RFC 7662, OpenID
Connect Core and RP-Initiated Logout. Authlib is untyped, hence the marks on base classes.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

import grpc
from authlib.integrations.flask_oauth2 import AuthorizationServer
from authlib.oauth2.rfc6749 import InvalidRequestError
from authlib.oauth2.rfc6749.grants import AuthorizationCodeGrant, RefreshTokenGrant
from authlib.oauth2.rfc7009 import RevocationEndpoint
from authlib.oauth2.rfc7636 import CodeChallenge
from authlib.oauth2.rfc7662 import IntrospectionEndpoint
from authlib.oauth2.rfc9207 import IssuerParameter
from authlib.oidc.core import OpenIDCode
from authlib.oidc.rpinitiated import EndSessionEndpoint
from flask import Flask
from kontor.identity.v1 import signin_pb2 as pb

from kontor_identity.http.calls import refusal_in, sign_in_service, sign_in_service_for_visitor
from kontor_identity.http.clients import SCOPES, Client
from kontor_identity.http.partner_client import PARTNER_SCOPES, PartnerClient, PartnerGrant, partner_client

ALGORITHM = "ES256"


@dataclass(frozen=True)
class Visitor:
    """The person in front of the browser, as his session knows him."""

    session: pb.BrowserSession

    def get_user_id(self) -> str:
        """Return the account; Authlib's name for it."""
        return self.session.account_id


@dataclass(frozen=True)
class TakenCode:
    """A code that was taken out of use, as Authlib wants it; `code_challenge_method` is always S256."""

    grant: pb.AuthorizationGrant
    code_challenge_method: str = "S256"

    @property
    def code_challenge(self) -> str:
        """The challenge that the verifier must meet."""
        return self.grant.code_challenge

    def get_redirect_uri(self) -> str:
        """Return where the code went."""
        return self.grant.redirect_uri

    def get_scope(self) -> str:
        """Return the scopes agreed to."""
        return self.grant.scope

    def get_nonce(self) -> str:
        """Return the nonce for the id token."""
        return self.grant.nonce

    def get_auth_time(self) -> int:
        """Return when the person proved who he is."""
        return self.grant.auth_time.seconds


@dataclass(frozen=True)
class RotatedToken:
    """The tokens that came for a refresh token."""

    tokens: pb.Tokens

    def check_client(self, client: Client) -> bool:
        """The service has compared the client already."""
        return True

    def get_scope(self) -> str:
        """Return the scopes agreed to."""
        return self.tokens.scope


class CodeGrant(AuthorizationCodeGrant):  # type: ignore[misc]
    """Authorization code; the code is written, taken and exchanged by the service."""

    TOKEN_ENDPOINT_AUTH_METHODS = ("none",)

    def save_authorization_code(self, code: str, request: Any) -> None:
        """Nothing to save: `generate_authorization_code` had the service write it."""

    def generate_authorization_code(self) -> str:
        """Return a code that the service has written down for the visitor's session."""
        asked = self.request.payload.data
        wanted = pb.CreateAuthorizationCodeRequest(
            session_id=self.request.user.session.session_id,
            client_id=self.request.client.client_id,
            redirect_uri=self.request.payload.redirect_uri or self.request.client.get_default_redirect_uri(),
            scope=self.request.scope,
            nonce=asked.get("nonce", ""),
            code_challenge=asked["code_challenge"],
        )
        return sign_in_service().CreateAuthorizationCode(wanted).code

    def query_authorization_code(self, code: str, client: Client) -> TakenCode | None:
        """Take the code out of use; whatever is wrong with the request afterwards, it cannot be used again."""
        wanted = pb.TakeAuthorizationCodeRequest(code=code, client_id=client.client_id)
        try:
            return TakenCode(sign_in_service().TakeAuthorizationCode(wanted))
        except grpc.RpcError as error:
            refusal_in(error)
            return None

    def delete_authorization_code(self, authorization_code: TakenCode) -> None:
        """Nothing to do: it was taken out of use when it was presented."""

    def authenticate_user(self, authorization_code: TakenCode) -> TakenCode:
        """Return what `generate` needs."""
        return authorization_code


class RefreshGrant(RefreshTokenGrant):  # type: ignore[misc]
    """Refresh token; presented once, rotated by the service in one step."""

    TOKEN_ENDPOINT_AUTH_METHODS = ("none",)
    INCLUDE_NEW_REFRESH_TOKEN = True

    def authenticate_refresh_token(self, refresh_token: str) -> RotatedToken | None:
        """Exchange the token; None when it does not work."""
        wanted = pb.RotateRefreshTokenRequest(
            refresh_token=refresh_token[:200], client_id=self.request.client.client_id
        )
        try:
            return RotatedToken(sign_in_service().RotateRefreshToken(wanted))
        except grpc.RpcError as error:
            refusal_in(error)
            return None

    def authenticate_user(self, refresh_token: RotatedToken) -> RotatedToken:
        """Return what `generate` needs."""
        return refresh_token

    def revoke_old_credential(self, refresh_token: RotatedToken) -> None:
        """Nothing to do: the old token was used up when it was presented."""


class Pkce(CodeChallenge):  # type: ignore[misc]
    """PKCE for every request, S256 only (RFC 9700 2.1.1)."""

    SUPPORTED_CODE_CHALLENGE_METHOD = ("S256",)

    def validate_code_challenge(self, grant: Any, redirect_uri: str) -> None:
        """Refuse a request without a challenge or with another method than S256."""
        asked = grant.request.payload.data
        if not asked.get("code_challenge"):
            raise InvalidRequestError("Missing 'code_challenge'")
        if asked.get("code_challenge_method") != "S256":
            raise InvalidRequestError("The 'code_challenge_method' must be 'S256'")
        if len(asked["code_challenge"]) != 43:
            raise InvalidRequestError("Invalid 'code_challenge'")
        super().validate_code_challenge(grant, redirect_uri)


class IdTokens(OpenIDCode):  # type: ignore[misc]
    """Id tokens; the service signs them together with the access token."""

    def exists_nonce(self, nonce: str, request: Any) -> bool:
        """A nonce is the client's to compare; codes are single-use, so a repeated one gains nobody anything."""
        return False

    def process_token(self, grant: Any, response: Any) -> None:
        """Leave the answer as it is: the id token is in it."""


class Issuer(IssuerParameter):  # type: ignore[misc]
    """Names the issuer in authorization answers (RFC 9207)."""

    def __init__(self, issuer: str, client: Client) -> None:
        self._issuer = issuer
        self._client = client

    def get_issuer(self) -> str:
        """Return the issuer; none under a firm's own domain, where nothing names the platform (F79)."""
        return "" if self._client.is_under_firm_host() else self._issuer


class Revocation(RevocationEndpoint):  # type: ignore[misc]
    """RFC 7009: ends the session of a token."""

    CLIENT_AUTH_METHODS = ("none",)

    def authenticate_token(self, request: Any, client: Client) -> None:
        """Have the service revoke; a token that is unknown, or another client's, is no error (2.2)."""
        self.check_params(request, client)
        wanted = pb.RevokeTokenRequest(token=request.form["token"][:4000], client_id=client.client_id)
        sign_in_service().RevokeToken(wanted)


class Introspection(IntrospectionEndpoint):  # type: ignore[misc]
    """RFC 7662, for the platform's services: they authorize themselves with their own bearer token (2.1)."""

    def authenticate_endpoint_client(self, request: Any) -> None:
        """The service that is asked checks the bearer token."""

    def check_permission(self, token: Any, client: Any, request: Any) -> bool:
        """Whoever may ask at all may ask about every token."""
        return True

    def query_token(self, token_string: str, token_type_hint: str | None) -> pb.IntrospectTokenResponse | None:
        """Return the facts of a working token."""
        wanted = pb.IntrospectTokenRequest(token=token_string[:4000])
        found = sign_in_service_for_visitor().IntrospectToken(wanted)
        return found if found.active else None

    def create_introspection_payload(self, token: pb.IntrospectTokenResponse | None) -> dict[str, Any]:
        """Return the answer's members (2.2)."""
        if token is None:
            return {"active": False}
        return {
            "active": True,
            "sub": token.sub,
            "client_id": token.client_id,
            "scope": token.scope,
            "token_type": token.token_type,
            "iat": token.iat,
            "exp": token.exp,
            "sid": token.sid,
            "iss": self.server.issuer,
        }


class EndSession(EndSessionEndpoint):  # type: ignore[misc]
    """RP-initiated logout: a valid id token needs no confirmation."""

    def get_server_jwks(self) -> dict[str, Any]:
        """Return the keys an id token may be signed with."""
        keys: dict[str, Any] = json.loads(sign_in_service().GetJwks(pb.GetJwksRequest()).jwks_json)
        return keys

    def get_algorithms(self) -> list[str]:
        """Only what this provider signs with."""
        return [ALGORITHM]

    def validate_request(self, request: Any) -> Any:
        """Refuse a hint that this provider did not issue to a client of its own; Authlib checks its signature only."""
        asked = super().validate_request(request)
        claims = asked.id_token_claims
        if claims is not None and (claims.get("iss") != self.server.issuer or asked.client is None):
            raise InvalidRequestError("The 'id_token_hint' was not issued to a client of this provider")
        return asked

    def end_session(self, end_session_request: Any) -> None:
        """End the session the id token belongs to."""
        claims = end_session_request.id_token_claims or {}
        if claims.get("sid"):
            sign_in_service().EndSession(pb.EndSessionRequest(session_id=str(claims["sid"])))


class Provider(AuthorizationServer):  # type: ignore[misc]
    """The authorization server of one installation."""

    def __init__(self, app: Flask, issuer: str, client: Client) -> None:
        self.issuer = issuer
        app.config["OAUTH2_SCOPES_SUPPORTED"] = [*SCOPES, *PARTNER_SCOPES]

        def find(client_id: str) -> Client | PartnerClient | None:
            return client if client_id == client.client_id else partner_client(client_id)

        super().__init__(app, query_client=find)
        self.register_token_generator("default", _tokens)
        self.register_grant(CodeGrant, [Pkce(required=True), IdTokens()])
        self.register_grant(RefreshGrant)
        self.register_grant(PartnerGrant)
        self.register_extension(Issuer(issuer, client))
        self.register_endpoint(Revocation)
        self.register_endpoint(Introspection)
        self.register_endpoint(EndSession)

    def save_token(self, token: dict[str, Any], request: Any) -> None:
        """Nothing to save: the service keeps what must be kept."""


def _tokens(
    *, grant_type: str, client: Client | PartnerClient, user: TakenCode | RotatedToken | None = None, **_ignored: Any
) -> dict[str, Any]:
    """Return the token response's members."""
    if isinstance(client, PartnerClient) and client.token is not None:
        issued = client.token
        return {
            "token_type": "Bearer",
            "access_token": issued.access_token,
            "expires_in": issued.expires_in,
            "scope": issued.scope,
        }
    if isinstance(user, RotatedToken):
        tokens = user.tokens
    elif isinstance(user, TakenCode):
        tokens = sign_in_service().IssueTokens(pb.IssueTokensRequest(grant_id=user.grant.grant_id))
    else:
        raise InvalidRequestError(f"No tokens for the grant {grant_type}")
    answer = {
        "token_type": "Bearer",
        "access_token": tokens.access_token,
        "expires_in": tokens.expires_in,
        "refresh_token": tokens.refresh_token,
        "scope": tokens.scope,
    }
    return answer | ({"id_token": tokens.id_token} if tokens.id_token else {})
