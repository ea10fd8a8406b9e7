"""A firm's partner system as a client of the provider (client credentials); the service knows it, the edge does not."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

import grpc
from authlib.oauth2.rfc6749 import ClientMixin, InvalidScopeError
from authlib.oauth2.rfc6749.grants import ClientCredentialsGrant
from flask import request
from kontor.common.v1.access_pb2 import Scope
from kontor.identity.v1 import signin_steps_pb2 as pb

from kontor_identity.http.calls import refusal_in, steps_service

PARTNER_SCOPES = tuple(
    Scope.Name(scope).removeprefix("SCOPE_").lower().replace("_", ".", 1)
    for scope in Scope.values()
    if scope != Scope.SCOPE_UNSPECIFIED
)
"""What partner systems may be granted, as OAuth names it."""
CLIENT_SECRET_METHODS = ("client_secret_basic", "client_secret_post")


@dataclass
class PartnerClient(ClientMixin):  # type: ignore[misc]  # Authlib is untyped
    """A partner system; once it has shown the right secret, it has its token. Method names are Authlib's."""

    client_id: str
    token: pb.ClientToken | None = None

    def get_client_id(self) -> str:
        """Return the id."""
        return self.client_id

    def get_allowed_scope(self, scope: str | None) -> str:
        """Return the scopes of its token."""
        return self.token.scope if self.token is not None else ""

    def check_redirect_uri(self, redirect_uri: str) -> bool:
        """Nobody is sent anywhere on its behalf."""
        return False

    def check_client_secret(self, client_secret: str) -> bool:
        """Have the service check the secret and issue the token; raises invalid_scope for what it was not granted."""
        wanted = pb.IssueClientTokenRequest(
            client_id=self.client_id, client_secret=client_secret[:200], scope=request.form.get("scope", "")[:500]
        )
        try:
            self.token = steps_service().IssueClientToken(wanted)
        except grpc.RpcError as error:
            if refusal_in(error).reason == "SCOPE_NOT_GRANTED":
                raise InvalidScopeError from error
            return False
        return True

    def check_endpoint_auth_method(self, method: str, endpoint: str) -> bool:
        """Whether the client may authenticate so."""
        return method in CLIENT_SECRET_METHODS

    def check_response_type(self, response_type: str) -> bool:
        """It asks for no codes."""
        return False

    def check_grant_type(self, grant_type: str) -> bool:
        """Whether the client may exchange this."""
        return grant_type == "client_credentials"


class PartnerGrant(ClientCredentialsGrant):  # type: ignore[misc]  # Authlib is untyped
    """Client credentials (RFC 6749 4.4); the token came when the secret was checked."""

    TOKEN_ENDPOINT_AUTH_METHODS = CLIENT_SECRET_METHODS


def partner_client(client_id: str) -> PartnerClient | None:
    """Return the partner system that an id may be; None for what is none."""
    try:
        return PartnerClient(client_id) if str(UUID(client_id)) == client_id else None
    except ValueError:
        return None
