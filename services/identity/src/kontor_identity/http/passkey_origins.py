"""/.well-known/webauthn: which pages may ask for the passkeys of this host (Web Authentication Level 3, 5.11).

A firm's passkeys are bound to the domain that it proved first; its others are named here. The platform names nobody.
"""

from __future__ import annotations

from urllib.parse import urlsplit

from flask import Blueprint, abort, jsonify
from flask.typing import ResponseReturnValue

from kontor_identity.http.brand import Firms
from kontor_identity.http.browser import host_name

_KEPT_SECONDS = 300


def passkey_origins(firms: Firms, public_url: str) -> Blueprint:
    """Return the route; origins have the scheme and port of the platform's."""
    platform = urlsplit(public_url)
    port = f":{platform.port}" if platform.port else ""
    routes = Blueprint("passkey_origins", __name__)

    @routes.get("/.well-known/webauthn")
    def related_origins() -> ResponseReturnValue:
        """Return the origins of the firm's domains, at the one to which its passkeys are bound."""
        here = firms.at(host_name())
        if not here.slug or here.passkey_host != host_name():
            abort(404)
        answer = jsonify(origins=[f"{platform.scheme}://{host}{port}" for host in here.hosts])
        answer.headers["Cache-Control"] = f"public, max-age={_KEPT_SECONDS}"
        return answer

    return routes
