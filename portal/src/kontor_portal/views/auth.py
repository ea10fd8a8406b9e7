"""Signing in and out: /auth/login, /auth/callback, /auth/refresh, /auth/logout; language choice."""

from __future__ import annotations

from urllib.parse import quote

from flask import Blueprint, g, make_response, redirect, render_template, request
from flask.typing import ResponseReturnValue

from kontor_portal import cookies, firms, mail_language
from kontor_portal.extension import portal
from kontor_portal.i18n import LANGUAGES
from kontor_portal.links import safe_path
from kontor_portal.oidc import FLOW_COOKIE, Flow, OidcClient, SignInError
from kontor_portal.requests import current_session, home_of, own_origin
from kontor_portal.session import FIRM_COOKIE, REFRESH_COOKIE, read_session

auth = Blueprint("auth", __name__)


@auth.get("/auth/login")
def login() -> ResponseReturnValue:
    """Send the browser to identity with a new flow."""
    flow = Flow.start(safe_path(request.args.get("next"), ""))
    firm = g.get("host_slug") or request.args.get("firm") or request.cookies.get(FIRM_COOKIE, "")
    proof = {name: request.args[name] for name in ("max_age", "acr_values") if name in request.args}
    url = _provider().authorize_url(flow, firm, request.args.get("membership", ""), proof)
    response = redirect(url)
    cookies.set_flow(response, portal().flows.write(flow))
    return response


@auth.get("/auth/callback")
def callback() -> ResponseReturnValue:
    """Take the code, fetch the tokens, go where the person wanted to go."""
    try:
        flow = portal().flows.read(request.cookies.get(FLOW_COOKIE), request.args.get("state"))
        if "error" in request.args:
            raise SignInError(request.args["error"])
        tokens = _provider().exchange(request.args.get("code", ""), flow, request.args.get("iss"))
        session = read_session(tokens.access)
        if session is None:
            raise SignInError("access_token_invalid")
    except SignInError as error:
        return _failed(error)
    person = firms.person(session)
    response = redirect(flow.return_to or home_of(session, in_expert_firm=person.is_expert_firm), 303)
    cookies.set_tokens(response, tokens)
    cookies.set_person(response, person)
    cookies.clear_flow(response)
    return response


@auth.route("/auth/refresh", methods=["GET", "POST", "PUT", "PATCH", "DELETE"])
def refresh() -> ResponseReturnValue:
    """Renew the session and send the browser back with the method and body it came with; for scripts say 204."""
    return_to = safe_path(request.args.get("next"), "")
    is_script = request.headers.get("X-Requested-With") == "fetch"
    refresh_token = request.cookies.get(REFRESH_COOKIE)
    try:
        if not refresh_token:
            raise SignInError("no_session")
        tokens = _provider().refresh(refresh_token)
    except SignInError as error:
        if error.is_passing:
            return _failed(error)
        response = make_response("", 401) if is_script else redirect(_login_address(return_to), 303)
        cookies.clear_session(response)
        return response
    response = make_response("", 204) if is_script else redirect(return_to or "/", 307)
    cookies.set_tokens(response, tokens)
    session = read_session(tokens.access)
    if session is not None:
        cookies.set_person(response, firms.person(session))
        response.headers["X-Session-Expires"] = str(session.expires_at)
    return response


@auth.post("/auth/logout")
def logout() -> ResponseReturnValue:
    """End the session here and at identity."""
    refresh_token = request.cookies.get(REFRESH_COOKIE)
    if refresh_token:
        _provider().revoke(refresh_token)
    slug = request.cookies.get(FIRM_COOKIE, "")
    response = redirect(f"/logout?firm={slug}" if slug else "/logout", 303)
    cookies.clear_session(response)
    return response


@auth.post("/sprache")
def language() -> ResponseReturnValue:
    """Remember the language that the person chose."""
    response = redirect(safe_path(request.form.get("next")), 303)
    chosen = request.form.get("language", "de")
    if chosen in LANGUAGES:
        cookies.set_language(response, chosen)
        if current_session() is not None:
            mail_language.follow(chosen)
    return response


@auth.post("/darstellung")
def theme() -> ResponseReturnValue:
    """Remember whether the person wants light or dark pages."""
    response = redirect(safe_path(request.form.get("next")), 303)
    cookies.set_theme(response, request.form.get("theme", ""))
    return response


def _provider() -> OidcClient:
    """Return identity as this origin knows it."""
    return portal().oidc.at(own_origin())


def _login_address(return_to: str) -> str:
    return f"/auth/login?next={quote(return_to, safe='')}" if return_to else "/auth/login"


def _failed(error: SignInError) -> ResponseReturnValue:
    g.session = None
    page = render_template("auth_failed.html", unreachable=error.is_passing, signed_in=current_session() is not None)
    response = make_response(page, 503 if error.is_passing else 400)
    cookies.clear_flow(response)
    return response
