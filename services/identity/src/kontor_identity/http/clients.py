"""The clients of the provider: only the platform's own portal, a public client that proves itself by PKCE."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from authlib.oauth2.rfc6749 import ClientMixin, list_to_scope, scope_to_list
from flask import request

from kontor_identity.http.browser import host_name

SCOPES = ("openid", "profile", "email")


@dataclass(frozen=True)
class Client(ClientMixin):  # type: ignore[misc]  # Authlib is untyped
    """A registered client; method names are Authlib's."""

    client_id: str
    redirect_uris: tuple[str, ...]
    post_logout_redirect_uris: tuple[str, ...]
    is_firm_host: Callable[[str], bool] = lambda _host: False
    """Whether a host name is a firm's own and proved."""

    @property
    def client_metadata(self) -> dict[str, Any]:
        """What the logout endpoint reads."""
        return {"post_logout_redirect_uris": list(self.post_logout_redirect_uris)}

    def get_client_id(self) -> str:
        """Return the id."""
        return self.client_id

    def get_default_redirect_uri(self) -> str:
        """Return where codes go when a request names no address."""
        return self.redirect_uris[0]

    def get_allowed_scope(self, scope: str | None) -> str:
        """Return those of the scopes asked for that exist; the portal's usual ones when it asks for none."""
        wanted = scope_to_list(scope) if scope else ["openid", "profile"]
        return str(list_to_scope([one for one in wanted if one in SCOPES]))

    def check_redirect_uri(self, redirect_uri: str) -> bool:
        """Whether the address is registered, character by character (RFC 9700 2.1).

        Under a firm's own domain (F79) that is the same path there, for requests that came to this domain themselves.
        """
        return redirect_uri in self.redirect_uris or redirect_uri == self._under_firm_host()

    def is_under_firm_host(self) -> bool:
        """Whether the request came to a host name that a firm has proved to be its own."""
        here = host_name()
        return here != urlsplit(self.redirect_uris[0]).hostname and self.is_firm_host(here)

    def _under_firm_host(self) -> str:
        """Return the portal's address under the host of the request, "" unless that is a firm's own."""
        if not self.is_under_firm_host():
            return ""
        return urlsplit(self.redirect_uris[0])._replace(netloc=request.host).geturl()

    def check_client_secret(self, client_secret: str) -> bool:
        """A public client has none."""
        return False

    def check_endpoint_auth_method(self, method: str, endpoint: str) -> bool:
        """Whether the client may authenticate so."""
        return method == "none"

    def check_response_type(self, response_type: str) -> bool:
        """Whether the client may ask for this."""
        return response_type == "code"

    def check_grant_type(self, grant_type: str) -> bool:
        """Whether the client may exchange this."""
        return grant_type in ("authorization_code", "refresh_token")


def portal_client(public_url: str, is_firm_host: Callable[[str], bool]) -> Client:
    """Return the portal as a client of this installation."""
    return Client("portal", (f"{public_url}/auth/callback",), (f"{public_url}/",), is_firm_host)
