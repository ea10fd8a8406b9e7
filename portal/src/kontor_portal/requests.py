"""What happens before and after every request: language, session, same-origin check, silent refresh, headers."""

from __future__ import annotations

from typing import Final
from urllib.parse import quote, urlsplit

from flask import Flask, Response, abort, g, redirect, request
from flask.typing import ResponseReturnValue
from kontor_chassis.clock import SystemClock

from kontor_portal import firms
from kontor_portal.extension import portal
from kontor_portal.firms import FirmLook
from kontor_portal.i18n import LANGUAGE_COOKIE, choose_language
from kontor_portal.session import ACCESS_COOKIE, FIRM_COOKIE, PERSON_COOKIE, Persona, Session, read_session
from kontor_portal.start_page import is_closed

_SAFE_METHODS: Final = frozenset({"GET", "HEAD", "OPTIONS"})
_PAGES_FOR: Final = frozenset(Persona)
_FOR_ALL: Final = frozenset({"benachrichtigungen", "konto", "suche", "hilfe"})
"""Areas for everybody who is signed in."""
_UNDER_FIRM_HOSTS: Final = frozenset(
    {"", "static", "auth", "sprache", "darstellung", "sw.js", "offline", "favicon.ico", "kunde"}
    | {"makler", "ansicht", "gewinnspiel", "vertrauen", "notfall", *_FOR_ALL}
)
"""What answers under a firm's own domain (F79): also every page that a mail in the firm's name leads to."""
_CLOCK: Final = SystemClock()
CONTENT_SECURITY_POLICY: Final = "; ".join(
    (
        "default-src 'none'",
        "script-src 'self'",
        "style-src 'self'",
        "img-src 'self' data: blob:",
        "font-src 'self'",
        "connect-src 'self'",
        "manifest-src 'self'",
        "worker-src 'self'",
        "media-src 'self'",
        "form-action 'self'",
        "frame-ancestors 'none'",
        "base-uri 'none'",
    )
)


def install(app: Flask) -> None:
    """Add the hooks to the application."""
    app.before_request(_prepare)
    app.before_request(_show_only_the_firm)
    app.before_request(_check_origin)
    app.before_request(_check_session)
    app.after_request(_secure)


def current_session() -> Session | None:
    """Return who is signed in, if anybody."""
    session: Session | None = g.get("session")
    return session


def signed_in() -> Session:
    """Return who is signed in; only for pages of an area, which nobody else reaches."""
    session = current_session()
    if session is None:
        abort(401)
    return session


def current_firm() -> FirmLook:
    """Return the firm the page is for: that of the address, else the one the browser remembers; else the platform."""
    shown: FirmLook | None = g.get("firm")
    look = shown or firms.look(g.get("host_slug") or request.cookies.get(FIRM_COOKIE, ""))
    session = current_session()
    return firms.as_closed(look, session.closed) if session is not None and session.closed else look


def own_origin() -> str:
    """Return the origin that the browser sees: the platform's, or a firm's own domain (F79)."""
    public_url = portal().settings.public_url
    return f"{urlsplit(public_url).scheme}://{request.host}" if g.get("host_slug") else public_url


def _slug_of_host() -> str:
    host = request.host.partition(":")[0]
    return "" if host == urlsplit(portal().settings.public_url).hostname else firms.slug_at(host)


def _show_only_the_firm() -> None:
    """Under a firm's own domain there is no platform: neither its entrance nor other firms, nor its documentation."""
    slug = g.get("host_slug")
    if slug and not belongs_to(slug, request.path):
        abort(404)


def belongs_to(slug: str, path: str) -> bool:
    """Whether an address answers under the domain of the firm with this short name."""
    area, _, rest = path.removeprefix("/").partition("/")
    if area in ("f", "brand"):
        return rest.partition("/")[0].partition(".")[0] == slug
    return area in _UNDER_FIRM_HOSTS


def home_of(session: Session, *, in_expert_firm: bool | None = None) -> str:
    """Return the address of the page that a membership starts at."""
    in_expert_firm = bool(g.get("in_expert_firm", False)) if in_expert_firm is None else in_expert_firm
    persona = session.persona(in_expert_firm=in_expert_firm)
    if session.has_reduced_view:
        return "/konto" if "CONTRACTS" in session.closed else "/kunde/vertraege"
    return f"/{persona}" if persona is not None else "/"


def _prepare() -> None:
    g.host_slug = _slug_of_host()
    g.session = read_session(request.cookies.get(ACCESS_COOKIE))
    g.language = choose_language(request.cookies.get(LANGUAGE_COOKIE))
    form, _, firm = request.cookies.get(PERSON_COOKIE, "").partition("-")
    g.informal = form == "du"
    g.in_expert_firm = firm == "expert"


def _check_origin() -> None:
    """Refuse what another site makes the browser send; the gateway and SameSite do the same before us."""
    if request.method not in _SAFE_METHODS and request.headers.get("Origin") != own_origin():
        abort(403)


def _check_session() -> ResponseReturnValue | None:
    """Let only those into an area whom it belongs to; renew an access token that has run out."""
    session = current_session()
    area = request.path.split("/", maxsplit=2)[1]
    if session is not None and session.is_expired(_CLOCK.now().timestamp()) and area not in ("auth", "static", "brand"):
        return to_refresh()
    if area not in _PAGES_FOR and area not in _FOR_ALL:
        return None
    if session is None:
        return to_refresh()
    if area in _PAGES_FOR and Persona(area) not in session.personas:
        abort(403)
    if area == Persona.CUSTOMER and is_closed(current_firm(), request.path):
        abort(404)
    return None


def to_refresh() -> ResponseReturnValue:
    """Send the browser to renew its session and back: with 307, so that a form that was sent is sent again."""
    here = request.full_path.rstrip("?") if request.query_string else request.path
    target = f"/auth/refresh?next={quote(here, safe='')}"
    return redirect(target, 302 if request.method in _SAFE_METHODS else 307)


def _secure(response: Response) -> Response:
    headers = response.headers
    headers.setdefault("Content-Security-Policy", CONTENT_SECURITY_POLICY)
    headers.setdefault("X-Content-Type-Options", "nosniff")
    headers.setdefault("Referrer-Policy", "same-origin")
    headers.setdefault("Permissions-Policy", "camera=(), microphone=(), geolocation=(), payment=()")
    headers.setdefault("Cross-Origin-Opener-Policy", "same-origin")
    headers.setdefault("Cache-Control", "no-store")
    return response
