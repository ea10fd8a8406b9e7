"""How the OpenID edge is put together."""

from __future__ import annotations

from urllib.parse import urlsplit

from flask import Flask, Response, request
from flask.typing import ResponseReturnValue
from kontor_chassis.edge import Problem, edge_app, problem_json

from kontor_identity.config import IdentityHttpSettings
from kontor_identity.http.access_code import AccessCodePages
from kontor_identity.http.brand import Firms
from kontor_identity.http.browser import Cookies
from kontor_identity.http.clients import portal_client
from kontor_identity.http.i18n import language, t
from kontor_identity.http.oauth import OAuthEndpoints
from kontor_identity.http.pages import CONTENT_SECURITY_POLICY, Pages
from kontor_identity.http.passkey_origins import passkey_origins
from kontor_identity.http.provider import Provider
from kontor_identity.http.steps import Steps

EDGE = "identity-http"
_PAGES = ("/login", "/logout", "/invitation/", "/password", "/email/", "/oauth/authorize")


def create_app(settings: IdentityHttpSettings | None = None) -> Flask:
    """Return the WSGI application; settings come from the environment unless given."""
    loaded = settings or IdentityHttpSettings.load()
    cookies = Cookies(loaded.cookie_key_file.read_bytes().strip(), secure=loaded.cookies_are_secure)

    def show_problem(problem: Problem) -> ResponseReturnValue:
        if not request.path.startswith(_PAGES):
            return problem_json(problem)
        return pages.show_error(problem.status, problem.message, problem.reference or problem.reason)

    app = edge_app(EDGE, loaded, __name__, show_problem=show_problem, static_folder=None)
    app.jinja_env.trim_blocks = app.jinja_env.lstrip_blocks = True
    app.jinja_env.globals["t"] = t
    app.context_processor(lambda: {"language": language()})
    firms = Firms()
    provider = Provider(app, loaded.issuer, portal_client(loaded.public_url, lambda host: bool(firms.at(host).slug)))
    pages = Pages(provider, cookies, firms, urlsplit(loaded.public_url).hostname or "")
    app.register_blueprint(pages.blueprint())
    app.register_blueprint(AccessCodePages(pages, cookies).blueprint())
    app.register_blueprint(Steps(pages, cookies).blueprint())
    app.register_blueprint(passkey_origins(firms, loaded.public_url))
    app.register_blueprint(OAuthEndpoints(provider, cookies, pages.show_error).blueprint())
    app.after_request(_harden)
    return app


def _harden(response: Response) -> Response:
    """Nothing runs in these pages unless a page says so, nothing frames them, nothing keeps them."""
    response.headers.setdefault("Content-Security-Policy", CONTENT_SECURITY_POLICY)
    response.headers["X-Content-Type-Options"] = "nosniff"
    response.headers["Referrer-Policy"] = "same-origin"  # with no-referrer, browsers send forms with `Origin: null`
    response.headers.setdefault("Cache-Control", "no-store")
    return response
