"""The endpoints of OAuth 2 and OpenID Connect: authorize, token, revoke, introspect, userinfo, keys, discovery."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable
from typing import Any, cast
from urllib.parse import urlencode

import grpc
from authlib.common.urls import add_params_to_uri
from authlib.oauth2 import OAuth2Error
from flask import Blueprint, Response, jsonify, redirect, request
from flask.typing import ResponseReturnValue
from kontor.common.v1.access_pb2 import AuthLevel
from kontor.identity.v1 import signin_pb2 as pb
from kontor.identity.v1.accounts_pb2 import GetMeRequest
from kontor_chassis.clock import SystemClock
from kontor_chassis.edge import visitor_token
from kontor_chassis.errors import DomainError, ErrorKind

from kontor_identity.http.browser import Cookies, open_session
from kontor_identity.http.calls import public_service, refusal_in, sign_in_service
from kontor_identity.http.clients import SCOPES
from kontor_identity.http.pages import STRONG
from kontor_identity.http.partner_client import CLIENT_SECRET_METHODS, PARTNER_SCOPES
from kontor_identity.http.provider import ALGORITHM, Provider, Visitor

_CLAIMS = ["iss", "sub", "aud", "exp", "iat", "auth_time", "nonce", "at_hash", "sid", "acr", "name", "locale", "email"]

ShowError = Callable[[int, str, str], ResponseReturnValue]


class OAuthEndpoints:
    """The endpoints and what they need; `show_error` renders a page for a visitor who cannot be sent back."""

    def __init__(self, provider: Provider, cookies: Cookies, show_error: ShowError) -> None:
        self._provider = provider
        self._cookies = cookies
        self._show_error = show_error

    def blueprint(self) -> Blueprint:
        """Return the routes."""
        routes = Blueprint("oauth", __name__)
        routes.add_url_rule("/oauth/authorize", view_func=self.authorize, methods=["GET", "POST"])
        routes.add_url_rule("/oauth/token", view_func=self.token, methods=["POST"])
        routes.add_url_rule("/oauth/revoke", view_func=self.revoke, methods=["POST"])
        routes.add_url_rule("/oauth/introspect", view_func=self.introspect, methods=["POST"])
        routes.add_url_rule("/oauth/userinfo", view_func=self.userinfo, methods=["GET", "POST"])
        routes.add_url_rule("/oauth/jwks.json", view_func=self.jwks, methods=["GET"])
        for path in ("/.well-known/openid-configuration", "/.well-known/oauth-authorization-server"):
            routes.add_url_rule(path, endpoint=path.rpartition("/")[2], view_func=self.discovery, methods=["GET"])
        return routes

    def authorize(self) -> ResponseReturnValue:
        """Send the browser back with a code, or to the sign-in page first."""
        session = open_session(self._cookies)
        try:
            grant = self._provider.get_consent_grant(end_user=Visitor(session) if session else None)
        except OAuth2Error as error:
            return self._refused(error)
        asked = request.values
        if (
            session is None
            or _too_old(session, asked.get("max_age", ""))
            or grant.prompt in ("login", "select_account")
        ):
            return _to_sign_in(choose=session is not None and grant.prompt == "select_account")
        if STRONG in asked.get("acr_values", "").split() and session.level < AuthLevel.AUTH_LEVEL_STRONG:
            return _to_second_factor()
        if not session.membership_id or asked.get("membership"):
            chosen = _chosen(session, asked.get("membership", ""))
            if chosen is None:
                return _to_sign_in(choose=True)
            session = chosen
        response: Response = self._provider.create_authorization_response(grant_user=Visitor(session), grant=grant)
        response.headers["Cache-Control"] = "no-store"
        return self._cookies.remember(response, session.session_id)

    def token(self) -> ResponseReturnValue:
        """Exchange a code or a refresh token."""
        return self._answered(self._provider.create_token_response)

    def revoke(self) -> ResponseReturnValue:
        """Revoke the session of a token."""
        return self._answered(lambda: self._provider.create_endpoint_response("revocation"))

    def introspect(self) -> ResponseReturnValue:
        """Say what a token stands for."""
        return self._answered(lambda: self._provider.create_endpoint_response("introspection"))

    def userinfo(self) -> ResponseReturnValue:
        """Return the claims about the person that the token's scopes cover (OpenID Connect Core 5.3)."""
        token = visitor_token()
        if not token:
            return _bearer_challenge(401, "")
        try:
            me = public_service(signed_in=True).GetMe(GetMeRequest())
        except grpc.RpcError as error:
            return _unauthorized(refusal_in(error))
        scopes = str(_claims(token).get("scope", "")).split()
        claims: dict[str, Any] = {"sub": me.account_id}
        if "profile" in scopes:
            claims |= {"name": me.display_name, "locale": "de-DE"}
        if "email" in scopes:
            claims |= {"email": me.email, "email_verified": True}
        return _uncached(jsonify(claims))

    def jwks(self) -> ResponseReturnValue:
        """Return the public keys."""
        found = sign_in_service().GetJwks(pb.GetJwksRequest())
        return Response(
            found.jwks_json, mimetype="application/jwk-set+json", headers={"Cache-Control": "public, max-age=60"}
        )

    def discovery(self) -> ResponseReturnValue:
        """Return the provider's metadata (RFC 8414, OpenID Connect Discovery)."""
        issuer = self._provider.issuer
        document = {
            "issuer": issuer,
            "authorization_endpoint": f"{issuer}/oauth/authorize",
            "token_endpoint": f"{issuer}/oauth/token",
            "userinfo_endpoint": f"{issuer}/oauth/userinfo",
            "jwks_uri": f"{issuer}/oauth/jwks.json",
            "revocation_endpoint": f"{issuer}/oauth/revoke",
            "introspection_endpoint": f"{issuer}/oauth/introspect",
            "end_session_endpoint": f"{issuer}/logout",
            "scopes_supported": [*SCOPES, *PARTNER_SCOPES],
            "response_types_supported": ["code"],
            "response_modes_supported": ["query"],
            "grant_types_supported": ["authorization_code", "refresh_token", "client_credentials"],
            "code_challenge_methods_supported": ["S256"],
            "token_endpoint_auth_methods_supported": ["none", *CLIENT_SECRET_METHODS],
            "revocation_endpoint_auth_methods_supported": ["none"],
            "id_token_signing_alg_values_supported": [ALGORITHM],
            "subject_types_supported": ["public"],
            "claims_supported": _CLAIMS,
            "acr_values_supported": ["1", STRONG],
            "prompt_values_supported": ["none", "login", "select_account"],
            "ui_locales_supported": ["de-DE"],
            "authorization_response_iss_parameter_supported": True,
            "request_parameter_supported": False,
            "request_uri_parameter_supported": False,
        }
        response = jsonify(document)
        response.headers["Cache-Control"] = "public, max-age=300"
        return response

    def _answered(self, answer: Callable[[], Response]) -> ResponseReturnValue:
        try:
            return _uncached(answer())
        except grpc.RpcError as error:
            refused = refusal_in(error)
            if refused.kind in (ErrorKind.UNAUTHENTICATED, ErrorKind.FORBIDDEN):
                return _unauthorized(refused)
            if refused.kind is ErrorKind.INVALID:
                return _uncached(jsonify(error="invalid_request"), 400)
            return _uncached(jsonify(error="temporarily_unavailable"), 503)

    def _refused(self, error: OAuth2Error) -> ResponseReturnValue:
        if not error.redirect_uri:
            return self._show_error(400, "Diese Anmeldung kann nicht fortgesetzt werden.", str(error.error))
        response: Response = self._provider.handle_error_response(None, error)
        response.headers["Location"] = add_params_to_uri(response.headers["Location"], [("iss", self._provider.issuer)])
        return response


def _to_sign_in(*, choose: bool) -> ResponseReturnValue:
    """Send the visitor to the sign-in page, and from there back here without being asked again."""
    dropped = ("prompt", "max_age", "membership") if choose else ("prompt", "max_age")
    asked = {name: value for name, value in request.values.items() if name not in dropped}
    query = {"next": f"/oauth/authorize?{urlencode(asked)}"}
    query |= {"firm": asked["firm"]} if asked.get("firm") else {}
    query |= {"choose": "1"} if choose else {"again": "1"}
    return redirect(f"/login?{urlencode(query)}", code=303)


def _to_second_factor() -> ResponseReturnValue:
    """Send the visitor to prove a second factor, and from there back here."""
    query = {"next": f"/oauth/authorize?{urlencode(dict(request.values.items()))}", "level": STRONG}
    return redirect(f"/login?{urlencode(query)}", code=303)


def _too_old(session: pb.BrowserSession, max_age: str) -> bool:
    """Whether the client wants a fresher proof than the session's (OpenID Connect Core 3.1.2.1)."""
    if not max_age.isdecimal():
        return False
    return SystemClock().now().timestamp() - session.auth_time.seconds > int(max_age)


def _chosen(session: pb.BrowserSession, membership_id: str) -> pb.BrowserSession | None:
    """Return the session acting for the membership asked for, or for the only one; None when he has to choose."""
    own = [one.membership_id for one in session.memberships]
    wanted = membership_id if membership_id in own else (own[0] if len(own) == 1 else "")
    if not wanted:
        return session if session.membership_id and not membership_id else None
    choice = pb.ChooseMembershipRequest(session_id=session.session_id, membership_id=wanted)
    return sign_in_service().ChooseMembership(choice)


def _unauthorized(refused: DomainError) -> ResponseReturnValue:
    if refused.kind is ErrorKind.FORBIDDEN:
        return _bearer_challenge(403, "insufficient_scope")
    return _bearer_challenge(401, "invalid_token")


def _bearer_challenge(status: int, error: str) -> ResponseReturnValue:
    response = jsonify({"error": error} if error else {})
    response.status_code = status
    response.headers["WWW-Authenticate"] = (
        f'Bearer realm="kontor", error="{error}"' if error else 'Bearer realm="kontor"'
    )
    return _uncached(response, status)


def _uncached(response: Response, status: int | None = None) -> Response:
    if status is not None:
        response.status_code = status
    response.headers["Cache-Control"] = "no-store"
    response.headers["Pragma"] = "no-cache"
    return response


def _claims(token: str) -> dict[str, Any]:
    """Return the claims of a token that the service has just accepted."""
    payload = token.split(".")[1]
    return cast(dict[str, Any], json.loads(base64.urlsafe_b64decode(payload + "=" * (-len(payload) % 4))))
